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


def test_a_plan_as_json():
    result = CliRunner().invoke(main, ["plan", "moons", "--lanes", "1", "--json"])
    facts = json.loads(result.stdout)
    assert facts["parameters"] == 337
    assert [group["op"] for group in facts["groups"]][:3] == ["dot", "add", "relu"]


def test_an_unknown_recipe_is_wrong_usage():
    result = CliRunner().invoke(main, ["plan", "mooons"])
    assert result.exit_code == 2
