"""How a rule takes its inputs: names and settings from its signature, vectors as flat numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import isfunction
from itertools import chain
from typing import Any

from neuroflow.errors import InputError

Rule = Callable[..., Any]
Split = Callable[[Sequence[Any]], tuple[Sequence[Any], ...]]


def signature(rule: Rule) -> tuple[tuple[str, ...], dict[str, float]]:
    """The names of the differentiable inputs, and the settings with their defaults.

    >>> signature(lambda x, *, slope=0.1: x * slope)
    (('x',), {'slope': 0.1})
    """
    if not isfunction(rule):
        raise InputError(
            f"an op is made of a function, but got {rule!r}; write @op above def name(x): ..."
        )
    code = rule.__code__
    names = code.co_varnames[: code.co_argcount]
    settings = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return names, {name: (rule.__kwdefaults__ or {}).get(name, 0.0) for name in settings}


def check_settings(name: str, known: Mapping[str, float], settings: Mapping[str, Any]) -> None:
    """Raise :class:`InputError` for a setting that the op does not know, or that is no number."""
    for key, value in settings.items():
        if key not in known:
            names = ", ".join(known) or "none"
            raise InputError(f"{name} has no setting {key!r}; its settings: {names}")
        if isinstance(value, (bool, str)) or not isinstance(value, (int, float)):
            raise InputError(f"{name}: the setting {key} must be a number, but got {value!r}")


def flatten(name: str, parameters: Sequence[str], vectors: Sequence[Any]) -> tuple[Any, ...]:
    """The vectors one behind the other; one vector may be given as separate numbers.

    >>> flatten("dot", ("a", "b"), ([1.0, 2.0], [3.0, 4.0]))
    (1.0, 2.0, 3.0, 4.0)
    """
    if len(parameters) == 1 and not (len(vectors) == 1 and isinstance(vectors[0], (list, tuple))):
        vectors = (vectors,)
    try:
        if len(vectors) == len(parameters) == 2:  # the usual case, made quick
            a, b = vectors
            if len(a) == len(b) > 0:
                return (*a, *b)
        lengths = [*map(len, vectors)]
    except TypeError:
        shown = ", ".join(map(repr, vectors))
        raise InputError(f"{name} takes lists of numbers, but got {shown}") from None
    if len(lengths) != len(parameters):
        raise wrong_inputs(name, "vector", parameters, len(lengths))
    if 0 in lengths or lengths.count(lengths[0]) != len(lengths):
        raise InputError(
            f"{name} got vectors of length {', '.join(map(str, lengths))};"
            " it needs equally long ones with at least one number each"
        )
    return tuple(chain.from_iterable(vectors))


def splitter(vectors: int) -> Split:
    """What takes apart as many equally long vectors as were made :func:`flat <flatten>`.

    >>> splitter(2)((1.0, 2.0, 3.0, 4.0))
    ((1.0, 2.0), (3.0, 4.0))
    """
    return _SPLITS.get(vectors) or partial(_parts, vectors)


def _parts(vectors: int, flat: Sequence[Any]) -> tuple[Sequence[Any], ...]:
    length = len(flat) // vectors
    return tuple([flat[k : k + length] for k in range(0, len(flat), length)])


def _halves(flat: Sequence[Any]) -> tuple[Sequence[Any], ...]:
    middle = len(flat) // 2
    return flat[:middle], flat[middle:]


_SPLITS: dict[int, Split] = {1: lambda flat: (flat,), 2: _halves}  # the usual ones, made quick


def wrong_inputs(name: str, kind: str, parameters: Sequence[str], got: int) -> InputError:
    """The error for an op that was given too many inputs, or too few."""
    expected = f"{len(parameters)} {kind}(s) ({', '.join(parameters)})"
    return InputError(f"{name} takes {expected}, but got {got}")


def refuse_what_is_no_number(name: str, inputs: Sequence[Any]) -> None:
    """Raise :class:`InputError` where an op was given a list, a text or nothing for a number."""
    for x in inputs:
        if x is None or isinstance(x, (list, tuple, dict, set, str, bytes)):
            raise InputError(
                f"{name} takes numbers, but got {x!r}; give it the numbers themselves, one by one"
            )
