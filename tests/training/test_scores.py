"""Scores: classes and the coefficient of determination."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf
from neuroflow.training import class_of, r2, score
from neuroflow.training.scores import _mean


def test_scores():
    assert [class_of(x) for x in (0.1, -0.1, [0.2], [1.0, 3.0, 2.0])] == [1, 0, 1, 1]
    assert r2([[1.0, 2.0]], [[1.0, 2.0]]) == 1.0
    assert r2([[0.0], [0.0]], [[1.0], [-1.0]]) == 0.0


@pytest.mark.parametrize("answer", [math.nan, [math.nan], [1.0, math.nan], [math.nan, 1.0]])
def test_an_answer_with_a_nan_means_no_class(answer):
    with pytest.raises(nf.DomainError, match="means no class"):
        class_of(answer)
    assert math.isnan(r2([math.nan, 1.0], [1.0, 2.0]))
    data = nf.Dataset([[0.0], [1.0]], [0, 1], "classes" if isinstance(answer, list) else "binary")
    assert math.isnan(score([[0.0, 1.0], answer], data))


BIG = 1.7e308


@pytest.mark.parametrize(
    ("answers", "targets", "right"),
    [
        ([1e200, 0.0], [0.0, 1.0], -math.inf),  # the true one, -2e400, is no float
        ([3e160, 1e160], [1e160, 3e160], -3.0),
        ([BIG, -BIG], [-BIG, BIG], -3.0),
        ([BIG, BIG], [BIG, BIG], 1.0),
        ([3e-200, 1e-200], [1e-200, 3e-200], -3.0),
        ([math.inf, 1e200], [0.0, 1.0], -math.inf),
    ],
)
def test_r2_is_right_where_differences_and_squares_are_no_floats(answers, targets, right):
    assert r2(answers, targets) == pytest.approx(right, rel=1e-15)


def test_the_mean_of_losses_does_not_overflow():
    assert _mean([BIG, BIG, BIG, BIG]) == BIG
    assert _mean([1e308, -1e308, 1e308], [3, 1, 2]) == pytest.approx(2 / 3 * 1e308, rel=1e-15)
    assert _mean([math.inf, 1.0]) == math.inf
    assert _mean([0.1, 0.2, 0.7]) == math.fsum([0.1, 0.2, 0.7]) / 3
