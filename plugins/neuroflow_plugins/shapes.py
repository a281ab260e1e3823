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

    Without a size they are lists of equally many numbers, however many.

    >>> check_tokens([3, 1], 2, "attention")
    Traceback (most recent call last):
    ...
    neuroflow.errors.InputError: attention takes tokens of 2 numbers each, but got plain numbers...
    """
    counts = [None] if _length(xs) is None else list(map(_length, xs))
    each = counts[0] if size is None and counts else size
    if each is not None and all(count == each for count in counts):
        return
    plain = None in counts
    raise nf.InputError(
        f"{what} takes tokens of {'equally many' if size is None else size} numbers each, but got"
        f" {'plain numbers' if plain else counts}",
        remedy="let each token become numbers first, as an embedding does and as gpt and encoder"
        " have one"
        if plain
        else "check the sizes of the layers against each other",
        got=xs,
    )


def check_image(image, channels, what):
    """Raise :class:`neuroflow.InputError` unless it is rows of pixels of ``channels`` numbers.

    Without a number of channels all pixels have equally many, however many.

    >>> check_image([0.5, 1.0], 1, "a convolution")
    Traceback (most recent call last):
    ...
    neuroflow.errors.InputError: a convolution takes an image: rows of pixels of 1 number(s) ...
    """
    rows = [_length(row) for row in image] if _length(image) else [None]
    if rows[0] and rows.count(rows[0]) == len(rows):
        counts = [_length(pixel) for row in image for pixel in row]
        if counts[0] == (channels or counts[0]) and counts.count(counts[0] or 1) == len(counts):
            return
    raise nf.InputError(
        f"{what} takes an image: rows of pixels of {channels or 'equally many'} number(s) each,"
        f" but got {_outline(image)}",
        remedy="let reshape make (height, width, channels) of a flat list; a grey pixel is a list"
        " of one number",
        got=image,
    )


def check_window(length, size, what):
    """Raise :class:`neuroflow.InputError` where not even one window fits in.

    >>> check_window(3, 3, "max pooling")
    """
    if length < size:
        raise nf.InputError(
            f"{what} looks at windows of {size}, but got no more than {length} in a row",
            expected=f"at least {size}",
            remedy="set a smaller kernel_size, or pad what comes in",
            got=length,
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


def _outline(thing):
    """How many lists of how many: (8, 8, 1), as far as the first of each says."""
    counts = []
    while _length(thing):
        counts.append(_length(thing))
        thing = thing[0]
    return f"the shape ({', '.join(map(str, counts))}{',' * (len(counts) == 1)})"


def _length(thing):
    try:
        return len(thing)
    except TypeError:
        return None
