"""A tab trains exactly as an eager run does, and answers nonsense with a clear message."""

import base64
import math
import subprocess
import sys
import tomllib

import pytest

import neuroflow as nf
from neuroflow.live import messages
from neuroflow.live.history import MOST
from neuroflow.live.looking import toml_of
from neuroflow.live.tab import Tab


def parameters(model):
    return [p.data for p in model.parameters()]


def eager(tab):
    """The run that the exported configuration describes."""
    return nf.train(tomllib.loads(toml_of(tab.training, tab.page)), {"train.report_every": 1})


def play(tab):
    frames = tab.handle([{"do": "play"}])
    while tab.playing:
        frames += tab.tick()[0]
    return frames


SMALL = {"hidden": [4], "epochs": 4, "points": 20, "batch": 5}


@pytest.mark.parametrize("name", ["function", "classification"])
def test_a_run_on_a_page_is_an_eager_run_to_the_last_bit(name):
    tab = Tab(name)
    tab.handle([{"do": "configure", "setup": SMALL}])
    frames = play(tab)
    run = eager(tab)
    losses = [loss for step in run for loss in step.losses]
    assert parameters(tab.training.model) == parameters(run.model)
    shown = {}
    for frame in frames:
        if frame["type"] == "state":
            for k, loss in enumerate(frame["losses"]):
                shown[frame["losses_from"] + k] = loss
    assert [shown[k] for k in sorted(shown)] == losses
    assert frames[-1]["numbers"] == parameters(run.model)
    assert frames[-1]["over"]


def test_the_numbers_of_the_picture_are_those_of_the_model(ask):
    tab = Tab("function")
    ask(tab, do="configure", setup=SMALL)
    setup = ask(tab, do="open")["setup"]
    state = ask(tab, do="step", count=3)["state"]
    xs = [[x] for x in setup["picture"]["xs"]]
    curve = nf.predict(tab.training.model, xs)
    assert state["picture"]["curve"] == pytest.approx(curve, rel=1e-12)
    rule = nf.parse_expression(setup["setup"]["f"])
    assert setup["picture"]["truth"] == [rule(x) for x in setup["picture"]["xs"]]


def test_the_accuracy_is_that_of_an_evaluation(ask):
    tab = Tab("classification")
    state = ask(tab, do="step", count=5)["state"]
    assert state["picture"]["accuracy"] == tab.training.scores()["accuracy"]


def test_going_back_and_on_again_ends_with_the_same_bits(ask):
    tab = Tab("function")
    ask(tab, do="configure", setup=SMALL)
    ask(tab, do="step", count=3)
    middle = ask(tab, do="step", count=2)["state"]
    play(tab)
    end = parameters(tab.training.model)
    back = ask(tab, do="seek", step=5)["state"]
    assert back["step"] == 5
    assert back["numbers"] == middle["numbers"]
    play(tab)
    assert parameters(tab.training.model) == end


def test_snapshots_are_thinned_out_but_reach_from_the_first_step_to_the_last(ask):
    tab = Tab("function")
    ask(tab, do="configure", setup={"hidden": [2], "points": 4, "epochs": 2 * MOST})
    play(tab)
    steps = ask(tab, do="pause")["state"]["snapshots"]
    assert len(steps) <= MOST + 2
    assert steps[0] == 0
    assert steps[-1] == tab.training.steps
    assert steps == sorted(set(steps))


def test_a_run_on_the_server_is_compiled_and_shown_often(ask):
    tab = Tab("classification", clock=(now := [0.0]) and (lambda: now[0]))
    assert tab.training.backend not in ("eager", "auto")
    ask(tab, do="speed", value=10)
    ask(tab, do="play")
    frames = []
    while tab.playing and now[0] < 60:
        told, pause = tab.tick()
        frames += told
        now[0] += max(pause, 0.001)
    assert tab.training.step == 100
    assert [frame["step"] for frame in frames] == list(range(1, 101))
    assert all("picture" in frame for frame in frames[1:])
    assert 9 < now[0] < 11
    assert frames[-1]["snapshots"] == list(range(101))


