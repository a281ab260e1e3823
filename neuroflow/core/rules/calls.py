"""When an op is called: has it all its inputs and settings, and are they numbers?"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from neuroflow.core.domain import undefined
from neuroflow.core.rules.failures import tell_mistake
from neuroflow.errors import InputError, NeuroflowError, did_you_mean


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
    known = (*op.settings, *op.required)
    for name in settings:
        if name in op.parameters:
            what = f"{op.name} got its input {name!r} by name"
            raise InputError(
                what, remedy=f"write {op.name}({', '.join(op.parameters)})", op=op.name
            )
        if name not in known:
            remedy = did_you_mean(name, known, f"its settings: {', '.join(known) or 'none'}")
            raise InputError(f"{op.name} has no setting {name!r}", remedy=remedy, op=op.name)
    check(op.name, of_rule(op.rule), settings)
    _check_together(op, settings)
    return key


def _check_together(op: Any, settings: dict[str, Any]) -> None:
    """Raise for settings that are right one by one, but do not go together."""
    relations = op.beside.get("relations")
    if relations is None:
        return
    code = relations.__code__
    wanted = code.co_varnames[: code.co_argcount]
    if all(name in settings for name in wanted):
        try:
            relations(**{name: settings[name] for name in wanted})
        except NeuroflowError as error:
            raise InputError(
                f"{op.name} got {error.what}", **{**error.rest, "op": op.name}
            ) from error


def wrong_inputs(op: Any, kind: str, got: int) -> InputError:
    """The error for an op that was given too many inputs, too few, or not all its settings."""
    if got == len(op.parameters):
        named = ", ".join(f"{name}=..." for name in op.required)
        return InputError(
            f"{op.name} needs its setting {', '.join(op.required)}, which has no default",
            remedy=f"write {op.name}({', '.join(op.parameters)}, {named})", op=op.name,
        )  # fmt: skip
    expected = f"{len(op.parameters)} {kind}(s) ({', '.join(op.parameters)})"
    known = [*op.settings, *op.required] if got > len(op.parameters) else []
    remedy = f"settings are given by name: {known[0]}=..." if known else ""
    return InputError(f"{op.name} takes {expected}, but got {got}", remedy=remedy, op=op.name)


def tell_failure(op: Any, inputs: tuple[Any, ...], error: Exception) -> None:
    """Raise what a failure of a rule means for numbers that are no Values, if there is more to say.

    What arrays and symbols make of it is theirs to say.
    """
    plain = all(isinstance(x, (int, float)) for x in inputs)
    if isinstance(error, (TypeError, AttributeError)):
        refuse(op.name, inputs)
        if plain:  # then it is not for them
            tell_mistake(op, inputs, error)
    known = isinstance(error, NeuroflowError)
    if plain and not known and isinstance(error, (ArithmeticError, ValueError)):
        raise undefined(op, inputs, error, "") from error


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
