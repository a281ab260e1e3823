"""No slower by accident: two versions of neuroflow beside each other, and what really moved.

    python tests/benchmarks/guard.py BEFORE AFTER [--only GROUP] [--rounds 6] [--json FILE]

A version is a folder that holds ``neuroflow`` and ``plugins``, or a git revision. A round measures
a group once for each version, in processes of their own, one right after the other and each time
the other one first; so what another program does to the machine meets both alike. What counts is
the ratio within a round. A row has *moved* if all its rounds agree on the direction (of two equal
versions, six rounds agree by chance in one row of 32), if the middle ratio is off 1 by more than
2%, and if both are so when its group is measured again. The exit code is 1 if a row became worse.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from shutil import copytree
from statistics import median
from typing import Any

HERE = Path(__file__).parent
GROUPS = ("eager", "start", "engine", "middle")
NOISE = 0.02
"""A row that moved by less is left alone: no machine that does other work too is steadier."""
LINES = {
    "import neuroflow, ms": "import neuroflow",
    "first exp of a Value, ms": "import neuroflow as nf; nf.exp(nf.Value(1.0))",
    "first use of the registry, ms": "import neuroflow as nf; nf.names('op')",
    "first training step, ms": "import neuroflow as nf; next(iter(nf.train('moons')))",
    "neuroflow --help, ms": "import neuroflow.cli as cli; run(cli.main, '--help')",
    "neuroflow train moons, ms": (
        "import tempfile, neuroflow.cli as cli; folder = tempfile.TemporaryDirectory(); "
        "run(cli.main, 'train', 'moons', '--out', folder.name + '/run')"
    ),
}

Figures = dict[str, float]
Pair = tuple[Figures, Figures]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", help="a folder, or a git revision")
    parser.add_argument("after", help="a folder, or a git revision")
    parser.add_argument("--only", choices=GROUPS, action="append", help="this group (repeatable)")
    parser.add_argument("--rounds", type=int, default=6, help="how often each is measured")
    parser.add_argument("--json", type=Path, help="a file for the ratios of all rounds")
    options = parser.parse_args()
    with (
        folder_of(options.before) as before,
        folder_of(options.after) as after,
        tempfile.TemporaryDirectory() as cache,
    ):
        versions = [environment_of(root, cache) for root in (before, after)]
        rows: list[dict[str, Any]] = []
        for group in options.only or GROUPS:
            rows += twice(partial(rows_of, group, versions, options.rounds))
            print(f"{group} is measured", file=sys.stderr, flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(table(rows))
    print(verdict(rows))
    return int(any(row["moved"] and row["ratio"] < 1 for row in rows))


# Two versions ----------------------------------------------------------------------------------


@contextmanager
def folder_of(version: str) -> Iterator[Path]:
    """A copy of the folder or of the git revision, so that both versions lie in alike places."""
    with tempfile.TemporaryDirectory(prefix="version") as folder:
        if Path(version, "neuroflow").is_dir():
            for part in ("neuroflow", "plugins"):
                copytree(Path(version, part), Path(folder, part))
        else:
            archive = subprocess.run(["git", "archive", version], check=True, capture_output=True)
            with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
                files.extractall(folder, filter="data")
        yield Path(folder)


def environment_of(root: Path, cache: str) -> dict[str, str]:
    """What makes a new interpreter take this version: its folders come before all others."""
    path = os.pathsep.join([str(root), str(root / "plugins")])
    keep_bytecode = {k: x for k, x in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {
        **keep_bytecode,  # as an installed package has it: no start compiles Python
        "PYTHONPYCACHEPREFIX": str(Path(cache, "bytecode")),
        "PYTHONPATH": path,
        "NEUROFLOW_CACHE": str(Path(cache, str(root).strip("/").replace("/", "_"))),
        "OPENBLAS_NUM_THREADS": "1",
    }


def in_turns(group: str, versions: list[dict[str, str]], rounds: int) -> list[Pair]:
    """The figures of both versions, round by round; each round begins with the other one."""
    for environment in versions:
        measure(group, environment)  # the first run fills caches, and is thrown away
    pairs: list[Pair] = []
    for k in range(rounds):
        first = measure(group, versions[k % 2])
        second = measure(group, versions[(k + 1) % 2])
        pairs.append((first, second) if k % 2 == 0 else (second, first))
    return pairs


def rows_of(group: str, versions: list[dict[str, str]], rounds: int) -> list[dict[str, Any]]:
    return compared(in_turns(group, versions, rounds))


def measure(group: str, environment: dict[str, str]) -> Figures:
    """One group of one version, in a process of its own."""
    if group == "start":
        return {row: start_up(line, environment) * 1e3 for row, line in LINES.items()}
    code = "import sys; sys.path.insert(0, sys.argv[1]); import guard; guard.worker(sys.argv[2])"
    return dict(json.loads(printed(code, environment, str(HERE), group)))


def worker(group: str) -> None:
    """Print the figures of a group, after a check that they are those of the wanted version."""
    import measured  # type: ignore[import-not-found]

    import neuroflow as nf

    root = os.environ["PYTHONPATH"].split(os.pathsep)[0]
    assert Path(nf.__file__).is_relative_to(root), f"{nf.__file__} is not in {root}"
    print(json.dumps(measured.GROUPS[group]()))


START_UP = """
import contextlib, io, sys, time
def run(command, *arguments):
    sys.argv[1:] = arguments
    with (
        contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()),
        contextlib.suppress(SystemExit),
    ):
        command()