def test_reset_repeats_the_run_and_a_new_seed_does_not(ask):
    tab = Tab("classification")
    ask(tab, do="configure", setup=SMALL)
    first = ask(tab, do="step")["state"]["numbers"]
    ask(tab, do="reset")
    assert ask(tab, do="step")["state"]["numbers"] == first
    ask(tab, do="reset", seed=7)
    assert ask(tab, do="step")["state"]["numbers"] != first
    setup = ask(tab, do="reset", seed="new")["setup"]
    assert 0 <= setup["setup"]["seed"] < 100_000


def test_a_learning_rate_changes_while_the_run_goes_on(ask):
    tab = Tab("function")
    ask(tab, do="configure", setup=SMALL)
    before = ask(tab, do="step", count=2)["state"]
    after = ask(tab, do="configure", setup={"learning_rate": 0.5})["state"]
    assert (after["step"], after["numbers"]) == (2, before["numbers"])
    assert after["learning_rate"] > before["learning_rate"]
    assert after["edited"]


def test_the_end_of_a_schedule_moves_with_its_start(ask):
    tab = Tab("classification")
    ask(tab, do="configure", setup={"learning_rate": 0.3})
    ask(tab, do="configure", setup={"learning_rate": 0.05})
    assert tab.training.configuration["optimizer"]["schedule"]["to"] == 0.005
    other = Tab("classification")
    ask(other, do="open", setup={"learning_rate": 0.05})
    assert toml_of(other.training, other.page) == toml_of(tab.training, tab.page)


def test_everything_else_starts_anew_with_fitting_ends(ask):
    tab = Tab("classification")
    ask(tab, do="step")
    frames = ask(tab, do="configure", setup={"dataset": "spirals", "classes": 3})
    assert "error" not in frames
    assert frames["state"]["step"] == 0
    assert tab.training.configuration["model"]["sizes"] == [2, 16, 16, 3]
    assert frames["setup"]["loss"] == "cross_entropy"
    for name in ("moons", "circles", "linear", "gauss", "xor"):
        assert "error" not in ask(tab, do="configure", setup={"dataset": name, "classes": 2})


def test_every_offered_name_can_be_chosen(ask):
    for page in ("function", "classification"):
        tab = Tab(page)
        ask(tab, do="configure", setup=SMALL)
        offers = ask(tab, do="open")["setup"]["offers"]
        for kind, entries in offers.items():
            assert entries
            for entry in entries:
                frames = ask(tab, do="configure", setup={kind: entry["name"]})
                assert "error" not in frames, frames
                assert math.isfinite(ask(tab, do="step")["state"]["loss"])


def test_points_made_by_hand_keep_the_weights(ask):
    tab = Tab("classification")
    ask(tab, do="configure", setup=SMALL)
    before = ask(tab, do="step", count=2)["state"]["numbers"]
    points = [[0, 0, 0], [1, 1, 1], [0.5, 0, 0], [0, 0.5, 1]]
    frames = ask(tab, do="rows", rows=points)
    assert frames["setup"]["picture"]["points"] == points
    assert frames["state"]["numbers"] == before
    assert frames["state"]["edited"]
    ask(tab, do="reset")
    play(tab)
    assert parameters(tab.training.model) == parameters(eager(tab).run().model)
    three = ask(tab, do="rows", rows=[*points, [2, 2, 2]])
    assert three["setup"]["loss"] == "cross_entropy"
    assert "all of one class" in ask(tab, do="rows", rows=[[0, 0, 0]] * 3)["error"]["message"]


def test_receipts_add_up(ask):
    tab = Tab("classification")
    ask(tab, do="step", count=2)
    name = "layers.1.neurons.2.weights.3"
    receipt = ask(tab, do="explain", what="parameter", name=name)["receipt"]
    parts = [*receipt["parts"], *receipt["rest"]]
    assert math.isclose(sum(p["amount"] for p in parts), receipt["gradient"], abs_tol=1e-12)
    _, gradient = tab.training.runner.gradients(range(100))
    place = tab.training.runner.names.index(name)
    assert math.isclose(receipt["gradient"], gradient[place], abs_tol=1e-12)

    neuron = ask(tab, do="explain", what="neuron", name="layers.1.neurons.2", row=5)["receipt"]
    assert math.isclose(sum(t["product"] for t in neuron["terms"]), neuron["value"], abs_tol=1e-12)
    assert neuron["after"] == max(0.0, neuron["value"])

    point = ask(tab, do="explain", what="point", row=5)["receipt"]
    inputs = tab.training.dataset.inputs[5]
    assert point["outputs"] == [nf.predict(tab.training.model, [inputs])[0]]


