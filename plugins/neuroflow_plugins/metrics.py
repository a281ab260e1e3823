"""Metrics: how good all answers together are.

Each takes the predictions and the targets of many examples and gives one float, computed in
float64 with exact sums, so that the order of the examples does not matter. What a metric does
where its formula divides by zero is said in each, and is what scikit-learn does.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Annotated, Literal

import neuroflow as nf

SMALLEST = 2.0**-52
"""What a probability of 0, or a target of 0 that is divided by, is taken as."""

Average = Annotated[
    Literal["auto", "binary", "macro", "weighted", "micro"],
    nf.Setting(
        "of which classes: binary is class 1 alone, macro the mean of all, weighted by how often"
        " each is the right one, micro all examples together; auto is binary for two classes and"
        " macro for more"
    ),
]
Classes = Annotated[
    int | None, nf.Setting("how many classes there are; known from the data", "[1, inf)")
]


# Classes: the numbers of the predicted ones and of the right ones


def accuracy(predictions, targets):
    """The share of examples whose class is right.

    >>> accuracy([0, 1, 1, 1], [0, 1, 0, 1])
    0.75
    """
    return sum(p == t for p, t in _pairs(predictions, targets)) / len(targets)


def balanced_accuracy(predictions, targets):
    """The mean of the recalls of all classes that occur: each counts alike, however rare it is.

    Source: Brodersen et al. 2010, section 2.

    >>> balanced_accuracy([0, 0, 0, 0], [0, 0, 0, 1])
    0.5
    """
    counts = _counts(predictions, targets)
    return nf.exact_mean([right / real for right, _, real in counts.values() if real])


def precision(predictions, targets, *, average: Average = "auto", classes: Classes = None):
    """Of the examples that are said to be of a class, the share that are; 0 if none are said to be.

    >>> precision([0, 1, 1, 1], [0, 1, 0, 1])
    0.6666666666666666
    >>> precision([0, 2, 1, 2, 2], [0, 1, 1, 2, 0], average="weighted")
    0.8666666666666666
    >>> precision([0, 2, 1, 2, 2], [0, 1, 1, 2, 0], average="micro")
    0.6
    >>> precision([0, 2, 1], [0, 1, 1]), precision([0, 1, 1], [0, 1, 0], classes=3)
    (0.6666666666666666, 0.75)
    >>> precision([0, 0], [0, 0]), precision([0, 0, 2], [1, 0, 0])
    (0.0, 0.16666666666666666)
    >>> precision([0, 1, 1, 1], [0, 1, 0, 0])
    0.3333333333333333
    """
    return _averaged(_precision, predictions, targets, average, classes)


def recall(predictions, targets, *, average: Average = "auto", classes: Classes = None):
    """Of the examples that are of a class, the share that are said to be; 0 if there are none.

    >>> recall([0, 1, 1, 1], [0, 1, 0, 1])
    1.0
    >>> recall([0, 2, 1, 2, 2], [0, 1, 1, 2, 0], average="weighted")
    0.6
    >>> recall([0, 2, 1, 2, 2], [0, 1, 1, 2, 0], average="micro")
    0.6
    >>> recall([0, 2, 1], [0, 1, 1]), recall([0, 1, 1], [0, 1, 0], classes=3)
    (0.5, 0.75)
    >>> recall([0, 0], [0, 0]), recall([0, 0, 2], [1, 0, 0])
    (0.0, 0.16666666666666666)
    >>> recall([0, 1, 1, 1], [0, 1, 0, 0])
    1.0
    """
    return _averaged(_recall, predictions, targets, average, classes)


def f1(predictions, targets, *, average: Average = "auto", classes: Classes = None):
    """The harmonic mean of precision and recall; 0 if a class is neither said nor right.

    Source: van Rijsbergen 1979, chapter 7.

    >>> f1([0, 1, 1, 1], [0, 1, 0, 1])
    0.8
    >>> f1([0, 2, 1, 2, 2], [0, 1, 1, 2, 0], average="weighted")
    0.6333333333333333
    >>> f1([0, 2, 1, 2, 2], [0, 1, 1, 2, 0], average="micro")
    0.6
    >>> f1([0, 2, 1], [0, 1, 1]), f1([0, 1, 1], [0, 1, 0], classes=3)
    (0.5555555555555555, 0.6666666666666666)
    >>> f1([0, 0], [0, 0]), f1([0, 0, 2], [1, 0, 0])
    (0.0, 0.16666666666666666)
    >>> f1([0, 1, 1, 1], [0, 1, 0, 0])
    0.5
    """
    return _averaged(_f1, predictions, targets, average, classes)


def _precision(right, said, real):
    return right / said if said else 0.0


def _recall(right, said, real):
    return right / real if real else 0.0


def _f1(right, said, real):
    return 2 * right / (said + real) if said + real else 0.0


def _averaged(share, predictions, targets, average, classes):
    """The share of class 1, or the mean of all classes that occur."""
    counts = _counts(predictions, targets)
    known = classes or max(counts) + 1
    if average == "auto":
        average = "binary" if known <= 2 else "macro"
    if average == "binary" and known > 2:
        raise nf.InputError(
            f'average = "binary" for {known} classes',
            expected="two classes, of which class 1 is looked for",
            remedy="choose macro, weighted or micro",
            got=known,
        )
    if average == "binary":
        return share(*counts.get(1, (0, 0, 0)))
    if average == "micro":
        return share(*map(sum, zip(*counts.values(), strict=True)))
    weights = [real if average == "weighted" else 1 for _, _, real in counts.values()]
    return nf.exact_mean([share(*three) for three in counts.values()], weights)


def _counts(predictions, targets):
    """By class: how often it is rightly said, how often said, and how often it is the right one."""
    right = Counter(p for p, t in _pairs(predictions, targets) if p == t)
    said, real = Counter(predictions), Counter(targets)
    return {k: (right[k], said[k], real[k]) for k in sorted({*said, *real})}


# Probabilities of classes, one list per example; the targets are numbers of classes


def auc(scores, targets):
    """The area under the ROC curve: how often a random example of a class scores above another.

    For two classes that of class 1, for more the mean over all, each against the rest; ties count
    half. Only the order of the scores matters. A class of which there are no examples, or nothing
    but examples, is left out; nan if that leaves none.
    Source: Hanley and McNeil 1982; Mann and Whitney 1947.

    >>> auc([[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]], [0, 0, 1, 1])
    0.75
    >>> auc([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.4, 0.4, 0.2], [0.6, 0.1, 0.3]], [0, 1, 2, 1])
    0.38888888888888884
    >>> auc([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.2, 0.8], [0.1, 0.9]], [0, 1, 0, 1, 1])
    0.9166666666666666
    """
    columns = list(zip(*[row for row, _ in _pairs(scores, targets)], strict=True))
    looked_for = range(1, 2) if len(columns) == 2 else range(len(columns))
    areas = [_area(columns[k], [t == k for t in targets]) for k in looked_for]
    known = [area for area in areas if area is not None]
    return nf.exact_mean(known) if known else math.nan


def log_loss(probabilities, targets):
    """Minus the mean log of the probability of the right class, which is taken as 2^-52 at least.

    >>> round(log_loss([[0.25, 0.75], [0.5, 0.5]], [1, 0]), 6)
    0.490415
    """
    right = [row[t] for row, t in _pairs(probabilities, targets)]
    return -nf.exact_mean([math.log(min(max(p, SMALLEST), 1.0 - SMALLEST)) for p in right])


def brier(probabilities, targets):
    """The mean squared distance of the probabilities from 1 for the right class and 0 for others.

    For two classes it is that of class 1 alone, half of the sum. Source: Brier 1950.

    >>> brier([[0.25, 0.75], [0.5, 0.5]], [1, 0])
    0.15625
    >>> brier([[0.25, 0.5, 0.25], [0.5, 0.5, 0.0]], [1, 0]), brier([[0.25, 0.75]], [0])
    (0.4375, 0.5625)
    """
    pairs = _pairs(probabilities, targets)
    far = [math.fsum((p - (k == t)) ** 2 for k, p in enumerate(row)) for row, t in pairs]
    return nf.exact_mean(far) / (2 if len(probabilities[0]) == 2 else 1)


def _area(scores, is_one):
    """Mann and Whitney's U over the number of pairs, in whole numbers; None without both sides."""
    ones = sum(is_one)
    pairs = ones * (len(is_one) - ones)
    if not pairs:
        return None
    counts = Counter(scores)
    counts_of_ones = Counter(s for s, one in zip(scores, is_one, strict=True) if one)
    twice_ranks = 0  # of the ones, counted from 1; ties share the mean of theirs
    before = 0
    for score in sorted(counts):
        twice_ranks += counts_of_ones[score] * (2 * before + counts[score] + 1)
        before += counts[score]
    return (twice_ranks - ones * (ones + 1)) / (2 * pairs)


