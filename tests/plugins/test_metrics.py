"""Metrics: scikit-learn's values on random input, and what the formulas leave open."""

from __future__ import annotations

import math
import random
import warnings

import pytest
from sklearn import metrics as known

import neuroflow as nf

AVERAGES = ("macro", "weighted", "micro")


def metric(name, **settings):
    return nf.resolve("metric", {"use": name, **settings})


def classes(seed):
    """Targets, predictions and probabilities of 2 to 4 classes, some of which may be missing."""
    rng = random.Random(seed)
    n_classes, n = rng.randint(2, 4), rng.choice((1, 2, 5, 40))
    targets = [rng.randrange(rng.randint(1, n_classes)) for _ in range(n)]
    rows = [
        [rng.choice((0.125, 0.25, 1.0, rng.random())) for _ in range(n_classes)] for _ in targets
    ]
    rows = [[p / sum(row) for p in row] for row in rows]
    return n_classes, targets, [max(range(n_classes), key=row.__getitem__) for row in rows], rows


def undefined(score, *arguments, **settings):
    """What scikit-learn says, which warns where its formula divides by zero."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return score(*arguments, **settings)


@pytest.mark.parametrize("seed", range(12))
def test_metrics_of_classes_are_those_of_scikit_learn(seed):
    n_classes, targets, said, _ = classes(seed)
    close = {"rel": 1e-14, "abs": 1e-15}
    right = undefined(known.accuracy_score, targets, said)
    assert metric("accuracy")(said, targets) == pytest.approx(right, **close)
    right = undefined(known.balanced_accuracy_score, targets, said)
    assert metric("balanced_accuracy")(said, targets) == pytest.approx(right, **close)
    theirs = (known.precision_score, known.recall_score, known.f1_score)
    for name, score in zip(("precision", "recall", "f1"), theirs, strict=True):
        for average in AVERAGES:
            right = undefined(score, targets, said, average=average)
            ours = metric(name, average=average, classes=n_classes)(said, targets)
            assert ours == pytest.approx(right, **close), (name, average)
        of_one = undefined(score, [t == 1 for t in targets], [p == 1 for p in said])
        two = [min(p, 1) for p in said], [min(t, 1) for t in targets]
        of_two = undefined(score, two[1], two[0])
        assert metric(name)(*two) == pytest.approx(of_two, **close)
        if n_classes == 2:
            assert metric(name, classes=2)(said, targets) == pytest.approx(of_one, **close)


@pytest.mark.parametrize("seed", range(12))
def test_metrics_of_probabilities_are_those_of_scikit_learn(seed):
    n_classes, targets, _, rows = classes(seed)
    labels = list(range(n_classes))
    right = known.log_loss(targets, rows, labels=labels)
    assert metric("log_loss")(rows, targets) == pytest.approx(right, rel=1e-13)
    if n_classes == 2:
        right = undefined(known.brier_score_loss, targets, [p for _, p in rows], pos_label=1)
    else:
        right = known.brier_score_loss(targets, rows, labels=labels, scale_by_half=False)
    assert metric("brier")(rows, targets) == pytest.approx(right, rel=1e-13)
    areas = [
        known.roc_auc_score([t == k for t in targets], [row[k] for row in rows])
        for k in (labels if n_classes > 2 else [1])
        if len({t == k for t in targets}) == 2
    ]
    area = metric("auc")(rows, targets)
    assert area == pytest.approx(sum(areas) / len(areas)) if areas else math.isnan(area)
    if len({*targets}) == n_classes > 2:
        whole = known.roc_auc_score(targets, rows, multi_class="ovr")
        assert area == pytest.approx(whole, rel=1e-14)


@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.parametrize("size", [1e-200, 1.0, 1e150])
def test_metrics_of_numbers_are_those_of_scikit_learn(columns, size):
    rng = random.Random(columns)
    draw = lambda: [[size * rng.gauss(0.5, 1.0) for _ in range(columns)] for _ in range(30)]  # noqa: E731
    said, targets = draw(), draw()
    scaled = [[[x / size for x in row] for row in rows] for rows in (targets, said)]
    right = known.r2_score(*scaled, multioutput="variance_weighted")
    assert metric("r2")(said, targets) == pytest.approx(right, rel=1e-12)
    assert metric("mae")(said, targets) == pytest.approx(
        size * known.mean_absolute_error(*scaled), rel=1e-13
    )
    root = size * math.sqrt(known.mean_squared_error(*scaled))
    assert metric("rmse")(said, targets) == pytest.approx(root, rel=1e-13)
    largest = max(
        abs(p - y)
        for ps, ys in zip(said, targets, strict=True)
        for p, y in zip(ps, ys, strict=True)
    )
    assert metric("max_error")(said, targets) == largest
    if size > 1e-100:  # below it, what is divided by is taken as 2^-52 by both
        right = known.mean_absolute_percentage_error(targets, said)
        assert metric("mape")(said, targets) == pytest.approx(right, rel=1e-13)


def test_what_the_formulas_leave_open():
    """No positives, nothing said to be positive, one class, a probability of 0, a target of 0."""
    assert [metric(m)([0, 0], [0, 0]) for m in ("precision", "recall", "f1")] == [0.0, 0.0, 0.0]
    assert [metric(m)([0, 0], [0, 1]) for m in ("precision", "recall", "f1")] == [0.0, 0.0, 0.0]
    assert math.isnan(metric("auc")([[0.5, 0.5], [0.25, 0.75]], [1, 1]))
    assert metric("auc")([[0.5, 0.5]] * 4, [0, 1, 1, 0]) == 0.5
    assert metric("log_loss")([[1.0, 0.0]], [1]) == -math.log(2.0**-52)
    assert metric("mape")([1.0], [0.0]) == 2.0**52
    assert metric("r2")([1.0, 1.0], [1.0, 1.0]) == 1.0
    assert metric("r2")([1.0, 2.0], [1.0, 1.0]) == 0.0
    assert metric("balanced_accuracy")([2, 0, 0], [0, 0, 0]) == pytest.approx(2 / 3)


def test_of_two_classes_the_second_is_looked_for_and_of_more_all():
    said, targets = [0, 1, 1, 0], [0, 1, 0, 0]
    assert metric("precision")(said, targets) == 0.5
    assert metric("precision", classes=3)(said, targets) == metric("precision", average="macro")(
        said, targets
    )
    with pytest.raises(nf.InputError, match=r"binary.* for 3 classes; expected two classes"):
        metric("f1", average="binary", classes=3)(said, targets)
    with pytest.raises(nf.InputError, match="2 predictions and 1 targets"):
        metric("accuracy")([0, 1], [0])


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
    assert metric("r2")(answers, targets) == pytest.approx(right, rel=1e-15)
