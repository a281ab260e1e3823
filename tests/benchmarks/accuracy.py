"""How many digits each op keeps: the worst points found, by eager runs and on every backend.

    python -m tests.benchmarks.accuracy

Tries 10,000 numbers an op, writes ``docs/accuracy.json`` and the table beside it. Needs mpmath and
llvmlite; ``.ci/run sweeps`` holds the same bounds.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tests.support.accuracy import DIGITS, PATHS, Compiled, eager, ops_of_one_number, points

TABLE = Path(__file__).parents[2] / "docs" / "accuracy.md"
EACH = 2_000
"""How many numbers of each op each of the five paths is tried at."""
HEADER = """---
orphan: true
---

# How many digits each op keeps

Written by `python -m tests.benchmarks.accuracy`. The largest errors found of each op's value, slope
and curvature, in units in the last place, and the number at which they were found: {tried:,}
numbers of all sizes and both signs for each op, many of them where it bends. "Compiled" is the
worst of numpy and llvm. Beside a zero of a slope or a curvature it is not the result's last digit
that counts, but the input's: left out.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=TABLE, help="where to write the table")
    parser.add_argument("--each", type=int, default=EACH, help="how many numbers on each path")
    options = parser.parse_args()
    found = measure(options.each)
    options.out.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    options.out.write_text(table(found, options.each * 5), encoding="utf-8")
    print(options.out.read_text(encoding="utf-8"))


def measure(n: int) -> dict[str, Any]:
    """For each op and path, (units, number) of the worst value, slope and curvature."""
    ops = ops_of_one_number()
    found: dict[str, Any] = {op.name: {"eager": eager(op, points(op, n), 4).found} for op in ops}
    for backend, dtype in PATHS:
        narrow = dtype == "float32"
        columns = [points(op, 2 * n, seed=dtype)[1::2] if narrow else points(op, n) for op in ops]
        for worst in Compiled(ops, backend, dtype).worst(columns):
            found[worst.op.name][f"{backend} {dtype}"] = worst.found[:2]
    return found


def table(found: dict[str, Any], tried: int) -> str:
    """The table: a row an op."""
    names = ["value", "slope", "curvature"]
    columns = [f"eager {name}" for name in names]
    columns += [
        f"compiled {name}, {dtype}" for dtype in ("float64", "float32") for name in names[:2]
    ]
    rows = [f"| {' | '.join(['op', *columns])} |", f"| --- {'| ---: ' * len(columns)}|"]
    for name, paths in sorted(found.items()):
        cells = [cell(worst) for worst in paths["eager"]]
        for dtype in DIGITS:
            both = [paths[f"{backend} {dtype}"] for backend in ("numpy", "llvm")]
            cells += [cell(max(each)) for each in zip(*both, strict=True)]
        rows.append(f"| {' | '.join([name, *cells])} |")
    return HEADER.format(tried=tried) + "\n" + "\n".join(rows) + "\n"


def cell(worst: tuple[float, float]) -> str:
    """An error, and where it was found."""
    off, x = worst
    return f"{off:.1f} at {x:.4g}" if off else "0"


if __name__ == "__main__":
    main()
