"""Describe: from a model back to the table that builds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuroflow.checkpoint.rebuilding import rebuilding_table
from neuroflow.checkpoint.uses import drawn_by
from neuroflow.config import REF, Tree, check_part, part_settings, simplified
from neuroflow.core.module import Module
from neuroflow.errors import ConfigurationError, require
from neuroflow.registry.manager import get


def describe(model: Module) -> Tree:
    """The table that builds this model again, ready for TOML and JSON; its numbers are its state.

    Told is what the model *is* now: layers that were added are in it, and functions that were
    handed over as themselves stand there by name. Before it is given back, a model is built from
    it and compared field by field, so that ``nf.build(nf.describe(model))`` with
    ``load_state_dict(model.state_dict())`` answers bit for bit as the model does. What is no
    matter of building is not told: which parameters are frozen, whether it trains, its data.

    Raises :class:`StateError` for a model with parts that nobody registers, and names each with
    its place, and for one that is not what any settings build: it says where.

    >>> from neuroflow import SplitMix32, layers
    >>> model = layers.Sequential(rng=SplitMix32(0))
    >>> describe(model.add({"use": "layer", "inputs": 2, "outputs": 1, "initializer": "zeros"}))
    {'use': 'sequential', 'layers': [{'use': 'layer', 'inputs': 2, 'outputs': 1,
     'activation': 'linear', 'bias': True, 'initializer': 'zeros'}]}
    """
    require(model, Module, "the model", "a neuroflow.Module; build one with neuroflow.build")
    known = [(used.kind, used.use) for used in drawn_by(model)]
    table = rebuilding_table(model, known, "described")[0]
    try:
        return spelled_out(check_part("layer", table), "layer")  # type: ignore[no-any-return]
    except ConfigurationError:  # what drew the numbers of a file is no longer installed
        return table


def spelled_out(part: Any, kind: str) -> Any:
    """A checked part, with all its settings, and a bare name for an inner part that has none.

    >>> spelled_out({"use": "linear", "inputs": 2, "initializer": {"use": "zeros"}}, "layer")
    {'use': 'linear', 'inputs': 2, 'initializer': 'zeros'}
    """
    if isinstance(part, list):
        return [spelled_out(each, kind) for each in part]
    if not isinstance(part, Mapping) or REF in part:
        return part
    if "use" not in part:  # parts by name
        return {name: spelled_out(each, kind) for name, each in part.items()}
    inner = part_settings(get(kind, part["use"]))
    told = {
        name: spelled_out(held, inner[name]) if name in inner else held
        for name, held in part.items()
    }
    return told if kind == "layer" else simplified(told)
