"""The domain ``nf``: directives, roles and the index of entries and hooks."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id, make_refnode

from neuroflow.errors import NeuroflowError
from neuroflow.registry.entries import KINDS, Entry
from neuroflow.sphinxext.entries import (
    code_block,
    entry_nodes,
    inline,
    paragraph,
    rubric,
    settings_table,
    table,
)
from neuroflow.sphinxext.live import LiveDirective


class _Located(SphinxDirective):
    """A directive that describes one object of the domain."""

    kind: ClassVar[str] = ""
    required_arguments = 1

    def located(self, name: str, extra: str = "") -> nodes.target:
        """A link target for the object, noted in the domain."""
        anchor = make_id(self.env, self.state.document, f"nf-{self.kind}", name)
        target = nodes.target("", "", ids=[anchor])
        self.state.document.note_explicit_target(target)
        domain = self.env.domains["nf"]
        assert isinstance(domain, NeuroflowDomain)
        domain.note(self.kind, name, self.env.docname, anchor)
        return target

    def index(self, name: str, anchor: str) -> addnodes.index:
        """An entry of the general index."""
        return addnodes.index(entries=[("single", f"{name} ({self.kind})", anchor, "", None)])


class EntryDirective(_Located):
    """``.. nf:op:: relu``: everything about one entry of the registry."""

    def run(self) -> list[nodes.Node]:
        from neuroflow.registry.manager import get

        try:
            entry = get(self.kind, self.arguments[0])
        except NeuroflowError as error:
            raise self.error(str(error)) from error
        target = self.located(entry.shortest_name)
        body = entry_nodes(entry, self.config.neuroflow_source_url)
        return [self.index(entry.shortest_name, target["ids"][0]), target, *body]


class HookDirective(_Located):
    """``.. nf:hook:: neuroflow_ops``: a hook with its exact signature, read from the code."""

    kind = "hook"

    def run(self) -> list[nodes.Node]:
        from neuroflow.registry.hooks import HOOKS, Hooks, hook_signature

        name = self.arguments[0]
        if name not in HOOKS:
            raise self.error(f"no hook is named {name!r}; hooks: {', '.join(HOOKS)}")
        hook = getattr(Hooks, name)
        target = self.located(name)
        text = hook_signature(name)
        line = addnodes.desc_signature(text, "", ids=target["ids"])
        line += addnodes.desc_name(name, name)
        line += addnodes.desc_addname(text[len(name) :], text[len(name) :])
        content = addnodes.desc_content()
        content += paragraph(inspect.getdoc(hook) or "")
        description = addnodes.desc(domain="nf", objtype="hook", desctype="hook", noindex=False)
        description["classes"] += ["nf", "hook"]
        description += [line, content]
        return [self.index(name, target["ids"][0]), description]


class CatalogueDirective(SphinxDirective):
    """``.. nf:catalogue:: activation``: a table of the entries of one kind.

    ``:namespaces:`` are those to show; the configuration value ``neuroflow_namespaces`` without
    it, so that a build does not depend on what else is installed. ``*`` shows all.
    """

    required_arguments = 1
    option_spec: ClassVar[Any] = {"namespaces": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        kind = self.arguments[0]
        if kind not in KINDS:
            raise self.error(f"no kind is named {kind!r}; kinds: {', '.join(KINDS)}")
        chosen = self.options.get("namespaces", "").split() or self.config.neuroflow_namespaces
        entries = entries_of(kind, chosen)
        return [table(("name", "formula", "meaning"), [_row(e, self.env.docname) for e in entries])]


def _row(entry: Entry, docname: str) -> list[nodes.Node | str]:
    link = addnodes.pending_xref(
        "", refdomain="nf", reftype=entry.kind, reftarget=entry.shortest_name, refdoc=docname
    )
    link += nodes.literal(entry.shortest_name, entry.shortest_name)
    formula = entry.formula or getattr(entry.load(), "formula", "")
    shown: nodes.Node | str = nodes.math(formula, formula) if formula else ""
    summary = entry.summary or (inspect.getdoc(entry.load()) or "").split("\n", 1)[0]
    cell = nodes.inline()
    cell += inline(summary)
    return [link, shown, cell]


def entries_of(kind: str, namespaces: Any) -> list[Entry]:
    """The entries of a kind in some namespaces; ``*`` means all."""
    from neuroflow.registry.manager import manager

    entries = manager().registry.entries(kind)
    return [e for e in entries if "*" in namespaces or e.namespace in namespaces]


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
    from html import escape

    svg = svg[svg.index("<svg") :]
    if "aria-label=" in svg.partition(">")[0]:
        return svg
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1)


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


class ConfigurationDirective(SphinxDirective):
    """``.. nf:configuration::``: every table and key of a configuration, read from the code."""

    def run(self) -> list[nodes.Node]:
        from neuroflow.config import SECTIONS

        found: list[nodes.Node] = []
        for section in SECTIONS:
            found.append(rubric(f"[{section.name}]"))
            use = (
                f" Its key ``use`` names a {section.kind}; the other keys are that entry's settings"
            )
            use += (" and these:" if section.settings else ".") if section.kind else ""
            found.append(paragraph(f"{section.meaning.capitalize()}.{use if section.kind else ''}"))
            if section.settings:
                found.append(settings_table(section.settings))
        return found


class CommandsDirective(SphinxDirective):
    """``.. nf:commands:: neuroflow.cli:main``: every command of a click group, with its options."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        import click

        module, _, attribute = self.arguments[0].partition(":")
        group = getattr(__import__(module, fromlist=[attribute]), attribute)
        root = click.Context(group, info_name="neuroflow")
        found: list[nodes.Node] = []
        for name, command in _commands(group, root):
            context = click.Context(command, info_name=name, parent=root)
            anchor = nodes.make_id(f"command-{name}")
            section = nodes.section(ids=[anchor], names=[name])
            section += nodes.title(f"neuroflow {name}", f"neuroflow {name}")
            text = inspect.cleandoc(command.help or "")
            for block in text.split("\n\n"):
                plain = " ".join(block.replace("\b", "").split())
                example = "\b" in block or block.startswith("    ")
                section += (
                    code_block(block.replace("\b\n", ""), "text") if example else paragraph(plain)
                )
            usage = " ".join(["neuroflow", name, *command.collect_usage_pieces(context)])
            section += code_block(usage, "text")
            options = [p for p in command.get_params(context) if isinstance(p, click.Option)]
            records = [option.get_help_record(context) for option in options]
            rows = [(f"``{r[0]}``", r[1]) for r in records if r]
            if rows:
                section += table(("option", "meaning"), rows)
            found.append(section)
        return found


