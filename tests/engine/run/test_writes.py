"""Buffers that a model writes while it trains: the same numbers on every backend."""

import pytest

import neuroflow as nf

EXAMPLES = [([0.5, -1.0], 1.0), ([1.0, 2.0], 0.0), ([0.25, 0.5], 0.5), ([-1.5], 0.25)] * 5
BATCHES = [[0, 1, 2, 3, 4, 5, 6], [7, 8], [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19], [3, 3, 3]]


class Norm(nf.Module):
    """Batch norm for one number: a running mean and deviation, written while training."""

    def __init__(self):
        self.gain, self.bias = nf.Value(1.0), nf.Value(0.0)
        self.mean, self.square, self.fixed = nf.Buffer(0.5), nf.Buffer(1.0), nf.Buffer(2.0)

    def forward(self, xs):
        for x in xs:  # as often as there are numbers
            self.mean.write(0.75 * self.mean + 0.25 * x)
            self.square.write(0.75 * self.square + 0.25 * x * x)
        scale = nf.sqrt(self.square + 0.125)
        return nf.mean([(x - self.mean) / scale * self.gain * self.fixed for x in xs]) + self.bias


def loss(model, xs, y):
    return (model(xs) - y) ** 2


def runner_of(backend, model=None, **options):
    model = model or Norm()
    adam = nf.get("optimizer", "adam").load()
    return nf.make_runner(model, loss, EXAMPLES, adam, backend=backend, **options)


def trained(backend, **options):
    runner = runner_of(backend, **options)
    losses = runner.run(BATCHES, [0.1] * 4)
    return losses, runner.model.state_dict()


def test_a_step_reads_what_was_there_and_writes_the_mean_of_its_examples():
    runner = runner_of("eager")
    runner.run([[1, 3]], [0.0])
    assert runner.model.mean.data == (3 * 0.75 * 0.5 + 0.25 * (1.0 + 2.0 - 1.5)) / 3
    assert runner.model.fixed.data == 2.0


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("threads", [1, 3])
def test_compiled_steps_write_what_eager_ones_write(backend, threads):
    losses, state = trained("eager")
    found = trained(backend, threads=threads)
    assert found[0] == pytest.approx(losses, rel=1e-12)
    assert found[1] == pytest.approx(state, rel=1e-12)
    assert found[1]["mean"] == state["mean"]  # sums in the same order: the same bits
    assert trained(backend, dtype="float32")[1] == pytest.approx(state, rel=1e-5)


@pytest.mark.parametrize("backend", ["eager", "numpy", "llvm"])
def test_steps_in_two_calls_are_those_of_one(backend):
    runner = runner_of(backend)
    losses = runner.run(BATCHES[:1], [0.1]) + runner.run(BATCHES[1:], [0.1] * 3)
    assert (losses, runner.model.state_dict()) == trained(backend)


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_looking_writes_nothing(backend):
    runner = runner_of(backend)
    before = runner.model.state_dict()
    runner.gradients([0, 1])
    runner.losses([0, 1])
    runner.predict([[1.0], [2.0]])
    with nf.evaluating():
        runner.run([[0, 1]], [0.0])
    assert runner.model.state_dict() == before


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_buffer_that_stays_is_read_anew_by_every_call(backend):
    model = Norm().eval()
    compiled = nf.compile(model, backend=backend)
    for number in (2.0, 3.0):
        model.fixed.data = number
        assert compiled.value([0.3, 0.5]) == pytest.approx(model([0.3, 0.5]).data, rel=1e-12)
    assert model.fixed not in compiled.parameters


def test_a_compiled_function_writes_no_buffers():
    with pytest.raises(nf.TraceError, match=r"Norm wrote into Buffer\(0\.5\) while it was traced"):
        nf.compile(Norm(), backend="numpy").value([1.0])


def test_the_number_of_a_buffer_cannot_be_frozen_by_a_trace():
    class Frozen(Norm):
        def forward(self, xs):
            return xs[0] * self.mean.data

    with pytest.raises(nf.TraceError, match=r"read \.data of a Value that is not known"):
        nf.compile(Frozen(), backend="numpy").value([1.0])


@pytest.mark.parametrize("backend", ["eager", "numpy", "llvm"])
def test_a_number_that_is_not_finite_leaves_the_model_as_the_step_before_left_it(backend):
    class Broken(Norm):
        def forward(self, xs):
            self.fixed.write(1e200 * self.fixed)
            return self.gain * xs[0]

    class Outer(nf.Module):
        def __init__(self):
            self.inner = Broken()

        def forward(self, xs):
            return self.inner(xs)

    runner, before = runner_of(backend, Outer()), runner_of(backend, Outer())
    before.run([[2]], [0.1])
    told = r"step 2 failed: the number inf was to be written into inner\.fixed, Buffer\(2e\+200\)"
    if backend == "eager":  # it meets the product first
        told = r"step 2 failed: mul\(1e\+200, 2e\+200\) in inner has no finite value"
    with pytest.raises(nf.DomainError, match=told):
        runner.run([[2], [1]], [0.1, 0.1])
    assert runner.model.state_dict() == before.model.state_dict()
    assert runner.steps == 1


class Averaging(nf.Module):
    def __init__(self, *, inputs=2, rng):
        self.weights = [nf.Value(rng.gauss(0, 1)) for _ in range(inputs)]
        self.means = [nf.Buffer(0.0) for _ in range(inputs)]

    def forward(self, xs):
        for mean, x in zip(self.means, xs, strict=True):
            mean.write(0.9 * mean + 0.1 * x)
        return nf.dot(self.weights, [x - m for x, m in zip(xs, self.means, strict=True)])


@pytest.mark.parametrize("backend", ["eager", "numpy", "llvm"])
def test_a_run_goes_on_from_a_checkpoint_bit_for_bit(backend, tmp_path, offers):
    offers.put(nf.LayerEntry(name="averaging", target=Averaging, summary="Averages."))
    tree = {
        "model": {"use": "averaging"}, "loss": "hinge", "data": "moons",
        "optimizer": {"use": "adam", "learning_rate": 0.1},
        "train": {"steps": 4, "batch": 8, "report_every": 1, "backend": backend},
    }  # fmt: skip
    whole = nf.train(tree).run().model.state_dict()
    for step in nf.Run.start(tree, tmp_path / "run"):
        if step.step == 2:
            break
    resumed = nf.Run.resume(tmp_path / "run").run().training.model.state_dict()
    assert resumed == whole
    assert nf.load(tmp_path / "run").state_dict() == whole
    assert whole["means.0"] != 0.0
