"""Every registered op as a function: ``neuroflow.ops.relu(x)``.

>>> from neuroflow import ops
>>> ops.relu(-3.0)
0.0
"""

from __future__ import annotations

from typing import Any

from neuroflow.errors import did_you_mean
from neuroflow.registry.manager import ops_by_name


def __getattr__(name: str) -> Any:
    known = ops_by_name()
    if name not in known:
        raise AttributeError(
            f"no op named {name!r}{did_you_mean(name, known)} see: neuroflow list ops"
        )
    return known[name]


def __dir__() -> list[str]:
    return sorted(ops_by_name())