# Numbers, or lists of as many


def r2(predictions, targets):
    """The coefficient of determination: 1 is perfect, 0 no better than the mean of each column.

    If all targets of each column are equal it is 1 where every prediction is right, else 0.
    Several columns count by how far they spread.

    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), r2([2.0, 2.0, 2.0], [1.0, 2.0, 3.0])
    (1.0, 0.0)
    >>> r2([2.0, 4.0], [1.0, 3.0]), r2([1.0, 1.5], [1.0, 1.0]), r2([1.0, 1.0], [1.0, 1.0])
    (0.0, 0.0, 1.0)
    >>> r2([16.5, 32.0, 64.25], [16.0, 48.0, 64.0])
    0.7854527064732143
    >>> r2([[1.0, 5.0], [2.0, 7.0]], [[1.5, 6.0], [2.0, 9.0]])
    -0.1351351351351351
    >>> r2([1e308, -1e308, 1e308], [1.0, 2.0, 3.0])
    -inf
    """
    wanted = [_listed(target) for target in targets]
    means = [nf.exact_mean(column) for column in zip(*wanted, strict=True)]
    spread, spread_scale = _squares([(y, m) for row in wanted for y, m in _pairs(row, means)])
    error, error_scale = _squares(_numbers(predictions, targets))
    if not spread:
        return float(error == 0.0)
    return 1.0 - _scaled_up(error / spread, 2 * (error_scale - spread_scale))


