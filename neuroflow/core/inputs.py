"""What a Value and an op may be given, and the errors for all else."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Sequence
from typing import Any

from neuroflow.errors import InputError

Number = Any
"""Any kind of number: a float, an array, a Value, a traced number, a symbol."""

Rule = Callable[..., Any]
"""Plain mathematics on any kind of number."""


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


def signature(rule: Rule) -> tuple[tuple[str, ...], dict[str, float]]:
    """The names of the differentiable inputs, and the settings with their defaults.

    >>> signature(lambda x, *, slope=0.1: x * slope)
    (('x',), {'slope': 0.1})
    """
    function = inspect.unwrap(rule)
    if not inspect.isfunction(function):
        raise InputError(
            f"an op is made of a function, but got {rule!r}",
            remedy="write @op above def name(x): ...",
            got=rule,
        )
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    settings = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return names, {name: (function.__kwdefaults__ or {}).get(name, 0.0) for name in settings}


def checked_settings(
    op: Any, settings: dict[str, Any], known: Container[Any]
) -> tuple[tuple[str, type, Any], ...]:
    """The settings of an op as a key of a dict; those that are not ``known`` are checked first.

    Numbers of numpy among them become Python's, in place.
    Raises :class:`InputError` for a setting that the op does not have, or that it refuses.
    """
    key = tuple(sorted((name, type(value), value) for name, value in settings.items()))
    try:
        if key in known:
            return key
    except TypeError:  # a list or the like, which the check refuses
        pass
    from neuroflow.core.settings import check, of_rule  # ops without settings need none of it
    from neuroflow.pythonic import pythonic_settings

    settings |= pythonic_settings(settings)
    for name in settings:
        if name not in op.settings:
            raise InputError(
                f"{op.name} has no setting {name!r}",
                remedy=f"its settings: {', '.join(op.settings) or 'none'}",
                got=name,
                op=op.name,
            )
    check(op.name, of_rule(op.rule), settings)
    return key


def wrong_inputs(name: str, kind: str, parameters: Sequence[str], got: int) -> InputError:
    """The error for an op that was given too many inputs, or too few."""
    expected = f"{len(parameters)} {kind}(s) ({', '.join(parameters)})"
    return InputError(f"{name} takes {expected}, but got {got}", op=name)


def attempted(op: Any, inputs: tuple[Any, ...]) -> Any:
    """What an op's rule makes of its inputs; refuses what is no number where that fails."""
    try:
        return op.forward(*inputs)
    except (TypeError, AttributeError):
        refuse(op.name, inputs)
        raise


def refuse(name: str, inputs: Sequence[Any]) -> None:
    """Raise :class:`InputError` where an op was given a list, a text or nothing for a number."""
    for x in inputs:
        if x is None or isinstance(x, (list, tuple, dict, set, str, bytes)):
            raise InputError(
                f"{name} takes numbers, but got {x!r}",
                remedy="give it the numbers themselves, one by one",
                got=x,
                op=name,
            )
