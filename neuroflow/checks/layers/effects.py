"""Each setting of a layer does something: to its parameters, its outputs, or its gradients."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from neuroflow.checks.layers.calls import WIDTHS
from neuroflow.checks.layers.inputs import drawn, mapped, of_other_tokens
from neuroflow.checks.layers.modes import thrown
from neuroflow.checks.layers.parameters import spread, weighted
from neuroflow.checks.layers.trials import Trial, flat
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import MORE, fit, others_of
from neuroflow.config import settings_of
from neuroflow.core.module import Module
from neuroflow.core.settings import Setting
from neuroflow.core.value import Value
from neuroflow.errors import short_repr

_OF_PARTS: dict[str, tuple[Any, ...]] = {
    "activation": ("tanh", "relu", {"use": "leaky_relu", "slope": 0.3}),
    "initializer": ("normal", "xavier", "uniform", "zeros"),
}
"""Parts to try where a setting names one."""

OF_INPUTS = (*WIDTHS, "size", "vocab_size", "block_size", "length", "max_length", "d_model", "dim")
"""What may say no more than what comes in: a layer need not do anything with it."""


def check_effects(trial: Trial, results: Results) -> None:
    """Another value of each setting makes a difference somewhere."""
    for setting in settings_of(trial.entry):
        if setting.name in OF_INPUTS:
            continue
        value = trial.settings.get(setting.name, setting.default)
        values = [x for x in _values(setting, value) if x != value]
        pairs = [*_pairs(trial, setting.name, values)]
        if not pairs:
            continue
        counts = any(_differ(trial, one, two) for one, two in pairs)
        told = " or ".join(short_repr(x) for x in values[:2])
        results.expect("settings", counts, (
            f"the setting {setting.name!r} changes nothing: parameters, outputs and gradients are"
            f" the same with {told} as with {short_repr(value)}; use it, or take it out of the"
            " signature"
        ))  # fmt: skip


def _values(setting: Setting, value: Any) -> Iterator[Any]:
    if setting.part or (isinstance(value, str) and setting.type is str):
        yield from _OF_PARTS.get(setting.part or _part_of(value), ())
    elif value is not None or setting.type is not Any:
        yield from others_of(setting, value, MORE)


def _part_of(word: str) -> str:
    """The kind of part that a word names, where no setting says so."""
    from neuroflow.registry.manager import manager

    return next((kind for kind in _OF_PARTS if [*manager().registry.entries(kind, word)]), "")


def _pairs(
    trial: Trial, name: str, values: list[Any]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Settings that differ in one: beside those of the trial, and beside others."""
    for others in ({}, *(_others(trial, name, k) for k in range(4))):
        for value in values:
            one = {**trial.settings, **others}
            two = {**one, name: value}
            if fit(trial.entry, two, {}):
                yield one, two


def _others(trial: Trial, name: str, k: int) -> dict[str, Any]:
    """All settings but one at the k-th of their other values, if they are no counts."""
    found: dict[str, Any] = {}
    for setting in settings_of(trial.entry):
        value = trial.settings.get(setting.name, setting.default)
        count = isinstance(value, int) and not isinstance(value, bool)
        others = [] if count or setting.name == name else [*_values(setting, value)]
        if others:
            found[setting.name] = others[min(k, len(others) - 1)]
    return found


def _differ(trial: Trial, one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    """Whether layers of two settings differ in anything that can be seen; one cannot be built."""
    try:
        modules = [trial.build(**settings) for settings in (one, two)]
    except Exception:
        return True  # a value that is refused together with the others counts
    before, after = ([*module.state_dict().items()] for module in modules)
    if before != after:
        return True
    for module in modules:
        spread(module.parameters())
    every = [*drawn(trial, 3), *_longer(trial), *of_other_tokens(trial)]
    return any(
        _seen(modules[0], inputs, training, seed) != _seen(modules[1], inputs, training, seed)
        for seed, inputs in enumerate(every)
        for training in (False, True)
    )


def _longer(trial: Trial) -> Iterator[Any]:
    """One list, twice as long, and far larger numbers: limits show there."""
    first = trial.inputs[0]
    if isinstance(first, list):
        yield [first * 2, *trial.inputs[1:]]
    yield mapped(list(trial.inputs), lambda x: 1e3 * x if isinstance(x, float) else x)
    yield mapped(list(trial.inputs), lambda x: 1e-3 * x if isinstance(x, float) else x + 6)


def _seen(module: Module, inputs: Any, training: bool, seed: int) -> Any:
    """Outputs and gradients of inputs and parameters, and buffers; or what is raised."""
    module.train(training)
    module.zero_grad()
    values = mapped(inputs, lambda x: Value(x) if isinstance(x, float) else x)
    before = random.getstate()
    try:
        with thrown(seed):
            outputs = [*flat(module(*values))]
            total = weighted(outputs)
        if total.op is not None:
            total.backward()
    except Exception as error:
        return type(error).__name__, str(error)
    finally:
        random.setstate(before)
    grads = [v.grad for v in (*flat(values), *module.parameters()) if isinstance(v, Value)]
    return [float(x) for x in outputs], grads, module.state_dict()
