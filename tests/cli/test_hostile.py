"""Names from data, files, models and plugins cannot steer a terminal, whoever shows them."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from xml.etree import ElementTree

import pytest

import neuroflow as nf
from neuroflow.config import to_toml
from neuroflow.files import in_shell

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eevil\u2066\u2028\u2029\u200b\ufeff\x7f\r\x00\ud800"
IN_TEXT = EVIL.replace("\x00", "").replace("\ud800", "").replace("\r", "")
IN_NAME = IN_TEXT.replace("\x1b]", "\n\x1b]")
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def is_clean(text):
    found = FORBIDDEN.search(text)
    assert found is None, ascii(text[max(0, found.start() - 60) : found.end() + 20])
    return True


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder whose files say hostile things: rows, texts, a configuration, a module, a model."""
    folder = tmp_path_factory.mktemp("hostile")
    label = IN_TEXT.replace("\u2028", "").replace("\u2029", "")
    rows = [f"{k / 7},{k % 3},{'ab'[k % 2]}{label}$x$" for k in range(12)]
    (folder / "rows.csv").write_text("\n".join([f"one{label}$y$,two,class", *rows]), "utf-8")
    (folder / "texts.txt").write_text("ab\x1b[2J\nba\u202e\x9b\n" * 3, "utf-8")
    (folder / f"{IN_NAME}.toml").write_text(
        f"[model]\nuse = {json.dumps(EVIL[:-1])}\n{json.dumps(EVIL[:-1])} = 1\n", "utf-8"
    )
    (folder / "broken.toml").write_bytes(b"[model\x1b[2J]\n\x9b = \xff")
    (folder / "evil_ops.py").write_text(
        f"import neuroflow as nf\n\n@nf.op(formula={EVIL!r}, reference={EVIL!r})\n"
        f"def evil(x):\n    {EVIL[:-1]!r}\n    return x * x\n"
    )
    return folder


COMMANDS = [
    ["train", "rows.toml", "--out", "run"], ["train", f"{IN_NAME}.toml"], ["train", "broken.toml"],
    ["train", IN_NAME], ["train", "moons", "--set", f"{IN_NAME}=1"],
    ["train", "moons", "--set", f"model.activation={IN_NAME}"],
    ["train", "moons", "--backend", IN_NAME],
    ["train", "moons", "--out", f"run/config.toml/{IN_NAME}"],
    ["resume", "run"], ["resume", IN_NAME], ["inspect", "run"], ["inspect", IN_NAME],
    ["predict", "run", "1", "2"], ["predict", "run", IN_NAME, "2"], ["predict", IN_NAME],
    ["predict", "run", "--csv", "rows.csv"], ["predict", "run", "--csv", IN_NAME],
    ["generate", IN_NAME], ["generate", "run"], ["plan", "rows.toml"], ["plan", IN_NAME],
    ["draw", IN_NAME], ["draw", "a*b", IN_NAME], ["draw", "run", "-o", f"{IN_NAME}.svg"],
    ["draw", "run", "-o", f"{IN_NAME}"],
    ["explain", "run"], ["explain", IN_NAME], ["explain", "a*b", f"a={IN_NAME}"],
    ["explain", "run", IN_NAME], ["list", IN_NAME], ["list", "ops", IN_NAME], ["show", IN_NAME],
    ["show", "relu", "--kind", IN_NAME], ["check", "evil_ops.py"], ["check", IN_NAME],
    ["new", IN_NAME], ["new", "soft", "--author", IN_NAME, "--directory", "made"],
    ["zoo", IN_NAME], ["demo", IN_NAME], ["demo", "--export", f"broken.toml/{IN_NAME}"],
    [IN_NAME], ["recipes", IN_NAME], ["doctor", f"--{IN_NAME}"],
]  # fmt: skip
CONFIGURATION = """
model = {use = "mlp", sizes = [2, 3, 2]}
loss = "cross_entropy"
optimizer = {use = "sgd", learning_rate = 0.1}
data = {use = "csv", path = "rows.csv", target = "class"}
train = {steps = 3, backend = "eager"}
"""


@pytest.fixture
def there(place, neuroflow, monkeypatch):
    monkeypatch.chdir(place)
    (place / "rows.toml").write_text(CONFIGURATION)
    return neuroflow


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["words", "json"])
def test_no_command_lets_a_hostile_name_through(there, place, as_json):
    if as_json:
        (place / "run").rename(place / "before")
    for words in COMMANDS[:: 3 if as_json else 1]:
        code, out, err = there(*words, *as_json)
        assert is_clean(out), words
        assert is_clean(err), words
        assert "a fault of neuroflow" not in err, (words, err)
        if as_json and code in (0, 1):
            assert isinstance(json.loads(out), dict), words


