"""The numbers of many parameters, read and written all at once, whatever other threads do."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

from neuroflow.core.value import Value
from neuroflow.locks import lock

if TYPE_CHECKING:  # eager runs do without numpy
    import numpy as np
    from numpy.typing import NDArray

_NUMBERS = lock(1)
"""Held while the numbers of many parameters are read or written."""

_number = attrgetter("data")


def read_numbers(parameters: Sequence[Value]) -> NDArray[np.float64]:
    """The numbers of parameters, all of one moment: none from before an update and none after."""
    import numpy as np

    with _NUMBERS:
        return np.fromiter(map(_number, parameters), np.float64, len(parameters))


def write_numbers(parameters: Sequence[Value], numbers: Sequence[float]) -> None:
    """New numbers for parameters, all at once for whoever uses :func:`read_numbers`."""
    with _NUMBERS:
        for parameter, number in zip(parameters, numbers, strict=True):
            parameter.data = number
