"""Lists in lists: numbers at the same places of several, and lists joined at their inner ends.

A bare number counts as a list of one wherever a list is needed.
"""

from __future__ import annotations

import neuroflow as nf


def as_list(x):
    """A list; a bare number becomes a list of one.

    >>> as_list([1.0, 2.0]), as_list(3.0)
    ([1.0, 2.0], [3.0])
    """
    return x if isinstance(x, (list, tuple)) else [x]


def flat(x):
    """All numbers in lists in lists, in their order.

    >>> flat([[1.0, 2.0], [3.0]])
    [1.0, 2.0, 3.0]
    """
    if not isinstance(x, (list, tuple)):
        return [x]
    return [number for inner in x for number in flat(inner)]


def over(f, *xs):
    """``f`` of the numbers that stand at the same place of each.

    >>> over(lambda a, b: a + b, [[1.0], [2.0]], [[10.0], [20.0]])
    [[11.0], [22.0]]
    """
    if isinstance(xs[0], (list, tuple)):
        return [over(f, *row) for row in _side_by_side(xs)]
    return f(*xs)


def behind_each_other(*xs):
    """The innermost lists of each, one behind the other.

    >>> behind_each_other([[1.0], [2.0]], [[10.0, 11.0], [20.0, 21.0]])
    [[1.0, 10.0, 11.0], [2.0, 20.0, 21.0]]
    """
    if isinstance(xs[0][0], (list, tuple)):
        return [behind_each_other(*row) for row in _side_by_side(xs)]
    return [number for x in xs for number in x]


def on_innermost(f, x):
    """``f`` of each innermost list.

    >>> on_innermost(sum, [[1.0, 2.0], [3.0, 4.0]])
    [3.0, 7.0]
    """
    if x and isinstance(x[0], (list, tuple)):
        return [on_innermost(f, inner) for inner in x]
    return f(x)


def _side_by_side(xs):
    lengths = [len(x) if isinstance(x, (list, tuple)) else 0 for x in xs]
    if len(set(lengths)) > 1:
        raise nf.InputError(
            f"lists of the lengths {lengths} are joined",
            expected="lists of one shape",
            remedy="let the layers give as many numbers each",
            got=lengths,
        )
    return zip(*xs, strict=True)


JOINS = {
    "sum": lambda *xs: over(lambda *numbers: nf.sum(numbers), *xs),
    "mean": lambda *xs: over(lambda *numbers: nf.mean(numbers), *xs),
    "concat": behind_each_other,
    "difference": lambda *xs: over(lambda a, b: nf.abs(a - b), *xs),
}
"""How what several layers give becomes one: added up, averaged, one behind the other, |a - b|."""


def joined(join, xs):
    """What several layers gave as one.

    >>> joined("concat", [[1.0], 2.0]), joined("mean", [[1.0], [2.0]])
    ([1.0, 2.0], [1.5])
    """
    return JOINS[join](*map(as_list, xs))
