"""The domain ``nf``: directives, roles and the index of entries and hooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole
from sphinx.util.nodes import make_refnode

from neuroflow.registry.entries import KINDS
from neuroflow.sphinxext.catalogue import CatalogueDirective, EntryDirective, HookDirective
from neuroflow.sphinxext.figures import FigureDirective, RunDirective
from neuroflow.sphinxext.live import LiveDirective
from neuroflow.sphinxext.references import CommandsDirective, ConfigurationDirective


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
