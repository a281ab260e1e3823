"""Answers in the forms that metrics need: classes, scores, probabilities."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf
from neuroflow.evaluation import Answers, class_of
from neuroflow.evaluation.answers import class_probabilities


def test_the_class_of_an_answer():
    assert [class_of(x) for x in (0.1, -0.1, [0.2], [1.0, 3.0, 2.0])] == [1, 0, 1, 1]


@pytest.mark.parametrize("answer", [math.nan, [math.nan], [1.0, math.nan], [math.nan, 1.0]])
def test_an_answer_with_a_nan_means_no_class(answer):
    with pytest.raises(nf.DomainError, match="means no class"):
        class_of(answer)


@pytest.mark.parametrize(
    ("loss", "answer", "right"),
    [
        ("binary_cross_entropy", math.log(3.0), [0.25, 0.75]),
        ("binary_cross_entropy", [0.0, 0.0, 0.0], [1 / 3] * 3),
        ("binary_cross_entropy", [-1000.0, -1000.0], [0.5, 0.5]),
        ("cross_entropy", [0.0, math.log(3.0)], [0.25, 0.75]),
        ("cross_entropy", [1000.0, 0.0], [1.0, 0.0]),
        ("cross_entropy_from_probabilities", [0.5, 0.5], [0.5, 0.5]),
    ],
)
def test_probabilities_are_those_of_which_the_loss_takes_the_logarithm(loss, answer, right):
    entry = nf.get("loss", loss)
    assert class_probabilities(entry, answer) == pytest.approx(right, rel=1e-15)


def test_probabilities_agree_with_the_loss_itself():
    answer = [0.3, -1.2, 2.0]
    entry = nf.get("loss", "cross_entropy")
    for k, p in enumerate(class_probabilities(entry, answer)):
        assert -math.log(p) == pytest.approx(entry.load()(answer, k), rel=1e-14)


def test_scores_of_a_loss_that_is_no_likelihood_are_no_probabilities():
    data = nf.Dataset([[0.0], [1.0]], [0, 1], "binary")
    answers = Answers(data, nf.get("loss", "hinge"), lambda: [-1.0, 2.0], list)
    assert answers.scores == [[1.0, -1.0], [-2.0, 2.0]]
    with pytest.raises(nf.InputError, match="'hinge' gives scores, which are no probabilities"):
        answers.probabilities  # noqa: B018  asked for
