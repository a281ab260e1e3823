"""A mistake gives one message on standard error, and an exit code; never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ONE_CLASS = """
model = { use = "mlp", sizes = [1, 1] }
loss = "hinge"
optimizer = "sgd"
data = { use = "csv", path = "one.csv", target = "y" }
train = { steps = 1 }
"""


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["trian"], 2, "Error: no command 'trian'; did you mean 'train'? see: neuroflow --help"),
        (["train"], 2, "Error: Missing argument 'RECIPE|FILE'."),
        (["train", "mons"], 2, "Error: no file and no recipe is named 'mons'; did you mean 'moons"),
        (["train", "moons", "--set", "x"], 2, "'x' sets nothing; write PATH=VALUE"),
        (["train", "moons", "--set", "model.use=mpl"], 2, "unknown layer 'mpl'; did you mean 'mlp"),
        (["train", "moons", "--backend", "cuda"], 2, "train.backend: unknown backend 'cuda'"),
        (["train", "moons", "--dtype", "int"], 2, "train.dtype: got 'int' (a text); expected"),
        (["train", "one.toml"], 2, "one.csv: column 'y' has the one value 'a'; expected at"),
        (["train", "moons", "--set", "model.sizes=[3,2,1]"], 2, "Error: the model cannot take the"),
        (["train", "function", "--set", "loss=cross_entropy"], 2, "Error: loss 'cross_entropy'"),
        (["train", "moons", "--set", "model.sizes=[2,1000000000,1]"], 2, "expected at most"),
        (["explain", "a * (b", "a=1", "b=2"], 2, "cannot read f(x) = a * (b: '(' was never closed"),
        (["draw", "a * q", "a=1"], 2, "cannot read f(x) = a * q: unknown name 'q'"),
        (["demo", "functoin"], 2, "there is no live page 'functoin'; did you mean 'function'?"),
        (["train", "no.toml"], 1, "cannot read no.toml"),
        (["list", "opps"], 2, "unknown kind 'opps'; did you mean 'ops'"),
        (["show", "sigmoidd"], 2, "nothing is named 'sigmoidd'; did you mean 'sigmoid'"),
        (["show", "relu", "--kind", "loss"], 2, "unknown loss 'relu'; 'relu' is the name of an op"),
        (["predict", "no.safetensors", "1"], 1, "there is no file no.safetensors"),
        (["inspect", "no.safetensors"], 1, "there is no file no.safetensors"),
        (["resume", "nowhere"], 1, "nowhere holds no run: there is no config.toml in it"),
    ],
)  # fmt: skip
def test_mistakes_give_one_message_and_an_exit_code(neuroflow, words, code, message):
    Path("one.toml").write_text(ONE_CLASS)
    Path("one.csv").write_text("x,y\n1,a\n2,a\n")
    got, out, err = neuroflow(*words)
    assert (got, out) == (code, "")
    assert message in err
    assert err.count("Error:") == 1


def test_all_problems_of_a_configuration_are_listed_at_once(neuroflow):
    code, _, err = neuroflow("train", "moons", "--set", "model.sizes=3", "--set", "loss.margin=1")
    assert code == 2
    assert "recipe 'moons' has 2 problems:" in err
    assert "  model.sizes: got 3; expected a list of whole numbers" in err
    assert "  loss.margin: unknown key of loss 'hinge'" in err


def test_malformed_toml_names_the_line(neuroflow, tmp_path):
    (tmp_path / "bad.toml").write_text("[model]\nuse = \n")
    code, _, err = neuroflow("train", "bad.toml")
    assert code == 2
    assert "bad.toml is not valid TOML: Invalid value (at line 2, column 7)" in err


def test_with_json_an_error_is_an_object_too(neuroflow):
    code, out, err = neuroflow("show", "nothing_like_it", "--json")
    assert code == 2
    assert json.loads(out)["error"] == {
        "kind": "RegistryError",
        "message": "nothing is named 'nothing_like_it'; see: neuroflow list",
        "what": "nothing is named 'nothing_like_it'",
        "remedy": "see: neuroflow list",
        "got": "'nothing_like_it'",
    }
    assert "nothing is named 'nothing_like_it'; see: neuroflow list" in err


def test_with_json_a_wrong_usage_keeps_the_fields_of_its_cause(neuroflow):
    code, out, _ = neuroflow("check", "nothing_like_it.py", "--json")
    assert code == 2
    error = json.loads(out)["error"]
    assert (error["kind"], error["file"]) == ("UsageError", "nothing_like_it.py")
    assert (error["what"], error["remedy"]) == (
        "there is no file nothing_like_it.py", "give the path of a Python file"
    )  # fmt: skip


def test_with_json_every_problem_of_a_configuration_has_its_fields(cli):
    words = ["--set", "optimizer.learning_rate=fast", "--set", "loss=hnige", "--json"]
    code, out, _ = cli("train", "moons", *words)
    assert code == 2
    error = out["error"]
    assert (error["kind"], error["what"]) == (
        "ConfigurationError", "recipe 'moons' has 2 problems"
    )  # fmt: skip
    assert error["problems"] == [
        {"path": "loss.use", "what": "unknown loss 'hnige'",
         "remedy": "did you mean 'hinge'? see: neuroflow list losses"},
        {"path": "optimizer.learning_rate", "what": "got 'fast' (a text)",
         "expected": "a number above 0"},
    ]  # fmt: skip


def test_control_characters_of_a_name_do_not_reach_the_terminal(neuroflow):
    code, out, err = neuroflow("predict", "\x1b[2Jmodel", "1", "2")
    assert code == 1
    assert "\x1b" not in out + err
    assert r"\x1b[2Jmodel" in err


def test_debug_shows_the_traceback(tmp_path, shell):
    done = shell(["show", "nothing_like_it", "--debug"], tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_an_unexpected_error_says_so_without_a_traceback(neuroflow, monkeypatch):
    monkeypatch.setattr("neuroflow.config.recipes", lambda: 1 / 0)
    code, _, err = neuroflow("recipes")
    assert code == 1
    assert "Error: ZeroDivisionError: division by zero; this is a fault of neuroflow" in err


@pytest.mark.parametrize("command", ["explain", "draw", "inspect", "plan", "new"])
def test_a_name_too_long_for_a_file_is_no_fault_of_neuroflow(
    neuroflow, tmp_path, monkeypatch, command
):
    monkeypatch.chdir(tmp_path)
    code, _, err = neuroflow(command, "a" * 400)
    assert code in (1, 2)
    assert "Error: " in err
    assert "fault of neuroflow" not in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["explain", "draw"])
def test_a_file_that_holds_no_text_is_no_expression(neuroflow, tmp_path, command):
    path = tmp_path / "bytes.txt"
    path.write_bytes(b"\xff\xfe")
    code, _, err = neuroflow(command, str(path))
    assert code == 1
    assert f"Error: cannot read {path}: 'utf-8' codec can't decode byte 0xff" in err
    assert "give the path of a text file" in err


def test_a_long_expression_is_no_file_name(neuroflow):
    name = "a" * 100
    code, out, err = neuroflow("explain", f"{name} + {name} + {name}", f"{name}=2")
    assert code == 0, err
    assert "= 3" in out


def test_what_the_system_refuses_is_said_as_such(neuroflow, monkeypatch):
    def refuse():
        raise PermissionError(13, "Permission denied", "recipes/" + "x" * 100)

    monkeypatch.setattr("neuroflow.config.recipes", refuse)
    code, _, err = neuroflow("recipes")
    assert code == 1
    assert (
        err.split()
        == (
            f"Error: cannot use recipes/{'x' * 69}...: Permission denied;"
            " give another path, or change what is there"
        ).split()
    )
