"""What is built from settings: it checks them, keeps them, and can tell them again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from neuroflow.core.protocols.drawing import random_generator
from neuroflow.core.settings import check, declarations, declared
from neuroflow.core.types import normalized
from neuroflow.pythonic import pythonic_parts, pythonic_settings


class Configured:
    """The base of classes that are built from settings, such as layers and tokenizers.

    The arguments of ``__init__`` are the settings. They are checked against what the signature
    declares before ``__init__`` runs, and afterwards each of them is a field of the same name,
    so no ``__init__`` need say ``self.rate = rate``. A field that ``__init__`` set itself stays
    as it is. ``rng`` is not kept; where it is a function of no arguments such as
    ``random.random``, ``__init__`` gets a random.Random that draws from it. ``configuration()``
    and ``repr`` tell the settings again.

    >>> class Scale(Configured):
    ...     def __init__(self, factor=2.0, *, rng=None): ...
    >>> Scale(3.0), Scale().factor
    (Scale(factor=3.0), 2.0)
    """

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...  # the fields that settings become

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in vars(cls):
            cls.__init__ = _keeping(cls.__init__)  # type: ignore[method-assign]

    def configuration(self) -> dict[str, Any]:
        """The arguments that build this again, apart from ``rng``."""
        kept = dict(fields(self))
        return {name: kept[name] for name in declared(type(self)) if name in kept}  # type: ignore[arg-type]

    def __repr__(self) -> str:
        settings = ", ".join(f"{key}={value!r}" for key, value in self.configuration().items())
        return f"{type(self).__name__}({settings})"


def _keeping(init: Callable[..., None]) -> Callable[..., None]:
    """``__init__`` with a check of its settings before it, and a look at its fields after it."""

    @wraps(init)
    def __init__(self: Any, *inputs: Any, **named: Any) -> None:
        inputs, named = tuple(map(pythonic_parts, inputs)), pythonic_settings(named)
        given = {**dict(zip(_positional(init), inputs, strict=False)), **named}
        check(type(self).__name__, declarations(init, True), given)
        if "rng" in named:
            named["rng"] = random_generator(named["rng"])
        init(self, *inputs, **named)
        kept = vars(self)
        for name, setting in declared(init, True).items():
            if name not in kept and not hasattr(type(self), name):
                value = given.get(name, setting.default)
                kept[name] = value if setting.part else normalized(value, setting.type)

    return __init__


@cache
def _positional(init: Callable[..., None]) -> tuple[str, ...]:
    """The names of the arguments that may be given by position, but for ``self``."""
    _, *others = inspect.signature(init).parameters.values()
    return tuple(p.name for p in others if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))


def fields(thing: Any) -> Iterator[tuple[str, Any]]:
    """The fields of an object, slotted ones (as attrs makes them) first."""
    for base in reversed(type(thing).__mro__):
        for name in base.__dict__.get("__slots__", ()):
            if name in base.__dict__ and not name.startswith("__"):
                yield name, getattr(thing, name)
    yield from vars(thing).items()
