"""Directives of the registry: one entry, one hook, a table of all entries of a kind."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id

from neuroflow.errors import NeuroflowError
from neuroflow.registry.entries import KINDS, Entry
from neuroflow.sphinxext.entries import entry_nodes
from neuroflow.sphinxext.nodes import inline, paragraph, table


class _Located(SphinxDirective):
    """A directive that describes one object of the domain."""

    kind: ClassVar[str] = ""
    required_arguments = 1

    def located(self, name: str, extra: str = "") -> nodes.target:
        """A link target for the object, noted in the domain."""
        anchor = make_id(self.env, self.state.document, f"nf-{self.kind}", name)
        target = nodes.target("", "", ids=[anchor])
        self.state.document.note_explicit_target(target)
        domain: Any = self.env.domains["nf"]
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
