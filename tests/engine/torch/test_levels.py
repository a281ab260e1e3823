"""Levels: instructions that wait for none of each other run as one, and no other do."""

from itertools import combinations, product

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.plan.function import TracedFunction
from neuroflow.engine.run.executor import NumpyExecutor
from neuroflow.engine.trace.structure import flatten

pytest.importorskip("torch")

from neuroflow.engine.torch.levels import Levels, Touch, Touched, key_of, merged


def program_of(function, example, lanes=32, width=32, model=None, gradients="all"):
    """A function's program, and the executor that has it."""
    modules = (model,) if model else ()
    parameters = model.parameters() if model else []
    traced = TracedFunction(function, modules, parameters)
    plan = traced.trace(flatten(tuple(example))[1]).plan
    executor = NumpyExecutor("float64", len(parameters), None)
    program = lower(plan, executor.kernels, lanes, width, gradients)
    return executor, program


ONE, NONE = np.array([1]), np.array([], dtype=np.int64)
DOES = {
    "reads": Touch(ONE, NONE, NONE),
    "overwrites": Touch(NONE, ONE, NONE),
    "adds to": Touch(NONE, NONE, ONE),
}


@pytest.mark.parametrize(("first", "second"), [*product(DOES, DOES)])
def test_who_waits_for_whom_at_one_cell(first, second):
    levels = Levels(2)
    assert levels.level(DOES[first], (1,)) == 0
    waits = (first, second) != ("reads", "reads")
    assert levels.level(DOES[second], (2,)) == int(waits)


def test_additions_wait_for_those_of_other_keys_alone():
    levels = Levels(2)
    assert [levels.level(DOES["adds to"], key) for key in ((1,), (1,), (2,), (1,))] == [0, 0, 1, 2]


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


def gpt_program(gradients, lanes):
    sizes = {"n_layer": 1, "n_embd": 8, "n_head": 2, "block_size": 4}
    model = nf.build("gpt", vocab_size=5, rng=nf.SplitMix32(1), **sizes)
    loss = nf.get("loss", "cross_entropy").load()

    def total(model, tokens, targets):
        return nf.mean([loss(x, t) for x, t in zip(model(tokens), targets, strict=True)])

    return program_of(total, ([0, 1, 2, 3], [1, 2, 3, 4]), lanes, lanes, model, gradients)


def conflicts(a, b, same_key):
    """Whether two instructions may not change places."""
    a_reads, a_writes, a_adds, b_reads, b_writes, b_adds = [
        {*cells.tolist()} for touch in (a, b) for cells in (touch.reads, touch.writes, touch.adds)
    ]
    return bool(
        a_writes & (b_reads | b_writes | b_adds)
        or b_writes & (a_reads | a_adds)
        or a_adds & b_reads
        or b_adds & a_reads
        or (a_adds & b_adds and not same_key)
    )


@pytest.mark.parametrize(("gradients", "lanes"), [("all", 32), ("none", 32), ("all", 1)])
def test_instructions_that_may_not_change_places_do_not(gradients, lanes):
    executor, program = gpt_program(gradients, lanes)
    touched = Touched(program, executor.kernels)
    n_conflicts = 0
    for part in range(4):
        begin, end = program.parts[part : part + 2]
        together = merged(program, executor.kernels, begin, end)
        place = {row: k for k, each in enumerate(together) for row in each.rows}
        assert sorted(place) == [*range(begin, end)]
        touches = {row: touched.by(row) for row in range(begin, end)}
        for a, b in combinations(range(begin, end), 2):
            same_key = key_of(program, a) == key_of(program, b)
            if conflicts(touches[a], touches[b], same_key):
                n_conflicts += 1
                assert place[a] < place[b], (program.code[a], program.code[b])
    assert n_conflicts > 100


def test_what_an_instruction_changes_is_what_it_is_said_to_touch():
    executor, program = gpt_program("all", 32)
    touched, number = Touched(program, executor.kernels), executor.add(program)
    rng = np.random.default_rng(0)
    executor.indices[:] = rng.integers(0, 5, len(executor.indices))
    for row in range(len(program.code)):
        executor.memory[:] = rng.uniform(0.1, 1.0, len(executor.memory))
        before, touch = executor.memory.copy(), touched.by(row)
        executor.run_rows(number, row, row + 1)
        changed = touched.cells.of(np.flatnonzero(executor.memory != before))
        assert {*changed.tolist()} <= {*touch.writes.tolist(), *touch.adds.tolist()}
