"""How far a reader walks from ``nf.train("moons")`` to the first step: functions and files.

    python tests/benchmarks/path.py [RECIPE] [--backend auto] [--list]

Counts each function of neuroflow and its plugins that is called, once, and the files that they
stand in. Comprehensions, lambdas and what attrs writes are no functions that somebody reads. The
run is made twice and counted the second time: what a process does once (finding plugins,
compiling kernels) is no part of the way.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import neuroflow as nf

ROOT = Path(nf.__file__).parent.parent
PACKAGES = (str(ROOT / "neuroflow"), str(ROOT / "plugins"))


def called(work: Callable[[], Any]) -> tuple[Any, set[CodeType]]:
    """What some work gives, and the functions of neuroflow that it calls."""
    codes: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    sys.setprofile(note)
    try:
        result = work()
    finally:
        sys.setprofile(None)
    return result, {code for code in codes if is_read(code)}


def is_read(code: CodeType) -> bool:
    """Whether a function stands in a file of neuroflow, under a name."""
    return code.co_filename.startswith(PACKAGES) and not code.co_name.startswith("<")


def files_of(codes: set[CodeType]) -> dict[str, list[str]]:
    """The functions of each file, by its path in the repository."""
    files: dict[str, list[str]] = {}
    for code in sorted(codes, key=lambda code: (code.co_filename, code.co_firstlineno)):
        path = str(Path(code.co_filename).relative_to(ROOT))
        files.setdefault(path, []).append(code.co_qualname)
    return files


def counts(recipe: str = "moons", backend: str = "auto") -> dict[str, dict[str, list[str]]]:
    """The functions of each file, for setting up a run and for its first step."""
    changes = {"train.backend": backend}
    next(iter(nf.train(recipe, changes)))
    run, setting_up = called(lambda: nf.train(recipe, changes))
    _, first_step = called(lambda: next(iter(run)))
    return {"setting up": files_of(setting_up), "the first step": files_of(first_step)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recipe", nargs="?", default="moons")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--list", action="store_true", help="name the functions")
    options = parser.parse_args()
    for what, files in counts(options.recipe, options.backend).items():
        functions = sum(map(len, files.values()))
        print(f"{what}: {functions} functions in {len(files)} files")
        for path, names in files.items() if options.list else ():
            print(f"  {path}: {', '.join(names)}")


if __name__ == "__main__":
    main()
