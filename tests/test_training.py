"""Training: the steps of a run, its numbers, what it says, and what it refuses."""

from __future__ import annotations

import math
import random

import pytest

import neuroflow as nf
from neuroflow.run import make_tokenizer
from neuroflow.training import class_of, encoded, r2

SMALL = {
    "model": {"use": "mlp", "sizes": [2, 4, 1]},
    "loss": "hinge",
    "optimizer": {"use": "sgd", "learning_rate": 0.1},
    "data": {"use": "moons", "points": 20, "test": 0.25},
    "train": {"epochs": 3, "batch": 4, "backend": "eager"},
}


def numbers(run):
    steps = [(s.epoch, s.step, s.loss, tuple(s.metrics.items())) for s in run]
    return steps, run.model.state_dict()


def test_a_run_is_an_iterator_of_steps():
    run = nf.train(SMALL)
    steps = list(run)
    assert [s.step for s in steps] == list(range(1, 13))
    assert [s.epoch for s in steps] == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3]
    assert {s.steps for s in steps} == {12}
    assert all(s.losses == (s.loss,) for s in steps)
    assert all({"learning_rate", "gradient_norm"} <= set(s.metrics) for s in steps)
    assert {"accuracy", "test_loss", "test_accuracy"} <= set(steps[-1].metrics)
    assert steps[-1].model is run.model
    assert (len(run.dataset), len(run.test)) == (15, 5)


def test_the_same_source_gives_the_same_numbers_to_the_last_bit():
    assert numbers(nf.train(SMALL)) == numbers(nf.train(SMALL))
    assert numbers(nf.train(SMALL)) != numbers(nf.train(SMALL, {"train.seed": 1}))


