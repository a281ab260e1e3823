"""What ``x.relu()`` means: the op of that name, the core's own or a registered one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from types import MethodType
from typing import Any

from neuroflow.errors import did_you_mean

core_ops: dict[str, Any] = {}
"""The ops that the core is made of, by name; each is put here where it is defined."""


def _nothing(name: str) -> Any:
    raise AttributeError(f"{name} is found by the package; take Value from it: neuroflow.Value")


public: Callable[[str], Any] = _nothing
"""Finds a public name of the package, which stands above the core and puts its own finder here:
so ``x.relu()`` and ``x.explain()`` reach what the core does not import."""


@cache
def chained(name: str) -> Any:
    """The op that ``x.name()`` means; plugins are loaded if it is none of the core's."""
    op = core_ops.get(name) or getattr(public("ops"), name, None)
    if op is None:
        remedy = did_you_mean(name, dir(public("ops")), "see: neuroflow list ops")
        if hasattr(float, name):
            remedy = f"it is one of float's: write x.data.{name}"
        raise AttributeError(f"Value has no attribute and no op named {name!r}; {remedy}")
    return op


class Chaining:
    """The base of Value: what the package above offers is its methods."""

    __slots__ = ()

    def explain(self, other: Any = None, **options: Any) -> Any:
        """Why a gradient is what it is; see :func:`neuroflow.explain`."""
        return public("explain")(self, other, **options)

    @staticmethod
    def softmax(values: Any) -> Any:
        """Positive Values that sum to 1, for a list: a chain holds one, so the list is given."""
        return public("resolve")("activation", "softmax")(values)

    def __getattr__(self, name: str) -> Any:
        """Every registered op is a method, ``x.relu().tanh()``."""
        if name.startswith("__"):
            raise AttributeError(name)
        return MethodType(chained(name), self)

    def __dir__(self) -> Iterable[str]:
        return sorted({*super().__dir__(), *dir(public("ops"))})
