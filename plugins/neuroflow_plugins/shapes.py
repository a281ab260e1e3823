"""What a layer is given: has it the form that the layer takes? If not, the error says which."""

from __future__ import annotations

import neuroflow as nf


def check_numbers(xs, expected, what):
    """Raise :class:`neuroflow.InputError` unless ``xs`` are so many numbers; ``what`` takes them.

    >>> check_numbers([1.0], 2, "a neuron")
    Traceback (most recent call last):
    ...
    neuroflow.errors.InputError: a neuron takes 2 inputs, but got 1; check the sizes of the ...
    """
    count = _length(xs)
    if count is None:
        raise nf.InputError(
            f"{what} takes a list of {expected} numbers, but got {xs!r}",
            remedy="let the layer before it give a list, or change this one",
            got=xs,
        )
    if count != expected:
        scope = nf.current_scope()
        raise nf.InputError(
            f"{what}{f' ({scope})' if scope else ''} takes {expected} inputs, but got {count}",
            remedy="check the sizes of the model against the data",
            got=xs,
            scope=str(scope),
        )


def check_tokens(xs, size, what):
    """Raise :class:`neuroflow.InputError` unless ``xs`` are tokens: lists of ``size`` numbers.

    >>> check_tokens([3, 1], 2, "attention")
    Traceback (most recent call last):
    ...
    neuroflow.errors.InputError: attention takes tokens of 2 numbers each, but got plain numbers...
    """
    counts = [None] if _length(xs) is None else list(map(_length, xs))
    if all(count == size for count in counts):
        return
    plain = None in counts
    raise nf.InputError(
        f"{what} takes tokens of {size} numbers each, but got"
        f" {'plain numbers' if plain else counts}",
        remedy="let each token become numbers first, as an embedding does and as gpt and encoder"
        " have one"
        if plain
        else "check the sizes of the layers against each other",
        got=xs,
    )


def check_one(x, what):
    """Raise :class:`neuroflow.InputError` for a list where one number is taken.

    >>> check_one(3, "positions take one")
    """
    if isinstance(x, (list, tuple)):
        raise nf.InputError(
            f"{what}, but got a list of {len(x)}",
            remedy="call it once for each",
            got=x,
        )


def _length(thing):
    try:
        return len(thing)
    except TypeError:
        return None
