"""Directives that run code when the documentation is built: a picture, or what it prints."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from neuroflow.sphinxext.nodes import code_block, inline


class FigureDirective(SphinxDirective):
    """``.. nf:figure::``: a picture that its code makes when the documentation is built.

    The content is Python; its last line is an expression that gives SVG text, or something
    with ``_repr_svg_``. ``:alt:`` says what is to be seen, ``:caption:`` stands below. With
    ``:continue:`` the ``python`` blocks of the page above it are run first, so that the picture
    shows what the text has just computed.
    """

    has_content = True
    option_spec: ClassVar[Any] = {
        "alt": directives.unchanged_required,
        "caption": directives.unchanged,
        "show-code": directives.flag,
        "continue": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        if "alt" not in self.options:
            raise self.error("a figure needs :alt:, the picture in words")
        lines = list(self.content)
        try:
            scope = _page_so_far(self) if "continue" in self.options else {}
            picture = _last_value("\n".join(lines), Path(self.env.srcdir), scope)
        except Exception as error:
            raise self.error(f"the code of the figure failed: {error!r}") from error
        svg = picture._repr_svg_() if hasattr(picture, "_repr_svg_") else str(picture)
        figure = nodes.figure(classes=["nf-figure"])
        figure += nodes.raw("", _with_alt(svg, self.options["alt"]), format="html")
        if "caption" in self.options:
            caption = nodes.caption()
            caption += inline(self.options["caption"])
            figure += caption
        shown = [executed_block(lines)] if "show-code" in self.options else []
        return [*shown, figure]


def executed_block(lines: Iterable[str]) -> nodes.literal_block:
    """Code that has run already, when the page was built; it gets no button to run it again."""
    block = code_block("\n".join(lines), "python")
    block["classes"].append("nf-shown")
    return block


_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.S | re.M)


def _page_so_far(directive: SphinxDirective) -> dict[str, Any]:
    """The names that the blocks of this page, above the directive, have made; each runs once."""
    import contextlib
    import doctest
    import io
    import os
    import tempfile

    env = directive.env
    done: Any = env.temp_data.setdefault("neuroflow_page", {"count": 0, "scope": {}})
    scope: dict[str, Any] = done["scope"]
    text = Path(env.doc2path(env.docname)).read_text(encoding="utf-8")
    above = "\n".join(text.split("\n")[: directive.lineno])
    blocks = _BLOCK.findall(above)
    before = os.getcwd()
    with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for block in blocks[done["count"] :]:
                if block.lstrip().startswith(">>>"):
                    examples = doctest.DocTestParser().get_examples(block)
                    block = "".join(e.source for e in examples if e.exc_msg is None)
                exec(compile(block, "<page>", "exec"), scope)
        finally:
            os.chdir(before)
    done["count"] = len(blocks)
    return scope


def _last_value(code: str, folder: Path, scope: dict[str, Any]) -> Any:
    """Run the code; the value of its last line, which is an expression."""
    import ast
    import sys

    tree = ast.parse(code)
    last = tree.body.pop()
    if not isinstance(last, ast.Expr):
        raise ValueError("its last line is no expression")
    scope.setdefault("__name__", "figure")
    sys.path.insert(0, str(folder))  # helpers of the book, beside its conf.py
    try:
        exec(compile(tree, "<figure>", "exec"), scope)
        return eval(compile(ast.Expression(last.value), "<figure>", "eval"), scope)
    finally:
        sys.path.remove(str(folder))


def _with_alt(svg: str, alt: str) -> str:
    from neuroflow.view.markup import escaped

    svg = svg[svg.index("<svg") :]
    if "aria-label=" in svg.partition(">")[0]:
        return svg
    return svg.replace("<svg", f'<svg role="img" aria-label="{escaped(alt)}"', 1)


class RunDirective(SphinxDirective):
    """``.. nf:run::``: code, and below it what it prints when the documentation is built."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        import contextlib
        import io

        code = "\n".join(self.content)
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(code, "<run>", "exec"), {"__name__": "run"})
        except Exception as error:
            raise self.error(f"the code failed: {error!r}") from error
        return [executed_block(self.content), code_block(printed.getvalue().rstrip(), "text")]
