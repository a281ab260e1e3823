"""Where commands write: any stream, any encoding, any width; a reader that is gone is no error."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from neuroflow.cli.shared.output import json_text, print_json
from neuroflow.cli.shared.streams import PlainStream, Stream, clean_streams, console, encodable


def written(encoding, text):
    raw = io.BytesIO()
    stream = PlainStream(io.TextIOWrapper(raw, encoding=encoding, newline=""), is_vital=True)
    stream.write(text)
    stream.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "utf-16", "cp437"])
def test_every_text_is_written_in_any_encoding(encoding):
    text = "∂y/∂x ≤ 2·x ⣀⠔ ┤ żółw жук 猫 \U0001f600 \udcff\x1b[2J\n"
    found = written(encoding, text)
    assert "?" not in found
    assert r"\udcff\x1b[2J" in found
    if encoding == "ascii":
        assert found.startswith("dy/dx <= 2.x ** | \\u017c")


def test_json_is_read_back_whole_whatever_the_encoding():
    thing = {"name": "żółw \U0001f600 \x9b\u202e\ud800", "number": float("nan")}
    for encoding in ("ascii", "cp1252", "utf-8", None):
        text = json_text(thing, encoding)
        assert json.loads(text) == {**thing, "number": None}
        assert encodable(text, encoding) == text


class Broken(io.StringIO):
    """A stream of which the other end is gone, or which is full."""

    encoding = "utf-8"

    def __init__(self, number):
        super().__init__()
        self.number = number

    def write(self, text):
        raise OSError(self.number, os.strerror(self.number))


def test_a_reader_that_is_gone_is_no_error_and_a_full_disk_is_one():
    Stream(Broken(errno.EPIPE), is_vital=True).write("a")
    Stream(Broken(errno.ENOSPC), is_vital=False).write("a")
    with pytest.raises(OSError, match="No space left"):
        Stream(Broken(errno.ENOSPC), is_vital=True).write("a")


@pytest.mark.parametrize("told", ["0", "1", "-5", "x", "²", "", "9" * 30, "12.5"])
def test_a_width_that_makes_no_sense_is_none(monkeypatch, told):
    monkeypatch.setenv("COLUMNS", told)
    monkeypatch.setenv("LINES", told)
    assert console().size == (80, 25)
    monkeypatch.setenv("COLUMNS", "100")
    assert console().width == 100


def test_streams_are_put_back_and_nobody_sends_them_colours(capsys):
    before = sys.stdout, sys.stderr, sys.stdin
    with clean_streams():
        assert not sys.stdout.isatty()
        print("a\x1b[31m", "b", sep="\u202e")
        sys.stderr.writelines(["c\x9b", "\n"])
        print_json({"d": "\x9b"})
    assert (sys.stdout, sys.stderr, sys.stdin) == before
    assert capsys.readouterr() == ('a\\x1b[31m\\u202eb\n{\n  "d": "\\u009b"\n}\n', "c\\x9b\n")


def test_a_terminal_in_colour_gets_no_colour_from_a_text():
    shown = SimpleNamespace(isatty=lambda: True, text="", encoding="utf-8", flush=lambda: None)
    shown.write = lambda text: setattr(shown, "text", shown.text + text)
    from neuroflow.cli.shared.screen import Screen

    Screen(file=shown, force_terminal=True, color_system="standard", highlight=False).print(
        "a\x1b[31mb", style="red"
    )
    assert shown.text == "\x1b[31ma\\x1b[31mb\x1b[0m\n"


SHELL = """
python="{python} -W error -m neuroflow"
$python list ops | head -1 >/dev/null; echo ${{PIPESTATUS[0]}}
$python train moons --set train.steps=2 --set data.points=9 --out run >&- 2>&- <&-; echo $?
mkdir gone && cd gone && rmdir ../gone && $python show adam; echo $?
$python show adam > /dev/full; echo $?
$python show adam --json > /dev/full; echo $?
"""


def test_commands_of_a_shell_that_closes_streams_and_leaves(tmp_path):
    done = subprocess.run(
        ["bash", "-c", SHELL.format(python=sys.executable)], cwd=tmp_path, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert [*lines[:2], *lines[-3:]] == ["0", "0", "0", "1", "1"], done
    assert done.stderr.count("cannot use standard output: No space left on device") == 2
    assert lines[2].startswith("adam  optimizer")
    assert done.stderr.startswith("Error: cannot use standard output: No space left on device")
    assert "Traceback" not in done.stderr
    assert {f.name for f in (tmp_path / "run").iterdir()} >= {"config.toml", "metrics.jsonl"}
