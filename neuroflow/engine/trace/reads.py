"""What a function's code reads by name: globals, and attributes of whatever they lead to."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType

from attrs import frozen

ANY = frozenset(("__dict__", "vars", "getattr", "attrgetter"))
"""Names with which code reads attributes that it does not spell out."""


@frozen
class Reads:
    """The names that code reads, that of functions written inside it included."""

    of_globals: frozenset[str]
    of_attributes: frozenset[str]


@lru_cache(maxsize=4096)
def reads_of(code: CodeType) -> Reads:
    """The names that code reads; a text in it may be one too, for ``getattr(self, "rate")``.

    >>> def scaled(model, x):
    ...     return model.rate * SCALE * x
    >>> reads = reads_of(scaled.__code__)
    >>> sorted(reads.of_globals), sorted(reads.of_attributes)
    (['SCALE'], ['SCALE', 'rate'])
    """
    of_globals: set[str] = set()
    of_attributes = {text for text in code.co_consts if isinstance(text, str) and _is_name(text)}
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            of_globals.add(step.argval)
    of_attributes.update(code.co_names)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            reads = reads_of(inner)
            of_globals |= reads.of_globals
            of_attributes |= reads.of_attributes
    return Reads(frozenset(of_globals), frozenset(of_attributes))


def _is_name(text: str) -> bool:
    return len(text) < 64 and text.isidentifier()
