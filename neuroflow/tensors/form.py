"""Tensor forms: how a layer runs on tensors, written beside the layer by its author.

    class LinearForm(nf.TensorForm):
        def parts(self, layer):
            return {"weight": layer.weights, "bias": layer.biases or None}

        def run(self, t, x):
            y = x @ t.weight.T
            return y if t.bias is None else y + t.bias

The entry of the layer names it: ``nf.LayerEntry(..., tensors=LinearForm)``. It is held against the
layer itself, number by number: the scalars are the specification.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from neuroflow.config.shape_rules import rules_of
from neuroflow.core.module import Module
from neuroflow.registry.entries import LayerEntry
from neuroflow.registry.manager import manager


class TensorForm(ABC):
    """How a layer runs on tensors; one object of it serves one layer."""

    bare: bool = False
    """Whether the layer gives one bare number instead of a list: then there is no last axis."""

    @abstractmethod
    def parts(self, layer: Any) -> dict[str, Any]:
        """What the module of PyTorch is made of, by the names that ``state_dict`` has.

        Nested lists of Values become tensors, modules become modules, and so do lists and dicts of
        them; everything else, a function or None, is kept as it is.
        """

    @abstractmethod
    def run(self, t: Any, *inputs: Any) -> Any:
        """What the layer computes. ``t`` is the module of PyTorch, which has the parts by name.

        Axes in front of those that the layer knows are examples: there may be any number of them.
        """


def entry_of(layer: Module) -> LayerEntry | None:
    """The entry whose layer this is; None for a class that nobody registers, or a subclass."""
    entries: Any = manager().registry.entries("layer")
    return next((entry for entry in entries if entry.load() is type(layer)), None)


def form_of(layer: Module) -> TensorForm | None:
    """The tensor form of a layer, if it has one and all inside it can run within that.

    A layer without a form takes the last axis of a tensor for a row. If it takes something else,
    such as an image, nobody knows which axes are examples, and the whole runs from its plan.
    """
    entry = entry_of(layer)
    if entry is None or entry.tensors is None:
        return None
    kinds = {type(inner): inner for _, inner in layer.named_modules()}
    if any(_needs_to_know_axes(entry_of(inner)) for inner in kinds.values()):
        return None
    form: TensorForm = entry.load_tensors()()
    return form


def _needs_to_know_axes(entry: LayerEntry | None) -> bool:
    """Whether a layer has no form, and says that it takes something else than a row."""
    if entry is None or entry.tensors is not None or not entry.shape:
        return False
    if not isinstance(entry.shape, str):
        return True
    return any(len(rule.takes) > 1 or rule.takes[0].rank != 1 for rule in rules_of(entry.shape))
