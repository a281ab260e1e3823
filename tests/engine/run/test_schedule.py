"""Examples by number: flattened once, anew where they changed, drawn for each time."""

import random

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.engine.plan.function import TracedFunction
from neuroflow.engine.run import executor
from neuroflow.engine.run.executor import CACHE_LINE, NumpyExecutor, zeros
from neuroflow.engine.run.schedule import Batcher, FlatExamples
from neuroflow.engine.trace.structure import flatten


def flat_examples(function):
    return FlatExamples(TracedFunction(function, (), []))


def times(x, y):
    return nf.dot(x, x) * y


def starts(flat, numbers, examples, modes=()):
    found = flat.numbered(numbers, [examples[k] for k in numbers], modes)
    return [example.start for example in found]


def test_what_has_not_changed_is_flattened_once():
    flat, examples = flat_examples(times), [([1.0, 2.0], 3.0), ([4.0, 5.0], 6.0)]
    assert starts(flat, [0, 1, 0], examples) == [0, 3, 0]
    assert starts(flat, [1, 0], examples) == [3, 0]
    assert flat.numbers == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


@pytest.mark.parametrize("made_of", [list, np.array])
def test_only_the_example_that_changed_in_place_is_flattened_anew(made_of):
    flat, row = flat_examples(times), made_of([1.0, 2.0])
    examples = [(row, 3.0), ([4.0, 5.0], 6.0)]
    starts(flat, [0, 1], examples)
    row[1] = 7.0
    assert starts(flat, [0, 1], examples) == [6, 3]
    assert flat.numbers[6:] == [1.0, 7.0, 3.0]


def test_each_mode_has_examples_of_its_own():
    flat, examples = flat_examples(times), [([1.0, 2.0], 3.0)]
    assert starts(flat, [0], examples, (True,)) == [0]
    assert starts(flat, [0], examples, (False,)) == [3]
    assert starts(flat, [0], examples, (True,)) == [0]


def test_an_example_that_comes_twice_draws_twice():
    rng = random.Random(1)
    flat = flat_examples(lambda x: x * nf.random_input(rng.random))
    again = random.Random(1)
    for _ in range(2):
        found = flat.numbered([0, 0], [(2.0,), (2.0,)], ())
        assert [flat.drawn_for(example) for example in found] == [[again.random()] for _ in found]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 5, 4099])
def test_memory_begins_where_a_line_of_the_cache_does(n, dtype):
    memory = zeros(n, np.dtype(dtype))
    assert (memory.shape, memory.dtype) == ((n,), np.dtype(dtype))
    assert not memory.any()
    assert memory.ctypes.data % CACHE_LINE == 0


class Doubled(nf.Module):
    def __init__(self):
        self.weights = [[nf.Value(0.1 * (j + k)) for k in range(4)] for j in range(4)]

    def forward(self, rows):
        return nf.sum([nf.dot(ws, x) for x in rows for ws in self.weights])


class Wide(NumpyExecutor):
    def vector_width(self):
        return 8


@pytest.mark.parametrize(("positions", "fitting", "lanes"), [(9, 2, 1), (9, 8, 8), (1, 2, 8)])
def test_many_positions_beyond_the_caches_run_one_example_at_a_time(
    monkeypatch, positions, fitting, lanes
):
    function = TracedFunction(Doubled.forward, (model := Doubled(),), model.parameters())
    trace = function.trace(flatten(([[0.5] * 4] * positions,))[1])
    assert trace.plan.vectors_per_matrix == positions
    monkeypatch.setattr(executor.Executor, "most_lanes", lambda self, cells: fitting)
    batcher = Batcher(function, Wide("float64", 16, None), "parameters")
    assert batcher.lanes_for(trace, 16) == lanes


def test_a_batch_is_shared_evenly_among_jobs_that_fit(monkeypatch):
    function = TracedFunction(Doubled.forward, (model := Doubled(),), model.parameters())
    trace = function.trace(flatten(([[0.5] * 4],))[1])
    monkeypatch.setattr(executor.Executor, "most_lanes", lambda self, cells: 100)
    batcher = Batcher(function, Wide("float64", 16, None), "parameters")
    assert [batcher.lanes_for(trace, n) for n in (96, 128, 200, 300)] == [96, 64, 72, 80]


def test_jobs_are_as_large_as_the_caches_or_as_the_parameters():
    cells = 10_000
    assert [Wide("float64", n, None).most_lanes(cells) for n in (10, 400_000)] == [25, 40]
    assert Wide("float32", 10, None).most_lanes(cells) == 50
