"""What an author tells the checks of an entry: where to look, how exactly, and what is meant."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from neuroflow.errors import InputError, short_repr


def _rows(points: Any) -> tuple[tuple[Any, ...], ...]:
    """Each point as a row of inputs; a bare number is the row of one input."""
    return tuple(tuple(p) if isinstance(p, (tuple, list)) else (p,) for p in points)


def _each(settings: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    return tuple(settings)


def _a_share(_: Any, what: Any, given: Any) -> None:
    if not isinstance(given, (int, float)) or not 0.0 <= given < 1.0 or math.isnan(given):
        raise InputError(
            f"Checks got {what.name} = {short_repr(given)}",
            expected="the relative error that is allowed, from 0 up to 1",
            got=given,
        )


def _reasons(_: Any, __: Any, given: Any) -> None:
    for check, reason in given.items() if isinstance(given, Mapping) else [("", given)]:
        if not check or not isinstance(reason, str) or not reason.strip():
            raise InputError(
                f"Checks got expected = {short_repr(given)}",
                expected="the name of a check and the reason for its finding, for each",
                remedy='write it like expected={"undeclared kinks": "a step table of 4,000 steps"}',
                got=given,
            )


@frozen(kw_only=True)
class Checks:
    """What an author tells the checks: where to look, how exactly, and what is meant.

    ``points`` are inputs at which an op or an activation is tried before all others: a number, or
    a row with one for each input. ``settings`` are tried instead of those that the checks think
    of. ``tolerance`` is the relative error that is allowed between what is declared and what is
    computed, where the checks would allow less. ``expected`` names the checks whose findings are
    meant, each with the reason; it is shown, and an expected finding that does not occur (any
    more) is a finding itself.

    Raises :class:`InputError` for a tolerance that is no share, and a finding without a reason.

    >>> Checks(points=(0.1, 7.5), expected={"extremes": "it is a table up to 10"}).points
    ((0.1,), (7.5,))
    """

    points: tuple[tuple[Any, ...], ...] = field(default=(), converter=_rows)
    settings: tuple[Mapping[str, Any], ...] = field(default=(), converter=_each)
    tolerance: float = field(default=0.0, validator=_a_share)
    expected: Mapping[str, str] = field(factory=dict, validator=_reasons)
