"""Saving and loading models: their numbers, their table, and the entries that they need."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import asdict

from neuroflow.checkpoint.arrays import OPTIMIZER, Arrays, gathered, scattered, tensor
from neuroflow.checkpoint.file import SavedModel, file_bytes, file_of, read_arrays
from neuroflow.checkpoint.migrating import Migrating
from neuroflow.checkpoint.origin import own_version, warn_of_changes
from neuroflow.checkpoint.uses import (
    Used,
    check_uses,
    drawn_by,
    take_drawn_by,
    uses_of_model,
    uses_of_tables,
    with_ids,
)
from neuroflow.core.module import Module
from neuroflow.core.protocols.frozen import patterns_of, take_patterns
from neuroflow.core.random import SplitMix32
from neuroflow.errors import StateError, require
from neuroflow.files import path_of, write_file
from neuroflow.memory import no_more_parameters
from neuroflow.registry.entries import Entry
from neuroflow.registry.lookups import Name


def save(
    model: Module,
    path: str | Path,
    *,
    configuration: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    optimizer: Mapping[str, Sequence[float]] | None = None,
    given: bool = False,
) -> None:
    """Write a model to a ``.safetensors`` file; what was there before is replaced as a whole.

    What the model knows of its data (``model.trained_on``: standardization, tokenizer, names) is
    written too, unless ``data`` says otherwise. A model that was ``given`` to a run may be of a
    class that nothing builds again: then its numbers are kept, and whoever loads them hands over
    such a model. The other arguments are what a run adds to its checkpoints.

    Raises :class:`StateError` for a number that is infinite or nan, for a model that no plugin
    registers, or that was changed by hand into another than its settings build, and
    :class:`FileError` if the file cannot be written.
    """
    path = path_of(path)
    require(model, Module, "the model", "a neuroflow.Module; build one with neuroflow.build")
    write_file(path, saved_bytes(model, configuration, data, state, optimizer, given))


def saved_bytes(
    model: Module,
    configuration: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    optimizer: Mapping[str, Sequence[float]] | None = None,
    given: bool = False,
) -> bytes:
    """What :func:`save` writes to a file."""
    from neuroflow.checkpoint.facts import facts_table

    data = facts_table(model.trained_on) if data is None else data
    drawn = drawn_by(model)
    table, looked_up = _table_of(model, given, drawn)
    needed = [*uses_of_model(model, looked_up), *drawn]
    needed += uses_of_tables(configuration or {}, data)
    uses = {(used.kind, used.use): used for used in reversed(needed)}  # answering comes first
    state_dict = model.state_dict()
    _require_finite(state_dict.items(), "the model")
    tensors = gathered(state_dict)
    for name, numbers in (optimizer or {}).items():
        _require_finite(((f"{name}.{k}", x) for k, x in enumerate(numbers)), "the optimizer")
        tensors[OPTIMIZER + name] = tensor(numbers, (len(numbers),))
    about = {
        "neuroflow": own_version(),
        "model": table,
        "uses": [asdict(used) for used in reversed(uses.values())],
        "configuration": configuration or {},
        "data": data,
        "state": state or {},
        **({"frozen": patterns} if (patterns := patterns_of(model)) else {}),
    }
    return file_bytes(about, tensors)


def _table_of(
    model: Module, given: bool, drawn: Sequence[Used]
) -> tuple[dict[str, Any], dict[Name, Entry]]:
    """What builds a model again, or the word that a given one goes by."""
    from neuroflow.checkpoint.rebuilding import rebuilding_table

    try:
        return rebuilding_table(model, [(used.kind, used.use) for used in drawn])
    except StateError:
        if not given:
            raise
        return {"given": type(model).__name__}, {}


def load(path: str | Path, model: Module | None = None) -> Any:
    """The model of a file, or of a run's folder, the best if it keeps that, in evaluation mode.

    ``model`` is one to take over the numbers: where the file holds those of a class of your own,
    give one made as that was.

    It answers as the model that was saved: what that knew of its data is ``model.trained_on``.
    Where a distribution or a data file is no longer the same, a warning says so.

    Raises :class:`PluginError` that names plugin, distribution and version if an entry is
    missing, :class:`StateError` if an entry has changed or the file is damaged, and
    :class:`FileError` if there is no such file.
    """
    model, _ = load_with_facts(path, model)
    return model


DRAWING = ("initializer",)
"""Kinds that only give what saved numbers replace."""


def load_with_facts(path: str | Path, given: Module | None = None) -> tuple[Any, SavedModel]:
    """The model of a file, and what the file says about itself."""
    from neuroflow.checkpoint.facts import facts_of
    from neuroflow.config import build
    from neuroflow.registry.lookups import noting_lookups

    path = file_of(path, best=True)
    saved, arrays = read_arrays(path)
    pinned, outgrown = check_uses(saved.uses, str(path), training=False)
    migrating = Migrating(arrays, outgrown, str(path))
    with noting_lookups(without=DRAWING):
        table = with_ids(migrating.model(saved.model), "layer", pinned)
        data = migrating.data(saved.data)
    model = _handed_over(table, given, path)
    with noting_lookups(pinned, DRAWING), no_more_parameters(migrating.parameters, str(path)):
        model = build(table, rng=SplitMix32(0)) if model is None else model
        model.trained_on = facts_of(data)
    take_patterns(model, saved.frozen)
    take_drawn_by(model, saved.uses)
    load_parameters(model, arrays, path)
    warn_of_changes(saved, str(path))
    return model.eval(), saved


def _handed_over(table: Mapping[str, Any], model: Module | None, path: Path) -> Module | None:
    """The model that takes over the numbers of a file, where its caller gives it or has to."""
    if model is not None:
        require(model, Module, "the model", "a neuroflow.Module")
    word = table.get("given")
    if word is not None and (model is None or type(model).__name__ != word):
        got = "" if model is None else f", and got a {type(model).__name__}"
        raise StateError(
            f"{path} holds the numbers of a {word[:60]}, which no name builds again{got}",
            expected=f"a {word[:60]} made as that was",
            remedy=f"give it: nf.load(path, model={word[:60]}(...)), or nf.Run.resume(folder,"
            " model=...)",
            got=model,
            file=str(path),
        )
    return model


def load_parameters(model: Module, arrays: Arrays, path: str | Path) -> None:
    """Give a model the numbers of a file; all of them or, on a :class:`StateError`, none."""
    numbers = scattered(arrays)
    optimizer = [(name, array) for name, array in arrays.items() if name.startswith(OPTIMIZER)]
    _require_finite(numbers.items(), str(path))
    for name, array in optimizer:
        _require_finite(((name, float(x)) for x in array.flat), str(path))
    try:
        model.load_state_dict(numbers)
    except StateError as error:
        raise StateError(
            f"{path} holds a model of another architecture: {error.what}",
            **{**error.rest, "file": str(path)},
        ) from error


def _require_finite(named: Iterable[tuple[str, float]], what: str) -> None:
    """Refuse numbers that are infinite or nan: a file must not hand them on unnoticed."""
    wrong = [(name, x) for name, x in named if not math.isfinite(x)]
    if wrong:
        name, x = wrong[0]
        rest = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise StateError(
            f"{what} holds numbers that are not finite: {name} is {x}{rest}",
            expected="finite numbers",
            remedy="go back to an earlier checkpoint, or train again with a lower learning rate",
            got=x,
        )
