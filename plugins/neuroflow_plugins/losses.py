"""Losses: how wrong one prediction is. Training takes the mean over the examples.

A prediction is what a model returns, one number or a list of them; a target is a number, a list
of as many, or the number of the right class. Each loss is a composition of ops.
"""

from __future__ import annotations

from typing import Annotated

import neuroflow as nf
from neuroflow_plugins.activations import (
    NO_NUMBERS,
    below_largest,
    require_number,
    require_numbers,
    sigmoid,
    softmax,
)
from neuroflow_plugins.metrics import neuroflow_metrics  # noqa: F401  offered by this plugin too


def _pairs(prediction, target):
    """Predictions beside their targets; a bare number is a list of one."""
    predictions = prediction if isinstance(prediction, (list, tuple)) else [prediction]
    targets = target if isinstance(target, (list, tuple)) else [target]
    if len(predictions) != len(targets) or not predictions:
        raise nf.InputError(
            f"the loss got {len(predictions)} predictions and {len(targets)} targets",
            expected="as many of both, and at least one",
            remedy="give the model one output per target",
        )
    for k, (p, y) in enumerate(zip(predictions, targets, strict=True)):
        require_number(p, f"the loss got prediction {k}")
        require_number(y, f"the loss got target {k}")
    return list(zip(predictions, targets, strict=True))


def _mean(terms):
    return terms[0] if len(terms) == 1 else nf.mean(terms)


def mse(prediction, target):
    """Mean squared error: the mean of (p - y)^2.

    >>> mse([1.0, 2.0], [1.0, 4.0])
    2.0
    >>> mse(3.0, 1.0)
    4.0
    """
    errors = [p - y for p, y in _pairs(prediction, target)]
    return _mean([e * e for e in errors])


def mae(prediction, target):
    """Mean absolute error: the mean of \\|p - y\\|; slope 0 where they are equal.

    >>> mae([1.0, 2.0], [1.0, 4.0])
    1.0
    >>> mae(3.0, 1.0)
    2.0
    """
    return _mean([nf.abs(p - y) for p, y in _pairs(prediction, target)])


def huber(
    prediction,
    target,
    *,
    delta: Annotated[float, nf.Setting("from which error on it is linear", "(0, inf)")] = 1.0,
):
    """Squared error where it is small, absolute error where it is large.

    e^2 / 2 for \\|e\\| <= delta, else delta (\\|e\\| - delta / 2).
    Source: Huber 1964, section 4.

    >>> huber(3.0, 0.0), huber(0.5, 0.0)
    (2.5, 0.125)
    >>> huber([3.0, 0.5], [0.0, 0.0])
    1.3125
    """
    errors = [p - y for p, y in _pairs(prediction, target)]
    near = [nf.where(e > delta, delta, nf.where(e < -delta, -delta, e)) for e in errors]
    return _mean([n * (e - 0.5 * n) for e, n in zip(errors, near, strict=True)])


def hinge(prediction, target):
    """Max-margin loss max(0, 1 - y s): zero once the score is on the right side by 1.

    Labels are -1 and +1; the slope at the margin itself is 0.
    Source: Cortes and Vapnik 1995, section 3.

    >>> hinge(0.25, 1.0), hinge(2.0, 1.0)
    (0.75, 0.0)
    >>> hinge([0.25, 2.0], [1.0, 1.0])
    0.375
    """
    return _mean([nf.ops.relu(1.0 - y * s) for s, y in _pairs(prediction, target)])


def squared_hinge(prediction, target):
    """The square of the hinge loss, smooth at the margin; labels are -1 and +1.

    >>> squared_hinge(0.5, 1.0)
    0.25
    >>> squared_hinge([0.5, 0.0], [1.0, -1.0])
    0.625
    """
    margins = [nf.ops.relu(1.0 - y * s) for s, y in _pairs(prediction, target)]
    return _mean([m * m for m in margins])


def binary_cross_entropy(prediction, target):
    """Minus the log of the probability given to the right one of two classes, from a logit.

    y softplus(-x) + (1 - y) softplus(x), with sigmoid(x) the probability of class 1 and labels y
    from 0 to 1. No difference of large numbers is formed, so that tiny losses are exact too.

    >>> round(binary_cross_entropy(0.0, 1), 6), binary_cross_entropy(1000.0, 0)
    (0.693147, 1000.0)
    >>> round(binary_cross_entropy([0.0, 2.0], [1, 0]), 6)
    1.410038
    """
    terms = []
    for x, y in _pairs(prediction, target):
        terms.append(y * nf.ops.softplus(-x) + (1.0 - y) * nf.ops.softplus(x))
    return _mean(terms)


def cross_entropy(
    prediction,
    target,
    *,
    label_smoothing: Annotated[
        float, nf.Setting("the share of the target that all classes get evenly", "[0, 1]")
    ] = 0.0,
):
    """Minus the log of the probability given to the right class, from logits.

    ln(sum_j e^(x_j)) - x_target, computed as :func:`_surprise`, so that the smallest losses and
    slopes have all digits. With label smoothing e the target is 1 - e + e/n for the right class
    and e/n for the n - 1 others (Szegedy et al. 2016, section 7). The target is the number of the
    class.

    >>> round(cross_entropy([0.0, 3.0, -2.0, 1.0], 3), 12), cross_entropy([100.0, 0.0], 0)
    (2.175515362617, 3.720075976020836e-44)
    >>> round(cross_entropy([0.0, 3.0, -2.0, 1.0], 3, label_smoothing=0.1), 12)
    2.225515362617
    """
    logits = below_largest(prediction, "cross_entropy")
    right = nf.take(logits, _class_number(target))
    others = [_weight_of_other(x, float(k), target) for k, x in enumerate(logits)]
    loss = _surprise(right, nf.sum(others))
    if not label_smoothing:
        return loss
    return loss + label_smoothing * (right - nf.mean(logits))


