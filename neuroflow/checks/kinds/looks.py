"""Checks of looks: of a small layer they tell a few words, the same twice, and change nothing."""

from __future__ import annotations

from typing import cast

from neuroflow.checks.layers.trials import CannotTryError, trial_of
from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Results
from neuroflow.core.module import Module
from neuroflow.errors import RegistryError, raised, short_repr
from neuroflow.registry.entries import LETTERS, LayerEntry, LookEntry
from neuroflow.registry.manager import get


def check_look(entry: LookEntry, results: Results) -> None:
    """Its label, the layer that it is the look of, and what it tells of a small one."""
    fits = 0 < len(entry.label.strip()) <= LETTERS
    results.expect("declared", fits, (
        f"its label is {short_repr(entry.label)}; give one of 1 to {LETTERS} letters"
    ))  # fmt: skip
    try:
        layer = cast(LayerEntry, get("layer", entry.layer))
    except RegistryError as error:
        results.failed("layer", str(error))
        return
    results.passed("layer")
    try:
        module = trial_of(layer, layer.load()).build()
    except CannotTryError as error:
        results.skipped("words", str(error))
        return
    with guarded(results, "words"):
        _check_words(entry, module, results)


def _check_words(entry: LookEntry, module: Module, results: Results) -> None:
    before = module.state_dict(), module.configuration(), _modes(module)
    try:
        told, again = (entry.load()(module) for _ in range(2))
    except Exception as error:
        kind = type(module).__name__
        results.failed("words", f"of a {kind} it cannot tell: {raised(error)}")
        return
    results.expect("words", isinstance(told, str), f"it gave {short_repr(told)}: give a text")
    if not isinstance(told, str):
        return
    results.expect("words", told == again, f"of the same layer it tells {told!r}, then {again!r}")
    results.expect("words", len(told) <= LETTERS and "\n" not in told, (
        f"it tells {short_repr(told)}; on a box there is room for a line of {LETTERS} letters"
    ))  # fmt: skip
    after = module.state_dict(), module.configuration(), _modes(module)
    results.expect("layer", before == after, "it changes the layer: only look at it")


def _modes(module: Module) -> list[bool]:
    return [part.training for _, part in module.named_modules()]
