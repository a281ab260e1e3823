"""Merging: what does the same for each position is one instruction, and no sum changes."""

from itertools import combinations

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.engine.lower import merging
from neuroflow.engine.lower.kernels import Kernels
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.plan.function import TracedFunction
from neuroflow.engine.trace.structure import flatten
from tests.engine.test_random_graphs import graph
from tests.support.machine import gpt, program_of
from tests.support.sweeps import tries
from tests.support.touched import Touched


def small_gpt(gradients="all", lanes=1, merge=True):
    function, example, model = gpt(1, 8, 2, 4, 5)
    return program_of(function, example, lanes, lanes, model, gradients, merge)


def test_a_step_over_many_positions_is_a_few_instructions():
    function, example, model = gpt(n_layer=4, n_embd=4, n_head=2, block=20, vocabulary=5)
    traced = TracedFunction(function, (model,), model.parameters())
    plan = traced.trace(flatten(example)[1]).plan
    for lanes in (1, 16):
        program = lower(plan, Kernels(), lanes)
        assert len(program.code) > 800
        assert program.n_instructions <= 330


def test_positions_of_one_layer_are_one_product():
    layer = nf.build("mlp", sizes=[4, 6, 3], activation="tanh", rng=nf.SplitMix32(1))

    def loss(model, rows):
        return nf.sum([y for row in rows for y in model(row)])

    rows = [[0.1 * k] * 4 for k in range(9)]
    _, program = program_of(loss, (rows,), model=layer)
    words, forward = program.code[:, 0], program.instructions(*program.parts[1:3])
    products = [end - first for first, end in forward if words[first] == nf.Instruction.MATMUL]
    assert products == [9, 9]


def cells_of(touch):
    return [{*cells.tolist()} for cells in (touch.reads, touch.writes, touch.adds)]


def waits(a, b):
    """Whether two rows cannot run at the same time, but for what both add to."""
    (a_reads, a_writes, a_adds), (b_reads, b_writes, b_adds) = cells_of(a), cells_of(b)
    changed = a_writes | a_adds
    return bool(changed & b_reads or a_reads & (b_writes | b_adds)
                or a_writes & (b_writes | b_adds) or a_adds & b_writes)  # fmt: skip


def add_to_one_cell(a, b):
    return bool(cells_of(a)[2] & cells_of(b)[2])


def faults(plain, merged, kernels):
    """How many pairs of rows changed places, or run at the same time, that may not; and how many
    may not."""
    touched = Touched(plain, kernels)
    place = {tuple(row): k for k, row in enumerate(merged.code.tolist())}
    instruction = np.repeat(np.arange(merged.n_instructions), np.diff(merged.firsts))
    found = n_conflicts = 0
    for part in range(4):
        rows = range(*plain.parts[part : part + 2])
        touches = {row: touched.by(row) for row in rows}
        for a, b in combinations(rows, 2):
            second_waits = waits(touches[a], touches[b])
            if second_waits or add_to_one_cell(touches[a], touches[b]):
                n_conflicts += 1
                first, then = [place[tuple(plain.code[row].tolist())] for row in (a, b)]
                together = instruction[first] == instruction[then]
                found += first > then or (second_waits and together)
    return found, n_conflicts


CASES = [("all", 32), ("none", 32), ("all", 1), ("none", 1)]


@pytest.mark.parametrize(("gradients", "lanes"), CASES)
def test_rows_that_wait_for_another_or_add_after_it_stay_behind_it(gradients, lanes):
    executor, merged = small_gpt(gradients, lanes)
    _, plain = small_gpt(gradients, lanes, merge=False)
    assert sorted(plain.code.tolist()) == sorted(merged.code.tolist())
    found, n_conflicts = faults(plain, merged, executor.kernels)
    assert (found, n_conflicts > 100) == (0, True)


def test_what_a_row_changes_is_what_it_is_said_to_touch():
    executor, program = small_gpt("all", 32)
    touched, number = Touched(program, executor.kernels), executor.add(program)
    rng = np.random.default_rng(0)
    executor.indices[:] = rng.integers(0, 5, len(executor.indices))
    for row in range(len(program.code)):
        executor.memory[:] = rng.uniform(0.1, 1.0, len(executor.memory))
        before, touch = executor.memory.copy(), touched.by(row)
        executor.run_rows(number, row, row + 1)
        changed = touched.cells.of(np.flatnonzero(executor.memory != before))
        assert {*changed.tolist()} <= {*touch.writes.tolist(), *touch.adds.tolist()}


class Weights(nf.Module):
    def __init__(self):
        self.weights = [nf.Value(0.1 * k - 0.2) for k in range(4)]


def random_pair(seed, lanes):
    """The programs of a random graph, merged and not, and the kernels of both."""
    made = [
        program_of(
            lambda model, xs: graph(seed, model.weights, xs),
            ([0.3, -0.2, 0.5],), lanes, 1, Weights(), "all", merge,
        )
        for merge in (True, False)
    ]  # fmt: skip
    return made[1][1], made[0][1], made[0][0].kernels


@pytest.mark.sweep
def test_no_row_of_a_random_graph_overtakes_another_that_it_waits_for(figures):
    tried = tries(12, full=300)
    merged = 0
    for seed in range(tried):
        plain, together, kernels = random_pair(seed, lanes=1 + 2 * (seed % 2))
        merged += together.n_instructions < len(plain.code)
        assert faults(plain, together, kernels)[0] == 0, seed
    assert merged > tried // 3
    figures(tried=tried, faults=0)


def add_in_any_order(monkeypatch):
    monkeypatch.setattr(merging._Stretch, "meets", lambda self, spans: False)


def take_all_levels_for_one(monkeypatch):
    monkeypatch.setattr(merging, "groupby", lambda rows, _: [(0, rows)])


def copy_when_it_is_read_already(monkeypatch):
    monkeypatch.setattr(merging, "COPIES", ())


@pytest.mark.parametrize(
    ("twin", "seed"),
    [(add_in_any_order, 13), (take_all_levels_for_one, 1), (copy_when_it_is_read_already, 9)],
)
def test_a_merge_that_ignores_who_waits_for_whom_is_found(monkeypatch, twin, seed):
    assert faults(*random_pair(seed, 1))[0] == 0
    twin(monkeypatch)
    assert faults(*random_pair(seed, 1))[0] > 0
