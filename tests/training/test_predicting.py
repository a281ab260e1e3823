"""Predicting: plain numbers for rows, eagerly and compiled."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf

SMALL = {
    "model": {"use": "mlp", "sizes": [2, 4, 1]},
    "loss": "hinge",
    "optimizer": {"use": "sgd", "learning_rate": 0.1},
    "data": {"use": "moons", "points": 20, "test": 0.25},
    "train": {"epochs": 3, "batch": 4, "backend": "eager"},
}


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


DROPPED = {"sizes": [2, 16, 1], "dropout": 0.5}


@pytest.mark.parametrize("backend", ["eager", "numpy", "llvm"])
def test_a_model_in_training_mode_answers_as_in_evaluation(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    model = nf.build("mlp", **DROPPED, rng=nf.SplitMix32(1)).train()
    rows = [[1.0, 2.0], [-0.5, 0.25]]
    with nf.no_grad():
        noisy = [model(row).data for row in rows]
    asked = nf.predict(model, rows, backend=backend)
    assert model.training
    assert asked != pytest.approx(noisy)
    model.eval()
    assert asked == pytest.approx([model(row).data for row in rows], rel=1e-12)


@pytest.mark.parametrize("backend", ["eager", "numpy", "llvm"])
def test_predicting_from_four_threads_is_right_and_leaves_the_model_in_training(backend, together):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    model = nf.build("mlp", **DROPPED, rng=nf.SplitMix32(1)).train()
    rows = [[[0.1 * k, 2.0], [1.0, k]] for k in range(4)]
    right = [nf.predict(model, each, backend=backend) for each in rows]
    modes = []

    def ask(k):
        def often():
            found = [nf.predict(model, rows[k], backend=backend) for _ in range(10)]
            modes.append(model.training)
            return found

        return often

    def train():
        """Another thread has its dropout meanwhile."""
        for _ in range(100):
            modes.append(model.training)
            model([1.0, 2.0])

    found = together(train, *[ask(k) for k in range(4)])[1:]
    for k, answers in enumerate(found):
        assert all(answer == right[k] for answer in answers)
    assert set(modes) == {True}
    assert {type(p) for p in model.parameters()} == {nf.Value}


def test_a_transformer_keeps_its_dropout_while_another_thread_predicts(together):
    """Its blocks have a dropout of their own, which no walk over the modules reaches."""
    model = nf.build(
        "gpt", vocab_size=5, n_embd=4, n_head=2, block_size=4, dropout=0.5, rng=nf.SplitMix32(1)
    )

    def look():
        for _ in range(20):
            with nf.evaluating(), nf.no_grad():
                model([4, 0])

    def dropped():
        with nf.no_grad():
            return {tuple(x.data for x in model([4, 0])[-1]) for _ in range(20)}

    assert len(together(look, dropped, look)[1]) > 10
    with nf.no_grad():
        assert len({model([4, 0])[-1][0].data for _ in range(20)}) > 10
    model.eval()
    assert len({model([4, 0])[-1][0].data for _ in range(5)}) == 1


def test_probabilities_are_by_the_names_of_classes_also_from_a_file(tmp_path):
    rows = [[0.0, 1.0], [1.0, 0.0]]
    run = nf.train(SMALL, {"loss": "binary_cross_entropy"}).run()
    nf.save(run.model, tmp_path / "model.safetensors")
    for model in (run.model, tmp_path / "model.safetensors"):
        found = nf.predict(model, rows, probabilities=True)
        for one, (logit,) in zip(found, zip(nf.predict(run.model, rows), strict=True), strict=True):
            assert one == {"0": pytest.approx(1 - one["1"]), "1": 1 / (1 + math.exp(-logit))}


def test_scores_are_no_probabilities():
    with pytest.raises(nf.InputError) as caught:
        nf.predict(nf.train(SMALL).run().model, [[0.0, 1.0]], probabilities=True)
    assert "'hinge' gives scores, which are no probabilities of classes" in str(caught.value)
    assert "train with cross_entropy, or with binary_cross_entropy" in caught.value.remedy
    bare = nf.build("mlp", sizes=[2, 1])
    with pytest.raises(nf.InputError, match="has no names for its answers"):
        nf.predict(bare, [[0.0, 1.0]], probabilities=True)