def test_a_receipt_changes_nothing(ask):
    tab, other = Tab("classification"), Tab("classification")
    for each in (tab, other):
        ask(each, do="configure", setup=SMALL)
    for k in range(3):
        ask(tab, do="step")
        ask(other, do="step")
        ask(tab, do="explain", what="point", row=k)
        ask(tab, do="explain", what="parameter", name="layers.0.neurons.0.bias")
        ask(tab, do="what_if", name="layers.0.neurons.0.bias", by=0.5)
    assert parameters(tab.training.model) == parameters(other.training.model)


def test_a_weight_edited_by_hand_moves_the_loss_as_predicted(ask):
    tab = Tab("function")
    ask(tab, do="step", count=5)
    name = "layers.2.neurons.0.weights.0"
    value = dict(tab.training.model.named_parameters())[name].data
    change = ask(tab, do="what_if", name=name, by=0.01)["what_if"]
    assert math.isclose(change["predicted"], change["actual"], rel_tol=1e-3)
    state = ask(tab, do="edit", name=name, value=value + 0.01)["state"]
    assert state["edited"]
    assert value + 0.01 in state["numbers"]
    assert "error" not in ask(tab, do="step")


def test_the_exported_model_predicts_the_same(ask, tmp_path):
    tab = Tab("function")
    ask(tab, do="configure", setup=SMALL)
    ask(tab, do="step", count=3)
    file = ask(tab, do="export", what="model")["file"]
    path = tmp_path / file["name"]
    path.write_bytes(base64.b64decode(file["base64"]))
    rows = [[-1.0], [0.5], [2.0]]
    expected = nf.predict(tab.training.model, rows)
    assert nf.predict(path, rows) == expected
    assert parameters(nf.load(path)) == parameters(tab.training.model)
    nf.save(tab.training.model, tmp_path / "saved.safetensors")
    saved = nf.inspect_file(tmp_path / "saved.safetensors")
    assert nf.inspect_file(path).shapes == saved.shapes


def test_the_graph_of_an_example_is_a_page_that_opens_down_to_one_scalar(ask):
    tab = Tab("gpt")
    file = ask(tab, do="export", what="graph", row=2)["file"]
    assert file["name"] == "gpt-graph.html"
    assert "blocks.0.attention" in file["text"]
    assert "The loss of example 2 after 0 steps" in file["text"]
    assert "no example" in ask(tab, do="export", what="graph", row=10**6)["error"]["message"]


def test_the_setup_of_the_address_leads_to_the_same_run(ask):
    tab = Tab("classification")
    chosen = {"dataset": "circles", "hidden": [3, 3], "activation": "tanh", "seed": 5, "noise": 0.2}
    setup = ask(tab, do="configure", setup=chosen)["setup"]["setup"]
    other = Tab("classification")
    ask(other, do="open", setup=setup)
    assert toml_of(other.training, other.page) == toml_of(tab.training, tab.page)


