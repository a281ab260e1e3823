"""What a Value does that a float does, apart from its mathematics; and what it refuses, and why.

Conversions (``int``, ``round``, ``math.floor``, format specs) give plain numbers, as ``float``
does: the history ends there, and the derivative of a step is 0 anyway.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn, Self

from neuroflow.core.domain import not_comparable
from neuroflow.core.inputs import real
from neuroflow.errors import OperatorError, short_repr


def _refused(sign: str, instead: str) -> Any:
    def refuse(value: Any, other: Any) -> NoReturn:
        raise OperatorError(
            f"{sign} was asked of {value!r} and {short_repr(other)}, but a Value has none",
            expected="an operator with a derivative: + - * / ** abs",
            remedy=f"the derivative of {sign} jumps; {instead}",
        )

    return refuse


_QUOTIENT = "for the number alone write a.data // b, for a Value nf.floor(a / b)"
_REST = "for the number alone write a.data % b, for one with a derivative nf.mod(a, b)"


def no_modulus(modulus: object) -> NoReturn:
    """Refuse ``pow(v, 3, 5)``, as floats do."""
    what = f"pow got the modulus {short_repr(modulus)}, but a Value is no whole number"
    raise OperatorError(what, expected="two numbers", remedy="write pow(v, 3) or v ** 3")


def ordered(number: Any) -> float:
    """The number, to be compared; raises :class:`DomainError` for nan."""
    x = number.data if isinstance(number, FloatLike) else real(number)
    if x != x:
        raise not_comparable(number)
    return x


class FloatLike:
    """The base of Value: what all numbers of Python can do, by the number that it holds."""

    __slots__ = ()

    data: float

    # fmt: off
    def __lt__(self, other: Any) -> bool: return ordered(self) < ordered(other)
    def __le__(self, other: Any) -> bool: return ordered(self) <= ordered(other)
    def __gt__(self, other: Any) -> bool: return ordered(self) > ordered(other)
    def __ge__(self, other: Any) -> bool: return ordered(self) >= ordered(other)
    def __bool__(self) -> bool: return ordered(self) != 0.0
    # fmt: on

    def __pos__(self) -> Self:
        return self

    def __float__(self) -> float:
        return self.data

    def __int__(self) -> int:
        return int(self.data)

    def __trunc__(self) -> int:
        return math.trunc(self.data)

    def __floor__(self) -> int:
        return math.floor(self.data)

    def __ceil__(self) -> int:
        return math.ceil(self.data)

    def __round__(self, digits: int | None = None) -> float:
        return round(self.data, digits)

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else str(self)

    __mod__ = __rmod__ = _refused("%", _REST)
    __floordiv__ = __rfloordiv__ = _refused("//", _QUOTIENT)
    __divmod__ = __rdivmod__ = _refused("divmod", _REST)
