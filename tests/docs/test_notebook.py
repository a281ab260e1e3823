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
import contextlib, doctest, json, os, runpy, sys
absent = "numpy llvmlite safetensors sympy mpmath rich click torch sklearn pandas polars".split()
for name in absent:
    sys.modules[name] = None  # importing it raises ImportError, as in the page
import neuroflow
for name in neuroflow.__all__:
    with contextlib.suppress(Exception):  # some need what is absent
        getattr(neuroflow, name)
flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
Notebook = runpy.run_path(sys.argv[1])["Notebook"]  # the file alone, as in the page

def told(blocks):
    notebook = Notebook(lambda channel, text: None)
    for number, (mark, body) in enumerate(blocks, 1):
        if not body.lstrip().startswith(">>>"):
            well = notebook.run(body, number)
        else:
            test = doctest.DocTestParser().get_doctest(body, {}, f"block {number}", None, 0)
            test.globs = notebook.scope
            out = []
            runner = doctest.DocTestRunner(optionflags=flags)
            well = runner.run(test, out=out.append, clear_globs=False).failed == 0
        yield f"{number} {mark or 'runs'} {'well' if well else 'failed'}"

for line in sys.stdin:
    folder, blocks = json.loads(line)
    if not os.fork():  # each page begins afresh
        try:
            os.chdir(folder)
            with contextlib.redirect_stdout(sys.stderr):
                answer = list(told(blocks))
            print(json.dumps(answer), flush=True)
        finally:
            os._exit(0)
    os.wait()
    print("next", flush=True)
"""


@pytest.fixture(scope="module")
def without_numpy():
    """Gives what became of the blocks of a page; one process loads neuroflow for all pages."""
    command = [sys.executable, "-c", WITHOUT_NUMPY, program.__file__]
    with subprocess.Popen(
        command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:

        def told(folder, blocks):
            process.stdin.write(json.dumps([str(folder), blocks]) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            assert process.stdout.readline() == "next\n"
            return json.loads(answer)

        yield told
        process.stdin.close()


@pytest.mark.parametrize("chapter", PAGES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_blocks_without_a_button_are_those_that_cannot_run_in_the_page(
    chapter, without_numpy, tmp_path
):
    """In the page there is no numpy: a block has a button if, and only if, it holds without."""
    blocks = FENCE.findall(chapter.read_text(encoding="utf-8"))
    assert {mark for mark, _ in blocks} <= {"", *REASONS}
    assert without_numpy(tmp_path, blocks) == [
        f"{number} {mark or 'runs'} {'failed' if mark else 'well'}"
        for number, (mark, _) in enumerate(blocks, 1)
    ]
