"""Ops by name, for chaining: ``x.relu()``. The core never imports the registry; it asks here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neuroflow.errors import RegistryError

if TYPE_CHECKING:
    from neuroflow.core.op import Op


class Resolver:
    """Finds ops by name for chaining; the registry fills it in when it is first needed.

    It asks ``load``, which the package sets.
    """

    def __init__(self) -> None:
        self.load: Callable[[], dict[str, Op]] = dict
        self.connected = False
        self._ops: dict[str, Op] | None = None

    def find(self, name: str) -> Op | None:
        """The op of that name, or None."""
        if self._ops is None:
            self._ops = self.load()
        return self._ops.get(name)

    def need(self, name: str) -> Op:
        """The op of that name; raises :class:`RegistryError` where there is none."""
        op = self.find(name)
        if op is None:
            raise RegistryError(
                f"no op named {name!r} is registered; the bundled plugin 'ops' provides it;"
                " see: neuroflow doctor"
            )
        return op

    def names(self) -> list[str]:
        """Every name that :meth:`find` knows."""
        self.find("")
        return sorted(self._ops or {})

    def reset(self, load: Callable[[], dict[str, Op]] | None = None) -> None:
        """Forget what was found; look again, with another ``load`` if one is given."""
        self.load = load or self.load
        self.connected = self.connected or load is not None
        self._ops = None


resolver = Resolver()
