"""Where the derivative of an op jumps, as its author wrote it: numbers, and arithmetic of names.

A place is a number, a setting or arithmetic of settings (``low``, ``-2 * limit``), an equation
between inputs and such (``a = b``, ``x = low``, ``x = round(x)``), or ``ties`` of the inputs; or
all of them come from one function of the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuroflow.core.rules.mistakes import mistake
from neuroflow.errors import short_repr

TIES = "ties"


def kinks_of(op: Any) -> Any:
    """The places of an op with its settings: those declared, or what its function gives."""
    places = op.beside.get("kinks")
    if places is None:
        return op.kinks
    if op.required:  # a setting has no value yet
        return ()
    wanted = places.__code__.co_varnames[: places.__code__.co_argcount]
    unknown = [name for name in wanted if name not in op.settings]
    if unknown:
        what = f"has kinks that are a function of {', '.join(unknown)}"
        expected = f"a function of its settings ({', '.join(op.settings) or 'it has none'})"
        raise mistake(op.rule, op.name, what, expected)
    given = places(**{name: op.settings[name] for name in wanted})
    return tuple(given) if isinstance(given, (tuple, list)) else (given,)


def check_kinks(op: Any) -> None:
    """Raise for kinks that cannot be meant."""
    use = 'for example kinks=(0.0,), or kinks=("a = b",) between inputs'
    if not isinstance(op.kinks, (tuple, list)):
        what = f"has the kinks {short_repr(op.kinks)}"
        raise mistake(op.rule, op.name, what, "a tuple of numbers or texts", use)
    for kink in op.kinks:
        if not isinstance(kink, (int, float)) and not _is_place(op, kink):
            what = f"has the kink {short_repr(kink)}"
            expected = (
                "a number, a setting or arithmetic of settings, 'ties' of the inputs, or where two"
                " are equal: 'a = b'"
            )
            raise mistake(op.rule, op.name, what, expected, use)


def _is_place(op: Any, kink: object) -> bool:
    """Whether a text says where, in words that mean something for this op."""
    if kink == TIES:
        return True
    sides = kink.split("=") if isinstance(kink, str) else []
    settings = {*op.settings, *op.required}
    if len(sides) == 1:
        return _names(sides[0]) <= settings
    inputs = [_names(side) & {*op.parameters} for side in sides]
    known = {*op.parameters, *settings, TIES}
    return len(sides) == 2 and any(inputs) and all(_names(side) <= known for side in sides)


def _names(text: str) -> set[str]:
    """The names in a text of arithmetic; one that none can have where it is no arithmetic."""
    if text.strip().isidentifier():  # nearly all are
        return {text.strip()}
    from neuroflow.core.rules.arithmetic import names_in

    return names_in(text)


def computed(text: str, numbers: Mapping[str, float]) -> float | None:
    """What arithmetic in a text is with these numbers; None where a name is not known.

    >>> computed("-2 * limit", {"limit": 0.5}), computed("high", {})
    (-1.0, None)
    """
    from neuroflow.core.rules.arithmetic import compute

    try:
        return compute(text, numbers)
    except (KeyError, ArithmeticError):
        return None
