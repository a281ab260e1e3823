"""Levels: instructions that wait for none of each other run as one, and no other do."""

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.plan.function import TracedFunction
from neuroflow.engine.run.executor import NumpyExecutor
from neuroflow.engine.trace.structure import flatten

pytest.importorskip("torch")

from neuroflow.engine.torch.levels import merged


def program_of(function, example, lanes=32, width=32, model=None):
    """A function's program, and the executor that has it."""
    modules = (model,) if model else ()
    parameters = model.parameters() if model else []
    traced = TracedFunction(function, modules, parameters)
    plan = traced.trace(flatten(tuple(example))[1]).plan
    executor = NumpyExecutor("float64", len(parameters), None)
    program = lower(plan, executor.kernels, lanes, width, "all")
    return executor, program


def test_positions_of_one_layer_are_one_product():
    layer = nf.build("mlp", sizes=[4, 6, 3], activation="tanh", rng=nf.SplitMix32(1))

    def loss(model, rows):
        return nf.sum([y for row in rows for y in model(row)])

    rows = [[0.1 * k] * 4 for k in range(9)]
    executor, program = program_of(loss, (rows,), model=layer)
    words = program.code[:, 0].tolist()
    of_forward = merged(program, executor.kernels, *program.parts[1:3])
    products = [each for each in of_forward if each.key[0] == nf.Instruction.MATMUL]
    assert words[program.parts[1] : program.parts[2]].count(nf.Instruction.MATMUL) == 18
    assert [len(each.rows) for each in products] == [9, 9]


def test_every_row_runs_once_and_after_all_that_it_reads():
    sizes = {"n_layer": 1, "n_embd": 8, "n_head": 2, "block_size": 4}
    model = nf.build("gpt", vocab_size=5, rng=nf.SplitMix32(1), **sizes)
    loss = nf.get("loss", "cross_entropy").load()

    def total(model, tokens, targets):
        return nf.mean([loss(x, t) for x, t in zip(model(tokens), targets, strict=True)])

    executor, program = program_of(total, ([0, 1, 2, 3], [1, 2, 3, 4]), 1, 1, model)
    order = [
        row
        for part in range(4)
        for each in merged(program, executor.kernels, *program.parts[part : part + 2])
        for row in each.rows
    ]
    assert sorted(order) == [*range(len(program.code))]
    assert order != sorted(order)
    values = []
    for rows in (sorted(order), order):
        number = executor.add(program)
        rng = np.random.default_rng(0)
        executor.memory[:] = rng.uniform(0.1, 1.0, len(executor.memory))
        executor.indices[:] = np.arange(len(executor.indices)) % 5
        for row in rows:
            executor.run_rows(number, row, row + 1)
        values.append(executor.memory.copy())
    assert np.allclose(*values, rtol=1e-9, atol=1e-12)