def mean_absolute_error(predictions, targets):
    """The mean of \\|p - y\\|.

    >>> mean_absolute_error([1.0, 2.0], [1.0, 4.0])
    1.0
    """
    return nf.exact_mean([abs(p - y) for p, y in _numbers(predictions, targets)])


def root_mean_squared_error(predictions, targets):
    """The root of the mean of (p - y)^2, in the unit of the targets.

    >>> root_mean_squared_error([1.0, 2.0], [1.0, 4.0])
    1.4142135623730951
    """
    pairs = _numbers(predictions, targets)
    squares, scale = _squares(pairs)
    return _scaled_up(2.0 * math.sqrt(squares / len(pairs)), scale)


def max_error(predictions, targets):
    """The largest \\|p - y\\|.

    >>> max_error([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    return max(abs(p - y) for p, y in _numbers(predictions, targets))


def mean_absolute_percentage_error(predictions, targets):
    """The mean of \\|p - y\\| / \\|y\\|, as a share: 0.1 is ten percent.

    A \\|y\\| below 2^-52 is taken as that.

    >>> mean_absolute_percentage_error([1.0, 2.0], [1.0, 4.0])
    0.25
    >>> mean_absolute_percentage_error([1.0, -2.0], [1.0, -4.0])
    0.25
    """
    pairs = _numbers(predictions, targets)
    return nf.exact_mean([abs(p - y) / max(abs(y), SMALLEST) for p, y in pairs])


def _squares(pairs):
    """The sum of the squared half differences of pairs, and its scale: k for sum * 4^k.

    Answers of a model on its way to infinity have differences and squares that no float holds.
    """
    halves = [x / 2 - y / 2 for x, y in pairs]
    k = math.frexp(max((abs(x) for x in halves if math.isfinite(x)), default=0.0))[1]
    return math.fsum(math.ldexp(x, -k) ** 2 for x in halves), k


def _scaled_up(x, k):
    """x * 2^k, infinite where that is no float."""
    try:
        return math.ldexp(x, k)
    except OverflowError:
        return math.inf


# Texts


def perplexity(losses, targets):
    """e to the mean loss per token: among how many equally likely tokens a model is in doubt.

    The losses are means over the tokens of each text. Beyond e^700 it stays there, as JSON has no
    infinity. Source: Jelinek et al. 1977.

    >>> round(perplexity([math.log(2.0), math.log(8.0)], [[1, 1], [0, 1]]), 12)
    4.0
    """
    return math.exp(min(nf.exact_mean(losses, [len(text) for text in targets]), 700.0))


def exact_match(predictions, targets):
    """The share of texts of which every token is right: what a greedy model writes.

    >>> exact_match([[1, 2], [3, 4]], [[1, 2], [3, 0]])
    0.5
    """
    return sum([*p] == [*t] for p, t in _pairs(predictions, targets)) / len(targets)


def token_accuracy(predictions, targets):
    """The share of tokens that are right, each given the true ones before it.

    >>> token_accuracy([[1, 2], [3, 4]], [[1, 2], [3, 0]])
    0.75
    """
    pairs = [two for p, t in _pairs(predictions, targets) for two in _pairs(p, t)]
    return sum(p == t for p, t in pairs) / len(pairs)


def _listed(x):
    return x if isinstance(x, (list, tuple)) else [x]


def _numbers(predictions, targets):
    """Each number beside its target, the columns of all examples one after the other."""
    rows = _pairs(predictions, targets)
    return [two for p, t in rows for two in _pairs(_listed(p), _listed(t))]


def _pairs(predictions, targets):
    """Predictions beside their targets, as many of both."""
    if len(predictions) != len(targets) or not predictions:
        raise nf.InputError(
            f"the metric got {len(predictions)} predictions and {len(targets)} targets",
            expected="as many of both, and at least one",
        )
    return list(zip(predictions, targets, strict=True))


def _entry(metric, formula, range, **facts):
    summary = (metric.__doc__ or "").split("\n", 1)[0]
    facts = {"name": metric.__name__, "target": metric, "summary": summary, **facts}
    return nf.MetricEntry(formula=formula, range=range, **facts)


@nf.hookimpl
def neuroflow_metrics():
    """All metrics by name."""
    share = r"\frac{1}{n} \sum_i [p_i = t_i]"
    of_tokens = r"\frac{\sum_i \sum_k [p_{ik} = t_{ik}]}{\sum_i n_i}"
    likely = {"needs": "probabilities", "better": "lower"}
    numbers = {"needs": "numbers", "tasks": ("regression",)}
    errors = {**numbers, "better": "lower"}
    texts = {"tasks": ("sequence",)}
    return [
        _entry(accuracy, share, "[0, 1]"),
        _entry(
            balanced_accuracy,
            r"\frac{1}{K} \sum_k \frac{\mathrm{TP}_k}{\mathrm{TP}_k + \mathrm{FN}_k}",
            "[0, 1]",
        ),
        _entry(precision, r"\frac{\mathrm{TP}}{\mathrm{TP} + \mathrm{FP}}", "[0, 1]"),
        _entry(recall, r"\frac{\mathrm{TP}}{\mathrm{TP} + \mathrm{FN}}", "[0, 1]"),
        _entry(
            f1,
            r"\frac{2 \, \mathrm{TP}}{2 \, \mathrm{TP} + \mathrm{FP} + \mathrm{FN}}",
            "[0, 1]",
        ),
        _entry(
            auc,
            r"\frac{1}{n_+ n_-} \sum_{i \in +} \sum_{j \in -}"
            r" \left([s_i > s_j] + \tfrac{1}{2} [s_i = s_j]\right)",
            "[0, 1]",
            needs="scores",
        ),
        _entry(log_loss, r"-\frac{1}{n} \sum_i \ln p_{i, t_i}", "[0, inf)", **likely),
        _entry(
            brier,
            r"\frac{1}{n (1 + [K = 2])} \sum_i \sum_k (p_{ik} - [t_i = k])^2",
            "[0, 2]",
            **likely,
        ),
        _entry(
            r2, r"1 - \frac{\sum_i (p_i - y_i)^2}{\sum_i (y_i - \bar{y})^2}", "(-inf, 1]", **numbers
        ),
        _entry(
            mean_absolute_error,
            r"\frac{1}{n} \sum_i |p_i - y_i|",
            "[0, inf)",
            **{**errors, "name": "mae"},
        ),
        _entry(
            root_mean_squared_error,
            r"\sqrt{\frac{1}{n} \sum_i (p_i - y_i)^2}",
            "[0, inf)",
            **{**errors, "name": "rmse"},
        ),
        _entry(max_error, r"\max_i |p_i - y_i|", "[0, inf)", **errors),
        _entry(
            mean_absolute_percentage_error,
            r"\frac{1}{n} \sum_i \frac{|p_i - y_i|}{|y_i|}",
            "[0, inf)",
            **{**errors, "name": "mape"},
        ),
        _entry(
            perplexity,
            r"\exp\frac{\sum_i n_i \ell_i}{\sum_i n_i}",
            "[1, inf)",
            **texts,
            needs="losses",
            better="lower",
        ),
        _entry(exact_match, share, "[0, 1]", **texts, needs="tokens"),
        _entry(token_accuracy, of_tokens, "[0, 1]", **texts, needs="tokens"),
    ]
