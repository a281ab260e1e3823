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


def summed(*xs):
    """The sum of the numbers at the same place of each.

    >>> summed([1.0], [10.0], [100.0])
    [111.0]
    """
    return over(_sum, *xs)


def averaged(*xs):
    """The mean of the numbers at the same place of each.

    >>> averaged([1.0], [3.0])
    [2.0]
    """
    return over(_mean, *xs)


def apart(a, b):
    """|a - b|: how far the numbers at the same place are apart.

    >>> apart([1.0], [3.0])
    [2.0]
    """
    return over(_distance, a, b)


def _sum(*numbers):
    return nf.sum(numbers)


def _mean(*numbers):
    return nf.mean(numbers)


def _distance(a, b):
    return nf.abs(a - b)


JOINS = {"sum": summed, "mean": averaged, "concat": behind_each_other, "difference": apart}
"""How what several layers give becomes one."""


def joined(join, xs):
    """What several layers gave as one.

    >>> joined("concat", [[1.0], 2.0]), joined("mean", [[1.0], [2.0]])
    ([1.0, 2.0], [1.5])
    """
    return JOINS[join](*map(as_list, xs))
