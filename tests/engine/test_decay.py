"""Weight decay: the parameters that it leaves alone are said in the configuration."""

from __future__ import annotations

import pytest

import neuroflow as nf

DECAYING = {
    "model": {"use": "mlp", "sizes": [2, 3, 1]},
    "loss": "hinge",
    "optimizer": {"use": "adamw", "learning_rate": 0.1, "weight_decay": 0.5},
    "data": {"use": "moons", "points": 20},
    "train": {"steps": 1, "backend": "eager"},
}
BACKENDS = ["eager", "numpy", "llvm"]


def without_decay(no_decay, backend="eager"):
    """The names of the parameters that move as they would without weight decay."""
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    changes = {"train.backend": backend, "optimizer.no_decay": no_decay}
    decayed = nf.train(DECAYING, changes).run().model.state_dict()
    without = {**changes, "optimizer.weight_decay": 0.0}
    plain = nf.train(DECAYING, without).run().model.state_dict()
    start = nf.train(DECAYING).model.state_dict()
    for name, number in decayed.items():
        if number != pytest.approx(plain[name], abs=1e-12):
            assert number == pytest.approx(plain[name] - 0.1 * 0.5 * start[name], abs=1e-12)
    moved = {n for n, x in decayed.items() if x == pytest.approx(plain[n], abs=1e-12)}
    return {name for name in moved if start[name] != 0.0}  # zero has nothing to lose


def test_biases_and_gains_do_not_decay_by_default():
    assert nf.configure(DECAYING)["optimizer"]["no_decay"] == ["bias", "biases", "gain", "gains"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_everything_decays_with_an_empty_list(backend):
    assert without_decay([], backend) == set()


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_parameters_that_patterns_name_do_not_decay(backend):
    found = without_decay(["layers.0.*"], backend)
    names = [name for name, _ in nf.train(DECAYING).model.named_parameters()]
    weights = {n for n in names if n.startswith("layers.0.") and ".weights." in n}
    assert found == weights
    assert len(weights) == 6


def test_a_field_is_enough_of_a_name():
    assert len(without_decay(["weights"])) == 9


def test_a_pattern_that_names_nothing_is_an_error():
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.train(DECAYING, {"optimizer.no_decay": ["wieghts"]})
    assert str(caught.value) == (
        "optimizer.no_decay: 'wieghts' names no parameter of the model; its parameters are called"
        " layers.0.neurons.0.weights.0, layers.0.neurons.0.weights.1, layers.0.neurons.0.bias,"
        " ...: use such a name, or a wildcard"
    )


def test_an_optimizer_without_the_state_no_decay_has_no_such_setting():
    with pytest.raises(nf.ConfigurationError, match=r"optimizer\.no_decay: unknown key of optimi"):
        nf.train(DECAYING, {"optimizer": {"use": "sgd", "no_decay": ["bias"]}})


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_resumed_run_leaves_the_same_alone(tmp_path, backend):
    tree = {**DECAYING, "train": {"steps": 6, "backend": backend}}
    changes = {"optimizer.no_decay": ["layers.1.*"]}
    whole = nf.Run.start(tree, tmp_path / "a", changes).run()
    for step in nf.Run.start(tree, tmp_path / "b", changes):
        if step.step == 3:
            break
    again = nf.Run.resume(tmp_path / "b").run()
    assert again.training.model.state_dict() == whole.training.model.state_dict()
