"""What changes on the way: rate, schedule, length; recorded, so that resuming repeats it."""

from __future__ import annotations

import pytest

import neuroflow as nf

TREE = {
    "model": {"use": "mlp", "sizes": [2, 4, 1], "activation": "tanh", "dropout": 0.1},
    "loss": "hinge",
    "optimizer": {"use": "adam", "learning_rate": 0.05, "schedule": {"use": "linear", "to": 0.01}},
    "data": {"use": "moons", "points": 24},
    "train": {"steps": 12, "batch": 5, "report_every": 1, "backend": "eager"},
}


def go(run, until=99):
    """A loop that changes things at some steps, and leaves at another."""
    rates = []
    for step in run:
        rates.append(step.metrics["learning_rate"])
        if step.step == 3:
            run.learning_rate = 0.5
        if step.step == 5:
            run.set({"optimizer.schedule": "constant", "optimizer.beta1": 0.5, "train.l2": 0.1})
        if step.step == 7:
            run.set(["train.steps=10", "train.freeze=['layers.0']"])
        if step.step == until:
            run.stop()
    return rates


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_settings_change_in_the_loop_for_all_that_comes(backend):
    run = nf.train(TREE, {"train.backend": backend})
    rates = go(run)
    assert rates[0] == 0.05
    assert rates[3] == pytest.approx(0.5 + (0.1 - 0.5) * 3 / 11, abs=0.02)  # its end moves with it
    assert rates[5:] == [0.5] * 5
    assert (run.learning_rate, run.step, run.runner.l2) == (0.5, 10, 0.1)
    assert len(run.model.frozen) == 12
    assert [change.step for change in run.changes] == [3, 5, 7]


@pytest.mark.parametrize("until", [3, 4, 6, 7, 9])
def test_a_changed_run_is_resumed_bit_for_bit(tmp_path, until):
    whole = nf.Run.start(TREE, tmp_path / "whole")
    rates = go(whole)
    first = go(nf.Run.start(TREE, tmp_path / "run"), until)
    text = (tmp_path / "run" / "config.toml").read_text()
    resumed = nf.Run.resume(tmp_path / "run")
    assert resumed.summary().get("note") == whole.summary().get("note")
    assert first + go(resumed) == rates
    assert resumed.model.state_dict() == whole.model.state_dict()
    assert resumed.training.runner.state_dict() == whole.training.runner.state_dict()
    assert (tmp_path / "run" / "config.toml").read_text() == text


def test_a_change_is_on_the_disk_at_once_and_an_edit_goes_before_it(tmp_path):
    run = nf.Run.start(TREE, tmp_path / "run")
    next(iter(run))
    run.learning_rate = 0.25
    again = nf.Run.resume(tmp_path / "run")
    assert (again.training.step, again.learning_rate) == (1, 0.25)
    del again
    config = tmp_path / "run" / "config.toml"
    config.write_text(config.read_text().replace("learning_rate = 0.05", "learning_rate = 0.125"))
    assert nf.Run.resume(tmp_path / "run").learning_rate == 0.125


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"train.seed": 3}, "train.seed: cannot change on the way"),
        ({"optimizer.learning_rate": -1.0}, "optimizer.learning_rate: got -1.0"),
        ({"optimizer.use": "sgd"}, "cannot change on the way"),
        ({"train.batch": 2}, "train.batch: cannot change on the way; expected a setting of the"),
    ],
)
def test_what_makes_another_run_cannot_change_on_the_way(changes, told):
    run = nf.train(TREE)
    with pytest.raises(nf.ConfigurationError) as caught:
        run.set(changes)
    assert told in str(caught.value)
    assert (run.changes, run.learning_rate) == ([], 0.05)


def test_a_run_that_was_stopped_goes_on_when_it_is_iterated_again():
    run = nf.train(TREE)
    steps = []
    for step in run:
        steps.append(step.step)
        if step.step == 4:
            run.stop()
    assert steps == [1, 2, 3, 4]
    assert run.run().step == 12
    assert run.model.state_dict() == nf.train(TREE).run().model.state_dict()
