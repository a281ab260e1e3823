"""``draw``: a picture of a graph, a network or attention, as SVG, HTML, JSON or text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import asdict, field, frozen

from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.errors import InputError, did_you_mean, printable
from neuroflow.files import write_file
from neuroflow.generation.attention import AttentionTrace
from neuroflow.view.attention import attention_svg, attention_text
from neuroflow.view.boxes import Box
from neuroflow.view.graph import Graph, first_open, graph_of
from neuroflow.view.graph_data import to_data
from neuroflow.view.markup import escaped
from neuroflow.view.network import network_of
from neuroflow.view.network_svg import network_svg
from neuroflow.view.page import network_page, page, picture_page, script_json
from neuroflow.view.svg import graph_svg

LARGEST = 250_000
"""A page of more scalars than this would take seconds to open."""


class Drawing(ABC):
    """A picture; a notebook shows it by itself."""

    title: str

    @property
    @abstractmethod
    def svg(self) -> str:
        """The picture as an SVG element: no script, light and dark."""

    @property
    @abstractmethod
    def html(self) -> str:
        """The picture as one page that can be explored, opens from disk and asks no network."""

    @property
    @abstractmethod
    def data(self) -> dict[str, Any]:
        """What the picture shows, for JSON."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The picture in words."""

    def save(self, path: str | Path) -> Path:
        """Write ``.svg``, ``.html``, ``.json`` or ``.txt``, in one step.

        Raises :class:`InputError` for another ending, and :class:`FileError` if the file cannot be
        written.
        """
        path = Path(path)
        forms = {".svg": "svg", ".html": "html", ".txt": "text", ".json": "data"}
        if path.suffix not in forms:
            raise InputError(
                f"a drawing cannot be written as {path.name!r}",
                remedy=f"give a name that ends in {', '.join(forms)}",
                got=path,
            )
        form = str(self) if path.suffix == ".txt" else getattr(self, forms[path.suffix])
        write_file(path, form if isinstance(form, str) else script_json(form))
        return path

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        return printable(self.text)


@frozen(eq=False)
class GraphDrawing(Drawing):
    """The computation graph of a value; ``opened`` are the boxes whose inside is shown."""

    graph: Graph = field(repr=False)
    title: str
    opened: tuple[Box, ...] = field(repr=False)

    @property
    def svg(self) -> str:
        """The picture with the opened boxes; raises :class:`InputError` beyond 500 boxes."""
        return graph_svg(self.graph, self.title, list(self.opened))

    @property
    def html(self) -> str:
        """The page, in which every box can be opened down to single scalars.

        Raises :class:`InputError` beyond 250,000 scalars.
        """
        if len(self.graph.values) > LARGEST:
            raise InputError(
                f"the graph has {len(self.graph.values):,} scalars, and a page holds at most"
                f" {LARGEST:,}",
                remedy="draw the loss of fewer examples, or save it as .svg",
                got=len(self.graph.values),
            )
        return page(self.data, self.title)

    @property
    def data(self) -> dict[str, Any]:
        """Scalars as columns, and the tree of boxes."""
        return to_data(self.graph, self.title, list(self.opened))

    @property
    def text(self) -> str:
        """The visible boxes as an indented list."""
        lines = [f"{self.title}: {len(self.graph.values)} scalars"]
        waiting: list[tuple[Box | int, int]] = [
            (child, 1) for child in reversed(self.graph.root.children)
        ]
        while waiting:
            what, depth = waiting.pop()
            lines.append("  " * depth + self._line(what))
            if isinstance(what, Box) and what in self.opened:
                waiting += [(child, depth + 1) for child in reversed(what.children)]
        return "\n".join(lines)

    def _line(self, what: Box | int) -> str:
        if isinstance(what, Box):
            return f"{what.shown}: {what.size} scalars"
        label = self.graph.labels[what] or self.graph.roles[what]
        return (
            f"{label}: data {self.graph.values[what].data:.6g},"
            f" gradient {self.graph.slopes[what]:.6g}"
        )

    def open(self, *names: str) -> GraphDrawing:
        """The same graph with more boxes open, by label or module path; ``"*"`` opens all.

        Raises :class:`InputError` if no box has that name.
        """
        chosen = list(self.opened)
        for name in names:
            found = [b for b in self.graph.boxes if name in ("*", b.path or b.label, b.label)]
            if not found:
                known = [box.path or box.label for box in self.graph.boxes]
                raise InputError(
                    f"the graph has no box named {name!r}",
                    remedy=did_you_mean(name, known, f"boxes: {', '.join(known[1:9])}"),
                    got=name,
                )
            for box in found:
                chosen += _with_parents(box)
        return GraphDrawing(self.graph, self.title, tuple(dict.fromkeys(chosen)))


