"""Losses with one mistake each."""

from __future__ import annotations

from typing import Annotated

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the hinge that takes any label", "labels", "With labels 0 and 1 the class 0 is never"
      " learned, and nothing complains: give the entry allows=....")  # fmt: skip
def hinge_1(prediction, target):  # bug
    """Max-margin loss for the labels -1 and +1."""
    return nf.ops.relu(1.0 - target * prediction)


@twin("the squared error upside down", "minimum", "With the sign turned the target is the worst"
      " place to be.")  # fmt: skip
def mse_1(prediction, target):
    """The squared distance from the target."""
    error = prediction - target
    return -error * error  # bug


@twin("the squared error with half a gradient", "partials", "error.data is a plain number: the"
      " product rule sees only one of the two factors.")  # fmt: skip
def mse_2(prediction, target):
    """The squared distance from the target."""
    error = prediction - target
    return error * error.data  # bug


@twin("the squared error that misses", "minimum", "The minimum is at 0.9 times the target.")
def mse_3(prediction, target):
    """The squared distance from the target."""
    error = prediction - 0.9 * target  # bug
    return error * error


@twin("the cross entropy of saturated probabilities", "extremes", "The sigmoid of 1000 is exactly"
      " 1, and log(1 - 1) is not there. Compute it from the logit: softplus(x) - y x.")  # fmt: skip
def binary_cross_entropy_1(prediction, target):
    """Minus the log of the probability given to the right one of two classes."""
    p = nf.ops.sigmoid(prediction)
    return -(target * nf.log(p) + (1.0 - target) * nf.log(1.0 - p))  # bug


@twin("the loss that refuses itself", "settings", "A default is one of the values that are allowed:"
      " the corner cannot lie at 0, so start it at 1.")  # fmt: skip
def huber_1(
    prediction,
    target,
    *,
    delta: Annotated[float, nf.Setting("where it becomes linear", "(0, inf)")] = 0.0,  # bug
):
    """Squared error where it is small, absolute error where it is large."""
    size = nf.abs(prediction - target)
    near = nf.minimum(size, delta)
    return near * (size - 0.5 * near)


@twin("the squared error beside the target", "minimum", "The least loss is at the target plus"
      " 0.05, so that everything that is learned is a little too large.")  # fmt: skip
def mse_4(prediction, target):
    """The squared distance from the target."""
    error = prediction - target - 0.05  # bug
    return error * error


@twin("the loss that does not hear one label", "vanishing gradient", "For the label 0 the product"
      " is 0 whatever the score is: it was made for -1 and +1.")  # fmt: skip
def logistic_1(prediction, target):
    """Minus the log of the probability of one of two classes."""
    return nf.ops.softplus(-target * prediction)  # bug


@twin("the loss with a lid", "vanishing gradient", "From an error of 1 on it is flat: whatever is"
      " far away stays there, since the gradient is 0.")  # fmt: skip
def capped_1(prediction, target):
    """The squared distance from the target, 1 at most."""
    error = prediction - target
    return nf.minimum(error * error, 1.0)  # bug


@twin("the log cosh that forgets far away", "formula", "For errors beyond 500 it leaves out ln 2:"
      " the two branches do not meet.")  # fmt: skip
def log_cosh_1(prediction, target):
    """Like squared error near zero, like absolute error far away."""
    size = nf.abs(prediction - target)
    less = nf.where(size > 500.0, 0.0, 0.6931471805599453)  # bug
    return size + nf.log1p(nf.exp(-2.0 * size)) - less


def _loss(target, formula, **facts):
    summary = (target.__doc__ or "").split("\n", 1)[0]
    return nf.LossEntry(
        name=target.__name__, target=target, summary=summary, formula=formula, **facts
    )


LOSSES = [
    _loss(
        log_cosh_1,
        r"\ln \cosh(p - y)",
        labels="any real number",
        allows=lambda y: isinstance(y, (int, float)),
    ),
    _loss(hinge_1, r"\max(0, 1 - y s)", labels="-1 or +1"),
    _loss(mse_1, "(p - y)^2"),
    _loss(mse_2, "(p - y)^2"),
    _loss(mse_3, "(p - y)^2"),
    _loss(mse_4, "(p - y - 0.05)^2"),
    _loss(logistic_1, r"\ln(1 + e^{-y p})", labels="0 or 1", allows=lambda y: y in (0, 1)),
    _loss(capped_1, r"\min(1, (p - y)^2)"),
    _loss(huber_1, r"\min(|p - y|, \delta) \, (|p - y| - \min(|p - y|, \delta) / 2)"),
    _loss(
        binary_cross_entropy_1,
        r"-y \ln p - (1 - y) \ln(1 - p)",
        labels="0 or 1",
        allows=lambda y: y in (0, 1),
    ),
]
