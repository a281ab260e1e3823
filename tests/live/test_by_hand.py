"""What people change by hand changes that and nothing else; what they choose brings what fits."""

import math

import pytest

import neuroflow as nf
from neuroflow.live.history import Record, Records
from neuroflow.live.tab import Tab

SETUP = {"hidden": [4], "points": 20, "batch": 5, "epochs": 6}


def parameters(tab):
    return [p.data for p in tab.training.runner.parameters]


def rows_of(tab):
    data = tab.training.dataset
    return [[*row, k] for row, k in zip(data.raw_inputs, data.targets, strict=True)]


def play(tab):
    tab.handle([{"do": "play"}])
    while tab.playing:
        tab.tick()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("steps", [0, 7])
def test_a_point_dragged_and_put_back_leaves_the_run_as_it_was(ask, optimizer, steps):
    tab, untouched = Tab("classification"), Tab("classification")
    for each in (tab, untouched):
        ask(each, do="configure", setup={**SETUP, "optimizer": optimizer})
        if steps:
            ask(each, do="step", count=steps)
    before, rows = parameters(tab), rows_of(tab)
    moved = [[rows[3][0] + 0.5, *rows[3][1:]] if k == 3 else row for k, row in enumerate(rows)]
    frames = ask(tab, do="rows", rows=moved)
    assert frames["state"]["step"] == steps
    assert frames["state"]["numbers"] == before
    assert len(frames["state"]["losses"]) == steps
    assert frames["state"]["edited"]
    assert rows_of(tab) == moved
    ask(tab, do="rows", rows=rows)
    play(tab)
    play(untouched)
    assert parameters(tab) == parameters(untouched)


def test_held_out_points_stay_held_out_when_others_are_moved(ask):
    tab = Tab("classification", nf.train("moons", {"data.test": 0.2}).configuration)
    test = [list(row) for row in tab.training.test.raw_inputs]
    rows = rows_of(tab)
    ask(tab, do="rows", rows=[[9.0, 9.0, 0], *rows[1:]])
    assert [list(row) for row in tab.training.test.raw_inputs] == test
    assert len(tab.training.dataset) == len(rows)


def test_a_loss_and_an_optimizer_come_with_a_rate_with_which_they_learn(ask):
    tab = Tab("classification")
    for setup in [{"loss": "mse"}, {"optimizer": "adam"}, {"optimizer": "sgd", "loss": "hinge"},
                  {"dataset": "spirals", "classes": 3}, {"optimizer": "rmsprop"}]:  # fmt: skip
        frames = ask(tab, do="configure", setup=setup)
        assert "error" not in frames
        state = ask(tab, do="step", count=40)["state"]
        assert state["losses"][-1] < state["losses"][0]
    assert tab.training.configuration["optimizer"]["learning_rate"] == 0.01
    chosen = ask(tab, do="configure", setup={"optimizer": "adam", "learning_rate": 0.3})
    assert chosen["setup"]["setup"]["learning_rate"] == 0.3


def test_a_share_is_held_out_and_its_loss_is_drawn(ask):
    tab = Tab("classification")
    found = ask(tab, do="configure", setup={"test": 0.25})
    assert len(found["setup"]["picture"]["test"]) == 25
    state = ask(tab, do="step", count=20)["state"]
    assert [step for step, _ in state["tested"]] == [10, 20]
    assert state["tested"][-1][1] == pytest.approx(tab.training.scores()["test_loss"])
    assert ask(tab, do="reset")["state"]["tested"] == []


def test_a_function_with_a_range_of_its_own_gets_one(ask):
    tab = Tab("function")
    assert "no value" in ask(tab, do="configure", setup={"f": "log(x)"})["error"]["message"]
    found = ask(tab, do="configure", setup={"f": "log(x)", "low": 0.5, "high": 4})
    assert found["setup"]["picture"]["range"] == [0.5, 4.0]
    assert found["setup"]["setup"]["low"] == 0.5


def test_a_page_that_is_loaded_again_trains_to_where_it_was(ask):
    tab, before = Tab("classification"), Tab("classification")
    ask(before, do="configure", setup=SETUP)
    ask(before, do="step", count=9)
    tab.handle([{"do": "speed", "value": 3}, {"do": "open", "setup": SETUP, "step": 9}])
    while tab.playing:
        tab.tick()
    assert tab.training.step == 9
    assert parameters(tab) == parameters(before)
    ask(tab, do="play")
    assert tab.playing


def test_a_run_that_was_over_before_the_page_came_is_shown_from_its_start(ask):
    run = nf.train("moons", {"train.steps": 12, "train.report_every": 1})
    records, losses = Records(), []
    for step in run:
        losses.extend(step.losses)
        records.add(Record.of(run, len(losses)))
    end = [p.data for p in run.model.parameters()]
    tab = Tab("classification", None, run, losses, given_records=records)
    frames = tab.handle([{"do": "open"}])
    while tab.playing:
        frames += tab.tick()[0]
    states = [frame for frame in frames if frame["type"] == "state"]
    assert [state["step"] for state in states] == list(range(1, 13))
    assert states[0]["numbers"] == list(records.kept[0].parameters)
    assert states[-1]["numbers"] == end
    assert states[-1]["over"]
    back = ask(tab, do="seek", step=4)["state"]
    assert (back["step"], back["losses"]) == (4, losses[:4])
    name = "layers.0.neurons.0.bias"
    told = ask(tab, do="explain", what="parameter", name=name)["receipt"]["value"]
    assert told in back["numbers"]
    assert [p.data for p in run.model.parameters()] == end


def test_many_records_are_thinned_out_and_reach_to_the_end():
    run = nf.train("moons", {"train.steps": 700, "train.report_every": 1})
    records = Records()
    for step in run:
        records.add(Record.of(run, step.step))
    assert len(records.kept) <= 240
    assert records.kept[-1].step == 700
    assert records.at(math.inf).step == 700