@nf.op(formula=r"\begin{cases} e^x & k \neq t \\ 0 & k = t \end{cases}", convention="0 for k and t")
def _weight_of_other(x, k, t):
    """e^x for a class k that is not the right one t, and nothing for the right one."""
    return nf.minimum(nf.abs(k - t), 1.0) * nf.exp(x)


@_weight_of_other.partials
def _(out, x, k, t):
    return (out, 0.0, 0.0)


@nf.op(formula=r"\ln\left(e^x + r\right) - x", domain=("(-inf, 0]", "[0, inf)"))
def _surprise(x, r):
    """Minus the log of the share e^x / (e^x + r) of a weight e^x, where the others have r.

    For x = 0, the largest logit, it is ln(1 + r). Elsewhere r is at least 1, so that nothing is
    lost by the difference either.
    """
    return nf.log1p(r + nf.expm1(x)) - x


@_surprise.partials
def _(out, x, r):
    weight = nf.exp(x)
    return (-_share(r, weight), 1.0 / (r + weight))


@nf.op(formula=r"\frac{a}{a + b}", domain=("[0, inf)", "(0, inf)"))
def _share(a, b):
    """The share that a has of a + b; its slopes are no differences of what is nearly equal."""
    return a / (a + b)


@_share.partials
def _(out, a, b):
    total = a + b
    return (b / total / total, -out / total)


def cross_entropy_from_probabilities(prediction, target):
    """Minus the sum of y ln(p), for probabilities p (a softmax) and a one-hot target y.

    The target may also be the number of the right class. The probability 0 is taken
    as 1e-12. Prefer :func:`cross_entropy`, which is exact.

    >>> round(cross_entropy_from_probabilities([0.25, 0.75], [0, 1]), 6)
    0.287682
    >>> round(cross_entropy_from_probabilities([0.0, 1.0], [1, 0]), 6)
    27.631021
    >>> round(cross_entropy_from_probabilities([0.0, 1.0], 0), 6)
    27.631021
    """
    if not isinstance(target, (list, tuple)):
        probabilities = require_numbers(prediction, "cross_entropy_from_probabilities")
        return -nf.log(nf.maximum(nf.take(probabilities, _class_number(target)), 1e-12))
    return -nf.sum([y * nf.log(nf.maximum(p, 1e-12)) for p, y in _pairs(prediction, target)])


def _class_number(target):
    """The target itself: an integer, or an index input of a traced function."""
    if isinstance(target, (float, *NO_NUMBERS)) or type(target) is nf.Value:
        raise nf.InputError(
            f"the loss got the target {target!r}",
            expected="the number of the right class, an integer counted from 0",
            got=target,
        )
    return target


def _number(y):
    return isinstance(y, (int, float)) and not isinstance(y, bool)


def _numbers(allowed):
    return lambda y: all(_number(v) and allowed(v) for v in (y if isinstance(y, list) else [y]))


def _entry(loss, formula, **facts):
    summary = (loss.__doc__ or "").split("\n", 1)[0]
    return nf.LossEntry(name=loss.__name__, target=loss, summary=summary, formula=formula, **facts)


@nf.hookimpl
def neuroflow_losses():
    """All losses by name."""
    real = {"labels": "any real number", "allows": _numbers(lambda y: y - y == 0)}
    signs = {"labels": "-1 or +1", "allows": _numbers(lambda y: y in (-1, 1))}
    unit = {"labels": "0 to 1", "allows": _numbers(lambda y: 0 <= y <= 1)}
    index = {
        "labels": "the number of the right class, an integer from 0",
        "allows": lambda y: isinstance(y, int) and not isinstance(y, bool) and y >= 0,
        "index_target": True,
        "probabilities": softmax,
    }
    return [
        _entry(mse, r"\frac{1}{n} \sum_i (p_i - y_i)^2", **real),
        _entry(mae, r"\frac{1}{n} \sum_i |p_i - y_i|", **real),
        _entry(
            huber,
            r"\min(|p - y|, \delta) \left(|p - y| - \tfrac{1}{2} \min(|p - y|, \delta)\right)",
            **real,
        ),
        _entry(hinge, r"\max(0, 1 - y s)", **signs, aliases=("max_margin",)),
        _entry(squared_hinge, r"\max(0, 1 - y s)^2", **signs),
        _entry(
            binary_cross_entropy,
            r"y \ln(1 + e^{-x}) + (1 - y) \ln(1 + e^x)",
            **unit,
            probabilities=lambda answer: [sigmoid(x) for x in answer],
        ),
        _entry(cross_entropy, r"\ln \sum_j e^{x_j} - x_t", **index),
        _entry(
            cross_entropy_from_probabilities,
            r"-\sum_i y_i \ln p_i",
            **{**unit, "labels": "one-hot: 1 for the right class, 0 for the others"},
            probabilities=list,
        ),
    ]
