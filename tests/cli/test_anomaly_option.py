"""neuroflow train --anomaly: the step that failed, replayed; and what is wrong at the end."""

import json

import pytest
from click.testing import CliRunner

from neuroflow.cli import main


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*words):
        result = CliRunner().invoke(main, list(words))
        return result.exit_code, result.stdout, " ".join(result.stderr.split())

    return call


@pytest.mark.parametrize("backend", ["eager", "numpy", "llvm"])
def test_a_run_that_fails_names_op_inputs_line_and_remedy(run, backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    changes = ["model.activation=linear", "optimizer.learning_rate=50.0", "loss.use=mse"]
    words = [word for change in changes for word in ("--set", change)]
    code, _, err = run("train", "moons", "--anomaly", "--backend", backend, *words)
    assert code == 1
    assert "the run failed at step" in err
    for part in ("(forward)", ".py:", "in example", "inputs:", "remedy:"):
        assert part in err or part.replace("forward", "backward") in err


def test_dead_units_are_listed_at_the_end(run):
    few = (
        "--set",
        "train.steps=3",
        "--set",
        "data.points=40",
        "--backend",
        "eager",
        "--set",
        "optimizer.learning_rate=4.0",
    )
    code, out, _ = run("train", "moons", "--anomaly", "--json", "--seed", "3", *few)
    assert code == 0
    found = json.loads(out)["anomalies"]
    assert {a["fault"] for a in found} <= {"dead unit", "saturated unit", "saturated softmax"}
    assert any(a["op"] == "relu" and a["scope"].startswith("layers.0.neurons.") for a in found)


def test_watching_changes_no_number(run):
    few = (
        "--set",
        "train.steps=5",
        "--set",
        "data.points=20",
        "--set",
        "model.sizes=[2, 4, 1]",
        "--backend",
        "eager",
        "--json",
    )
    plain = json.loads(run("train", "moons", *few)[1])
    watched = json.loads(run("train", "moons", "--anomaly", *few)[1])
    assert (plain["loss"], plain["gradient_norm"]) == (watched["loss"], watched["gradient_norm"])
