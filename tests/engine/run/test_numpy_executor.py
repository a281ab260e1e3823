"""Array code: what runs as one gives what its rows give one by one, in few calls."""

import math

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.engine.lower.grids import GRIDS
from neuroflow.engine.lower.kernels import FallbackWarning
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.plan.function import TracedFunction
from neuroflow.engine.run.backends import make_executor
from neuroflow.engine.run.numpy_executor import NumpyCode
from neuroflow.engine.run.pairs import Pairs
from neuroflow.engine.trace.structure import flatten
from tests.engine.test_random_graphs import graph
from tests.support.machine import gpt, program_of
from tests.support.sweeps import tries

SOFTMAX = nf.get("activation", "softmax").load()


@nf.op
def bumpy(x):
    """No straight line: it runs in plain Python."""
    return math.sin(x)


@bumpy.partials
def _(out, x):
    return (nf.cos(x),)


class Weights(nf.Module):
    """Some numbers to learn."""

    def __init__(self, n=4):
        self.weights = [nf.Value(0.1 * k - 0.2) for k in range(n)]


def attention(model, rows, target):
    """Causal attention over rows, a choice among the results, kinks and a condition."""
    queries = [[x * w for x, w in zip(row, model.weights, strict=True)] for row in rows]
    out = []
    for t, query in enumerate(queries):
        shares = SOFTMAX([nf.dot(query, row) for row in rows[: t + 1]])
        out.append([nf.dot(shares, [row[j] for row in rows[: t + 1]]) for j in range(4)])
    kinks = [nf.where(x > 0.1, nf.ops.relu(x), 0.5 * x) for row in out for x in row]
    return nf.sum(kinks) + nf.take([nf.sum(row) for row in out], target) + nf.maximum(*kinks)


ROWS = [[math.sin(1.7 * t + j) for j in range(4)] for t in range(5)]


def model_programs(name):
    """A function, an example and a model."""
    if name == "gpt":
        return gpt(1, 8, 2, 5, 6)
    if name == "attention":
        return attention, (ROWS, 2), Weights()
    model = nf.build("mlp", sizes=[3, 5, 4, 2], activation="tanh", rng=nf.SplitMix32(1))
    return (
        lambda model, rows: nf.sum([y * y for row in rows for y in model(row)]),
        (([[0.1, 0.5, -0.3], [0.9, -0.2, 0.4], [0.3, 0.3, 0.1]],)),
        model,
    )


