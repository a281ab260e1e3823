"""Measure everything that the documentation states, and write every table of results.

    python tests/benchmarks/tables.py [--names NAMES.TXT]

Runs the programs below one after the other, on an idle machine, in half an hour or so.
``NAMES.TXT`` is the list of names that microgpt.py downloads; see ``engine.py`` for the peers.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = ("eager.py", "engine.py", "transformer.py", "middle.py")
"""Each writes a file ``docs/benchmarks*.json`` and, from it, the table beside it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--names", type=Path)
    names = parser.parse_args().names
    for program in PROGRAMS:
        options = ["--names", names] if names and program == "engine.py" else []
        print(f"=== {program}", flush=True)
        subprocess.run([sys.executable, HERE / program, *options], check=True)


if __name__ == "__main__":
    main()