def test_several_steps_between_reports_change_nothing():
    every, few = nf.train(SMALL), nf.train(SMALL, {"train.report_every": 5})
    losses = [loss for s in few for loss in s.losses]
    assert losses == [s.loss for s in every]
    assert few.model.state_dict() == every.model.state_dict()
    assert [s.step for s in nf.train(SMALL, {"train.report_every": 5, "train.evaluate_every": 99})
            ] == [5, 10, 12]  # fmt: skip


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_backends_agree_with_the_eager_run(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    eager, compiled = nf.train(SMALL), nf.train(SMALL, {"train.backend": backend})
    for ours, theirs in zip(eager, compiled, strict=True):
        assert theirs.loss == pytest.approx(ours.loss, rel=1e-12, abs=1e-15)
        assert theirs.metrics == pytest.approx(ours.metrics, rel=1e-9, abs=1e-12)
    assert compiled.model.state_dict() == pytest.approx(eager.model.state_dict(), rel=1e-10)
    assert compiled.summary()["backend"] == backend


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_dropout_draws_the_same_numbers_on_every_backend(backend):
    if backend == "numba":
        pytest.importorskip("numba")
    eager = nf.train(SMALL, {"model.dropout": 0.5}).run()
    compiled = nf.train(SMALL, {"model.dropout": 0.5, "train.backend": backend}).run()
    assert compiled.model.state_dict() == pytest.approx(eager.model.state_dict(), rel=1e-9)
    assert compiled.rng.getstate() == eager.rng.getstate()


def test_auto_takes_a_compiled_backend_and_says_so():
    run = nf.train(SMALL, {"train.backend": "auto", "train.epochs": 1}).run()
    assert run.summary()["backend"] in ("numba", "numpy")


def test_the_learning_rate_follows_the_schedule():
    run = nf.train(
        SMALL, {"optimizer.schedule": {"use": "linear", "to": 0.0}, "train.report_every": 1}
    )
    assert [s.metrics["learning_rate"] for s in run] == pytest.approx(
        [0.1 * (1 - k / 12) for k in range(12)]
    )


def test_accumulated_batches_are_one_large_batch():
    small = nf.train(SMALL, {"train.accumulation": 2})
    large = nf.train(SMALL, {"train.batch": 8})
    assert numbers(small) == numbers(large)


def test_an_epoch_shows_every_example_once():
    run = nf.train(SMALL)
    seen = [k for step in range(4) for k in run.batches.at(step)]
    assert sorted(seen) == list(range(15))
    assert seen != list(range(15))
    plain = nf.train(SMALL, {"train.shuffle": False})
    assert [plain.batches.at(step) for step in range(5)] == [
        [0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14], [0, 1, 2, 3],
    ]  # fmt: skip


def test_random_numbers_come_in_the_documented_order():
    changes = {
        "train.generator": "python",
        "train.seed": 42,
        "train.shuffle": False,
        "data.test": 0,
    }
    run = nf.train(SMALL, changes)
    rng = random.Random(42)
    data = nf.get("dataset", "moons").load()(rng, points=20)
    model = nf.build("mlp", sizes=[2, 4, 1], rng=rng)
    assert run.dataset.inputs == data.inputs
    assert run.model.state_dict() == model.state_dict()
    assert run.rng.getstate() == rng.getstate()


def test_a_step_is_what_a_loop_by_hand_does():
    run = nf.train(SMALL, {"train.batch": 15, "train.l2": 0.01, "data.test": 0.25})
    model = nf.build("mlp", sizes=[2, 4, 1], rng=nf.SplitMix32(0))
    model.load_state_dict(run.model.state_dict())
    examples = list(zip(run.dataset.inputs, run.dataset.targets, strict=True))
    hinge = nf.get("loss", "hinge").load()
    loss = nf.sum([hinge(model(x), 2 * y - 1) for x, y in examples]) / 15
    loss = loss + 0.01 * nf.sum([p * p for p in model.parameters()])
    loss.backward()
    expected = {n: p.data - 0.1 * p.grad for n, p in model.named_parameters()}
    step = next(iter(run))
    assert step.loss == pytest.approx(loss.data, rel=1e-12)
    assert run.model.state_dict() == pytest.approx(expected, rel=1e-12)


def test_gradients_are_clipped_by_norm():
    run = nf.train(SMALL, {"train.clip_norm": 1e-3, "train.batch": 15})
    before = run.model.state_dict()
    step = next(iter(run))
    moved = math.dist(before.values(), run.model.state_dict().values())
    assert step.metrics["gradient_norm"] > 1e-3
    assert moved == pytest.approx(0.1 * 1e-3)


def test_the_recipe_moons_is_learned_completely():
    run = nf.train("moons").run()
    assert run.step == 100
    assert run.metrics["accuracy"] == 1.0
    assert len(run.runner.parameters) == 337


@pytest.mark.parametrize(
    ("recipe", "metric", "least"),
    [
        ("circles", "test_accuracy", 0.95),
        ("spirals", "test_accuracy", 0.95),
        ("xor", "test_accuracy", 0.9),
        ("function", "r2", 0.99),
        ("multiclass", "test_accuracy", 0.95),
        ("digits", "test_accuracy", 0.94),
        ("autoencoder", "test_r2", 0.7),
    ],
)
def test_recipes_reach_what_they_promise(recipe, metric, least):
    run = nf.train(recipe, {"train.evaluate_every": 10**6, "train.backend": "numpy"}).run()
    assert run.metrics[metric] >= least


def test_targets_are_spelled_as_the_loss_wants_them():
    two = nf.Dataset([[0.0], [1.0]], [0, 1], "binary")
    three = nf.Dataset([[0.0], [1.0]], [0, 2], "classes", labels="abc")

    def targets(data, loss):
        return [target for _, target in encoded(data, nf.get("loss", loss))]

    assert targets(two, "hinge") == [-1.0, 1.0]
    assert targets(two, "binary_cross_entropy") == [0.0, 1.0]
    assert targets(two, "cross_entropy") == [0, 1]
    assert targets(three, "cross_entropy") == [0, 2]
    assert targets(three, "mse") == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    assert targets(three, "hinge") == [[1.0, -1.0, -1.0], [-1.0, -1.0, 1.0]]


def test_a_target_outside_the_range_of_the_loss():
    data = nf.Dataset([[0.0], [1.0]], [0.5, 7.0], "regression", name="mine")
    with pytest.raises(nf.InputError) as caught:
        encoded(data, nf.get("loss", "binary_cross_entropy"))
    assert str(caught.value) == (
        "loss 'binary_cross_entropy' got the target 7.0 in row 1 of dataset 'mine';"
        " allowed: 0 to 1; choose another loss or repair the data"
    )
    with pytest.raises(nf.InputError, match="wants the number of a class"):
        encoded(data, nf.get("loss", "cross_entropy"))


def test_a_setting_out_of_range_names_its_table():
    assert error_of({"data.points": 1}) == "data: points is 1; expected at least 4"
    assert error_of({"model.sizes": [2, 0, 1]}).startswith("model: a layer got the size 0")


def error_of(changes):
    with pytest.raises(nf.InputError) as caught:
        nf.train(SMALL, changes)
    return str(caught.value)


def test_a_model_that_does_not_fit_the_data():
    assert "cannot take the inputs of dataset 'moons', 2 numbers each: " in error_of(
        {"model.sizes": [3, 1]}
    )
    assert error_of({"model.sizes": [2, 3]}) == (
        "the model answers with 3 number(s), but dataset 'moons' needs 1;"
        " change the size of its last layer"
    )
    assert "needs 3, one per class" in error_of(
        {"data": {"use": "gauss", "classes": 3}, "loss": "cross_entropy"}
    )


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_a_run_that_diverges_says_so(backend):
    run = nf.train(
        SMALL, {"optimizer.learning_rate": 1e200, "loss": "mse", "train.backend": backend}
    )
    with pytest.raises(nf.DomainError):
        run.run()


def test_scores():
    assert [class_of(x) for x in (0.1, -0.1, [0.2], [1.0, 3.0, 2.0])] == [1, 0, 1, 1]
    assert r2([[1.0, 2.0]], [[1.0, 2.0]]) == 1.0
    assert r2([[0.0], [0.0]], [[1.0], [-1.0]]) == 0.0


def test_predictions_are_plain_numbers():
    run = nf.train(SMALL).run()
    answers = nf.predict(run.model, [[0.0, 1.0], [1, 0]])
    assert all(isinstance(y, float) for y in answers)
    assert run.model.training
    assert answers[0] == run.model([0.0, 1.0]).data


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "there are no rows to predict; give at least one"),
        ([3.0], "row 0 is 3.0; expected a list of numbers"),
        ([[0.0, math.nan]], "row 0, number 1 is nan; expected a finite number"),
        ([["a", 1.0]], "row 0, number 0 is 'a'; expected a finite number"),
    ],
)
def test_rows_that_cannot_be_predicted(rows, message):
    model = nf.build("mlp", sizes=[2, 1])
    with pytest.raises(nf.InputError) as caught:
        nf.predict(model, rows)
    assert str(caught.value) == message


