"""Vectors that meet as much of a matrix as they may: against numpy, and against dot by dot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("llvmlite")

import neuroflow as nf
from neuroflow.engine.native import fusing, ragged
from neuroflow.engine.native.language import Target
from neuroflow.engine.native.units import Unit, callable_unit

DTYPES = ("float64", "float32")
END = 7.0


def native(what, dtype, *given):
    target = Target(dtype, 64 // np.dtype(dtype).itemsize)
    call = callable_unit(Unit(what, is_instruction=False), target)
    call(*[x.ctypes.data if isinstance(x, np.ndarray) else x for x in given])


class Memory:
    """Arrays of small whole numbers one behind the other, each with a border behind it."""

    def __init__(self, seed, dtype):
        self.rng, self.dtype, self.parts, self.size = np.random.default_rng(seed), dtype, [], 0

    def put(self, *shape):
        numbers = self.rng.integers(-5, 6, shape).astype(self.dtype)
        at = self.size
        self.parts += [numbers.ravel(), np.full(3, END)]
        self.size += numbers.size + 3
        return at, numbers

    def whole(self):
        return np.concatenate([*self.parts, np.full(64, END)]).astype(self.dtype)


def table(*columns):
    return np.ascontiguousarray(np.array(columns, dtype=np.int64).T)


lengths = st.lists(st.integers(1, 41), min_size=1, max_size=9).map(sorted)
shorts = st.integers(1, 37)


@settings(deadline=None, max_examples=40)
@given(lengths, shorts, st.booleans(), st.sampled_from(DTYPES))
def test_vectors_of_many_lengths_times_a_matrix(lengths, short, adds, dtype):
    of_rows = len(lengths) + short
    memory = Memory(of_rows, dtype)
    at, matrix = memory.put(max(lengths), short + 2)
    long = [memory.put(n) for n in lengths]
    flat = [memory.put(short) for _ in lengths]
    stride = short + 2
    for what, out, xs in ((ragged.along, flat, long), (ragged.across, long, flat)):
        numbers = memory.whole()
        runs = table([p for p, _ in out], lengths, [p for p, _ in xs])
        native(what, dtype, numbers, runs, at, 0, len(lengths), stride, short, int(adds))
        expected = memory.whole()
        for n, (p, old), (_, x) in zip(lengths, out, xs, strict=True):
            part = matrix[:n, :short]
            new = x @ part if what is ragged.along else part @ x
            expected[p : p + len(new)] = new + adds * old
        assert (numbers == expected).all()


@settings(deadline=None, max_examples=40)
@given(lengths, shorts, st.sampled_from(DTYPES))
def test_outer_products_are_added_as_far_as_each_reaches(lengths, short, dtype):
    memory = Memory(len(lengths) + short, dtype)
    at, matrix = memory.put(max(lengths), short + 1)
    long = [memory.put(n) for n in lengths]
    flat = [memory.put(short) for _ in lengths]
    numbers, expected = memory.whole(), memory.whole()
    runs = table([p for p, _ in long], lengths, [p for p, _ in flat])
    native(ragged.outer_sums, dtype, numbers, runs, at, 0, len(lengths), short + 1, short)
    for n, (_, x), (_, y) in zip(lengths, long, flat, strict=True):
        matrix[:n, :short] += np.outer(x, y)
    expected[at : at + matrix.size] = matrix.ravel()
    assert (numbers == expected).all()


def runner_of(positions, n_embd, n_head, dtype):
    """A small GPT, whose attention has many positions, and one text."""
    sizes = {"n_layer": 1, "n_embd": n_embd, "n_head": n_head, "block_size": positions}
    model = nf.build("gpt", vocab_size=5, rng=nf.SplitMix32(1), **sizes)
    cross_entropy = nf.get("loss", "cross_entropy").load()

    def loss(model, tokens, targets):
        return nf.mean([cross_entropy(x, t) for x, t in zip(model(tokens), targets, strict=True)])

    tokens = [k % 5 for k in range(positions)]
    sgd = nf.get("optimizer", "sgd").load()
    examples = [(tokens, tokens[::-1])]
    return nf.make_runner(model, loss, examples, sgd, backend="llvm", dtype=dtype)


@pytest.mark.parametrize(("positions", "n_embd", "n_head"), [(9, 6, 2), (10, 20, 1)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_attention_in_few_instructions_gives_what_dot_by_dot_gives(
    positions, n_embd, n_head, dtype, monkeypatch
):
    found = []
    for fewest in (fusing.FEWEST, 1 << 20):
        monkeypatch.setattr(fusing, "FEWEST", fewest)
        runner = runner_of(positions, n_embd, n_head, dtype)
        runner.run([[0]], [0.1])
        form = runner.executor._form(0)
        found.append((runner.executor.gradients.copy(), len(form.code)))
    (gradients, few), (plain, many) = found
    assert few < many - 2 * n_head * positions
    tolerance = 1e-13 if dtype == "float64" else 1e-5
    assert np.abs(gradients - plain).max() < tolerance * np.abs(plain).max()


def test_rows_that_are_a_part_of_an_instruction_run_as_they_are():
    runner = runner_of(9, 6, 2, "float64")
    runner.run([[0]], [0.1])
    executor, parts = runner.executor, runner.executor.programs[0].parts
    executor.run(0, 1)
    together = executor.memory.copy()
    assert executor._form(0).rows(*parts[1:3]) is not None
    for row in range(*parts[1:3]):
        executor.run_rows(0, row, row + 1)
    np.testing.assert_allclose(executor.memory, together, rtol=1e-12, atol=1e-13)