def _commands(group: Any, context: Any) -> Iterator[tuple[str, Any]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield name, command


class NeuroflowDomain(Domain):
    """Entries of the registry and hooks: ``{nf:op}`relu```, ``:nf:hook:`neuroflow_ops```."""

    name = "nf"
    label = "neuroflow"
    object_types: ClassVar[Any] = {kind: ObjType(kind, kind) for kind in (*KINDS, "hook")}
    roles: ClassVar[Any] = {kind: XRefRole() for kind in (*KINDS, "hook")}
    directives: ClassVar[Any] = {
        **{
            kind: type(f"{kind.title()}Directive", (EntryDirective,), {"kind": kind})
            for kind in KINDS
        },
        "hook": HookDirective,
        "catalogue": CatalogueDirective,
        "figure": FigureDirective,
        "live": LiveDirective,
        "run": RunDirective,
        "configuration": ConfigurationDirective,
        "commands": CommandsDirective,
    }
    initial_data: ClassVar[Any] = {"objects": {}}
    data_version = 1

    @property
    def objects(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(kind, name) to (page, anchor)."""
        return self.data["objects"]  # type: ignore[no-any-return]

    def note(self, kind: str, name: str, docname: str, anchor: str) -> None:
        """Remember where an object is described."""
        self.objects[kind, name] = (docname, anchor)

    def clear_doc(self, docname: str) -> None:
        """Forget what a page that is read again described."""
        for key, (page, _) in list(self.objects.items()):
            if page == docname:
                del self.objects[key]

    def merge_domaindata(self, docnames: Any, otherdata: dict[str, Any]) -> None:
        """Take over what a parallel process has read."""
        for key, place in otherdata["objects"].items():
            if place[0] in docnames:
                self.objects[key] = place

    def resolve_xref(
        self, env: BuildEnvironment, fromdocname: str, builder: Builder, typ: str, target: str,
        node: addnodes.pending_xref, contnode: nodes.Element,
    ) -> nodes.reference | None:  # fmt: skip
        """The link for a role."""
        place = self.objects.get((typ, target))
        if place is None:
            return None
        return make_refnode(builder, fromdocname, place[0], place[1], [contnode], target)

    def resolve_any_xref(
        self, env: BuildEnvironment, fromdocname: str, builder: Builder, target: str,
        node: addnodes.pending_xref, contnode: nodes.Element,
    ) -> list[tuple[str, nodes.reference]]:  # fmt: skip
        """Links for the role ``any``."""
        return [
            (f"nf:{kind}", make_refnode(builder, fromdocname, page, anchor, [contnode], name))
            for (kind, name), (page, anchor) in self.objects.items()
            if name == target
        ]

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """For the search index and the inventory."""
        for (kind, name), (page, anchor) in self.objects.items():
            yield name, name, kind, page, anchor, 1


def write_entry_pages(app: Sphinx) -> None:
    """One page per entry in the folder ``neuroflow_pages``, if that is set; see there."""
    folder = app.config.neuroflow_pages
    if not folder:
        return
    place = Path(app.srcdir) / folder
    place.mkdir(parents=True, exist_ok=True)
    markdown = ".md" in app.config.source_suffix
    wanted = {}
    for kind in KINDS:
        for entry in entries_of(kind, app.config.neuroflow_namespaces):
            suffix = "md" if markdown else "rst"
            wanted[f"{kind}-{entry.name}.{suffix}"] = _page(entry, markdown)
    for old in place.glob("*-*.*"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        file = place / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def _page(entry: Entry, markdown: bool) -> str:
    title = entry.name
    if markdown:
        return f"# {title}\n\n```{{nf:{entry.kind}}} {entry.shortest_name}\n```\n"
    return f"{title}\n{'=' * len(title)}\n\n.. nf:{entry.kind}:: {entry.shortest_name}\n"
