"""A step whose loss, gradient or new numbers are not finite changes nothing, on every backend."""

import copy
import itertools
import math
import random

import numpy as np
import pytest

import neuroflow as nf

COMPILED = [(name, dtype) for name in ("numpy", "llvm") for dtype in ("float64", "float32")]
BACKENDS = [("eager", "float64"), *COMPILED]


class Factor(nf.Module):
    """w x, with noise of its own that each step draws."""

    def __init__(self, w=1.0):
        self.w = nf.Value(w)
        self.rng = nf.SplitMix32(3)

    def forward(self, x):
        return self.w * x + 0.0 * nf.random_input(self.rng.random)


def runner(model, loss, examples, backend, rule="sgd", **options):
    backend, dtype = backend
    rule = nf.get("optimizer", rule).load()
    return nf.make_runner(model, loss, examples, rule, backend=backend, dtype=dtype, **options)


def everything(model, made):
    return model.state_dict(), made.state_dict(), model.rng.getstate()


FAULTS = {
    "loss": (lambda model, x: nf.exp(model(x)), [(1.0,), (1e4,)], 0.1),
    "gradient": (lambda model, x: nf.sqrt(model(0.0) ** 2 + x), [(1.0,), (0.0,)], 0.1),
    "update": (lambda model, x: model(x), [(1.0,), (1e30,)], 1e300),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("backend", BACKENDS, ids="-".join)
def test_a_step_that_fails_in_the_middle_of_many_leaves_all_as_it_was_before_it(backend, fault):
    loss, examples, rate = FAULTS[fault]
    first = [1e-3, 1e-3]
    model, twin = Factor(), Factor()
    made = runner(model, loss, examples, backend, "adam", settings={"epsilon": 1.0})
    expected = runner(twin, loss, examples, backend, "adam", settings={"epsilon": 1.0})
    if fault == "update":
        made, expected = (runner(m, loss, examples, backend, "sgd") for m in (model, twin))
    expected.run([[0], [0]], first)
    with pytest.raises(nf.DomainError, match=r"step 3.*nf\.replay") as caught:
        made.run([[0], [0], [1], [0]], [*first, rate, rate])
    assert f"with the learning rate {rate:g}" in str(caught.value)
    assert made.steps == 2
    assert everything(model, made) == everything(twin, expected)
    assert made.run([[0]], first[:1]) == expected.run([[0]], first[:1]), "and it goes on from there"


@pytest.mark.parametrize("backend", BACKENDS, ids="-".join)
def test_a_gradient_whose_squares_overflow_is_clipped_to_its_norm(backend):
    large = 1e200 if backend[1] == "float64" else 1e20
    model = Factor()
    made = runner(model, lambda m, x: m(x) * large, [(1.0,)], backend, clip_norm=1.0)
    made.run([[0]], [0.1])
    assert made.gradient_norm == pytest.approx(large, rel=1e-6)
    assert model.w.data == pytest.approx(0.9)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_team_takes_a_failing_step_back_too(backend):
    model = Factor()
    loss, examples, rate = FAULTS["update"]
    made = runner(model, loss, examples * 8, (backend, "float64"), threads=2)
    with pytest.raises(nf.DomainError, match="update of step 1"):
        made.run([list(range(16))], [rate])
    assert (model.w.data, made.steps) == (1.0, 0)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_compiled_derivative_that_is_not_finite_is_an_error(backend):
    norm = nf.compile(lambda x, y: nf.sqrt(x * x + y * y), backend)
    with pytest.raises(nf.DomainError, match="a compiled run gave the derivative nan"):
        norm.value_and_gradients(0.0, 0.0)
    assert norm.value_and_gradients(3.0, 4.0)[1].inputs == pytest.approx([0.6, 0.8])
    model = Factor(0.0)
    root = nf.compile(lambda x: nf.sqrt(model.w * x), backend)
    with pytest.raises(nf.DomainError, match="the derivative"):
        root.batch_value_and_gradients([1.0, 2.0])


def test_the_last_step_of_a_run_saves_no_infinite_weights(tmp_path):
    tree = {
        "model": {"use": "mlp", "sizes": [1, 1], "initializer": "zeros"}, "loss": "mse",
        "optimizer": {"use": "sgd", "learning_rate": 1e300},
        "data": {"use": "rows", "rows": [[1e10, 1], [0.0, 0]]}, "train": {"steps": 1},
    }  # fmt: skip
    for backend in ("eager", "numpy", "llvm"):
        run = nf.Run.start(nf.configure(tree, {"train.backend": backend}), tmp_path / backend)
        with pytest.raises(nf.DomainError, match=r"update of step 1 .* learning rate 1e\+300"):
            run.run()
        assert [p.data for p in run.training.model.parameters()] == [0.0, 0.0]
        for file in (tmp_path / backend).glob("*.safetensors"):
            assert math.isfinite(nf.load(file)([1.0]).data)


OUTSIDE = random.Random(5)


class Noisy(nf.Module):
    """w x, with noise from a source that is no field of it."""

    def __init__(self, draw, number_of):
        self.w = nf.Value(1.0)
        self.draw, self.number_of = draw, number_of

    def forward(self, x):
        return nf.exp(self.w * x + 0.0 * nf.random_input(lambda: self.number_of(self.draw)))


class Bag:
    def __init__(self, rng):
        self.rng = rng


SOURCES = {
    "a global": (None, lambda _: OUTSIDE.random(), lambda _: OUTSIDE),
    "an object": (Bag(random.Random(1)), lambda bag: bag.rng.random(), lambda bag: bag.rng),
    "a tuple": ((nf.SplitMix32(1),), lambda it: it[0].random(), lambda it: it[0]),
    "numpy's": (np.random.default_rng(3), lambda rng: float(rng.random()), lambda rng: rng),
    "numpy's old": (np.random.RandomState(3), lambda rng: float(rng.rand()), lambda rng: rng),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("backend", BACKENDS[:2], ids="-".join)
def test_generators_wherever_they_are_stand_where_they_stood_before_the_step(backend, source):
    held, number_of, generator_of = SOURCES[source]
    rng = generator_of(held)
    twin = copy.deepcopy(rng)
    made = runner(Noisy(held, number_of), lambda m, x: m(x), [(1.0,), (1e4,)], backend)
    with pytest.raises(nf.DomainError, match="step 3"):
        made.run([[0], [0, 0], [1], [0]], [1e-3] * 4)
    for _ in range(3):  # the draws of the steps that were made
        twin.random() if hasattr(twin, "random") else twin.rand()
    draw = "random" if hasattr(rng, "random") else "rand"
    assert getattr(rng, draw)() == getattr(twin, draw)()


@pytest.mark.parametrize("backend", BACKENDS[:2], ids="-".join)
def test_a_source_that_cannot_go_back_is_drawn_from_once_for_each_example(backend):
    drawn = itertools.count()
    model = Noisy(drawn, lambda it: float(next(it)))
    made = runner(model, lambda m, x: m(x), [(1.0,), (1e4,)], backend)
    with pytest.raises(nf.DomainError, match="step 2"):
        made.run([[0], [1]], [1e-3] * 2)
    assert next(drawn) == 2
    system = Noisy(random.SystemRandom(), lambda rng: rng.random())
    made = runner(system, lambda m, x: m(x), [(1.0,)], backend)
    assert made.run([[0]], [1e-3]) == [pytest.approx(math.e)]
