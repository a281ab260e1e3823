"""When a rule fails: was it asked for a number outside its domain, or is the rule itself wrong?"""

from __future__ import annotations

import linecache
import os
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from neuroflow.core.rules.mistakes import listed, mistake
from neuroflow.errors import InputError, NeuroflowError, raised

_LIBRARY = __file__.removesuffix(os.path.join("core", "rules", "failures.py"))

_OWN_FAULT = (TypeError, AttributeError, LookupError, NameError)
"""What Python raises where the code itself is wrong, and not the numbers."""


def tell_mistake(op: Any, inputs: Sequence[Any], error: Exception) -> Exception:
    """Raise what a failure of a rule means; it is given back if it means a number not allowed."""
    if isinstance(error, _OWN_FAULT) and not isinstance(error, NeuroflowError):
        place, line = line_of(error.__traceback__)
        what = f"failed for {listed(inputs)}{place}: {raised(error)}"
        expected = "a rule that takes every kind of number"
        remedy = _remedy(line) or _remedy_for_lists(op)
        raise mistake(op.rule, op.name, what, expected, remedy) from error
    if isinstance(error, InputError) or not isinstance(error, (ArithmeticError, ValueError)):
        raise error
    return error


def _remedy(line: str) -> str:
    """What to write instead, as far as the line that failed shows it."""
    if ".sort(" in line or "] =" in line or ".append(" in line:
        return "the inputs stay as they are: work on a copy, list(xs)"
    if ".data" in line:
        return "write x for x.data: the rule gets plain numbers too"
    if "range(" in line:
        return "a setting that counts is annotated as a whole number: *, n: int = 3"
    if "math." in line or "np." in line:
        return "write nf.exp, nf.sqrt and so on, which know every kind of number"
    return ""


def _remedy_for_lists(op: Any) -> str:
    if not op.vectors or len(op.parameters) == 1:
        return ""
    names = " and ".join(op.parameters)
    return f"with vectors=True {names} are all lists, equally long; a number for all is a setting"


def line_of(trace: TracebackType | None) -> tuple[str, str]:
    """The innermost line of code that is not neuroflow's: `` at mine.py:8: `return x```."""
    place = text = ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not name.startswith((_LIBRARY, "<frozen")):
            place, text = line_at(name, trace.tb_lineno)
        trace = trace.tb_next
    return place, text


def line_at(file: str, number: int) -> tuple[str, str]:
    """A line of a file as messages name it, and its text."""
    text = linecache.getline(file, number).strip()
    place = f" at {os.path.basename(file)}:{number}"
    return place + (f": `{text}`" if text else ""), text
