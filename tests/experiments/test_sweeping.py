"""A sweep: each point is a run; it is stopped, gone on with, and made longer; the best is named."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.experiments import sweeping
from neuroflow.experiments.record import DONE, FAILED, STOPPED, WAITING
from tests.experiments.conftest import TINY

RATES = {"optimizer.learning_rate": [0.05, 0.5]}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "sweep"


def states(sweep):
    return [sweep._record(point).state for point in sweep.points]


def test_each_point_is_a_run_and_the_best_is_named(folder):
    grid = {**RATES, "model.activation": ["relu", "tanh"]}
    sweep = nf.sweep(TINY, grid, folder)
    assert states(sweep) == [WAITING] * 4
    ended = list(sweep)
    assert [record.state for record in ended] == [DONE] * 4
    assert nf.load(folder / "learning_rate=0.5,activation=tanh")
    assert sweep.metric == "test_accuracy"
    scores = [record.scores["test_accuracy"] for record in sweep.table]
    assert scores == sorted(scores, reverse=True)
    assert sweep.best == sweep.table.records[0]
    assert set(sweep.rows[0]["settings"]) == {"optimizer.learning_rate", "model.activation"}
    by_loss = nf.sweep(TINY, grid, folder, by="loss")
    assert [row["loss"] for row in by_loss.rows] == sorted(row["loss"] for row in by_loss.rows)


def test_a_point_gives_what_the_run_alone_gives(folder, tmp_path):
    nf.sweep(TINY, RATES, folder).run()
    alone = nf.Run.start(TINY, tmp_path / "alone", {"optimizer.learning_rate": 0.5}).run()
    assert nf.load(folder / "learning_rate=0.5").state_dict() == alone.training.model.state_dict()


def test_only_what_is_missing_or_unfinished_is_done(folder, monkeypatch):
    nf.sweep(TINY, {"train.seed": [1]}, folder).run()
    run = nf.Run.start(TINY, folder / "seed=2", {"train.seed": 2})
    next(iter(run))
    tried = []
    really = sweeping.run_point
    monkeypatch.setattr(
        sweeping, "run_point", lambda *task: tried.append(task[2].name) or really(*task)
    )
    del run
    sweep = nf.sweep(TINY, {"train.seed": [1, 2, 3]}, folder)
    assert states(sweep) == [DONE, STOPPED, WAITING]
    assert [record.state for record in sweep] == [DONE, DONE]
    assert tried == ["seed=2", "seed=3"]
    assert list(sweep) == []


def test_a_failed_point_is_a_row_with_its_error(folder):
    grid = {"optimizer.learning_rate": [0.05, 1e200, -1.0], "train.evaluate_every": 1}
    sweep = nf.sweep(TINY, grid, folder).run()
    assert states(sweep) == [DONE, FAILED, FAILED]
    problems = {record.folder.name: record.problem for record in sweep.table}
    assert "with the learning rate 1e+200" in problems["learning_rate=1e+200,evaluate_every=1"]
    assert problems["learning_rate=-1.0,evaluate_every=1"] == (
        "optimizer.learning_rate: got -1.0; expected a number above 0"
    )
    again = nf.sweep(TINY, grid, folder)
    assert states(again)[:2] == [DONE, FAILED]  # the second is known from its folder
    assert [point["optimizer.learning_rate"] for point in again.missing] == [-1.0]
    assert len(nf.sweep(TINY, grid, folder, retry=True).missing) == 2


def test_stopping_says_how_to_go_on(folder, monkeypatch):
    really = sweeping.run_point

    def stopped_at_the_second(source, changes, where):
        if changes["optimizer.learning_rate"] == 0.5:
            raise KeyboardInterrupt
        return really(source, changes, where)

    monkeypatch.setattr(sweeping, "run_point", stopped_at_the_second)
    with pytest.raises(KeyboardInterrupt, match="1 of 2 points to go; run the same sweep again"):
        nf.sweep(TINY, RATES, folder).run()


def test_several_jobs_give_the_same_runs(folder, tmp_path):
    alone = nf.sweep(TINY, RATES, tmp_path / "alone").run()
    together = nf.sweep(TINY, {"optimizer.learning_rate": [0.05, 0.5, -1]}, folder, jobs=2).run()
    assert states(together) == [DONE, DONE, FAILED]
    assert [row["loss"] for row in together.rows[:2]] == [row["loss"] for row in alone.rows]


def test_a_folder_holds_one_sweep(folder, tmp_path):
    nf.sweep(TINY, RATES, folder).run()
    other = {**TINY, "loss": "squared_hinge"}
    with pytest.raises(nf.StateError, match="holds a sweep of another configuration: loss differ"):
        nf.sweep(other, RATES, folder).run()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(nf.FileError, match="holds something else than a sweep"):
        nf.sweep(TINY, RATES, tmp_path / "full").run()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"grid": {"optimizer.lr": [1, 2]}}, "unknown key of optimizer 'sgd'; did you mean 'learn"),
        ({"by": "acuracy"}, "no score is called 'acuracy'; did you mean 'accuracy' or"),
        ({"jobs": 0}, "jobs, how many processes work at the same time is 0; expected"),
        ({"source": {**TINY, "train": {"steps": 0}}}, "train.steps: got 0"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_runs(folder, given, error):
    with pytest.raises(nf.NeuroflowError) as caught:
        nf.sweep(**{"source": TINY, "grid": RATES, "folder": folder, **given}).run()
    assert error in str(caught.value)
    assert not folder.exists()


def test_what_cannot_go_to_another_process_is_refused(folder):
    source = {**TINY, "train": {**TINY["train"], "seed": 1}, "model": {**TINY["model"]}}
    source["model"]["activation"] = nf.get("activation", "relu").load()
    with pytest.raises(nf.NeuroflowError):
        nf.sweep(source, RATES, folder, jobs=2).run()


def test_settings_of_a_whole_part_are_columns_of_their_own(folder):
    parts = [{"use": "sgd", "learning_rate": rate} for rate in (0.1, 0.2)]
    found = nf.sweep(TINY, {"optimizer": parts}, folder).run().table.settings
    assert sorted(found["optimizer.learning_rate"]) == [0.1, 0.2]
