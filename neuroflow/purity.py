"""Pure: parts of a model that do nothing but compute, which a trace may run once for many calls."""

from __future__ import annotations

from functools import wraps
from types import FunctionType
from typing import Any, TypeVar, cast

from neuroflow.core.protocols.calls import run_function

T = TypeVar("T")

_DECLARED = "__pure__"


def pure(thing: T) -> T:
    """Decorator: say of a class or a function that its calls do nothing but compute.

    What a call gives depends on its arguments, its settings and its parameters alone, and it
    changes nothing: no counter, no cache, no list that it is given, no buffer, no random number of
    its own, no ``print``. A trace runs such a module or function once for each structure of what it
    is given, and repeats for the other calls what it wrote down: positions of a text, layers of
    equal sizes, heads of attention.

    It holds for the methods as they stand in the class: of a class that inherits from it, or whose
    methods are replaced later, nothing is said.

    >>> from neuroflow.core.module import Module
    >>> @pure
    ... class Doubled(Module):
    ...     def forward(self, xs):
    ...         return [2.0 * x for x in xs]
    >>> is_pure(Doubled)
    True
    >>> Doubled.forward = lambda self, xs: print(xs)
    >>> is_pure(Doubled)
    False
    """
    said = dict(_functions_of(thing)) if isinstance(thing, type) else _code_of(thing)
    declared = _told_of_calls(thing) if isinstance(thing, FunctionType) else thing
    setattr(declared, _DECLARED, said)
    return cast(T, declared)


def _told_of_calls(function: FunctionType) -> Any:
    """The function, whose calls a trace may run."""

    @wraps(function)
    def called(*inputs: Any, **options: Any) -> Any:
        return run_function(function, called, inputs, options)

    return called


def is_pure(thing: Any) -> bool:
    """Whether this very class or function was declared so, and is what it was then."""
    if isinstance(thing, type):
        said = vars(thing).get(_DECLARED)
        return said is not None and said == dict(_functions_of(thing))
    said = getattr(thing, _DECLARED, None)
    return isinstance(thing, FunctionType) and said is not None and said == _code_of(thing)


def _functions_of(kind: type) -> list[tuple[str, Any]]:
    """All that a class holds under a name, and the code of its methods: identity, not equality."""
    return [
        (name, (id(held), _code_of(held)))
        for name, held in vars(kind).items()
        if callable(held) or isinstance(held, (property, staticmethod, classmethod))
    ]


def _code_of(thing: Any) -> Any:
    return id(getattr(getattr(thing, "__wrapped__", thing), "__code__", None))