def test_no_picture_lets_one_through(there, place):
    for stem, words in {"a": [], "b": ["--graph"]}.items():
        files = [f"{stem}.{form}" for form in ("svg", "html", "txt")]
        given = [word for file in files for word in ("-o", file)]
        assert there("draw", "run", "--title", IN_NAME, *words, *given)[0] == 0
        texts = [(place / file).read_text("utf-8") for file in files]
        assert all(map(is_clean, texts))
        ElementTree.fromstring(texts[0])


def test_generated_text_keeps_its_line_breaks_and_nothing_else(there, place):
    settings = 'train.steps=2 train.backend="eager" optimizer.schedule="constant" data.test=0'
    changes = [word for change in settings.split() for word in ("--set", change)]
    words = ["train", "names", "--set", "data.path=texts.txt", *changes, "--out", "writer"]
    code, out, err = there(*words)
    assert code == 0, err
    assert is_clean(out + err)
    for words in (["--show-probabilities"], ["--json"], ["--attention", "look.svg"]):
        code, out, err = there("generate", "writer", "--count", 3, "--temperature", 2, *words)
        assert code == 0, err
        assert is_clean(out + err)
    ElementTree.fromstring((place / "look.svg").read_text("utf-8"))


PLUGIN = f"""
import sys, warnings
import click
import neuroflow as nf
print({EVIL[:-1]!r}); print({EVIL[:-1]!r}, file=sys.stderr)

@nf.op(summary={EVIL[:-1]!r}, formula={EVIL[:-1]!r}, reference={EVIL[:-1]!r})
def evil(x):
    return x * x

@nf.hookimpl
def neuroflow_commands(group):
    @group.command(help={EVIL[:-1]!r})
    def shout():
        click.echo({EVIL[:-1]!r}); print({EVIL!r})
        warnings.warn({EVIL!r})
        raise ValueError({EVIL!r})
"""
ALL = """
import sys
import tomllib
from neuroflow.cli import main
for words in ("plugins", "plugins --timing", "doctor", "list ops", "show evil", "show evil --json",
              "--help", "shout", "shout --debug", "shout --help", "check evil", "plugins --json"):
    try:
        main(words.split())
    except SystemExit:
        pass
"""


def test_plugins_and_their_metadata_cannot_either(site, tmp_path):
    import subprocess

    site.add("evil-dist", "evil_plugin", PLUGIN)
    site.add("raising-dist", "raising", f"raise ValueError({EVIL[:-1]!r})")
    (info,) = site.folder.glob("evil_dist-*")
    about = "Metadata-Version: 2.1\nName: evil-dist\nVersion: 1\x1b[2J\u202e\n"
    (info / "METADATA").write_text(about, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", ALL], cwd=tmp_path, capture_output=True, timeout=60,
        env={**site.environment, "PYTHONWARNINGS": "always", "COLUMNS": "100"},
    )  # fmt: skip
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "ValueError" in err
    assert is_clean(out)
    assert is_clean(err)
    assert r"\x1b[2J" in out


def test_a_path_of_any_bytes_is_one_line_and_goes_on_from_the_shell(neuroflow, tmp_path):
    name = os.fsdecode(b"a\nError: b' \xff") + "\u202e"
    words = ["--set", "train.steps=2", "--set", "data.points=9", "--backend", "eager"]
    code, out, err = neuroflow("train", "moons", *words, "--out", name)
    assert code == 0, err
    shown = in_shell(name)
    assert shown == r"$'a\nError: b\' \xff\u202e'"
    assert f"ask it: neuroflow predict {shown} ..." in err
    for again in (["train", "moons", "--out", name], ["predict", name, "1"], ["draw", name]):
        _, out, err = neuroflow(*again)
        assert not re.search("^Error: b", out + err, re.M), (out, err)
        assert is_clean(out + err)
    code, out, err = neuroflow("inspect", name, "--json")
    assert json.loads(out)["file"] == f"{name}/checkpoint.safetensors"


def test_a_configuration_holds_what_cannot_be_seen_as_numbers():
    tree = {"a": "\u202e\x7f\x1b\U000e0001 é\n", "b\x9b": ["\u2028"]}
    text = to_toml(tree)
    assert is_clean(text)
    assert tomllib.loads(text) == tree
    with pytest.raises(nf.InputError, match="bytes that are no UTF-8"):
        to_toml({"path": os.fsdecode(b"\xff")})
