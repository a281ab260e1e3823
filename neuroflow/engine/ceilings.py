"""Ceilings: how fast this processor is at best, measured in a moment and kept.

One thread copies arrays of three sizes (in the nearest caches, in farther ones, in memory),
multiplies small matrices, and takes exponentials; and one call of numpy has its price, however
little it does.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from attrs import asdict, frozen

from neuroflow.engine.native.cache import Cache

NEAR, MIDDLE, FAR = 1 << 15, 1 << 20, 1 << 25
"""Bytes that are copied from, as many as lie in one cache or in none."""

SECONDS = 0.005
"""For so long each is tried; the best try counts."""


@frozen
class Ceilings:
    """Rates for one kind of number: in bytes, operations, curves (exp and the like) a second."""

    near_bytes: float
    middle_bytes: float
    far_bytes: float
    operations: float
    curves: float
    call_seconds: float

    def bytes_for(self, size: int) -> float:
        """The rate at which so many bytes are worked through again and again.

        >>> Ceilings(3.0, 2.0, 1.0, 1.0, 1.0, 0.0).bytes_for(MIDDLE)
        2.0
        """
        if size <= 8 * NEAR:
            return self.near_bytes
        return self.middle_bytes if size <= 8 * MIDDLE else self.far_bytes


@cache
def ceilings(dtype: str) -> Ceilings:
    """Those of this processor: kept from before, or measured now."""
    place, name = Cache.here(), _name(dtype)
    if found := place.read(name):
        return Ceilings(**json.loads(found))
    measured_now = measured(dtype)
    place.write(name, json.dumps(asdict(measured_now)).encode())
    return measured_now


def _name(dtype: str) -> str:
    facts = (platform.machine(), platform.processor(), platform.node(), os.cpu_count())
    text = f"{facts} {np.__version__} {dtype} {FAR} {SECONDS}"
    return f"ceilings_{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def measured(dtype: str) -> Ceilings:
    """The ceilings now, in about a twentieth of a second."""
    size, matrix = np.dtype(dtype).itemsize, 64
    several = np.ones((8, matrix, matrix), dtype)
    product = partial(np.matmul, several, several, np.empty_like(several))
    curved = np.linspace(-1.0, 1.0, NEAR // size).astype(dtype)
    few = np.ones(1, dtype)
    near, middle, far = [_bytes_a_second(n, dtype) for n in (NEAR, MIDDLE, FAR)]
    return Ceilings(
        near_bytes=near,
        middle_bytes=middle,
        far_bytes=far,
        operations=2.0 * several.size * matrix / _best(product),
        curves=len(curved) / _best(partial(np.exp, curved, np.empty_like(curved))),
        call_seconds=_best(partial(np.add, few, few, np.empty_like(few))),
    )


def _bytes_a_second(n: int, dtype: str) -> float:
    """What is read and what is written count."""
    source = np.ones(n // np.dtype(dtype).itemsize, dtype)
    return 2.0 * n / _best(partial(np.copyto, np.empty_like(source), source))


def _best(call: Callable[[], Any]) -> float:
    """The least time of one call, for some milliseconds; short calls are timed in dozens."""
    call()
    start = time.perf_counter()
    call()
    several = max(1, min(100, int(5e-5 / max(time.perf_counter() - start, 1e-9))))
    best, begin = float("inf"), time.perf_counter()
    while time.perf_counter() < begin + SECONDS:
        start = time.perf_counter()
        for _ in range(several):
            call()
        best = min(best, (time.perf_counter() - start) / several)
    return best
