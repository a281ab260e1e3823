"""Results on standard output: JSON, tables that fit, pipes and terminals of all kinds."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import pytest

import neuroflow.core.value
from neuroflow.cli.shared.output import warnings_as_notes

JSON = [
    ["plugins"], ["plugins", "--timing"], ["list"], ["list", "ops"], ["list", "losses", "*hinge*"],
    ["list", "tokenizers"], ["show", "relu"], ["show", "dot"], ["show", "hinge"], ["show", "mlp"],
    ["show", "adam"], ["recipes"], ["doctor"],
]  # fmt: skip


@pytest.mark.parametrize("words", JSON, ids=" ".join)
def test_json_is_one_object_and_nothing_else(neuroflow, words):
    code, out, err = neuroflow(*words, "--json")
    assert code in (0, 1)
    assert err == ""
    assert isinstance(json.loads(out), dict)
    assert out == json.dumps(json.loads(out), ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("words", JSON, ids=" ".join)
@pytest.mark.parametrize("columns", ["80", "120"])
def test_tables_fit_the_terminal_and_have_no_colour_in_a_pipe(
    neuroflow, monkeypatch, words, columns
):
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = neuroflow(*words)
    assert "\x1b" not in out
    for line in out.splitlines():
        assert len(line.rstrip()) <= int(columns), line


def test_no_color_and_pipes(tmp_path, shell):
    done = shell(["list", "nokind"], tmp_path, NO_COLOR="1", FORCE_COLOR="1")
    assert done.returncode == 2
    assert "Error: unknown kind 'nokind'" in done.stderr
    assert "\x1b[31m" not in done.stderr
    coloured = shell(["list", "nokind"], tmp_path, FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[" in coloured.stderr


def test_output_that_nobody_reads_is_no_error(tmp_path):
    code = f"{sys.executable} -m neuroflow list ops --json | head -c 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "{", "")


def test_a_terminal_without_unicode_still_gets_an_answer(tmp_path, shell):
    done = shell(["show", "relu"], tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert "relu" in done.stdout


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (neuroflow.core.value.__file__, "RuntimeWarning: too large"),
        (pytest.__file__, "RuntimeWarning: too large"),
        ("/home/somebody/own.py", "RuntimeWarning: too large (own.py:3)"),
    ],
    ids=["neuroflow", "installed", "own"],
)
def test_a_warning_is_told_without_a_line_of_code_and_of_own_code_with_its_place(
    file, told, capsys
):
    with warnings_as_notes():
        warnings.simplefilter("always")
        warnings.warn_explicit("too large", RuntimeWarning, file, 3)
    assert capsys.readouterr().err == f"{told}\n"
