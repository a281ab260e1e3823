"""Workers share each batch: the steps of one worker alone, and the same bits in all of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuroflow as nf
from neuroflow.engine.run.workers import Workers
from tests.support.job import job

EXAMPLES = [([0.5, -1.0], 1.0), ([1.0, 2.0], 0.0), ([0.25, 0.5], 0.5), ([-1.5], 0.25)] * 5
BATCHES = [[0, 1, 2, 3, 4, 5, 6], [7], [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19], [3, 3, 4], [5]]


class Numbered(Workers):
    """One that has nobody to talk to."""

    def __init__(self, rank, count):
        self.rank, self.count = rank, count

    def all_reduce(self, numbers):
        raise AssertionError("nothing is to be added up")


class Drawing(nf.Module):
    """Draws for each number, writes a buffer for each example, and reads it."""

    def __init__(self, rng):
        self.gain, self.bias, self.mean = nf.Value(1.0), nf.Value(0.25), nf.Buffer(0.5)
        self.rng = rng

    def forward(self, xs):
        kept = [nf.where(nf.random_input(self.rng.random) < 0.25, 0.0, x) for x in xs]
        self.mean.write(0.75 * self.mean + 0.25 * kept[-1])
        return nf.tanh(nf.sum([(x - self.mean) * self.gain for x in kept]) + self.bias)


class Writing(Drawing):
    """The same without a draw, so that an example that comes twice is one."""

    def forward(self, xs):
        self.mean.write(0.75 * self.mean + 0.25 * xs[-1])
        return nf.tanh(nf.sum([(x - self.mean) * self.gain for x in xs]) + self.bias)


class Plain(nf.Module):
    """Neither draws nor writes."""

    def __init__(self, rng):
        self.gain, self.bias, self.rng = nf.Value(1.0), nf.Value(0.25), rng

    def forward(self, xs):
        return nf.tanh(nf.sum([x * self.gain for x in xs]) + self.bias)


def loss(model, xs, y):
    return (model(xs) - y) ** 2


def trained(kind, backend, workers=None, **options):
    """All that some steps leave behind, as numbers, and where the generator stands."""
    model = kind(nf.SplitMix32(3))
    runner = nf.make_runner(
        model, loss, EXAMPLES, nf.get("optimizer", "adam").load(), l2=0.01, clip_norm=0.1,
        backend=backend, workers=workers, **options,
    )  # fmt: skip
    losses = [*runner.run(BATCHES[:3], [0.1] * 3), *runner.run(BATCHES[3:], [0.05] * 2)]
    state = runner.state_dict()
    numbers = [*losses, *model.state_dict().values(), *state["m"], *state["v"]]
    return [*numbers, runner.gradient_norm], model.rng.getstate()


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("kind", [Plain, Drawing, Writing])
@pytest.mark.parametrize("backend", ["eager", "numpy", "llvm", "portable", "torch"])
def test_several_workers_make_the_steps_of_one(backend, kind, count):
    alone, stands = trained(kind, backend)
    found = job(count, lambda workers: trained(kind, backend, workers))
    for numbers, generator in found:
        assert numbers == pytest.approx(alone, rel=1e-12, abs=1e-15)
        assert numbers == found[0][0]
        assert generator == stands


def test_each_worker_may_have_threads():
    alone, _ = trained(Plain, "numpy")
    found = job(2, lambda workers: trained(Plain, "numpy", workers, threads=2))
    assert found[0][0] == found[1][0] == pytest.approx(alone, rel=1e-12)


def test_float32_is_added_up_in_float64():
    alone, _ = trained(Plain, "llvm", dtype="float32")
    found = job(4, lambda workers: trained(Plain, "llvm", workers, dtype="float32"))
    assert found[0][0] == found[3][0] == pytest.approx(alone, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_a_step_that_is_not_finite_is_made_by_no_worker(backend):
    def failed(workers):
        model = Plain(nf.SplitMix32(3))
        examples = [([1.0], 0.0), ([2.0], math.inf)]
        rule = nf.get("optimizer", "sgd").load()
        runner = nf.make_runner(
            model, loss, examples, rule, backend=backend, workers=workers, compare=False
        )
        with pytest.raises(nf.DomainError, match="the loss of step 1 is inf"):
            runner.run([[0, 1]], [0.1])
        return model.gain.data, runner.steps

    assert job(2, failed) == [(1.0, 0)] * 2


def test_all_but_the_steps_is_done_by_each_for_itself():
    runner = nf.make_runner(
        Plain(nf.SplitMix32(0)), loss, EXAMPLES, nf.get("optimizer", "sgd").load(),
        backend="numpy", workers=Numbered(1, 2),
    )  # fmt: skip
    alone = nf.make_runner(
        Plain(nf.SplitMix32(0)), loss, EXAMPLES, nf.get("optimizer", "sgd").load(), backend="numpy"
    )
    assert runner.gradients([0, 1, 2]) == alone.gradients([0, 1, 2])
    assert runner.losses([0, 3]) == alone.losses([0, 3])
    assert runner.bits_depend_on() == f"{alone.bits_depend_on()}, 2 workers"


@given(st.integers(0, 50), st.integers(1, 9))
def test_shares_are_all_examples_once_in_their_order(n, count):
    shares = [list(range(n))[Numbered(rank, count).share(n)] for rank in range(count)]
    assert [k for share in shares for k in share] == list(range(n))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_what_the_first_tells_keeps_every_digit():
    told = {"loss": 0.1 + 0.2, "nothing": math.inf, "ž": [1, None]}
    found = job(3, lambda w: (w.told_by_first(told if w.is_first else "no"), w.any(w.rank == 2)))
    assert found == [(told, True)] * 3
