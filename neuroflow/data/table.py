"""Names of columns, what is a number, and the delimiter that a table seems to have."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from neuroflow.data.notation import DELIMITERS
from neuroflow.errors import InputError


def refuse_twice(names: Iterable[str], whose: str, what: str, file: str = "") -> None:
    """Raise :class:`InputError` for names of which two are the same."""
    counts = Counter(names)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise InputError(
            f"{whose} {counts[twice[0]]} {what} named {twice[0]!r}",
            expected="a name of its own for each",
            remedy="rename all but one",
            got=twice[0],
            file=file,
        )


def is_number(cell: str) -> bool:
    """Whether a cell is a finite number."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def better_delimiter(text: str, delimiter: str) -> str:
    """What the first two lines suggest as delimiter instead of this one; empty if nothing better.

    >>> better_delimiter("a;b;c\\n1,5;2,5;3", ",")
    ';'
    """
    lines = [line for line in text[:10_000].split("\n") if line.strip()][:2]
    for other in (*DELIMITERS, " "):
        counts = {line.count(other) for line in lines}
        if other != delimiter and len(counts) == 1 and lines and max(counts) > 0:
            return other
    return ""


def advice_on_delimiter(text: str, delimiter: str) -> str:
    """A remedy for a table that another delimiter would split better; empty if none would."""
    other = better_delimiter(text, delimiter)
    spelled = "\\t" if other == "\t" else other
    return f'if "{spelled}" stands between its cells, set delimiter = "{spelled}"' if other else ""
