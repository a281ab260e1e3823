"""Scores: classes and the coefficient of determination."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf
from neuroflow.training import class_of, r2, score


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
