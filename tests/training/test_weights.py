"""Weights: the loss counts each class and each row as it was told, exactly, however it is run."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.data.weights import class_weights

TABLE = {"x": [0.5, -1.0, 2.0, 1.5, -0.5, 0.25], "y": [1.0, 0.5, -1.0, 2.0, 0.0, 3.0],
         "w": [1.0, 0.0, 2.0, 0.5, 3.0, 1.5], "kind": ["a", "a", "a", "a", "b", "c"]}  # fmt: skip


def tree(folder, backend="eager", **data):
    lines = [",".join(TABLE), *(",".join(map(str, row)) for row in zip(*TABLE.values()))]  # noqa: B905
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    data = {"use": "csv", "path": str(folder / "t.csv"), "target": "kind", **data}
    return {
        "model": {"use": "mlp", "sizes": [2, 4, 3], "activation": "tanh"}, "loss": "cross_entropy",
        "optimizer": {"use": "adam", "learning_rate": 0.05}, "data": data,
        "train": {"steps": 6, "batch": 4, "backend": backend, "seed": 3},
    }  # fmt: skip


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_the_loss_is_the_mean_of_weight_times_loss(tmp_path, backend):
    plain = nf.train(tree(tmp_path, backend, columns=["x", "y"]))
    for told, of_class in (
        ("balanced", [6 / (3 * 4), 6 / 3, 6 / 3]),
        ({"b": 2.5, "a": 0.0}, [0.0, 2.5, 1.0]),
    ):
        heavy = nf.train(
            tree(tmp_path, backend, columns=["x", "y"], weights="w", class_weights=told)
        )
        losses = plain.runner.losses(range(6))
        wanted = [of_class[c] * w * loss for c, w, loss
                  in zip(heavy.dataset.targets, TABLE["w"], losses, strict=True)]  # fmt: skip
        assert heavy.runner.losses(range(6)) == pytest.approx(wanted, rel=1e-15)
        mean, _ = heavy.runner.gradients(range(6))
        assert mean == pytest.approx(sum(wanted) / 6, rel=1e-14)


def test_a_weighted_run_is_the_same_compiled_and_resumed(tmp_path):
    told = {"columns": ["x", "y"], "weights": "w", "class_weights": "balanced"}
    eager = nf.train(tree(tmp_path, **told)).run().model.state_dict()
    compiled = nf.train(tree(tmp_path, "numpy", **told)).run().model.state_dict()
    assert list(compiled.values()) == pytest.approx(list(eager.values()), rel=1e-9)
    run = nf.Run.start(tree(tmp_path, **told), tmp_path / "run")
    for step in run:
        if step.step == 3:
            run.save()
            break
    assert nf.Run.resume(tmp_path / "run").run().training.model.state_dict() == eager
    unweighted = nf.train(tree(tmp_path, columns=["x", "y"])).run().model.state_dict()
    assert unweighted != eager


def test_weights_that_make_no_sense_are_refused():
    numbers = nf.Dataset([[1.0]], [1.0])
    classes = nf.Dataset([[1.0], [2.0]], [0, 1], "binary", labels=("no", "yes"))
    for data, told, message in (
        (numbers, "balanced", "there are no classes to weigh"),
        (classes, "even", 'expected "balanced", or a table'),
        (classes, {"yess": 1.0}, "has no class 'yess'; did you mean 'yes'?"),
        (classes, {"yes": -1.0}, "the weight of 'yes' is -1.0; expected a finite number, at least"),
    ):
        with pytest.raises(nf.InputError) as caught:
            class_weights(data, told)
        assert message in str(caught.value)
    for weights in ([1.0], [1.0, -1.0], [1.0, float("nan")]):
        with pytest.raises(nf.InputError, match="weight"):
            nf.Dataset([[1.0], [2.0]], [0.0, 1.0], weights=weights)