def _with_parents(box: Box | None) -> Iterable[Box]:
    while box is not None:
        yield box
        box = box.parent


@frozen(eq=False)
class NetworkDrawing(Drawing):
    """The neurons of a model."""

    network: Mapping[str, Any] = field(repr=False)
    title: str

    @property
    def svg(self) -> str:
        """Neurons in columns, weights as lines."""
        return network_svg(self.network, self.title)

    @property
    def html(self) -> str:
        """The page, in which each neuron tells its numbers."""
        data = {"title": self.title, "network": self.network, "svg": self.svg}
        return network_page(data, self.title, f"<pre>{escaped(self.text)}</pre>")

    @property
    def data(self) -> dict[str, Any]:
        """Layers, neurons, weights."""
        return dict(self.network)

    @property
    def text(self) -> str:
        """One line per layer, or per module where there are no neurons."""
        lines = [f"{self.title}: {self.network['held']}"]
        for layer in self.network["layers"]:
            count, inputs = len(layer["neurons"]), len(layer["neurons"][0]["weights"])
            provider = f" (from {layer['provider']})" if layer["provider"] else ""
            lines.append(
                f"  {layer['path'] or 'neuron'}: {inputs} inputs, {count} neurons,"
                f" {layer['activation']}{provider}"
            )
        if not self.network["layers"]:
            lines += [
                f"  {m['path'] or 'model'}: {m['type']}, {m['held']}"
                + (f", {m['activation']}" if m["activation"] else "")
                + (f", {m['look']['told']}" if m["look"] and m["look"]["told"] else "")
                for m in self.network["modules"]
            ]
        return "\n".join(lines)


@frozen(eq=False)
class AttentionDrawing(Drawing):
    """Where a model looked."""

    trace: AttentionTrace = field(repr=False)
    title: str

    @property
    def svg(self) -> str:
        """A heatmap per layer and head."""
        return attention_svg(self.trace)

    @property
    def html(self) -> str:
        """The heatmaps as a page."""
        return picture_page(self.svg, self.title)

    @property
    def data(self) -> dict[str, Any]:
        """Labels, layers and weights."""
        return asdict(self.trace)

    @property
    def text(self) -> str:
        """For each layer, head and token, where most of its attention goes."""
        return f"{self.title}: {len(self.trace.labels)} tokens\n{attention_text(self.trace)}"


def draw(
    what: Value | Module | AttentionTrace,
    *,
    model: Module | None = None,
    title: str = "",
    open: Iterable[str] = (),
) -> Any:
    """A picture: of a value, its computation graph; of a model, its network; of a trace of
    attention (:func:`neuroflow.trace_attention`), a heatmap per layer and head.

    In the graph every node shows its data and the gradient of the value by it. Nodes are put
    together by module, and siblings that are alike by their count; ``open`` names boxes to show
    the inside of. ``model`` lends its parameters' names.

    >>> import neuroflow as nf
    >>> a, b = nf.Value(2.0, "a"), nf.Value(3.0, "b")
    >>> picture = draw(a * b + a, title="example")
    >>> print(picture)
    example: 4 scalars
      a: data 2, gradient 4
      b: data 3, gradient 2
      mul: data 6, gradient 1
      add: data 8, gradient 1
    >>> picture.svg[:4]
    '<svg'
    """
    if isinstance(what, Module):
        return NetworkDrawing(network_of(what), title or type(what).__name__)
    if isinstance(what, AttentionTrace):
        return AttentionDrawing(what, title or "attention")
    if not isinstance(what, Value):
        raise InputError(
            f"draw takes a Value or a Module, but got {what!r} of type {type(what).__name__}",
            remedy="give one of these, or what trace_attention returned",
            got=what,
        )
    graph = graph_of(what, model)
    drawing = GraphDrawing(graph, title or what.name or "graph", tuple(first_open(graph)))
    return drawing.open(*open)
