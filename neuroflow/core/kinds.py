"""The elementary functions of each kind of number, under one set of names.

Python's floats, numpy's arrays, sympy's symbols and mpmath's long numbers all know ``exp``;
some functions they spell differently, and this is the table of those.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from functools import cache, reduce
from importlib import import_module
from types import SimpleNamespace
from typing import Any

PLAIN = frozenset((float, int, bool))


def _choose(condition: Any, a: Any, b: Any) -> Any:
    if condition != condition:  # nan chooses neither
        return condition
    return a if condition else b


def _largest(*xs: Any) -> Any:
    return _first_nan(xs) or max(xs)


def _smallest(*xs: Any) -> Any:
    return _first_nan(xs) or min(xs)


def _first_nan(xs: Iterable[Any]) -> Any:
    """The first nan among the numbers, which Python's own max and min may pass over."""
    for x in xs:
        if x != x:
            return x
    return None


def _power(x: float, y: float) -> float:
    """x^y, which the C library takes for 1 where the base is 1 or the exponent 0, nan or not."""
    return math.pow(x, y) if x == x and y == y else x + y


def _floor(x: float) -> float:
    return x // 1.0 if x - x == 0.0 else x  # an infinity, and nan, stay what they are


def _choose_each(np: Any) -> Callable[[Any, Any, Any], Any]:
    def choose(condition: Any, a: Any, b: Any) -> Any:
        chosen = np.where(condition, a, b)
        if isinstance(condition, bool) or condition.dtype.kind == "b":
            return chosen
        return np.where(np.isnan(condition), condition, chosen)

    return choose


def _power_of_each(np: Any) -> Callable[[Any, Any], Any]:
    def power(x: Any, y: Any) -> Any:
        return np.where(np.isnan(x) | np.isnan(y), np.nan, np.power(x, y))

    return power


_OF_ORDERED: dict[str, Any] = {
    "abs": abs, "where": _choose, "maximum": _largest, "minimum": _smallest, "mod": operator.mod,
}  # fmt: skip
_SPELLED_DIFFERENTLY: dict[str, Callable[[Any], dict[str, Any]]] = {
    "sympy": lambda sympy: {
        "abs": sympy.Abs,
        "pow": sympy.Pow,
        "where": lambda condition, a, b: sympy.Piecewise((a, condition), (b, True)),
        "maximum": sympy.Max,
        "minimum": sympy.Min,
        "log2": lambda x: sympy.log(x, 2),
        "log10": lambda x: sympy.log(x, 10),
        "mod": lambda x, y: x - y * sympy.floor(x / y),
    },
    "mpmath": lambda mpmath: {
        **_OF_ORDERED,
        "pow": mpmath.power,
        "log2": lambda x: mpmath.log(x, 2),
    },
    "numpy": lambda np: {
        "abs": np.absolute,
        "pow": _power_of_each(np),
        "where": _choose_each(np),
        "atan": np.arctan,
        "erf": np.vectorize(math.erf, otypes=[float]),
        "maximum": lambda *xs: reduce(np.maximum, xs),
        "minimum": lambda *xs: reduce(np.minimum, xs),
    },
    "builtins": lambda math: {**_OF_ORDERED, "pow": _power, "floor": _floor},
}
VALUES = "neuroflow"
_KINDS = (VALUES, *_SPELLED_DIFFERENTLY)  # the kind of several numbers is the first of theirs


@cache
def library(kind: str) -> Any:
    """The elementary functions for one kind of number, named by the package of its type."""
    module = math if kind == "builtins" else import_module(kind)
    functions = dict(vars(module))
    functions.setdefault("log1p", lambda x: functions["log"](1 + x))
    functions.setdefault("expm1", lambda x: functions["exp"](x) - 1)
    functions.update(_SPELLED_DIFFERENTLY[kind](module))
    return SimpleNamespace(**functions)


def kind_of(numbers: Iterable[Any]) -> str:
    """The kind of the least plain among the numbers: "neuroflow" where one is a Value."""
    kinds = (_kind(type(x)) for x in numbers)  # type: ignore[arg-type]  # types are hashable
    return min(kinds, key=_KINDS.index)


@cache
def _kind(type_: type) -> str:
    """The package of a type, or of the first of its bases that is a kind of number."""
    if type_ is complex:
        return "numpy"
    packages = [base.__module__.partition(".")[0] for base in type_.__mro__]
    return next(package for package in packages if package in _KINDS)
