"""``neuroflow plan``: the engine's plan for a recipe, for a person and as JSON."""

import json

from click.testing import CliRunner

from neuroflow.cli import main


def test_a_plan_is_a_table_of_groups():
    result = CliRunner().invoke(main, ["plan", "moons"])
    assert result.exit_code == 0
    assert "3 matrix products" in result.stdout
    assert "floating-point operations forward" in result.stdout
    assert "layers.1.neurons" in result.stdout
    assert "us expected, " in result.stdout
    assert "us measured" in result.stdout


def test_a_plan_as_json():
    result = CliRunner().invoke(main, ["plan", "moons", "--lanes", "1", "--json"])
    facts = json.loads(result.stdout)
    assert facts["parameters"] == 337
    assert [group["op"] for group in facts["groups"]][:3] == ["dot", "add", "relu"]
    speed = facts["speed"]
    assert (speed["lanes"], speed["calls"] > 0) == (1, speed["backend"] == "numpy")
    assert speed["expected_seconds"] > 0.0
    assert speed["measured_seconds"] > 0.0
    assert speed["ceilings"]["operations"] > 1e6


def test_a_plan_with_the_kernels_that_are_generated():
    result = CliRunner().invoke(main, ["plan", "moons", "--kernels", "--no-speed"])
    assert "def map_relu_backward(m: Numbers, n: Int," in result.stdout
    assert "        t0 = x0 > 0.0\n" in result.stdout
    assert "def update(" in result.stdout
    plain = CliRunner().invoke(main, ["plan", "moons", "--no-speed"])
    assert result.stdout.startswith(plain.stdout.rstrip())
    result = CliRunner().invoke(main, ["plan", "moons", "--kernels", "--json", "--no-speed"])
    assert any("t0 = x0 > 0.0" in text for text in json.loads(result.stdout)["kernels"])


def test_an_unknown_recipe_is_wrong_usage():
    result = CliRunner().invoke(main, ["plan", "mooons"])
    assert result.exit_code == 2


def test_a_plan_of_layers_that_keep_buffers(tmp_path):
    layers = [{"use": "batch_norm", "size": 2}, {"use": "layer", "inputs": 2, "outputs": 1}]
    tree = {"model": {"use": "sequential", "layers": layers}, "loss": "mse", "optimizer": "sgd",
            "data": "moons", "train": {"steps": 1}}  # fmt: skip
    (tmp_path / "norm.json").write_text(json.dumps(tree))
    result = CliRunner().invoke(main, ["plan", str(tmp_path / "norm.json"), "--no-speed"])
    assert (result.exit_code, "batch_norm" in result.stdout) == (0, True), result.output
