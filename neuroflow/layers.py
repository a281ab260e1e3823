"""Every registered layer by the name of its class: ``neuroflow.layers.Neuron``.

>>> from neuroflow import SplitMix32, layers
>>> layers.Neuron(inputs=2, rng=SplitMix32(0)).configuration()["inputs"]
2
"""

from __future__ import annotations

from typing import Any

from neuroflow.errors import composed, did_you_mean


def __getattr__(name: str) -> Any:
    entries = [] if name.startswith("__") else _offered().get(name, [])
    if not entries:
        remedy = did_you_mean(name, __dir__(), "see: neuroflow list layers")
        raise AttributeError(composed(f"no layer's class is named {name!r}", remedy=remedy))
    if len(entries) > 1:
        ids = " or ".join(f"nf.get('layer', {entry.id!r}).load()" for entry in entries)
        offered = f"{len(entries)} layers have a class named {name!r}"
        raise AttributeError(composed(offered, remedy=f"write {ids}"))
    return entries[0].load()


def __dir__() -> list[str]:
    return sorted(_offered())


def _offered() -> dict[str, list[Any]]:
    """The entries of all plugins, which are loaded when the first of them is asked for."""
    from neuroflow.registry.manager import layers_by_class

    return layers_by_class()
