"""Checks of looks: of small layers they tell a few words, the same twice, and change nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

from neuroflow.checks.layers.trials import CannotTryError, Trial, trial_of
from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import Settings, described, variations
from neuroflow.config import settings_of
from neuroflow.core.module import Module
from neuroflow.errors import RegistryError, raised, short_repr
from neuroflow.registry.entries import LETTERS, LayerEntry, LookEntry
from neuroflow.registry.manager import get

_NUMBER = re.compile(r"(?<![.\w])\d+(?![.\w])")


def check_look(entry: LookEntry, results: Results) -> None:
    """Its label, the layer that it is the look of, and what it tells of small ones."""
    fits = len(entry.label) <= LETTERS and entry.label.isprintable()
    results.expect("declared", fits, (
        f"its label is {short_repr(entry.label)}; give one of at most {LETTERS} letters, on a line"
    ))  # fmt: skip
    try:
        layer = cast(LayerEntry, get("layer", entry.layer))
    except RegistryError as error:
        results.failed("layer", str(error))
        return
    results.passed("layer")
    try:
        trial = trial_of(layer, layer.load())
    except CannotTryError as error:
        results.skipped("words", str(error))
        return
    with guarded(results, "words"):
        _check_all(entry, trial, results)


def _check_all(entry: LookEntry, trial: Trial, results: Results) -> None:
    """What it tells of the layer at several settings, and again of the first in the end."""
    modules = [*_modules(trial)]
    for settings, module in modules:
        if not _check_words(entry, module, described(settings), results):
            return
    every = sorted({entry.load()(module) for _, module in modules})
    frozen = len(modules) > 2 and len(every) == 1 and _NUMBER.search(every[0])
    results.expect("words", not frozen, (
        f"it tells {short_repr(every[0])} of each of {len(modules)} layers with different settings:"
        " read the number from the layer"
    ))  # fmt: skip
    first = modules[0][1]
    told, again = entry.load()(trial.build()), entry.load()(first)
    results.expect("words", told == again, (
        f"of the same layer it tells {told!r}, then {again!r}: keep nothing between calls"
    ))  # fmt: skip


def _modules(trial: Trial) -> Iterator[tuple[Settings, Module]]:
    """The small layer, and others of it with other settings, with what they differ in."""
    for settings in variations(trial.entry, settings_of(trial.entry), trial.settings):
        changed = {k: x for k, x in settings.items() if trial.settings.get(k, ...) != x}
        with suppress(Exception):  # settings that do not go together
            yield changed, trial.build(**changed)


def _check_words(entry: LookEntry, module: Module, where: str, results: Results) -> bool:
    """Whether it tells one line, the same twice, and leaves the layer as it is."""
    before = _facts(module)
    try:
        told, again = (entry.load()(module) for _ in range(2))
    except Exception as error:
        kind = type(module).__name__
        results.failed("words", f"of a {kind}{where} it cannot tell: {raised(error)}")
        return False
    problem = ""
    if not isinstance(told, str):
        problem = f"it gave {short_repr(told)}: give a text"
    elif told != again:
        problem = f"of the same layer it tells {told!r}, then {again!r}"
    elif len(told) > LETTERS or not told.isprintable():
        problem = (
            f"it tells {short_repr(told)}{where}; on a box there is room for a line of {LETTERS}"
            " letters and signs"
        )
    elif not told.strip() and not entry.label.strip():
        problem = f"it has no label, and tells nothing{where}, so that its box is empty"
    results.expect("words", not problem, problem)
    same = before == _facts(module)
    results.expect("layer", same, "it changes the layer: only look at it")
    return same and not problem


def _facts(module: Module) -> Any:
    """What a look must leave as it is: numbers, settings, modes, and which fields there are."""
    parts = [part for _, part in module.named_modules()]
    return (
        module.state_dict(), module.configuration(),
        [(part.training, [*vars(part)]) for part in parts],
    )  # fmt: skip
