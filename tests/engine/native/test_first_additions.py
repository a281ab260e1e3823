"""First additions are writes: nothing of before is left, and each gradient is that of numpy."""

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import neuroflow as nf
from neuroflow.engine.native.first_additions import WRITES

BATCH = [*range(17)]


class Branches(nf.Module):
    """Values that are used once, several times, and twice by one op."""

    def __init__(self):
        self.layer = nf.build("mlp", sizes=[3, 5, 4], rng=nf.SplitMix32(1))
        self.last = nf.Value(0.5)

    def forward(self, xs):
        a, b, c, d = self.layer(xs)
        twice = a * a + b * a
        return twice * self.last + nf.tanh(twice) * nf.maximum(c, d) + nf.exp(c) * c + nf.sum([b])


def runner_of(backend, dtype="float64"):
    rng = nf.SplitMix32(3)
    examples = [([rng.gauss(0, 1) for _ in range(3)],) for _ in BATCH]
    sgd = nf.get("optimizer", "sgd").load()
    return nf.make_runner(
        Branches(), lambda model, xs: model(xs), examples, sgd, backend=backend, dtype=dtype
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_was_in_memory_before_is_in_no_gradient(dtype):
    runner = runner_of("llvm", dtype)
    loss, gradients = runner.gradients(BATCH)
    executor = runner.executor
    executor.memory[2 * executor.n_padded :] = np.nan
    runner.flat = type(runner.flat)(runner.loss)  # nothing is in memory any more
    assert runner.gradients(BATCH) == (loss, gradients)
    exact, expected = runner_of("numpy").gradients(BATCH)
    close = {"float64": 1e-12, "float32": 2e-5}[dtype]
    assert [loss, *gradients] == pytest.approx([exact, *expected], rel=close, abs=close)


def test_few_gradients_are_set_to_zero():
    runner = runner_of("llvm")
    runner.gradients(BATCH)
    (program,) = [p for p in runner.executor.programs if p.lanes > 1]
    form = runner.executor._form(runner.executor.programs.index(program))
    (first, end), (begin, whole) = form.cleared, program.lane_gradients
    assert begin < first < end <= whole
    assert (form.code[form.parts[2] : form.parts[3], 0] >= WRITES).sum() == 2
