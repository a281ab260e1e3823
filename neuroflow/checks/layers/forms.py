"""The tensor form of a layer against the layer itself: answers and gradients, number by number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

from neuroflow.checks.layers.parameters import spread
from neuroflow.checks.layers.rebuilding import numbers_of
from neuroflow.checks.layers.trials import Trial, flat
from neuroflow.checks.shared.messages import listed
from neuroflow.checks.shared.numeric import has
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import described, variations
from neuroflow.config import settings_of
from neuroflow.core.module import Module
from neuroflow.errors import NeuroflowError

WITHIN = 1e-9


def check_tensor_form(trial: Trial, results: Results) -> None:
    """The module of PyTorch answers as the layer does, and has the same gradients."""
    if trial.entry.tensors is None or len(trial.inputs) != 1:
        return
    if not has("torch"):
        results.skipped("tensor form", "PyTorch is not installed")
        return
    for layer, where in _tried(trial):
        before = len(results.report.findings)
        _compare(trial, layer, where, results)
        if len(results.report.findings) > before:
            return


def _tried(trial: Trial) -> Iterator[tuple[Module, str]]:
    """The layer of the trial, then those of other settings that take the same inputs."""
    yield trial.build(3), ""
    for settings in variations(trial.entry, settings_of(trial.entry), trial.settings):
        other = {name: x for name, x in settings.items() if trial.settings.get(name) != x}
        if not other:
            continue
        with suppress(NeuroflowError, LookupError, ArithmeticError, ValueError, TypeError):
            layer = trial.build(3, **settings)
            layer(*trial.inputs)
            yield layer, described(other)


def _compare(trial: Trial, layer: Module, where: str, results: Results) -> None:
    """Its answers and gradients, number by number and on tensors."""
    from neuroflow.tensors.weights import Outline

    torch = import_module("torch")
    maker = import_module("neuroflow.tensors.module").Maker(torch.float64, None, None)
    spread(layer.parameters())
    outline = Outline(layer, trial.entry.load_tensors()())
    module = maker.module(outline.root).eval()
    outputs = [*flat(layer(*trial.inputs))]
    whole = all(isinstance(x, int) for x in flat(list(trial.inputs)))
    x = torch.tensor(trial.inputs[0], dtype=torch.int64 if whole else torch.float64)
    answers = module(torch.stack([x, x]))
    want, got = numbers_of(outputs), answers[0].reshape(-1).tolist()
    results.expect("tensor form", _same(want, got), (
        f"on tensors it gives {listed(got[:3])} ..., number by number {listed(want[:3])} ..."
        f"{where}; the numbers are the specification"
    ))  # fmt: skip
    results.expect("tensor form", bool(torch.allclose(answers[0], answers[1], atol=WITHIN)), (
        "the same example gives other answers beside another one: does it mix the axis of the"
        " examples?"
    ))  # fmt: skip
    if _same(want, got) and answers.requires_grad:
        layer.zero_grad()
        _squares(outputs).backward()
        _squares(answers[0].reshape(-1)).backward()
        _compare_gradients(outline, module, results)


def _squares(outputs: Any) -> Any:
    """A sum of squares in which no two outputs count alike."""
    total: Any = 0.0
    for k, y in enumerate(outputs):
        total = total + y * y * (0.1 + 0.05 * k)
    return total


def _compare_gradients(outline: Any, module: Any, results: Results) -> None:
    for name, weight in outline.named().items():
        if weight.kept:
            continue
        grad = module.get_parameter(name).grad
        got = [0.0] * len(weight.values) if grad is None else grad.reshape(-1).tolist()
        want = [value.grad for value in weight.values]
        results.expect("tensor form", _same(want, got), (
            f"the gradient of {name!r} is {listed(got[:3])} ... on tensors, number by number"
            f" {listed(want[:3])} ...; is a part cut off, as by detach()?"
        ))  # fmt: skip


def _same(want: list[float], got: list[float]) -> bool:
    return len(want) == len(got) and all(
        abs(a - b) <= WITHIN * max(1.0, abs(a)) for a, b in zip(want, got, strict=True)
    )
