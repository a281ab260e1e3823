"""The Python behind the blocks that run in a page: what it says, and which blocks it can run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from neuroflow.sphinxext import notebook as program
from neuroflow.sphinxext.live import REASONS
from neuroflow.sphinxext.notebook import LONGEST, Notebook

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^(?:\{\.([\w-]+)\}\n)?```python\n(.*?)^```$", re.S | re.M)
PAGES = sorted(
    p for folder in ("tutorial", "explanation", "howto") for p in DOCS.glob(f"{folder}/*.md")
)


@pytest.fixture
def told():
    return []


@pytest.fixture
def notebook(told):
    return Notebook(lambda channel, text: told.append((channel, text)))


def test_a_block_answers_like_the_prompt(notebook, told):
    assert notebook.run("x = 2\nx * 3\nprint('six')\nNone", 1)
    assert told == [("value", "6\n"), ("printed", "six"), ("printed", "\n")]


def test_blocks_share_their_names(notebook, told):
    assert notebook.run("def double(x):\n    return 2 * x", 1)
    assert notebook.run("double(21)", 2)
    assert told == [("value", "42\n")]


def test_a_traceback_shows_the_readers_code_alone(notebook, told):
    notebook.run("import neuroflow as nf\ndef f(x):\n    return nf.log(x)", 1)
    assert not notebook.run("f(nf.Value(-1.0))", 2)
    ((channel, text),) = told
    assert channel == "error"
    assert re.findall(r'File "(.*?)", line (\d+)', text) == [("block 2", "1"), ("block 1", "3")]
    assert "    return nf.log(x)\n" in text
    assert text.splitlines()[-1].startswith("neuroflow.errors.DomainError: log(-1)")


def test_what_came_before_an_error_is_shown(notebook, told):
    assert not notebook.run("1 + 1\n1 / 0\n3", 1)
    assert [channel for channel, _ in told] == ["value", "error"]


def test_a_block_that_is_no_python_says_where(notebook, told):
    assert not notebook.run("if x\n", 4)
    assert 'File "block 4", line 1' in told[0][1]
    assert "SyntaxError: expected ':'" in told[0][1]


def test_leaving_python_is_an_error_like_others(notebook, told):
    assert not notebook.run("raise SystemExit", 1)
    assert notebook.run("1", 2)


def test_endless_output_ends(notebook, told):
    assert notebook.run("for i in range(LINES): print(i)".replace("LINES", str(LONGEST)), 1)
    assert sum(len(text) for channel, text in told if channel == "printed") == LONGEST
    assert told[-1] == ("error", f"\nAfter {LONGEST:,} characters no more is shown.\n")


WITHOUT_NUMPY = """
import doctest, json, sys
absent = "numpy llvmlite safetensors sympy mpmath rich click torch sklearn pandas polars".split()
for name in absent:
    sys.modules[name] = None  # importing it raises ImportError, as in the page
flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
import runpy
Notebook = runpy.run_path(sys.argv[1])["Notebook"]  # the file alone, as in the page
for number, (mark, body) in enumerate(json.load(sys.stdin), 1):
    if number == 1:
        notebook = Notebook(lambda channel, text: None)
    if not body.lstrip().startswith(">>>"):
        well = notebook.run(body, number)
    else:
        test = doctest.DocTestParser().get_doctest(body, {}, f"block {number}", None, 0)
        test.globs = notebook.scope
        out = []
        runner = doctest.DocTestRunner(optionflags=flags)
        well = runner.run(test, out=out.append, clear_globs=False).failed == 0
    print(number, mark or "runs", "well" if well else "failed")
"""


@pytest.mark.parametrize("chapter", PAGES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_blocks_without_a_button_are_those_that_cannot_run_in_the_page(chapter, tmp_path):
    """In the page there is no numpy: a block has a button if, and only if, it holds without."""
    blocks = FENCE.findall(chapter.read_text(encoding="utf-8"))
    assert {mark for mark, _ in blocks} <= {"", *REASONS}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMPY, program.__file__], text=True,
        input=json.dumps(blocks), capture_output=True, cwd=tmp_path, check=True,
    )  # fmt: skip
    expected = [
        f"{number} {mark or 'runs'} {'failed' if mark else 'well'}"
        for number, (mark, _) in enumerate(blocks, 1)
    ]
    assert done.stdout.splitlines() == expected
