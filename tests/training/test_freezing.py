"""Frozen parameters stay as they are: on every backend, under decay, in files, when resumed."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

import neuroflow as nf
from neuroflow.cli.inspect import command

TREE = {
    "model": {"use": "mlp", "sizes": [2, 4, 3, 1], "activation": "tanh"},
    "loss": "hinge",
    "optimizer": {"use": "adamw", "learning_rate": 0.05, "weight_decay": 0.1, "no_decay": []},
    "data": {"use": "moons", "points": 24},
    "train": {"steps": 8, "batch": 6, "l2": 0.01, "clip_norm": 0.5, "report_every": 1,
              "backend": "eager"},
}  # fmt: skip
FIRST = {"train.freeze": ["layers.0"]}


def moved(before, model):
    return {name for name, x in model.state_dict().items() if x != before[name]}


@pytest.mark.parametrize("backend", ["eager", "numpy", "llvm", "portable"])
def test_frozen_parameters_do_not_move_and_all_others_do_alike(backend):
    run = nf.train(TREE, {**FIRST, "train.backend": backend})
    before = run.model.state_dict()
    run.run()
    assert moved(before, run.model) == {n for n in before if not n.startswith("layers.0.")}
    assert run.model.state_dict() == pytest.approx(nf.train(TREE, FIRST).run().model.state_dict())
    assert (run.summary()["parameters"], run.summary()["frozen"]) == (31, 12)


def test_the_gradient_norm_and_the_penalty_are_those_of_what_is_trained():
    whole, part = nf.train(TREE), nf.train(TREE, FIRST)
    (loss, gradients), (less, fewer) = (run.runner.gradients([0, 1]) for run in (whole, part))
    assert fewer == gradients[-len(fewer) :]
    kept = part.model.state_dict()
    frozen = sum(x * x for name, x in kept.items() if name.startswith("layers.0."))
    assert loss - less == pytest.approx(0.01 * frozen)
    first = part.model.layers[0].parameters()
    grads = [p.grad for p in first]
    part.runner.gradients([0, 1])
    assert [p.grad for p in first] == grads  # nothing adds up where nothing is trained


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_freezing_and_unfreezing_in_the_loop_is_noticed(backend):
    run = nf.train(TREE, {"train.backend": backend})
    seen = []
    before = run.model.state_dict()
    for step in run:
        seen.append(moved(before, run.model))
        before = run.model.state_dict()
        if step.step == 3:
            run.model.freeze().unfreeze("layers.2")
        if step.step == 6:
            run.model.layers[0].neurons[0].freeze()
            run.model.unfreeze("bias")
    last = {name for name in before if name.startswith("layers.2.")}
    assert seen[2] == set(before)
    assert seen[3] == seen[5] == last
    assert seen[6] == last | {name for name in before if name.endswith("bias")}


def test_a_run_with_frozen_parameters_is_resumed_bit_for_bit(tmp_path):
    def go(run, until):
        for step in run:
            if step.step == 3:
                run.model.freeze("layers.1.neurons.0")
            if step.step == until:
                break
        return run.model

    whole = go(nf.Run.start(TREE, tmp_path / "a", FIRST), 8)
    go(nf.Run.start(TREE, tmp_path / "b", FIRST), 5)
    resumed = nf.Run.resume(tmp_path / "b").run()
    assert resumed.model.state_dict() == whole.state_dict()
    assert resumed.model.frozen == whole.frozen


def test_files_keep_what_is_frozen_and_inspect_shows_it(tmp_path):
    model = nf.build("mlp", sizes=[1, 2, 1]).freeze("bias")
    model.layers[1].freeze("weights")
    nf.save(model, tmp_path / "it.safetensors")
    assert nf.load(tmp_path / "it.safetensors").frozen == model.frozen
    assert len(model.frozen) == 5
    told = CliRunner().invoke(command, [str(tmp_path / "it.safetensors")]).output
    (line,) = [line for line in told.splitlines() if line.strip().startswith("frozen")]
    assert "bias" in line


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("layer.0", "train.freeze: 'layer.0' names no parameter of the model; its parameters are"),
        ("*", "all parameters of the model are frozen: there is nothing to train"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused(pattern, told):
    with pytest.raises(nf.InputError) as caught:
        nf.train(TREE, {"train.freeze": [pattern]})
    assert told in str(caught.value)
