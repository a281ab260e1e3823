"""Right losses of unusual kinds pass, and say of themselves what nobody could guess."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf
from neuroflow.checks.losses.labels import span_of


def poisson(prediction, target):
    """Minus the log of Poisson's probability of a count, from the log of the rate."""
    return nf.exp(prediction) - target * prediction


def geman(prediction, target):
    """Bounded, and nearly flat far away."""
    e = prediction - target
    return e * e / (1.0 + e * e)


def insensitive(prediction, target, *, margin: float = 0.1):
    """No loss within the margin."""
    return nf.maximum(nf.abs(prediction - target) - margin, 0.0)


def pinball(prediction, target, *, tau: float = 0.9):
    """More for what is too low."""
    e = target - prediction
    return nf.maximum(tau * e, (tau - 1.0) * e)


def capped(prediction, target):
    """Flat from an error of 1 on: nothing is learned from what is far away."""
    e = prediction - target
    return nf.minimum(e * e, 1.0)


COUNT = {"labels": "a count, 0 or more", "allows": lambda y: y >= 0}
RIGHT = [
    (poisson, r"e^p - y p", {**COUNT, "best": math.log}),
    (geman, r"\frac{(p - y)^2}{1 + (p - y)^2}", {}),
    (insensitive, r"\max(0, |p - y| - m)", {}),
    (pinball, r"\max(\tau u, (\tau - 1) u), \quad u = y - p", {}),
]


def report_of(loss, formula, **facts):
    facts = {"labels": "any real number", "summary": loss.__doc__, **facts}
    return nf.check(nf.LossEntry(name="it", target=loss, formula=formula, **facts))


@pytest.mark.parametrize(
    ("loss", "formula", "facts"), RIGHT, ids=lambda x: getattr(x, "__name__", "")
)
def test_a_right_loss_passes(loss, formula, facts):
    report = report_of(loss, formula, **facts)
    assert report, report
    assert report.checks["formula"] > 3


def test_a_loss_that_is_flat_before_its_target_is_found():
    (finding,) = report_of(capped, r"\min(1, (p - y)^2)").findings
    assert finding.check == "vanishing gradient"
    assert (
        "prediction 3.3, target 1.0: the gradient is 0, and the loss 1.0 is not" in finding.message
    )


def test_a_setting_that_the_formula_has_otherwise_is_found():
    report = report_of(pinball, r"\max(0.9 u, (\tau - 1) u), \quad u = y - p")
    assert report.found("formula"), report


@pytest.mark.parametrize(
    ("words", "low", "high"),
    [("-1 or +1", -1, 1), ("0 to 1", 0, 1), ("a count, 0 or more", 0, math.inf),
     ("at least 2", 2, math.inf), ("a positive number", 0, math.inf), ("at most 3", -math.inf, 3)],
)  # fmt: skip
def test_labels_in_words_are_understood(words, low, high):
    assert span_of(words) == (low, high)
