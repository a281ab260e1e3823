"""Sharing: layers that stand in a model more than once, and the names by which they are told.

The first time such a layer is told whole, with a ``name``; after that it is ``{ref = "name"}``.
"""

from __future__ import annotations

from typing import Any

from neuroflow.core.module import Module

PART_NAME = "_part_name"
"""Where a layer keeps the name by which a configuration refers to it."""


class Shared:
    """The layers of a model that stand in it more than once, and the names of those told already.

    >>> from neuroflow.config.building import build
    >>> relu = build("relu")
    >>> shared = Shared(build("sequential", layers=[relu, relu]))
    >>> shared.name_of(relu), shared.names[id(relu)]
    ('shared_1', 'shared_1')
    """

    def __init__(self, model: Any) -> None:
        self.counts: dict[int, int] = {}
        self.names: dict[int, str] = {}
        self._count(model)

    def _count(self, value: Any) -> None:
        if isinstance(value, Module):
            self.counts[id(value)] = self.counts.get(id(value), 0) + 1
            if self.counts[id(value)] == 1:
                self._count(list(value.configuration().values()))
        elif isinstance(value, (list, tuple, dict)):
            for each in value.values() if isinstance(value, dict) else value:
                self._count(each)

    def name_of(self, layer: Module) -> str:
        """The name that a layer is told with; none if nothing refers to it and it has none."""
        own = vars(layer).get(PART_NAME, "")
        if self.counts.get(id(layer), 0) < 2 and not own:
            return ""
        taken = set(self.names.values())
        free = (f"shared_{k}" for k in range(1, len(taken) + 2))
        name = own if own and own not in taken else next(n for n in free if n not in taken)
        self.names[id(layer)] = name
        return name
