"""The elementary functions of each kind of number, under one set of names.

Python's floats, numpy's arrays, sympy's symbols and mpmath's long numbers all know ``exp``;
some functions they spell differently, and this is the table of those.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, reduce
from importlib import import_module
from types import SimpleNamespace
from typing import Any


@cache
def library(kind: str) -> SimpleNamespace:
    """The elementary functions for one kind of number, named by the package of its type."""
    module = math if kind == "builtins" else import_module(kind)
    functions = dict(vars(module))
    functions.setdefault("log1p", lambda x: functions["log"](1 + x))
    functions.setdefault("expm1", lambda x: functions["exp"](x) - 1)
    functions.update(_SPELLED_DIFFERENTLY[kind](module))
    return SimpleNamespace(**functions)


def _choose(condition: Any, a: Any, b: Any) -> Any:
    return a if condition else b


def _largest(*xs: Any) -> Any:
    return max(xs)


def _smallest(*xs: Any) -> Any:
    return min(xs)


_SPELLED_DIFFERENTLY: dict[str, Callable[[Any], dict[str, Any]]] = {
    "builtins": lambda math: {
        "absolute": abs,
        "power": math.pow,
        "where": _choose,
        "maximum": _largest,
        "minimum": _smallest,
    },
    "numpy": lambda np: {
        "erf": np.vectorize(math.erf, otypes=[float]),
        "maximum": lambda *xs: reduce(np.maximum, xs),
        "minimum": lambda *xs: reduce(np.minimum, xs),
    },
    "sympy": lambda sympy: {
        "absolute": sympy.Abs,
        "power": sympy.Pow,
        "where": lambda condition, a, b: sympy.Piecewise((a, condition), (b, True)),
        "maximum": sympy.Max,
        "minimum": sympy.Min,
    },
    "mpmath": lambda mpmath: {
        "absolute": abs,
        "where": _choose,
        "maximum": _largest,
        "minimum": _smallest,
    },
}
