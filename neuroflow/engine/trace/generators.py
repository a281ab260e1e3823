"""What gives other numbers each time; generators of random ones can be put back."""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Iterator
from io import IOBase
from random import Random, SystemRandom
from typing import Any


def is_random(thing: Any) -> bool:
    """Whether random numbers come from it, be it Python's or numpy's."""
    return isinstance(thing, Random) or _is_of_numpy(thing)


def _is_of_numpy(thing: Any) -> bool:
    numpy = sys.modules.get("numpy")
    kinds = (numpy.random.Generator, numpy.random.RandomState) if numpy else ()
    return isinstance(thing, kinds)


def is_generator(thing: Any) -> bool:
    """Whether other numbers come from it each time: random ones, an iterator's next, the time."""
    if is_random(thing) or thing is time:
        return True
    return isinstance(thing, Iterator) and not isinstance(thing, IOBase)


def described(thing: Any) -> str:
    """What it is, for a message.

    >>> described(Random(1)), described(iter([1.0])), described(time)
    ('a random generator', 'an iterator', 'the time')
    """
    if is_random(thing):
        return "a random generator"
    return "the time" if thing is time else "an iterator"


def where_it_stands(rng: Any) -> Any:
    """What tells all numbers to come; None for what has no such thing, as the system's own source.

    >>> rng = Random(1)
    >>> stood, first = where_it_stands(rng), rng.random()
    >>> put_back(rng, stood)
    >>> rng.random() == first
    True
    """
    if isinstance(rng, Random):
        return None if isinstance(rng, SystemRandom) else rng.getstate()
    return pickle.dumps(rng) if _is_of_numpy(rng) else None


def put_back(rng: Any, stood: Any) -> None:
    """Let it draw again what it drew since."""
    if isinstance(rng, Random):
        rng.setstate(stood)
        return
    twin = pickle.loads(stood)  # numpy's; only its copy tells its state whatever its kind
    if hasattr(rng, "bit_generator"):
        rng.bit_generator.state = twin.bit_generator.state
    else:
        rng.set_state(twin.get_state())