start = time.process_time(); {line}; print(time.process_time() - start)
"""


def start_up(line: str, environment: dict[str, str]) -> float:
    """CPU seconds of one line, the first of a fresh interpreter; the least of three."""
    code = START_UP.format(line=line)
    return min(float(printed(code, environment)) for _ in range(3))


def printed(code: str, environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-P", "-c", code, *arguments]
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return output.stdout


# What moved ------------------------------------------------------------------------------------


def twice(measured: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """A group's rows; if one moved, all are measured again, and only what moves again has moved."""
    rows = measured()
    if any(r["moved"] for r in rows):
        for r, again in zip(rows, measured(), strict=True):
            r["moved"] = r["moved"] and again["moved"] and (r["ratio"] > 1) == (again["ratio"] > 1)
    return rows


def compared(pairs: list[Pair]) -> list[dict[str, Any]]:
    """One row a figure: the best of both, the ratio of each round, and whether it moved."""
    names = [name for name in pairs[0][0] if all(name in f for pair in pairs for f in pair)]
    return [row(name, [(before[name], after[name]) for before, after in pairs]) for name in names]


def row(name: str, rounds: list[tuple[float, float]]) -> dict[str, Any]:
    """
    >>> row("x, ms", [(10, 20), (10, 21), (11, 20)])["moved"], row("x, ms", [(10, 10)])["moved"]
    (True, False)
    >>> row("steps/s", [(10, 20), (10, 21), (11, 20)])["ratio"]
    2.0
    """
    more = name.endswith("/s")
    best = max if more else min
    ratios = [after / before if more else before / after for before, after in rounds]
    agree = all(r > 1 for r in ratios) or all(r < 1 for r in ratios)
    middle = median(ratios)
    return {
        "row": name,
        "before": best(before for before, _ in rounds),
        "after": best(after for _, after in rounds),
        "ratio": middle,
        "ratios": ratios,
        "moved": agree and abs(middle - 1) > NOISE,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Both versions and how many times as good the second is, as Markdown."""
    lines = [
        "| | before | after | times as good | all rounds | |",
        "| --- | ---: | ---: | ---: | --- | --- |",
    ]
    for r in rows:
        between = f"{min(r['ratios']):.2f} to {max(r['ratios']):.2f}"
        word = ("better" if r["ratio"] > 1 else "**worse**") if r["moved"] else ""
        lines.append(
            f"| {r['row']} | {r['before']:,.1f} | {r['after']:,.1f} "
            f"| {r['ratio']:.2f} | {between} | {word} |"
        )
    return "\n".join(lines)


def verdict(rows: list[dict[str, Any]]) -> str:
    moved = [r for r in rows if r["moved"]]
    worse = ", ".join(f"{r['row']} ({r['ratio']:.2f})" for r in moved if r["ratio"] < 1)
    better = ", ".join(f"{r['row']} ({r['ratio']:.2f})" for r in moved if r["ratio"] > 1)
    return f"\nworse: {worse or 'nothing'}\nbetter: {better or 'nothing'}"


if __name__ == "__main__":
    sys.exit(main())
