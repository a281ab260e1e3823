"""Observers see what the command line sees, and a run is the same with and without them."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.training.observing import ObserverWarning

STEPS = {"train.steps": 4, "train.epochs": None, "train.report_every": 1, "train.backend": "eager",
         "data.points": 6, "model.sizes": [2, 2, 1]}  # fmt: skip


@pytest.fixture(autouse=True)
def own_entries():
    with nf.local_entries():
        yield


@pytest.fixture
def seen():
    """What an observer has seen; its run names it as "watcher"."""
    told = []

    @nf.register("observer")
    class Watcher(nf.Observer):
        """Notes everything, and tries to change it."""

        def begin(self, run):
            told.append(("begin", run.step, run.steps, run.folder))
            run.configuration["optimizer"]["learning_rate"] = 1e9

        def step(self, step):
            told.append((step.step, step.loss, step.losses, dict(step.metrics), step.model))
            step.metrics.clear()

        def end(self):
            told.append("end")

    return told


def reports(run):
    return [(s.step, s.loss, s.losses, s.metrics) for s in run]


def test_an_observer_sees_every_report_and_changes_nothing(seen):
    alone = reports(nf.train("moons", STEPS))
    watched = reports(nf.train("moons", {**STEPS, "train.observers": ["watcher"]}))
    assert watched == alone
    assert seen[0] == ("begin", 0, 4, None)
    assert [event[:4] for event in seen[1:-1]] == alone
    assert [event[4] for event in seen[1:-1]] == [None] * 4
    assert seen[-1] == "end"


def test_a_run_of_a_folder_is_seen_as_it_goes_on(seen, tmp_path):
    changes = {**STEPS, "train.observers": ["watcher"]}
    for step in nf.Run.start("moons", tmp_path / "run", changes):
        if step.step == 2:
            break
    assert [event[0] for event in seen] == ["begin", 1, 2, "e"]
    seen.clear()
    nf.Run.resume(tmp_path / "run").run()
    assert seen[0] == ("begin", 2, 4, tmp_path / "run")
    assert [event[0] for event in seen[1:]] == [3, 4, "e"]


def test_who_observes_may_change_when_a_run_is_resumed(seen, tmp_path):
    nf.Run.start("moons", tmp_path / "run", {**STEPS, "train.observers": ["watcher"]})
    config = tmp_path / "run" / "config.toml"
    kept = [line for line in config.read_text().splitlines() if "observers" not in line]
    config.write_text("\n".join(kept))
    assert nf.Run.resume(tmp_path / "run").run().training.step == 4
    assert seen == []


@pytest.mark.parametrize("method", ["__init__", "begin", "step", "end"])
@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)], ids=["error", "exit"])
def test_what_goes_wrong_in_one_is_told_once_and_the_run_goes_on(method, error):
    def fail(self, *_):
        raise error

    nf.register("observer", type("Broken", (nf.Observer,), {method: fail}), summary="Fails.")
    run = nf.train("moons", {**STEPS, "train.observers": ["broken"]})
    with pytest.warns(ObserverWarning, match="the observer local/broken failed") as caught:
        run.run()
    assert run.step == 4
    assert len(caught) == 1
    assert run.summary()["note"].count("the observer local/broken failed, and sees no more") == 1


def test_what_one_prints_is_no_result(capsys):
    @nf.register("observer")
    class Chatty(nf.Observer):
        """Prints."""

        def step(self, step):
            print("here")

    nf.train("moons", {**STEPS, "train.observers": ["chatty"]}).run()
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "here\n" * 4)


def test_a_name_that_nobody_offers_is_told_before_anything_else():
    with pytest.raises(
        nf.ConfigurationError, match=r"observers.0.use: unknown observer 'csw'; did"
    ):
        nf.train("moons", {**STEPS, "train.observers": ["csw"]})


def test_an_observer_that_fails_at_a_step_is_ended_once():
    told = []

    @nf.register("observer")
    class Failing(nf.Observer):
        """Fails at its second report."""

        def step(self, step):
            told.append(step.step)
            if len(told) == 2:
                raise RuntimeError("no space")

        def end(self):
            told.append("end")

    with pytest.warns(ObserverWarning, match="failing failed, and sees no more"):
        nf.train("moons", {**STEPS, "train.observers": ["failing"]}).run()
    assert told == [1, 2, "end"]
