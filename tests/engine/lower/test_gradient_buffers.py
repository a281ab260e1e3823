"""Gradients in shared buffers: less memory, the same bits, and nothing is left from before."""

import numpy as np
import pytest

from neuroflow.engine.lower import gradient_buffers
from neuroflow.engine.lower.gradient_buffers import share_gradients
from neuroflow.engine.lower.grids import ADDED, GRIDS
from neuroflow.engine.lower.program import Instruction
from tests.engine.lower.test_merging import Weights
from tests.engine.test_random_graphs import graph
from tests.support.machine import gpt, program_of
from tests.support.sweeps import tries


def gradients(executor, program, n_parameters):
    """The gradients of a run whose memory was full of what does not count."""
    number = executor.add(program)
    executor.memory[2 * executor.n_padded :] = np.nan
    executor.memory[: 2 * executor.n_padded] = 0.0
    rng = np.random.default_rng(0)
    executor.parameters[:] = rng.normal(size=n_parameters)
    plan = program.plan
    numbers = np.append(rng.normal(size=max(plan.n_numbers, 1)), 0.0)
    numbers[plan.index_numbers] = rng.integers(0, 3, len(plan.index_numbers))
    schedule = type("Given", (), {"numbers": numbers, "integers": numbers.astype(np.int64)})
    executor.begin(number)
    for weight in (0.5, 0.25):
        executor.forward(number, [0] * program.lanes, schedule)
        executor.backward(number, np.full(program.lanes, weight))
    executor.end(number)
    return executor.gradients.copy()


def pair_of(function, example, lanes, model):
    """The gradients of a program as lowered, those with shared buffers, and both programs."""
    executor, plain = program_of(function, example, lanes, 1, model, "parameters")
    shared, n = share_gradients(plain, 1, large=0), len(model.parameters())
    found = [gradients(executor, program, n) for program in (plain, shared)]
    return *found, plain, shared


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_deep_model_needs_few_gradients_at_a_time(lanes):
    function, example, model = gpt(n_layer=3, n_embd=4, n_head=2, block=6, vocabulary=5)
    before, after, plain, shared = pair_of(function, example, lanes, model)
    n_plain, n_shared = [
        p.size - p.arena - p.shift - np.diff(p.late_gradients)[0] for p in (plain, shared)
    ]
    assert n_shared < 0.45 * n_plain
    assert np.array_equal(before, after)
    assert np.isfinite(after).all()


def test_few_gradients_stay_where_they_are():
    _, _, plain, _ = pair_of(*gpt(1, 4, 2, 3, 5)[:2], 1, gpt(1, 4, 2, 3, 5)[2])
    assert share_gradients(plain, 1) is plain


def test_every_backward_instruction_says_where_its_grids_lie():
    adding = [word for word in Instruction if word.name.endswith("_BACK")]
    assert set(ADDED) == {Instruction.MATMUL, Instruction.OUTER, *adding}
    assert set(ADDED) < set(GRIDS)


def of_seed(seed):
    model = Weights()
    function = lambda model, xs: graph(seed, model.weights, xs)  # noqa: E731
    return pair_of(function, ([0.3, -0.2, 0.5],), 1 + 2 * (seed % 2), model)


@pytest.mark.sweep
def test_gradients_of_random_graphs_are_the_same_to_the_last_bit(figures):
    tried = tries(12, full=400)
    moved = 0
    for seed in range(tried):
        before, after, plain, shared = of_seed(seed)
        assert np.array_equal(before, after, equal_nan=True), seed
        moved += shared is not plain
    assert moved > tried // 3
    figures(tried=tried, moved=moved, faults=0)


def test_a_buffer_that_is_given_away_too_early_is_found(monkeypatch):
    lives = gradient_buffers._Sharing._lives

    def too_short(self, touched, starts):
        return {k: (first, first) for k, (first, _) in lives(self, touched, starts).items()}

    monkeypatch.setattr(gradient_buffers._Sharing, "_lives", too_short)
    function, example, model = gpt(n_layer=1, n_embd=4, n_head=2, block=4, vocabulary=5)
    before, after, *_ = pair_of(function, example, 1, model)
    assert not np.array_equal(before, after)
