"""Every registered op as a function: ``neuroflow.ops.relu(x)``.

>>> from neuroflow import ops
>>> ops.relu(-3.0)
0.0
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuroflow.core.protocols.chaining import core_ops
from neuroflow.errors import RegistryError, composed, did_you_mean


def __getattr__(name: str) -> Any:
    op = core_ops.get(name) or _registered().get(name) or _by_alias(name)
    if op is None:
        remedy = did_you_mean(name, __dir__(), "see: neuroflow list ops")
        raise AttributeError(composed(f"no op named {name!r}", remedy=remedy))
    return op


def __dir__() -> list[str]:
    return sorted({*core_ops, *_registered()})


def _registered() -> Mapping[str, Any]:
    """The ops of all plugins; these are found when the first op is asked for."""
    from neuroflow.registry.manager import ops_by_name

    return ops_by_name()


def _by_alias(name: str) -> Any:
    """The op that declares another spelling, which works like its name but is not listed."""
    from neuroflow.registry.manager import get

    try:
        return get("op", name).load() if name.isidentifier() else None
    except RegistryError:
        return None
