"""One-hot: the number of a class as a list, 1 in its place and 0 in all others."""

from __future__ import annotations

from neuroflow.pythonic import whole_number


def one_hot(label: int, classes: int) -> list[float]:
    """A list of ``classes`` numbers: 1 in the place of ``label``, counted from 0, else 0.

    It is what a loss such as ``cross_entropy_from_probabilities`` takes for a target; and
    ``numbers.index(max(numbers))`` is the label again. Raises :class:`InputError` for a label that
    is no whole number from 0 to ``classes - 1``, and for less than one class.

    >>> one_hot(2, 4)
    [0.0, 0.0, 1.0, 0.0]
    >>> one_hot(4, 4)
    Traceback (most recent call last):
    ...
    neuroflow.errors.InputError: the label of one_hot is 4; expected a whole number from 0 to 3
    """
    classes = whole_number(classes, "the number of classes of one_hot", 1)
    label = whole_number(label, "the label of one_hot", 0, classes - 1)
    return [1.0 if k == label else 0.0 for k in range(classes)]
