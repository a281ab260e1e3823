"""The examples in docstrings: what an author says that a call gives, it gives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from doctest import (
    ELLIPSIS,
    IGNORE_EXCEPTION_DETAIL,
    NORMALIZE_WHITESPACE,
    SKIP,
    DocTestParser,
    Example,
    OutputChecker,
)
from io import StringIO
from typing import Any

from neuroflow.checks.shared.messages import first_line
from neuroflow.checks.shared.report import Results
from neuroflow.core.settings import unchecked
from neuroflow.core.update_rule import UpdateRule
from neuroflow.core.value import Op
from neuroflow.registry.entries import Entry

_LENIENT = ELLIPSIS | NORMALIZE_WHITESPACE | IGNORE_EXCEPTION_DETAIL


def check_examples(entry: Entry, results: Results) -> None:
    """Each ``>>> call`` in the docstring of the target gives what stands below it."""
    for thing in _documented(entry.load()):
        around = _around(thing)
        for example in DocTestParser().get_examples(inspect.getdoc(thing) or ""):
            if example.options.get(SKIP):
                continue
            got, error = _run(example, around)
            if isinstance(error, NameError):
                results.skipped("examples", f"the examples need names of elsewhere: {error}")
                break
            _compare(example, got, error, results)


def _documented(target: Any) -> Iterator[Any]:
    """The functions and the class whose docstrings are read."""
    if isinstance(target, (Op, UpdateRule)):
        yield inspect.unwrap(target.rule)
    elif inspect.isclass(target):
        yield target
        yield from (f for f in vars(target).values() if inspect.isfunction(f))
    elif inspect.isfunction(unchecked(target)):
        yield inspect.unwrap(unchecked(target))


def _around(thing: Any) -> dict[str, Any]:
    """The names of the module of a function or a class, as its methods see them, and its own.

    Modules and settings wrap methods and functions: it is those inside that see their module.
    """
    functions = vars(thing).values() if inspect.isclass(thing) else [thing]
    inner = [inspect.unwrap(unchecked(f)) for f in functions if inspect.isfunction(f)]
    seen = dict(inner[0].__globals__) if inner else {}
    return {**seen, thing.__name__: thing} if inspect.isclass(thing) else seen


def _run(example: Example, around: dict[str, Any]) -> tuple[str, Exception | None]:
    """What an example shows, and the error that it ends with."""
    out = StringIO()
    try:
        with redirect_stdout(out):
            shown = _shown(example.source, around)
    except Exception as error:
        return out.getvalue(), error
    return out.getvalue() + shown, None


def _shown(source: str, around: dict[str, Any]) -> str:
    """Run a statement or an expression, and give what Python's prompt shows of the latter."""
    run: Callable[..., Any] = exec
    try:
        code = compile(source.strip(), "<example>", "eval")
        run = eval
    except SyntaxError:
        code = compile(source, "<example>", "exec")
    value = run(code, around)
    return "" if value is None else f"{value!r}\n"


def _compare(example: Example, got: str, error: Exception | None, results: Results) -> None:
    source = example.source.strip().split("\n")[0]
    if error is not None:
        results.expect("examples", example.exc_msg is not None, (
            f"the example `{source}` in its docstring fails: {type(error).__name__}:"
            f" {first_line(error)}"
        ))  # fmt: skip
        return
    results.expect("examples", OutputChecker().check_output(example.want, got, _LENIENT), (
        f"the example `{source}` in its docstring says {example.want.strip()[:80]}, and gives"
        f" {got.strip()[:80] or 'nothing'}; correct the one that is wrong"
    ))  # fmt: skip