BAD = [
    (None, "a message is NoneType"),
    ([], "a message is list"),
    ({"do": "__import__('os')"}, "a message asks for"),
    ({"do": "_begin"}, "a message asks for"),
    ({"do": ["play"]}, "a message asks for"),
    ({"do": "play", "now": True}, "unknown key 'now'"),
    ({"do": "step", "count": 0}, "count is 0"),
    ({"do": "step", "count": 1e300}, "count is 1e+300"),
    ({"do": "step", "count": True}, "count is True"),
    ({"do": "step", "count": 10**400}, "count is 1000"),
    ({"do": "speed", "value": float("nan")}, "speed is nan"),
    ({"do": "seek", "step": -1}, "step is -1"),
    ({"do": "reset", "seed": "old"}, "seed is 'old'"),
    ({"do": "reset", "seed": -1}, "seed is -1"),
    ({"do": "edit", "name": "layers.0.neurons.0.bias", "value": None}, "expected a number"),
    ({"do": "edit", "name": "__class__", "value": 1}, "no parameter '__class__'"),
    ({"do": "explain", "what": "os"}, "cannot explain 'os'"),
    ({"do": "explain", "what": "neuron", "name": "layers"}, "no neuron 'layers'"),
    ({"do": "explain", "what": "point", "row": 10**6}, "no example 1000000"),
    ({"do": "what_if", "name": "x", "by": 1}, "no parameter 'x'"),
    ({"do": "export", "what": "/etc/passwd"}, "cannot export"),
    ({"do": "configure", "setup": 3}, "setup is no object"),
    ({"do": "configure", "setup": {"hidden": [10**9]}}, "a size of hidden"),
    ({"do": "configure", "setup": {"hidden": [48] * 6}}, "parameters"),
    ({"do": "configure", "setup": {"hidden": [4] * 99}}, "hidden is a list"),
    ({"do": "configure", "setup": {"activation": "tahn"}}, "did you mean 'tanh'?"),
    ({"do": "configure", "setup": {"activation": "os:system"}}, "unknown activation"),
    ({"do": "configure", "setup": {"dataset": "csv"}}, "unknown dataset 'csv'"),
    ({"do": "configure", "setup": {"path": "/etc/passwd"}}, "nothing named 'path'"),
    ({"do": "configure", "setup": {"f": "__import__('os')"}}, "cannot read f(x)"),
    ({"do": "configure", "setup": {"f": "9**9**9"}}, "9"),
    ({"do": "configure", "setup": {"f": "(" * 400}}, "cannot read f(x)"),
    ({"do": "configure", "setup": {"f": "x" * 501}}, "at most 500"),
    ({"do": "configure", "setup": {"loss": "cross_entropy"}}, "does not fit"),
    ({"do": "rows", "rows": [[0, 0]]}, "expected [x, y, class]"),
    ({"do": "rows", "rows": [[0, 0, 0.5]]}, "whole number"),
    ({"do": "rows", "rows": [[0, 0, 1]] * 1000}, "at most 400"),
]


@pytest.mark.parametrize(("message", "says"), BAD)
def test_nonsense_gets_a_message_and_changes_nothing(message, says):
    tab = Tab("function")
    before = toml_of(tab.training, tab.page)
    (frame,) = tab.handle([message])
    assert frame["type"] == "error"
    assert says in frame["message"]
    assert frame["error"]["what"] in frame["message"]
    assert toml_of(tab.training, tab.page) == before
    assert tab.handle([{"do": "step"}])[0]["step"] == 1


def test_a_run_that_diverges_stops_with_a_message(ask):
    tab = Tab("function")
    ask(tab, do="configure", setup={"optimizer": "sgd", "learning_rate": 90.0})
    frames = play(tab)
    assert "the loss is" in frames[-2]["message"]
    assert "choose a smaller learning rate" in frames[-2]["message"]
    assert not frames[-1]["playing"]
    assert ask(tab, do="seek", step=0)["state"]["step"] == 0


def test_many_messages_of_a_kind_count_as_the_last():
    flood = [{"do": "explain", "what": "point", "row": k} for k in range(50)]
    assert messages.newest(flood) == flood[-1:]
    moved = [{"do": "configure", "setup": {"l2": k / 100}} for k in range(50)]
    mixed = [{"do": "configure", "setup": {"noise": 0.3}}, *moved]
    assert messages.newest(mixed) == [{"do": "configure", "setup": {"noise": 0.3, "l2": 0.49}}]
    assert messages.newest([{"do": "step"}] * 3) == [{"do": "step", "count": 3}]
    one_by_one = [{"do": "step"}, {"do": "play"}, {"do": "step", "count": "x"}, {"do": "step"}]
    assert messages.newest(one_by_one) == one_by_one
    nonsense = [None, 3, [], {"do": []}, {"do": []}, {}, {}]
    assert messages.newest(nonsense) == nonsense


def test_tabs_need_neither_numpy_nor_safetensors():
    program = (
        "import sys\n"
        "for name in ('numpy', 'safetensors', 'click', 'rich'): sys.modules[name] = None\n"
        "from neuroflow.live.tab import Tab\n"
        "for page in ('function', 'classification'):\n"
        "    s = Tab(page)\n"
        "    frames = s.handle([{'do': 'open'}, {'do': 'step', 'count': 2}])\n"
        "    frames += s.handle([{'do': 'export', 'what': w} for w in ('toml', 'model')])\n"
        "    frames += s.handle([{'do': 'explain', 'what': 'point', 'row': 1}])\n"
        "    print([f['type'] for f in frames])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stdout
