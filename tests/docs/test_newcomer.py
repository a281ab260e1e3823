"""Who follows the tutorial notices what does not work: the program that does, on wrong pages.

The tutorial itself is followed by `tests/acceptance/tutorial.py`, in an environment of its own.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def newcomer():
    path = ROOT / "tests" / "acceptance" / "tutorial.py"
    spec = importlib.util.spec_from_file_location("newcomer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def reader(newcomer, tmp_path, monkeypatch):
    """A reader whose environment is this one: only the pages are to be tried here."""
    monkeypatch.setattr(newcomer.subprocess, "run", _without_venv(subprocess.run))
    made = newcomer.Reader(tmp_path, tmp_path / "neuroflow.whl")
    made.python = sys.executable
    return made


def _without_venv(run):
    def chosen(command, **options):
        return None if "venv" in command else run(command, **options)

    return chosen


def test_the_chapters_are_those_of_the_book_in_its_order(newcomer):
    found = newcomer.chapters((ROOT / "docs" / "index.md").read_text(encoding="utf-8"))
    assert found[0] == "tutorial/by-hand"
    assert sorted(found) == sorted(f"tutorial/{p.stem}" for p in ROOT.glob("docs/tutorial/*.md"))


def test_blocks_files_and_commands_are_followed_in_order(reader):
    page = """
```python
>>> x = 20
```
```{code-block} python
:caption: lib/half.py

def half(x): return x / 2
```
```console
$ ls lib
half.py
$ cat lib/half.py
def half(x): ...
```
```python
import sys
sys.path.insert(0, "lib")
from half import half
```
```python
>>> half(x)
10.0
```
"""
    assert reader.follow(page) == 5


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("```python\n>>> 1 + 1\n3\n```\n", "Expected:\n    3\nGot:\n    2"),
        ("```python\nundefined\n```\n", "NameError: name 'undefined'"),
        ("```console\n$ echo two\nthree\n```\n", "shown:\nthree\n\ngot:\ntwo"),
        ("```console\n$ exit 3\n```\n", "ended with 3"),
        ("```console\nls\n```\n", "not with a command"),
        ("```sh\nls\n```\n", "nobody can follow a block of 'sh'"),
        ("```{code-block} toml\n[a]\n```\n", "nobody can follow"),
    ],
)
def test_what_does_not_work_is_told_with_its_line(newcomer, reader, page, told):
    with pytest.raises(newcomer.Differs) as caught:
        reader.follow("# Title\n\n" + page)
    assert str(caught.value).startswith("line 3: ")
    assert told in str(caught.value)
