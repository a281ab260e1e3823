"""Scores: classes and the coefficient of determination."""

from __future__ import annotations

from neuroflow.training import class_of, r2


def test_scores():
    assert [class_of(x) for x in (0.1, -0.1, [0.2], [1.0, 3.0, 2.0])] == [1, 0, 1, 1]
    assert r2([[1.0, 2.0]], [[1.0, 2.0]]) == 1.0
    assert r2([[0.0], [0.0]], [[1.0], [-1.0]]) == 0.0
