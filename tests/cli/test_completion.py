"""``neuroflow completion``: real shells complete commands, names, settings and values."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import neuroflow as nf
from neuroflow import completing
from neuroflow.cli import COMMANDS
from neuroflow.cli.shared.words import gather

PATIENCE = 30
STEERING = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()=>][A-Z0-9]?|[\x07\x08\r]")


@pytest.fixture(scope="module")
def known():
    return gather()


def offered(known, line):
    return [word for word, _ in completing.offers(completing.split(f"neuroflow {line}")[1:], known)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("tra", ["train"]),
        ("train moo", ["moons", "files"]),
        ("train moons --see", ["--seed"]),
        ("train moons --backend num", ["numpy"]),
        ("train moons --dtype float3", ["float32"]),
        ("train --set ", ["model.", "loss.", "optimizer.", "data.", "train."]),
        ("train moons --set optimizer.learn", ["optimizer.learning_rate="]),
        ("train moons --set optimizer.sch", ["optimizer.schedule=", "optimizer.schedule."]),
        ("train moons --set optimizer.schedule.t", ["optimizer.schedule.to="]),
        ("train moons --set optimizer.schedule=cos", ["optimizer.schedule=cosine"]),
        ("train moons --set optimizer.use=adamw --set optimizer.no_",
         ["optimizer.no_decay="]),
        ("train moons --set model.activation=leaky_relu --set model.activation.s",
         ["model.activation.slope="]),
        ("train moons --set 'model.si", ["model.sizes="]),
        ("train moons --set train.keep=", ["train.keep=last", "train.keep=best"]),
        ("train moons --set train.shuffle=t", ["train.shuffle=true"]),
        ("train moons --set data.use=moo", ["data.use=moons"]),
        ("train moons --set nothing.", []),
        ("train moons --set train.nothing.x=", []),
        ("show leaky", ["leaky_relu"]),
        ("show --kind sched", ["schedule"]),
        ("list optim", ["optimizer"]),
        ("recipes xo", ["xor"]),
        ("config fi", ["fill", "files"]),
        ("config diff moons circ", ["circles", "files"]),
        ("completion z", ["zsh"]),
        ("init --task reg", ["regression"]),
        ("resume ", ["files"]),
        ("train moons xo", []),
        ("nothing x", []),
    ],
)  # fmt: skip
def test_what_may_come_next(known, line, words):
    assert list(dict.fromkeys(offered(known, line))) == words


def test_every_command_and_every_name_is_offered(known):
    assert set(COMMANDS) <= set(offered(known, ""))
    for kind in ("layer", "loss", "optimizer"):
        section = {"layer": "model", "loss": "loss", "optimizer": "optimizer"}[kind]
        words = offered(known, f"train moons --set {section}.use=")
        assert words == [f"{section}.use={name}" for name in nf.names(kind)]


def test_the_uses_of_a_file_decide_its_settings(known, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text('extends = "moons"\noptimizer = "adamw"\n')
    assert offered(known, "train mine.toml --set optimizer.no_") == ["optimizer.no_decay="]
    assert offered(known, "train mine.toml --set model.si") == ["model.sizes="]
    Path("broken.toml").write_text("[model")
    assert offered(known, "train broken.toml --set model.siz") == ["model.size=", "model.sizes="]


@pytest.fixture
def path(tmp_path):
    """A folder with the command ``neuroflow``, and a cache of its own."""
    program = tmp_path / "neuroflow"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m neuroflow "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path),
            "XDG_CACHE_HOME": str(tmp_path / "cache"), "TERM": "dumb"}  # fmt: skip


def complete(environment, line):
    command = [sys.executable, "-X", "importtime", "-m", "neuroflow", "--complete", "line", line]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    return done.stdout, done.stderr


def test_words_are_kept_and_gathered_anew_when_a_plugin_changes(path, tmp_path):
    out, _ = complete(path, "neuroflow train moo")
    assert out.startswith("moons\tTell two interlocking half circles apart")
    out, imports = complete(path, "neuroflow show my_own")
    assert out == ""
    heavy = [name for name in ("click", "attr", "pluggy", "numpy") if f"| {name}\n" in imports]
    assert not heavy, "the second press of a key loads what only the first needs"
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "mine.py").write_text(
        "import neuroflow as nf\n\n@nf.op\ndef my_own(x):\n    return x\n\n\n"
        "@nf.hookimpl\ndef neuroflow_ops():\n    return [my_own]\n"
    )
    out, _ = complete({**path, "NEUROFLOW_PLUGINS_DIR": str(plugins)}, "neuroflow show my_own")
    assert out == "my_own\n"


def test_a_press_of_a_key_takes_less_than_150_milliseconds_of_the_processor(path):
    complete(path, "neuroflow train moo")

    def took():
        before = os.times()
        complete(path, "neuroflow train moons --set optimizer.")
        after = os.times()
        return (after.children_user - before.children_user
                + after.children_system - before.children_system)  # fmt: skip

    assert min(took() for _ in range(3)) < 0.15


SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
READY = {
    "bash": 'PS1="ready> "; source script',
    "zsh": 'PS1="ready> "; autoload -U compinit; compinit -u; source script',
    "fish": "function fish_prompt; echo 'ready> '; end; source script",
}
TYPED = [
    ("neuroflow tra", "in"),
    ("neuroflow train moo", "ns"),
    ("neuroflow train moons --set optimizer.learn", "ing_rate="),
    ("neuroflow train moons --set optimizer.schedule=cosi", "ne"),
]


class Shell:
    """A shell in a terminal of its own, in which somebody types."""

    def __init__(self, name, environment, folder):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(SHELLS[name][0], SHELLS[name], environment)
        self.seen = ""

    def type(self, text):
        os.write(self.terminal, text.encode())

    def sees(self, text):
        """Wait until a text stands on the screen, since the last one that was waited for."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            plain = re.sub(
                r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()=>][A-Z0-9]?|[\x07\x08\r]", "", self.seen
            )
            if text in plain:
                self.seen = ""
                return True
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.seen += os.read(self.terminal, 4096).decode(errors="replace")
        return False

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.process, 0)


@pytest.mark.parametrize("name", SHELLS)
def test_a_shell_completes_what_is_typed(path, tmp_path, neuroflow, name):
    assert shutil.which(name), f"{name} is not installed: apt-get install zsh fish"
    (tmp_path / "script").write_text(neuroflow("completion", name)[1])
    complete(path, "neuroflow ")
    shell = Shell(name, path, tmp_path)
    try:
        shell.type(f"{READY[name]}\n")
        assert shell.sees("ready> "), shell.seen
        for typed, rest in TYPED:
            shell.type(f"{typed}\t")
            assert shell.sees(f"{typed}{rest}"), (typed, shell.seen)
            shell.type("\x15")  # the line is taken back
    finally:
        shell.type("\x15exit\n")
        shell.close()
