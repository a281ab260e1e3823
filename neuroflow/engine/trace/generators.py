"""Generators of random numbers, Python's and numpy's: where one stands, and the way back."""

from __future__ import annotations

import pickle
from random import Random, SystemRandom
from typing import Any


def is_generator(thing: Any) -> bool:
    """Whether numbers are drawn from it; numpy is asked by name, for it may not be there."""
    return isinstance(thing, Random) or type(thing).__name__ in ("Generator", "RandomState")


def where_it_stands(rng: Any) -> Any:
    """What tells all numbers to come; for the system's own source, which has no such thing, None.

    >>> rng = Random(1)
    >>> stood, first = where_it_stands(rng), rng.random()
    >>> put_back(rng, stood)
    >>> rng.random() == first
    True
    """
    if isinstance(rng, SystemRandom):
        return None
    return rng.getstate() if isinstance(rng, Random) else pickle.dumps(rng)


def put_back(rng: Any, stood: Any) -> None:
    """Let it draw again what it drew since; the system's own source goes on."""
    if isinstance(rng, Random):
        if stood is not None:
            rng.setstate(stood)
        return
    twin = pickle.loads(stood)  # numpy's; only its copy tells its state whatever its kind
    if hasattr(rng, "bit_generator"):
        rng.bit_generator.state = twin.bit_generator.state
    else:
        rng.set_state(twin.get_state())
