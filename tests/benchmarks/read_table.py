"""Reading a table of a million rows: time and memory, beside pandas.

    python tests/benchmarks/read_table.py [ROWS]

Each reads the same file, six columns of numbers and two of words, in a process of its own, imports
included.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

READERS = {
    "neuroflow": "import neuroflow as nf; nf.read_columns({path!r})",
    "pandas": "import pandas; pandas.read_csv({path!r})",
}
PEAK = "; import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
CITIES = ("Rome", "Paris", "Oslo", "Bonn", "Lima", "Cairo", "Quito", "Delhi")


def write_table(path: Path, rows: int) -> None:
    """A table of numbers with six places, a city, and a class."""
    rng = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        file.write("a,b,c,d,e,f,city,target\n")
        for _ in range(rows):
            numbers = [f"{rng.gauss(0.0, 1.0):.6f}" for _ in range(6)]
            file.write(",".join([*numbers, rng.choice(CITIES), rng.choice(("yes", "no"))]) + "\n")


def measured(code: str) -> tuple[float, int]:
    """Seconds and megabytes of a process that runs the code."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code + PEAK], capture_output=True, check=True)
    return time.perf_counter() - start, int(done.stdout) // 1024


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, rows)
        print(f"{rows:,} rows, {path.stat().st_size / 1e6:.0f} MB")
        for name, code in READERS.items():
            found = [measured(code.format(path=str(path))) for _ in range(5)]
            seconds, megabytes = min(s for s, _ in found), max(m for _, m in found)
            print(f"{name:10} {seconds:6.2f} s {megabytes:6} MB")


if __name__ == "__main__":
    main()
