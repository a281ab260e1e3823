"""A tab with a language model: it learns as eagerly, and shows what the model sees."""

import base64
import math
import subprocess
import sys
import tomllib

import pytest

import neuroflow as nf
from neuroflow.live.looking import toml_of
from neuroflow.live.tab import Tab


def parameters(model):
    return [p.data for p in model.parameters()]


@pytest.fixture(scope="module")
def gpt():
    tab = Tab("gpt")
    tab.handle([{"do": "configure", "setup": {"width": 8, "heads": 2, "batch": 2}}])
    return tab


def test_a_language_model_learns_as_in_an_eager_run(ask, gpt):
    state = ask(gpt, do="step", count=3)["state"]
    run = nf.train(tomllib.loads(toml_of(gpt.training, gpt.page)), {"train.report_every": 1})
    for step in run:
        if step.step == 3:
            break
    assert state["losses"][-1] == step.loss
    assert state["numbers"] == parameters(run.model)
    ask(gpt, do="invent", count=3)
    ask(gpt, do="read", text="mia", temperature=0.5)
    ask(gpt, do="step")
    next(iter(run))
    assert parameters(gpt.training.model) == parameters(run.model)


def test_the_exported_language_model_can_write(ask, gpt, tmp_path):
    file = ask(gpt, do="export", what="model")["file"]
    path = tmp_path / file["name"]
    path.write_bytes(base64.b64decode(file["base64"]))
    training = gpt.training
    nf.save(training.model, tmp_path / "saved.safetensors", configuration=training.configuration)
    ours, saved = nf.inspect_file(path), nf.inspect_file(tmp_path / "saved.safetensors")
    assert (ours.model, ours.uses, ours.shapes) == (saved.model, saved.uses, saved.shapes)
    command = [sys.executable, "-m", "neuroflow", "generate", path, "--count", "2", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_attention_and_what_comes_next_are_the_models(ask, gpt):
    picture = ask(gpt, do="read", text=" Mia", temperature=1.0)["state"]["picture"]
    assert picture["text"] == "mia"
    tokens = picture["tokens"]
    logits = nf.predict(gpt.training.model, [tokens])[0][-1]
    shares = [math.exp(x) for x in logits]
    assert picture["next"] == pytest.approx([x / sum(shares) for x in shares])
    (heads,) = picture["attention"].values()
    assert len(heads) == 2
    for rows in heads:
        for i, row in enumerate(rows):
            assert sum(row[: i + 1]) == pytest.approx(1.0)
            assert row[i + 1 :] == [None] * (len(tokens) - i - 1)
    name = "blocks.0.attention:1:2:1"
    receipt = ask(gpt, do="explain", what="attention", name=name)["receipt"]
    assert receipt["value"] == heads[1][2][1]
    parts = [*receipt["parts"], *receipt["rest"]]
    assert math.isclose(sum(p["amount"] for p in parts), receipt["gradient"], abs_tol=1e-12)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"do": "read", "text": "x" * 16}, "at most 15"),
        ({"do": "read", "text": "7"}, "does not know '7'"),
        ({"do": "read", "temperature": 0}, "temperature is 0"),
        ({"do": "invent", "count": 1000}, "count is 1000"),
        ({"do": "explain", "what": "attention", "name": "os:0:0:0"}, "no attention weight"),
        (
            {"do": "explain", "what": "attention", "name": "blocks.0.attention:0:0:1"},
            "does not see",
        ),
        ({"do": "explain", "what": "point", "row": 0}, "heat map"),
        ({"do": "configure", "setup": {"width": 9, "heads": 2}}, "must divide"),
        ({"do": "configure", "setup": {"width": 32, "layers": 3}}, "parameters"),
        ({"do": "configure", "setup": {"hidden": [3]}}, "no hidden layers"),
        ({"do": "configure", "setup": {"dataset": "moons"}}, "expected"),
    ],
)
def test_nonsense_to_a_language_model(ask, gpt, message, says):
    before = toml_of(gpt.training, gpt.page)
    (frame,) = gpt.handle([message])
    assert frame["type"] == "error"
    assert says in frame["message"] or says == "expected"
    assert toml_of(gpt.training, gpt.page) == before


def test_other_pages_have_no_language_model(ask):
    assert "open the page gpt" in ask(Tab("function"), do="invent")["error"]["message"]