def results(function, example, model, lanes, backend, dtype, merge):
    """Outputs and gradients of everything after one run of one program."""
    parameters = model.parameters()
    traced = TracedFunction(function, (model,), parameters)
    numbers, structure = flatten(tuple(example))
    plan = traced.trace(structure).plan
    executor = make_executor(backend, dtype, len(parameters), None)
    lanes = lanes and -(-lanes // executor.width) * executor.width
    program = lower(plan, executor.kernels, lanes or 1, executor.width, "all", merge=merge)
    number = executor.add(program)
    if backend == "llvm":  # row by row: nothing but their order is compared
        executor.run = lambda number, part: [
            executor.run_rows(number, row, row + 1)
            for row in range(*program.parts[part : part + 2])
        ]
    executor.parameters[:] = [p.data for p in parameters]
    executor.begin(number)
    n, cells = program.lanes, program.input_offsets
    for k, (cell, which) in enumerate(zip(cells, plan.input_numbers, strict=True)):
        given = np.cos(np.arange(n) + k) * 0.1 + numbers[which]
        executor.memory[cell : cell + n] = given
    for k in plan.index_numbers:
        executor.indices[k * n : (k + 1) * n] = numbers[k]
    executor.run(number, 1)
    executor.gradients[:] = 0.0
    executor.backward(number, 1.0 / n)
    executor.end(number)
    shifted = np.concatenate([cells + program.shift + k for k in range(n)]) if len(cells) else []
    of_inputs = executor.memory[np.asarray(shifted, dtype=np.int64)]
    found = executor.memory[program.output_cells], executor.gradients, of_inputs
    return [np.array(x, dtype=float) for x in found]


def agree(merged, plain, tolerance):
    return all(
        np.allclose(x, y, rtol=tolerance, atol=tolerance, equal_nan=True)
        for x, y in zip(merged, plain, strict=True)
    )


NEAR = {"float64": 1e-12, "float32": 1e-5}


@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("lanes", [0, 3])
@pytest.mark.parametrize("name", ["gpt", "attention", "mlp"])
def test_instructions_over_positions_give_what_their_rows_give(name, lanes, dtype):
    function, example, model = model_programs(name)
    given = (function, example, model, lanes, "numpy", dtype)
    assert agree(results(*given, merge=True), results(*given, merge=False), NEAR[dtype])


@pytest.mark.parametrize("name", ["gpt", "attention"])
def test_native_sums_are_the_same_to_the_last_bit(name):
    pytest.importorskip("llvmlite")
    for lanes in (0, 3):
        given = (*model_programs(name), lanes, "llvm", "float64")
        merged, plain = [results(*given, merge=merge) for merge in (True, False)]
        assert [x.tolist() for x in merged] == [x.tolist() for x in plain]


@pytest.mark.sweep
def test_random_graphs_give_what_their_rows_give(figures):
    tried = tries(12, full=300)
    for seed in range(tried):

        def function(model, xs, seed=seed):
            return graph(seed, model.weights, xs) + bumpy(xs[0])

        dtype = "float32" if seed % 4 == 3 else "float64"
        with pytest.warns(FallbackWarning, match="bumpy"):
            merged, plain = [
                results(
                    function, ([0.3, -0.2, 0.5],), Weights(), 3 * (seed % 2), "numpy", dtype, merge
                )
                for merge in (True, False)
            ]
        assert agree(merged, plain, NEAR[dtype]), seed
    figures(tried=tried, faults=0)


def test_attention_is_products_of_matrices():
    """Scores, and what the weights make of the values, forward and backward."""
    _, program = program_of(attention, (ROWS, 2), 1, 1, Weights(), "all")
    found = []
    for first, end in program.instructions(0, len(program.code)):
        word = nf.Instruction.of(int(program.code[first, 0]))
        if word in (nf.Instruction.DOT, nf.Instruction.DOT_BACK):
            pairs = Pairs.of([GRIDS[word](row) for row in program.code[first:end, 1:].tolist()])
            assert pairs is not None
            found.append((word.name, len(pairs.places), pairs.a.starts.shape, pairs.b.starts.shape))
    assert found == [
        ("DOT", 15, (1, 5), (1, 5)), ("DOT", 20, (1, 4), (1, 5)),
        ("DOT_BACK", 20, (1, 4), (1, 5)), ("DOT_BACK", 15, (1, 5), (1, 5)),
    ]  # fmt: skip


def dots_before(model, rows, scale):
    """Each row meets those before it, one of which may be infinite."""
    grown = [[scale[t] * x for x in row] for t, row in enumerate(rows)]
    queries = [[w * x for w, x in zip(model.weights, row, strict=True)] for row in rows]
    scores = [nf.dot(queries[t], grown[u]) for t in range(len(rows)) for u in range(t + 1)]
    return nf.sum([nf.where(s < 1e9, s, 0.0) for s in scores])


@pytest.mark.parametrize("lanes", [0, 3])
def test_what_is_infinite_meets_only_what_it_met_before(lanes):
    """Of all dots of two sets some are not there: they may not make a nan of 0 times inf."""
    positive = [[abs(x) + 0.1 for x in row] for row in ROWS]
    model = Weights()
    for p in model.weights:
        p.data = 0.5
    scale = [1.0, 1.0, 1.0, 1.0, math.inf]
    given = (dots_before, (positive, scale), model, lanes, "numpy", "float64")
    merged, plain = [results(*given, merge=merge) for merge in (True, False)]
    assert agree(merged, plain, 1e-12)
    assert np.isfinite(merged[0]).all()


def test_a_step_of_a_gpt_is_a_few_calls():
    function, example, model = gpt(n_layer=4, n_embd=4, n_head=2, block=12, vocabulary=5)
    executor, program = program_of(function, example, 1, 1, model, "parameters")
    code = NumpyCode(program, np.zeros(program.size), executor.indices, executor.kernels)
    assert len(code.calls(0, len(program.code))) < 450
