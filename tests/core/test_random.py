"""SplitMix32: the stream of the original, and what random.Random builds on it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuroflow as nf


def test_stream_of_seed_zero_is_that_of_the_original():
    rng = nf.SplitMix32(0)
    assert [rng.random() for _ in range(5)] == [
        0.3921251413412392,
        0.8505931859835982,
        0.684420470148325,
        0.4986653965897858,
        0.7671982778701931,
    ]


@given(st.sets(st.integers(0, 2**32 - 1), min_size=2, max_size=20))
def test_different_seeds_give_different_streams(seeds):
    streams = {tuple(nf.SplitMix32(seed).random() for _ in range(4)) for seed in seeds}
    assert len(streams) == len(seeds)


@given(st.integers(0, 2**32 - 1))
def test_state_continues_the_stream_bit_for_bit(seed):
    rng = nf.SplitMix32(seed)
    rng.gauss(0, 1)
    state = rng.getstate()
    ahead = [rng.gauss(0, 1), rng.random(), rng.randrange(1000)]
    other = nf.SplitMix32(0)
    other.setstate(state)
    assert [other.gauss(0, 1), other.random(), other.randrange(1000)] == ahead


def test_it_is_a_random_generator_of_the_standard_library():
    rng = nf.SplitMix32(3)
    assert isinstance(rng, random.Random)
    items = list(range(10))
    rng.shuffle(items)
    assert sorted(items) == list(range(10))
    assert 0 <= rng.getrandbits(70) < 2**70


def test_numbers_fill_the_unit_interval_evenly():
    rng = nf.SplitMix32(11)
    counts = [0] * 10
    for _ in range(10_000):
        counts[int(rng.random() * 10)] += 1
    assert max(counts) < 1100
    assert min(counts) > 900


@pytest.mark.parametrize("bad", [-1, 2**32, 1.5, True, "1"])
def test_bad_seeds_are_refused(bad):
    with pytest.raises(nf.InputError, match="a seed is an integer from 0 to 4294967295"):
        nf.SplitMix32(bad)
