"""Checks of layers: parameters found and reached, rebuilt from a configuration, saved, seeded."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from neuroflow.checks.layers.calls import check_causal, check_inputs
from neuroflow.checks.layers.effects import check_effects
from neuroflow.checks.layers.engines import check_engines
from neuroflow.checks.layers.finite import check_finite
from neuroflow.checks.layers.forms import check_tensor_form
from neuroflow.checks.layers.formula import check_formula
from neuroflow.checks.layers.modes import check_modes
from neuroflow.checks.layers.parameters import check_discovered, check_reached
from neuroflow.checks.layers.rebuilding import (
    check_configuration,
    check_saved,
    check_seeds,
    check_state,
)
from neuroflow.checks.layers.shapes import check_shape
from neuroflow.checks.layers.trials import CannotTryError, Trial, WrongLayerError, trial_of
from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Results
from neuroflow.core.module import Module
from neuroflow.registry.entries import LayerEntry


def check_layer(entry: LayerEntry, results: Results) -> None:
    """All checks of a layer; a skip if no small one can be built and called."""
    target = entry.load()
    if not (inspect.isclass(target) and issubclass(target, Module)):
        results.failed("declared", f"{target!r} is no class derived from neuroflow.Module")
        return
    try:
        trial = trial_of(entry, target)
    except WrongLayerError as error:
        results.failed("forward", str(error))
        return
    except CannotTryError as error:
        results.failed("builds", str(error)) if entry.example else results.skipped(
            "layer", str(error)
        )
        return
    results.passed("builds")
    for name, check in _CHECKS.items():
        found = {f.check for f in results.report.findings if f.subject == results.subject}
        if not found & {*_NEEDS.get(name, ())}:
            with guarded(results, name):
                check(trial, results)


_CHECKS: dict[str, Callable[[Trial, Results], None]] = {
    "parameters": check_discovered,
    "gradient reaches": check_reached,
    "modes": check_modes,
    "configuration": check_configuration,
    "state": check_state,
    "save and load": check_saved,
    "seeds": check_seeds,
    "causal": check_causal,
    "inputs": check_inputs,
    "shape": check_shape,
    "finite": check_finite,
    "settings": check_effects,
    "formula": check_formula,
    "compiled": check_engines,
    "tensor form": check_tensor_form,
}
_MODES = ("instances", "determinism", "no mutation", "dice", "training", "alias")
_BASE = ("parameters", "gradient reaches", "configuration", *_MODES)
_NEEDS = {
    "modes": ("parameters",),
    "state": ("parameters", *_MODES, "state"),
    "save and load": ("parameters", "configuration", *_MODES, "state"),
    "compiled": _BASE,
    "inputs": _BASE,
    "settings": _BASE,
    "formula": _MODES,
    "finite": ("parameters", *_MODES),
    "tensor form": (*_BASE, "compiled"),
}
"""A check that is not made where one of these has found something: it would tell it again."""
