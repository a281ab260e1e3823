"""What a command says of itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import neuroflow.cli
from neuroflow.cli import COMMANDS
from neuroflow.config import schema


def test_version(neuroflow):
    from importlib.metadata import version

    assert neuroflow("--version") == (0, f"neuroflow {version('neuroflow')}\n", "")


def test_every_file_is_a_command_and_every_command_a_file():
    folder = Path(neuroflow.cli.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(COMMANDS)


def test_help_lists_every_command_with_one_line(neuroflow):
    code, out, _ = neuroflow("--help")
    assert code == 0
    for name, text in COMMANDS.items():
        lines = [line for line in out.splitlines() if line.startswith(f"  {name} ")]
        assert len(lines) <= 1
        assert not lines or text in lines[0]
    assert "Exit codes: 0 done, 1 the work failed, 2 wrong usage" in " ".join(out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_has_examples_and_fits_80_columns(neuroflow, name):
    code, out, _ = neuroflow(name, "--help")
    assert code == 0
    assert out.startswith(f"Usage: neuroflow {name} ")
    assert max(map(len, out.splitlines())) <= 80
    assert f"neuroflow {name}" in out.partition("\n")[2], "no example"


def test_help_loads_no_plugin_and_no_numbers(tmp_path):
    code = (
        "import sys\nfrom neuroflow.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:"
        "\n    pass\nheavy = {'numpy', 'pluggy', 'attrs', 'rich', 'neuroflow_plugins', 'sympy'}"
        "\nassert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_a_command_the_help_is_shown(neuroflow):
    code, out, err = neuroflow()
    assert "Usage: neuroflow" in out + err
    assert code == 2


def test_help_of_train_lists_every_key_of_a_configuration_with_range_and_meaning(neuroflow):
    _, out, _ = neuroflow("train", "--help")
    words = " ".join(out.partition("Keys for --set:")[2].split())
    for row in schema():
        assert f"{row['path']} {row['expected']}, " in words
        assert row["meaning"] in words
    assert "train.clip_norm a number above 0, may be left out: the longest gradient" in words


def test_show_tells_range_default_and_meaning_of_each_setting(neuroflow):
    _, out, _ = neuroflow("show", "mlp", "--json")
    settings = {setting["name"]: setting for setting in json.loads(out)["settings"]}
    assert settings["dropout"] == {
        "name": "dropout",
        "type": "a number",
        "default": 0.0,
        "required": False,
        "range": "at least 0 and below 1",
        "expected": "a number at least 0 and below 1",
        "meaning": "the probability with which a number is dropped in training",
        "part": "",
    }
    assert settings["activation"]["part"] == "activation"
    _, out, _ = neuroflow("show", "mlp")
    assert (
        "setting dropout a number at least 0 and below 1, default 0.0: the probability with which"
        " a number is dropped in training" in " ".join(out.split())
    )
