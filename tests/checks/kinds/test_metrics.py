"""Checks of metrics find what is wrong with one."""

from __future__ import annotations

import pytest

import neuroflow as nf


def entry(metric, **facts):
    facts = {
        "range": "[0, 1]",
        "summary": "a share",
        "formula": r"\frac{1}{n} \sum_i [p_i = t_i]",
        **facts,
    }
    return nf.MetricEntry(name="it", target=metric, **facts)


def share(said, targets):
    return sum(p == t for p, t in zip(said, targets, strict=True)) / len(targets)


def test_a_right_one_passes_and_every_bundled_one():
    assert nf.check(entry(share))
    for found in nf.find("*", "metric"):
        report = nf.check(found)
        assert report, report


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (entry(share, better="lower"), "but better is 'lower'"),
        (entry(lambda p, t: 100 * share(p, t)), "its range [0, 1]"),
        (entry(lambda p, t: float(p[0] == t[0])), "in another order"),
        (entry(lambda p, t: 0.5), "right, partly right and wrong answers give 0.5, 0.5 and 0.5"),
        (entry(share, formula=""), "there is no formula"),
        (entry(share, range=""), "there is no range"),
        (
            entry(share, formula=r"\sum_i [p_i = t_i]"),
            r"\sum_i [p_i = t_i] says 5.0, the metric gives",
        ),
        (entry(share, formula=r"\frac{1}{n} \sum_i [p_i ="), "unfinished after '='"),
    ],
)
def test_a_wrong_one_is_found(wrong, told):
    assert told in str(nf.check(wrong))


def test_an_entry_takes_the_words_of_its_fields_only():
    with pytest.raises(nf.InputError, match="the metric 'it' has 'bigger' as 'better'; expected"):
        entry(share, better="bigger")
    with pytest.raises(nf.InputError, match="'regresion' as 'tasks'"):
        entry(share, tasks=("regresion",))


def recall_of_each(said, targets):
    """The mean of the recalls."""
    classes = sorted({*targets})
    pairs = [*zip(said, targets, strict=True)]
    shares = [sum(p == t == k for p, t in pairs) / targets.count(k) for k in classes]
    return sum(shares) / len(shares)


def within(said, targets, *, reach: float = 0.3):
    """The share of numbers that are met within a reach."""
    return sum(abs(p - t) <= reach for p, t in zip(said, targets, strict=True)) / len(said)


@pytest.mark.parametrize(
    ("metric", "formula", "facts"),
    [
        (
            recall_of_each,
            r"\frac{1}{K} \sum_k \frac{\mathrm{TP}_k}{\mathrm{TP}_k + \mathrm{FN}_k}",
            {},
        ),
        (within, r"\frac{1}{n} \sum_i [|p_i - y_i| \le r]", {"needs": "numbers"}),
        (within, r"\text{the share of numbers within reach}", {"needs": "numbers"}),
    ],
)
def test_a_right_unusual_one_passes(metric, formula, facts):
    report = nf.check(entry(metric, formula=formula, **facts))
    assert report, report
