"""Batches: every example once per epoch, and orders that a checkpoint can draw again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuroflow as nf
from neuroflow.training import Batches


@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_batches_hold_every_position_once_per_epoch(count, size, seed):
    batches = Batches(count, size, nf.SplitMix32(seed))
    for epoch in range(2):
        steps = range(epoch * batches.per_epoch, (epoch + 1) * batches.per_epoch)
        found = [batches.at(step) for step in steps]
        assert sorted(k for batch in found for k in batch) == list(range(count))
        assert all(len(batch) == size for batch in found[:-1])


@pytest.mark.parametrize("stop", range(7))
def test_a_state_taken_anywhere_goes_on_with_the_same_batches(stop):
    whole, broken = Batches(5, 2, nf.SplitMix32(3)), Batches(5, 2, nf.SplitMix32(3))
    expected = [whole.at(step) for step in range(9)]
    for step in range(stop):
        broken.at(step)
    resumed = Batches(5, 2, nf.SplitMix32(99))
    resumed.load_state(broken.state(stop))
    assert [resumed.at(step) for step in range(stop, 9)] == expected[stop:]


def test_without_orders_there_is_no_state_and_examples_keep_their_order():
    batches = Batches(3, 2)
    assert [batches.at(step) for step in range(3)] == [[0, 1], [2], [0, 1]]
    assert batches.state(3) is None
