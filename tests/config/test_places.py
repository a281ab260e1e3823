"""Paths in a configuration: from its folder in a file, from the caller's elsewhere; then whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import neuroflow as nf

TREE = """
[model]
use = "mlp"
sizes = [1, 1]
[loss]
use = "mse"
[optimizer]
use = "sgd"
learning_rate = 0.001
[data]
use = "csv"
path = "t.csv"
target = "b"
[train]
steps = 2
backend = "eager"
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A caller's folder, and one beside it with a configuration and its table."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "m.toml").write_text(TREE)
    for folder in (tmp_path, tmp_path / "conf"):
        (folder / "t.csv").write_text("a,b\n1,0\n2,1\n3,0\n4,1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def path_in(source, changes=()):
    return Path(nf.configure(source, changes)["data"]["path"])


@pytest.mark.parametrize("source", ["conf/m.toml", Path("conf/m.toml"), "./conf/../conf/m.toml"])
def test_what_a_file_says_begins_in_its_folder(place, source):
    found = path_in(source)
    assert found.is_absolute()
    assert found.samefile(place / "conf" / "t.csv")


def test_what_is_not_beside_the_configuration_is_looked_for_at_the_callers(place):
    (place / "conf" / "t.csv").unlink()
    assert path_in("conf/m.toml") == place / "t.csv"
    (place / "t.csv").unlink()
    with pytest.raises(nf.FileError, match=re.escape(f"cannot read {place / 'conf' / 't.csv'}")):
        nf.train("conf/m.toml")


def test_what_the_caller_says_begins_where_the_caller_is(place):
    tree = nf.configure("conf/m.toml")
    own = {**tree, "data": {**tree["data"], "path": "t.csv"}}
    assert path_in(own) == place / "t.csv"
    for changes in (["data.path=t.csv"], {"data.path": "t.csv"}, iter(["data.path=t.csv"]),
                    {"data": {"use": "csv", "path": "t.csv", "target": "b"}}):  # fmt: skip
        assert path_in("conf/m.toml", changes) == place / "t.csv"
    assert path_in("conf/m.toml", ["data.target=b"]) == place / "conf" / "t.csv"
    assert path_in("conf/m.toml", {"data.path": "/t.csv"}) == Path("/t.csv")


def test_no_path_stays_none():
    assert nf.configure("names")["data"]["path"] == ""


def here(rng, *, file: str):
    return nf.Dataset([[float(len(Path(file).read_text()))]], [1.0])


def test_a_text_called_file_is_one_without_being_declared(place, offers):
    offers.put(nf.DatasetEntry(name="here", target=here, summary="."))
    (place / "conf" / "own.toml").write_text(
        TREE.replace("csv", "here", 1).replace('path = "t.csv"\ntarget = "b"', 'file = "t.csv"')
    )
    assert nf.train("conf/own.toml").dataset.inputs == [[20.0]]


def test_a_run_goes_on_from_every_folder(place, tmp_path, monkeypatch):
    nf.Run.start("conf/m.toml", "run", {"train.steps": 4})
    monkeypatch.chdir("/")
    run = nf.Run.resume(tmp_path / "run").run()
    assert run.training.step == 4
    assert f'path = "{tmp_path / "conf" / "t.csv"}"' in (tmp_path / "run/config.toml").read_text()
