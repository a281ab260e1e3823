"""What a Value is made of: a real number, whatever it is given as."""

from __future__ import annotations

from typing import Any

from neuroflow.errors import InputError

Number = Any
"""Any kind of number: a float, an array, a Value, a traced number, a symbol."""


def real(data: object) -> float:
    """A real number as a float; strings, complex numbers and nothing at all are refused."""
    if isinstance(data, (str, bytes)) or not hasattr(type(data), "__float__"):
        raise InputError(
            f"a Value holds one real number, but got {data!r} of type {type(data).__name__}",
            remedy="convert it first, for example with float(...)",
            got=data,
        )
    try:
        return float(data)  # type: ignore[arg-type]  # checked on the line above
    except (OverflowError, TypeError, ValueError) as error:  # 10**400, an array of several numbers
        from neuroflow.core.types import shown

        what = f"a Value holds one real number, but got {shown(data)}: {error}"
        raise InputError(what, expected="what float(...) takes", got=data) from error
