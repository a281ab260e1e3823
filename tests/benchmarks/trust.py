"""Run every sweep with all its inputs, and write what it measured into docs/trust.json.

    python -m tests.benchmarks.trust [TESTS ...]

A few minutes on two cores. With paths of tests only their sweeps run, and the others' figures
stay. Nothing is written unless all pass. docs/explanation/trust.md shows the table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.sweeps import FIGURES, SIZE, sweeps

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "trust.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tests", nargs="*", help="paths of tests; all if there are none")
    found = summed(run(parser.parse_args().tests))
    known = json.loads(RESULTS.read_text("utf-8"))["sweeps"] if RESULTS.exists() else {}
    kept = {name: measured for name, measured in known.items() if name in sweeps(ROOT / "tests")}
    results = {"machine": machine(), "sweeps": dict(sorted({**kept, **found}.items()))}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name, measured in found.items():
        print(name, measured)


def run(tests: list[str]) -> list[dict[str, Any]]:
    """The lines that the sweeps wrote."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder, "figures.jsonl")
        command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-m", "sweep", *tests]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, SIZE: "full", FIGURES: str(lines)}
        )
        if done.returncode:
            sys.exit("not all sweeps passed: nothing is written")
        return [json.loads(line) for line in lines.read_text("utf-8").splitlines()]


def summed(lines: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """What each test measured in all its cases: the sum of what it counted, else the largest."""
    found: dict[str, dict[str, float]] = {}
    for line in sorted(lines, key=lambda line: str(line["test"])):
        measured = found.setdefault(line.pop("test").partition("[")[0], {})
        for key, number in line.items():
            if isinstance(number, int):
                measured[key] = measured.get(key, 0) + number
            else:
                measured[key] = round(max(measured.get(key, 0.0), number), 3)
    return found


def machine() -> dict[str, Any]:
    """Where this was measured."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }


if __name__ == "__main__":
    main()
