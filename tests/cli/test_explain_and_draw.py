"""neuroflow explain and neuroflow draw: on expressions, recipes, run folders and saved models."""

import json
import re
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import neuroflow as nf
from neuroflow.cli import main

SMALL = """
schema = 1
[model]
use = "mlp"
sizes = [2, 3, 1]
activation = "tanh"
[loss]
use = "mse"
[optimizer]
use = "sgd"
learning_rate = 0.1
[data]
use = "moons"
points = 12
[train]
steps = 5
seed = 3
backend = "eager"
"""


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*words):
        result = CliRunner().invoke(main, list(words))
        return result.exit_code, result.stdout, result.stderr

    return call


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    from neuroflow.training import Run

    folder = tmp_path_factory.mktemp("runs") / "small"
    (folder.parent / "small.toml").write_text(SMALL)
    Run.start(folder.parent / "small.toml", folder).run()
    return folder


def test_explains_an_expression(run):
    code, out, _ = run("explain", "a*b + tanh(a)", "a=2", "b=3", "--of", "a")
    assert code == 0
    assert "d(a * b + tanh(a)) / d(a) = 3.07065" in out
    assert re.search(r"a \* b +b = 3  x +1 +3", out)


def test_explains_named_steps_and_a_file(run, tmp_path):
    (tmp_path / "f.txt").write_text("c = a + b\nd = c * c\nd - relu(a)\n")
    code, out, _ = run("explain", "f.txt", "a=2", "b=3", "--of", "c", "--json")
    assert code == 0
    (found,) = json.loads(out)["explained"]
    assert (found["value"], found["gradient"], found["sum"]) == ("c", 10.0, 10.0)


def test_lists_the_gradients_of_an_output(run):
    code, out, _ = run("explain", "a*b", "a=2", "b=3")
    assert code == 0
    assert re.search(r"a +2 +3\n +b +3 +2", out)


def test_receipt_of_a_trained_weight_adds_up(run, trained):
    code, out, _ = run("explain", str(trained), "layers.0.neurons.1.weights.0", "--json")
    assert code == 0
    (found,) = json.loads(out)["explained"]
    assert found["sum"] == pytest.approx(found["gradient"], rel=1e-12)
    assert len(found["parts"]) == 12
    from neuroflow.training import Run

    training = Run.resume(trained).training
    _, gradient = training.runner.gradients(list(range(12)))
    names = [name for name, _ in training.model.named_parameters()]
    assert found["gradient"] == pytest.approx(
        gradient[names.index("layers.0.neurons.1.weights.0")], rel=1e-12
    )


def test_one_example_and_what_if(run, trained):
    code, out, _ = run(
        "explain", str(trained), "layers.1.neurons.0.bias", "--example", "4", "--what-if", "0.5",
        "--json",
    )  # fmt: skip
    assert code == 0
    (found,) = json.loads(out)["explained"]
    assert len(found["parts"]) == 1
    assert found["what_if"]["actual"] == pytest.approx(found["what_if"]["predicted"], abs=1e-12)


def test_saved_model_of_a_run_is_understood(run, trained):
    code, out, _ = run("explain", str(trained / "checkpoint.safetensors"), "--json")
    assert code == 0
    assert len(json.loads(out)["explained"][0]["leaves"]) == 13


def test_mistakes_are_usage_errors(run, trained):
    for words, message in (
        (("explain", "a*", "a=2"), "cannot read"),
        (("explain", "__import__('os')", "a=2"), "unknown function"),
        (("explain", "a*b", "a=2"), "unknown name 'b'"),
        (("explain", "a*b", "a=two"), "gives no variable a number"),
        (("explain", str(trained), "layers.0.neurons.1.weight.0"), "did you mean"),
        (("explain", str(trained), "--example", "99"), "there is no example 99"),
        (("draw", str(trained), "--example", "1"), "add --graph"),
        (("explain", "moonz"), "no file and no recipe is named 'moonz'; did you mean 'moons'?"),
    ):
        code, out, err = run(*words)
        assert code in (1, 2)
        assert out == ""
        assert message in " ".join(err.split())


def test_draws_a_network_and_a_graph(run, trained, tmp_path):
    assert run("draw", str(trained), "-o", "net.svg", "-o", "net.html")[0] == 0
    ElementTree.parse(tmp_path / "net.svg")
    code, out, _ = run("draw", str(trained), "--graph", "--example", "0", "-o", "g.html", "--json")
    assert code == 0
    assert json.loads(out)["files"] == ["g.html"]
    assert "layers.0" in (tmp_path / "g.html").read_text()


def test_draws_an_expression_to_both_forms(run, tmp_path):
    code, out, _ = run("draw", "a*b + relu(a)", "a=2", "b=3")
    assert code == 0
    assert "relu: data 2, gradient 1" in out
    assert {p.name for p in tmp_path.iterdir()} == {"graph.svg", "graph.html"}


def test_a_bare_model_is_drawn_but_has_no_loss(run, tmp_path):
    nf.save(nf.build("mlp", sizes=[2, 2, 1], rng=nf.SplitMix32(0)), tmp_path / "m.safetensors")
    assert run("draw", "m.safetensors", "-o", "m.svg")[0] == 0
    code, _, err = run("explain", "m.safetensors")
    assert code == 1
    assert "without the data that it was trained on" in " ".join(err.split())
