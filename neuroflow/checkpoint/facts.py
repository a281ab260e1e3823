"""Facts: what a saved model needs to know about its data to be used on new rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import asdict

from neuroflow.config import resolve
from neuroflow.data.dataset import Dataset
from neuroflow.errors import StateError


def data_facts(data: Dataset) -> dict[str, Any]:
    """What a saved model needs to know about its data to be used on new rows."""
    facts: dict[str, Any] = {
        "name": data.name,
        "task": data.task,
        "labels": list(data.labels),
        "columns": list(data.columns),
        "n_inputs": data.n_inputs,
        "n_outputs": data.n_outputs,
    }
    if "baselines" in data.facts:
        facts["baselines"] = data.facts["baselines"]
    if data.standardization is not None:
        facts["standardization"] = asdict(data.standardization)
    if data.tokenizer is not None:
        facts["tokenizer"] = tokenizer_table(data.tokenizer)
    return facts


def tokenizer_table(tokenizer: Any) -> dict[str, Any]:
    """The table that makes a tokenizer again: its registered name and its ``configuration()``."""
    from neuroflow.registry.manager import manager

    for entry in manager().registry.entries("tokenizer"):
        if entry.load() is type(tokenizer):
            return {"use": entry.shortest_name, **tokenizer.configuration()}
    raise StateError(
        f"{type(tokenizer).__name__} is not registered as a tokenizer, so nothing could load it"
        " again",
        remedy="offer it in a plugin's neuroflow_tokenizers",
    )


def make_tokenizer(table: Mapping[str, Any]) -> Any:
    """The tokenizer of a table, such as ``inspect_file(path).data["tokenizer"]``."""
    return resolve("tokenizer", table)()
