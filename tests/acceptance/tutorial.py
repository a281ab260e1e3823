"""A newcomer: every block of the tutorial, in order, in a fresh environment and an empty folder.

Usage: python tests/acceptance/tutorial.py WHEEL

Python is typed into one session for each page and compared with what the page shows; commands run
in one terminal; a block with a file name as its caption is saved under that name. The folder of
the source, ``.`` in ``pip install '.[fast]'``, is the wheel. A block that nobody can follow fails.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^(`{3,})([^\n]*)\n((?::\w[^\n]*\n)*)(.*?)^\1$", re.S | re.M)
# Made when the book is built: to look at.
SHOWN = ("{nf:figure}", "{nf:run}", "{literalinclude}", "{math}")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Differs(Exception):
    """A block does not do what the page says."""


class Block(NamedTuple):
    """One block of a page: ``python``, ``console`` or ``file``."""

    line: int
    kind: str
    body: str
    name: str = ""


def chapters(contents: str) -> list[str]:
    """The pages of the tutorial, in the order of the book."""
    tree = re.search(r"^:caption: Tutorial\n\n(.*?)^```$", contents, re.S | re.M)
    return tree[1].split() if tree else []


def blocks(page: str) -> Iterator[Block]:
    """All that a reader is to type, save or run."""
    for match in FENCE.finditer(page):
        line = page.count("\n", 0, match.start()) + 1
        language, body = match[2].strip(), match[4]
        caption = re.search(r"^:caption: (\S+)$", match[3], re.M)
        if language in ("python", "console"):
            yield Block(line, language, body)
        elif language.startswith("{code-block}") and caption:
            yield Block(line, "file", body.lstrip("\n"), caption[1])
        elif not language.startswith(SHOWN):
            raise Differs(f"line {line}: nobody can follow a block of {language or 'nothing'!r}")


def commands(body: str) -> list[tuple[str, str]]:
    """Each command of a console block with the output that is shown, if any."""
    parts = re.split(r"^\$ (.*)\n", body, flags=re.M)
    if parts[0].strip():
        raise Differs(f"a block of commands begins with {parts[0]!r}, not with a command")
    return list(zip(parts[1::2], parts[2::2], strict=True))


def compare(shown: str, got: str, what: str) -> None:
    """Fail if the output is not what the page shows; it may leave out parts with ``...``."""
    if shown and not doctest.OutputChecker().check_output(shown, got, FLAGS):
        raise Differs(f"{what}\nshown:\n{shown}\ngot:\n{got}")


class Reader:
    """Somebody with a new environment, an empty folder, and the book."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.wheel, self.folder = wheel, folder / "work"
        self.folder.mkdir()
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        programs = folder / "venv" / "bin"
        constraint = folder / "constraint.txt"  # a plugin's "neuroflow" is this one too
        constraint.write_text(f"neuroflow @ {wheel.as_uri()}\n")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
        self.python = str(programs / "python")
        self.environment = kept | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PIP_CONSTRAINT": str(constraint),
            "COLUMNS": "80",
        }

    def follow(self, page: str) -> int:
        """Do what a page says; the number of its blocks."""
        found = list(blocks(page))
        with subprocess.Popen(
            [self.python, "-c", SESSION], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=self.folder, env=self.environment, text=True,
        ) as session:  # fmt: skip
            for block in found:
                try:
                    self._do(block, session)
                except Differs as problem:
                    session.kill()
                    raise Differs(f"line {block.line}: {problem}") from None
            session.stdin.close()
        return len(found)

    def _do(self, block: Block, session: subprocess.Popen[str]) -> None:
        if block.kind == "file":
            path = self.folder / block.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
        elif block.kind == "console":
            for command, shown in commands(block.body):
                self._command(command, shown)
        else:
            session.stdin.write(json.dumps(block.body) + "\n")
            session.stdin.flush()
            problem = json.loads(session.stdout.readline() or '"Python ended"')
            if problem:
                raise Differs(problem)

    def _command(self, command: str, shown: str) -> None:
        said = re.sub(r"(pip install) '\.(\[\S*\])?'", rf"\1 '{self.wheel}\2'", command)
        done = subprocess.run(
            said, shell=True, cwd=self.folder, env=self.environment, text=True,
            capture_output=True,
        )  # fmt: skip
        if done.returncode:
            raise Differs(f"$ {command}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
        compare(shown, done.stdout, f"$ {command}")


# The reader's Python: a block as a line of JSON in, "" or what differs as a line out.
SESSION = r"""
import doctest, io, json, linecache, sys, traceback
from contextlib import redirect_stdout
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
scope = {"__name__": "page"}
for number, line in enumerate(sys.stdin):
    body, out = json.loads(line), []
    name = f"<block {number}>"
    if body.lstrip().startswith(">>>"):
        test = doctest.DocTestParser().get_doctest(body, {}, name, name, 0)
        test.globs = scope
        doctest.DocTestRunner(optionflags=FLAGS).run(test, out=out.append, clear_globs=False)
    else:
        linecache.cache[name] = (len(body), None, body.splitlines(keepends=True), name)
        try:
            with redirect_stdout(io.StringIO()):
                exec(compile(body, name, "exec"), scope)
        except Exception:
            out.append(traceback.format_exc())
    print(json.dumps("".join(out)), flush=True)
"""


def main(wheel: str) -> int:
    """0 if the whole tutorial can be followed; 1 with the place where it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(Path(folder), Path(wheel).resolve())
        for name in chapters((DOCS / "index.md").read_text(encoding="utf-8")):
            start = time.monotonic()
            try:
                count = reader.follow((DOCS / f"{name}.md").read_text(encoding="utf-8"))
            except Differs as problem:
                print(f"docs/{name}.md, {problem}", file=sys.stderr)
                return 1
            print(f"{name}: {count} blocks in {time.monotonic() - start:.1f}s", flush=True)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
