"""Facts in a file: what a model knows of its data, as a table, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import asdict, fields

from neuroflow.config import resolve
from neuroflow.data.dataset import Standardization
from neuroflow.data.facts import DataFacts
from neuroflow.data.preparation import Preparation
from neuroflow.data.prompting import Prompting
from neuroflow.errors import StateError


def facts_table(facts: DataFacts | None) -> dict[str, Any]:
    """What a file tells of the data that a model was trained on; empty for a model that was not."""
    if facts is None:
        return {}
    table = asdict(facts, recurse=False)
    for name in ("labels", "columns", "targets"):
        table[name] = list(table[name])
    if facts.standardization is not None:
        table["standardization"] = asdict(facts.standardization)
    table["prompting"] = asdict(facts.prompting) if facts.prompting != Prompting() else None
    if facts.preparation is not None:
        table["preparation"] = facts.preparation.table()
    if facts.tokenizer is not None:
        table["tokenizer"] = tokenizer_table(facts.tokenizer)
    return {name: value for name, value in table.items() if value is not None}


def facts_of(table: Mapping[str, Any]) -> DataFacts | None:
    """The facts that :func:`facts_table` told; none if it told nothing."""
    if not table:
        return None
    known = {name: table[name] for name in (f.name for f in fields(DataFacts)) if name in table}
    for name in ("labels", "columns", "targets"):
        known[name] = tuple(known.get(name, ()))
    if scale := known.get("standardization"):
        fitted = Standardization(tuple(scale["means"]), tuple(scale["deviations"]))
        known["standardization"] = fitted
    if "prompting" in known:
        known["prompting"] = Prompting(**known["prompting"])
    if preparation := known.get("preparation"):
        known["preparation"] = Preparation.of_table(preparation)
    if "tokenizer" in known:
        known["tokenizer"] = make_tokenizer(known["tokenizer"])
    return DataFacts(**known)


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
