"""The mean of many numbers: exact, whatever their order and size."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf

BIG = 1.7e308


def test_the_mean_does_not_overflow():
    assert nf.exact_mean([BIG, BIG, BIG, BIG]) == BIG
    weighted = nf.exact_mean([1e308, -1e308, 1e308], [3, 1, 2])
    assert weighted == pytest.approx(2 / 3 * 1e308, rel=1e-15)
    assert nf.exact_mean([math.inf, 1.0]) == math.inf
    assert math.isnan(nf.exact_mean([math.inf, -math.inf]))
    assert nf.exact_mean([0.1, 0.2, 0.7]) == math.fsum([0.1, 0.2, 0.7]) / 3
    with pytest.raises(nf.InputError, match="no numbers have a mean"):
        nf.exact_mean([])


def test_a_moving_average_is_the_mean_of_the_last_ones_at_every_place():
    losses = [4.0, 3.0, 5.0, 1.0, 0.5]
    for window in (1, 2, 3, 10):
        smooth = nf.moving_average(losses, window)
        for k in range(len(losses)):
            last = losses[: k + 1][-window:]
            assert smooth[k] == pytest.approx(sum(last) / len(last), rel=1e-15)
    assert nf.moving_average([]) == []
    assert nf.moving_average([nf.Value(1.0), 3]) == [1.0, 2.0]
    assert math.isnan(nf.moving_average([math.nan, 1.0])[1])


@pytest.mark.parametrize(
    ("numbers", "window", "what"),
    [
        ([1.0], 0, "the window of a moving average is 0"),
        ([1.0], 2.5, "the window of a moving average is 2.5"),
        ([1.0, "2"], 2, "number 1 of a moving average is '2'"),
        ([[1.0]], 2, r"number 0 of a moving average is \[1.0\]"),
        (3.0, 2, "what is averaged is 3.0"),
    ],
)
def test_what_has_no_moving_average_is_told(numbers, window, what):
    with pytest.raises(nf.InputError, match=what):
        nf.moving_average(numbers, window)
