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