def test_many_rows_are_predicted_compiled():
    model = nf.build("mlp", sizes=[2, 4, 3], rng=nf.SplitMix32(2))
    rows = [[k / 10, -k / 7] for k in range(30)]
    eager = nf.predict(model, rows)
    for dtype, close in (("float64", 1e-12), ("float32", 1e-4)):
        compiled = nf.predict(model, rows, backend="numpy", dtype=dtype)
        for ours, theirs in zip(eager, compiled, strict=True):
            assert theirs == pytest.approx(ours, rel=close, abs=close)


class Table(nf.Module):
    """The logits of the next token, by the token before it."""

    def __init__(self, *, vocab_size, rng):
        self.vocab_size = vocab_size
        self.rows = [[nf.Value(rng.gauss(0, 0.1)) for _ in range(vocab_size)]
                     for _ in range(vocab_size)]  # fmt: skip

    def forward(self, tokens):
        return [nf.take(self.rows, token) for token in tokens]


class Letters:
    """Token ids of the letters of an alphabet."""

    def __init__(self, *, letters: str = "abc"):
        self.letters = letters

    def configuration(self):
        return {"letters": self.letters}


def counting(rng, *, texts: int = 12, tokenizer="letters"):
    """0 1 2 0 1 2 ...: after the first token, everything can be known."""
    starts = [rng.randrange(3) for _ in range(texts)]
    full = [[(s + k) % 3 for k in range(4 + s)] for s in starts]
    inputs, targets = [t[:-1] for t in full], [t[1:] for t in full]
    letters = nf.resolve("tokenizer", tokenizer)()
    return nf.Dataset(inputs, targets, "sequence", vocab_size=3, tokenizer=letters)


