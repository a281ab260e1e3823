"""Copies and pickles of what is defined once, at the top of a module: they are the very same."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, update_wrapper
from importlib import import_module
from typing import Any

from neuroflow.errors import DefinitionError


class Definition:
    """A rule with settings: a copy is itself, and a pickle says where the rule is defined."""

    __slots__ = ()
    rule: Any
    name: str
    settings: dict[str, float]

    def bind(self, **settings: float) -> Any:
        """The same with other settings."""
        raise NotImplementedError

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        module = self.rule.__module__
        for name, thing in vars(sys.modules.get(module, sys)).items():
            if isinstance(thing, Definition) and thing.rule is self.rule:
                return _defined, (module, name, None if thing is self else self.settings)
        raise DefinitionError(
            f"the rule {self.name} cannot be pickled: no name of the module {module} means it",
            expected="one that is defined at the top of a module, under a name that it keeps",
        )


def _defined(module: str, name: str, settings: dict[str, float] | None) -> Any:
    definition = getattr(import_module(module), name)
    return definition if settings is None else definition.bind(**settings)


class Wrapped:
    """A function with something around it: a copy is itself, a pickle names the function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        update_wrapper(self, function)

    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        return self.function(*inputs, **settings)

    def __repr__(self) -> str:
        return repr(self.function)

    def __reduce__(self) -> tuple[Any, ...]:
        return wrapped, (type(self), self.function)


@cache
def wrapped(kind: type[Wrapped], function: Callable[..., Any]) -> Wrapped:
    """The one of its kind around a function."""
    return kind(function)
