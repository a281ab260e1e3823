"""The house in numbers: how many files and lines, how long and winding, how many circles.

    python -m tests.benchmarks.house [FOLDER ...]

Each folder is a checkout, which holds ``neuroflow`` and ``plugins/neuroflow_plugins``; without one
it is this one. Two folders stand beside each other, so that a change can be judged. Complexity is
McCabe's: one more than the places where a function branches.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

from attrs import frozen

from tests.support.architecture import imports_within, modules_of

HERE = Path(__file__).parents[2]
PACKAGES = ("neuroflow", "plugins/neuroflow_plugins")
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.While, ast.ExceptHandler, ast.comprehension, ast.Assert)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@frozen
class Measured:
    """One file or function: where it is, its lines, its complexity."""

    where: str
    lines: int
    complexity: int = 0


def main() -> None:
    folders = [Path(name) for name in sys.argv[1:]] or [HERE]
    columns = [table(folder) for folder in folders]
    print(f"{'':28}" + "".join(f"  {folder.resolve().name:>44}" for folder in folders))
    for name in columns[0]:
        print(f"{name:28}" + "".join(f"  {column[name]:>44}" for column in columns))


def table(folder: Path) -> dict[str, str]:
    """Each line of the table for one checkout."""
    paths = [path for part in PACKAGES for path in modules_of(folder / part).values()]
    files = [Measured(str(p.relative_to(folder)), len(p.read_text().split("\n"))) for p in paths]
    functions = [measured for path in paths for measured in functions_of(path)]
    winding = max(functions, key=lambda f: f.complexity)
    rings = [ring for part in PACKAGES for ring in circles(folder / part)]
    return {
        "lines": f"{sum(file.lines for file in files):,}",
        "files": f"{len(files)}",
        "rooms": f"{len({path.parent for path in paths})}",
        "most files in one room": _most_files(paths),
        "functions": f"{len(functions):,}",
        "median file": f"{median(file.lines for file in files):.0f} lines",
        "longest file": _longest(files),
        "median function": f"{median(f.lines for f in functions):.0f} lines",
        "longest function": _longest(functions),
        "functions over 40 lines": f"{sum(f.lines > 40 for f in functions)}",
        "mean complexity": f"{sum(f.complexity for f in functions) / len(functions):.2f}",
        "most complex function": f"{winding.complexity} ({winding.where})",
        "functions over 10": f"{sum(f.complexity > 10 for f in functions)}",
        "circles of files": f"{len(rings)} ({sum(map(len, rings))} files in them)",
    }


def _most_files(paths: list[Path]) -> str:
    rooms = [path.parent for path in paths]
    fullest = max(rooms, key=rooms.count)
    return f"{rooms.count(fullest)} ({fullest.name})"


def _longest(things: Iterable[Measured]) -> str:
    longest = max(things, key=lambda thing: thing.lines)
    return f"{longest.lines} ({longest.where})"


def functions_of(path: Path) -> Iterator[Measured]:
    """Every function of a file, methods and inner ones included; decorators do not count."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Measured(f"{path.parent.name}/{path.name}:{node.name}", lines, complexity(node))


def complexity(function: Function) -> int:
    """McCabe's: one, and one more for each branch; inner functions are counted by themselves.

    >>> complexity(ast.parse("def sign(x): return 1 if x > 0 or x == 0 else -1").body[0])
    3
    """
    branches, waiting = 1, list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function):
            continue
        branches += isinstance(node, BRANCHES)
        branches += len(node.values) - 1 if isinstance(node, ast.BoolOp) else 0
        waiting += ast.iter_child_nodes(node)
    return branches


def circles(package: Path) -> list[frozenset[str]]:
    """Groups of files of which each imports each other, if only by way of others."""
    graph: dict[str, set[str]] = {}
    for found in imports_within(package):
        graph.setdefault(found.source, set()).add(found.target)
    reached = {module: _reached(graph, module) for module in graph}
    rings = {frozenset(other for other in reached[m] if m in reached.get(other, ())) for m in graph}
    return sorted((ring for ring in rings if ring), key=len)


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    """All that a file imports, and what those import, and so on; itself too if in a circle."""
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += graph.get(module, ())
    return found


if __name__ == "__main__":
    main()
