"""Decimals: many numbers of a text at once, each the very float that Python's ``float`` gives.

A number is a whole number divided by a power of ten: ``12.34`` is 1234 / 100. Both are exact where
they are small, and then one division rounds once, as it must. Longer numbers are divided with 64
bits; where rounding that to 53 bits could go wrong, a cell is left to ``float``. Source: W. D.
Clinger, "How to Read Floating Point Numbers Accurately", 1990.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_DIGITS = 19
"""So many digits fit in a whole number of 64 bits."""

EXACT = 2**53
"""Up to here every whole number is a float."""

_HAS_64_BITS = np.finfo(np.longdouble).nmant >= 63
_POWERS = np.array([10.0**k for k in range(MOST_DIGITS + 1)])
_LONG_POWERS = np.array([10**k for k in range(MOST_DIGITS + 1)], dtype=np.longdouble)
_MINUS, _PLUS, _POINT, _ZERO = (np.uint8(ord(c)) for c in "-+.0")

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]


def decimals(text: NDArray[np.uint8], starts: Any, ends: Any) -> tuple[Floats, Truths]:
    """The numbers between places of a text, and which of them were understood.

    Understood are digits with at most one point among them and a sign before them; all else is to
    be read by ``float``, or is no number.

    >>> text = np.frombuffer(b"1.5,-20,x", np.uint8)
    >>> decimals(text, np.array([0, 4, 8]), np.array([3, 7, 9]))
    (array([  1.5, -20. ,   0. ]), array([ True,  True, False]))
    """
    first = text[np.minimum(starts, len(text) - 1)]
    negative = first == _MINUS
    at = starts + (negative | (first == _PLUS))
    whole, places, understood = _digits(text, at, ends - at)
    numbers, exact = _quotients(whole, places)
    return np.where(negative, -numbers, numbers), understood & exact


def _digits(text: NDArray[np.uint8], at: Any, widths: Any) -> tuple[Any, Any, Truths]:
    """The digits as a whole number, how many stand behind the point, and what is nothing else."""
    whole = np.zeros(len(at), np.uint64)
    n_digits, places = np.zeros(len(at), np.uint8), np.zeros(len(at), np.uint8)
    understood, behind = widths > 0, np.zeros(len(at), bool)
    longest = min(int(widths.max(initial=0)), MOST_DIGITS + 1)
    for k in range(longest):
        inside = widths > k
        sign = text[np.minimum(at + k, len(text) - 1)]
        digit = sign - _ZERO
        is_digit = inside & (digit < 10)
        is_point = inside & (sign == _POINT)
        understood &= ~inside | is_digit | (is_point & ~behind)
        whole = np.where(is_digit, whole * np.uint64(10) + digit, whole)
        n_digits += is_digit
        behind |= is_point
        places += is_digit & behind
    fits = (widths <= longest) & (n_digits > 0) & (n_digits <= MOST_DIGITS)
    return whole, places, understood & fits


def _quotients(whole: NDArray[np.uint64], places: Any) -> tuple[Floats, Truths]:
    """Each number divided by its power of ten, and whether that is the nearest float."""
    numbers = whole.astype(np.float64) / _POWERS[places]
    exact = whole <= EXACT
    if not exact.all() and _HAS_64_BITS:
        long = np.flatnonzero(~exact)
        quotients = whole[long].astype(np.longdouble) / _LONG_POWERS[places[long]]
        numbers[long] = quotients.astype(np.float64)
        apart = np.abs(quotients - numbers[long].astype(np.longdouble))
        unit = np.spacing(numbers[long]).astype(np.longdouble)
        exact[long] = (2 * apart != unit) & (4 * apart != unit)  # not in the middle of two floats
    return numbers, exact
