"""Groups of parameters have rates and decays of their own, on every backend, saved and changed."""

from __future__ import annotations

import pytest

import neuroflow as nf

GROUPS = [
    {"parameters": ["layers.0"], "factor": 0.1, "weight_decay": 0.0},
    {"parameters": ["layers.*.bias", "bias"], "learning_rate": 0.1},
]
TREE = {
    "model": {"use": "mlp", "sizes": [2, 3, 1], "activation": "tanh"},
    "loss": "hinge",
    "optimizer": {"use": "sgd", "learning_rate": 0.05, "momentum": 0.5, "weight_decay": 0.2,
                  "groups": GROUPS},
    "data": {"use": "moons", "points": 12},
    "train": {"steps": 6, "backend": "eager", "report_every": 1},
}  # fmt: skip


def test_a_step_by_hand_is_that_of_each_group():
    run = nf.train(TREE)
    before = run.model.state_dict()
    _, gradient = run.runner.gradients(list(range(12)))
    slopes = dict(zip(run.runner.names, gradient, strict=True))
    next(iter(run))
    for name, w in before.items():
        first, bias = name.startswith("layers.0."), name.endswith("bias")
        rate = 0.005 if first else 0.1 if bias else 0.05
        decay = 0.0 if first else 0.2
        expected = w - rate * (slopes[name] + decay * w)
        assert run.model.state_dict()[name] == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("backend", ["numpy", "llvm", "portable"])
def test_every_backend_moves_groups_alike(backend, optimizer):
    table = {"use": optimizer, "learning_rate": 0.05, "groups": GROUPS}
    runs = [nf.train({**TREE, "optimizer": table}, {"train.backend": b}).run()
            for b in ("eager", backend)]  # fmt: skip
    assert runs[1].model.state_dict() == pytest.approx(
        runs[0].model.state_dict(), rel=1e-6, abs=1e-6
    )


def test_groups_are_resumed_and_change_on_the_way(tmp_path):
    def go(run, until):
        for step in run:
            if step.step == 3:
                run.set({"optimizer.groups": [{"parameters": ["layers.1"], "factor": 2.0}]})
            if step.step == until:
                run.stop()
        return run

    whole = go(nf.Run.start(TREE, tmp_path / "a"), 9)
    go(nf.Run.start(TREE, tmp_path / "b"), 4)
    resumed = nf.Run.resume(tmp_path / "b").run()
    assert resumed.model.state_dict() == whole.model.state_dict()
    assert "groups" in (tmp_path / "a" / "config.toml").read_text()


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ([{"parameters": ["layer.0"]}], "optimizer.groups: 'layer.0' names no parameter of the"),
        ([{"factor": 2.0}], "optimizer.groups.0.parameters: missing"),
        ([{"parameters": ["bias"], "rate": 2.0}], "optimizer.groups.0.rate: unknown key"),
        ([{"parameters": ["bias"], "factor": -2.0}], "optimizer.groups.0.factor: got -2.0"),
        ([{"parameters": ["bias"], "factor": 1.0, "learning_rate": 1.0}], "got both"),
        ([3], "optimizer.groups.0: got 3"),
    ],
)
def test_a_group_that_cannot_be_meant_is_refused(groups, told):
    with pytest.raises(nf.NeuroflowError) as caught:
        nf.train(TREE, {"optimizer.groups": groups})
    assert told in str(caught.value)


def test_a_decay_needs_an_optimizer_that_has_one():
    with pytest.raises(nf.ConfigurationError, match="optimizer 'adam' has no weight_decay"):
        nf.train({**TREE, "optimizer": {"use": "adam", "groups": GROUPS}})