@pytest.fixture
def text_task():
    from neuroflow.plugin import manager
    from neuroflow.registry import Provider

    registry, provider = manager().registry, Provider("toys", "toys", "toys", "1", "toys")
    registry.add(nf.LayerEntry(name="table", target=Table), provider)
    registry.add(nf.TokenizerEntry(name="letters", target=Letters), provider)
    registry.add(nf.DatasetEntry(name="counting", target=counting), provider)
    yield {
        "model": "table",
        "loss": "cross_entropy",
        "optimizer": {"use": "adam", "learning_rate": 0.1},
        "data": {"use": "counting", "test": 0.25},
        "train": {"epochs": 40, "batch": 3, "backend": "eager"},
    }
    registry.remove(provider)


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_text_is_learned_and_scored_by_perplexity(text_task, backend):
    run = nf.train(text_task, {"train.backend": backend})
    assert run.configuration["model"]["vocab_size"] == 3
    first = next(iter(run))
    assert first.loss == pytest.approx(math.log(3), abs=0.3)
    run.run()
    assert run.metrics["test_perplexity"] == pytest.approx(math.exp(run.metrics["test_loss"]))
    assert run.metrics["test_perplexity"] < 1.2


def test_the_loss_of_a_text_is_the_mean_over_its_targets(text_task):
    run = nf.train(text_task, {"train.batch": 1, "train.shuffle": False})
    tokens, targets = run.dataset[0]
    logits = run.model(tokens)
    cross_entropy = nf.get("loss", "cross_entropy").load()
    losses = [cross_entropy(row, t).data for row, t in zip(logits, targets, strict=True)]
    assert next(iter(run)).losses[0] == pytest.approx(sum(losses) / len(losses), rel=1e-12)


def test_a_prompt_can_be_left_out_of_the_loss(text_task):
    from neuroflow.training import sequence_loss

    model = Table(vocab_size=3, rng=nf.SplitMix32(0))
    loss = sequence_loss(nf.get("loss", "cross_entropy").load())
    assert loss(model, [0, 1, 2], [0]).data == loss(model, [2], [0]).data


def test_a_token_outside_the_vocabulary_is_refused(text_task):
    with pytest.raises(nf.InputError, match=r"the model answers with 5 number\(s\), .* needs 3"):
        nf.train(text_task, {"model": {"use": "table", "vocab_size": 5}})


def test_a_model_of_text_on_points(text_task):
    with pytest.raises(nf.ConfigurationError, match="'moons' has no vocabulary to take it from"):
        nf.train(text_task, {"data": "moons"})
    with pytest.raises(nf.ConfigurationError, match=r"layer\.vocab_size: missing"):
        nf.build("table")


def test_label_smoothing_comes_through_the_configuration(text_task):
    plain = next(iter(nf.train(text_task)))
    smooth = next(iter(nf.train(text_task, {"loss.label_smoothing": 0.5})))
    assert plain.loss != smooth.loss


def test_a_text_run_is_saved_and_resumed(text_task, tmp_path):
    text_task["data"]["tokenizer"] = {"use": "letters", "letters": "xyz"}
    whole = nf.Run.start(text_task, tmp_path / "a").run()
    for step in nf.Run.start(text_task, tmp_path / "b"):
        if step.step > 20:
            break
    again = nf.Run.resume(tmp_path / "b").run()
    assert again.training.model.state_dict() == whole.training.model.state_dict()
    assert nf.load(tmp_path / "b" / "checkpoint.safetensors").vocab_size == 3
    saved = nf.inspect_file(tmp_path / "b" / "checkpoint.safetensors")
    assert saved.data["tokenizer"] == {"use": "toys/letters", "letters": "xyz"}
    assert make_tokenizer(saved.data["tokenizer"]).letters == "xyz"
    assert "toys/letters@1" in {used.id for used in saved.uses}
