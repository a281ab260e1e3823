"""Whole layers instead of scalars: who trains in tensors, and the runner that does.

A configuration asks for it with ``train.tensors``. A model that is too large to trace goes there by
itself where PyTorch is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neuroflow.config.settings import NO_DECAY, Tree
from neuroflow.data.dataset import Dataset
from neuroflow.engine.decay import set_no_decay
from neuroflow.engine.runner import Runner
from neuroflow.errors import InputError
from neuroflow.memory import amount
from neuroflow.tensors.package import has_torch, require_torch

MOST_TRACED = 30_000_000
"""Parameters times tokens: beyond it a trace, which has about so many scalars, takes minutes."""


def too_large_to_trace(model: Any, data: Dataset, options: Tree) -> str:
    """What to say of a model that nobody should trace; empty for all others."""
    longest = max(map(len, data.inputs)) if data.task == "sequence" else 1
    scalars = len(model.parameters()) * longest
    if options["backend"] != "auto" or options["tensors"] or scalars <= MOST_TRACED:
        return ""
    what = f"a trace of this model would have about {amount(scalars)} scalars"
    if has_torch():
        return f"{what}, so it trains in tensors (train.tensors)"
    return f'{what}: with pip install "neuroflow[torch]" it would train in tensors'


def tensors_runner(
    arguments: tuple[Any, ...], loss: Callable[..., Any], by_token: bool, options: Tree
) -> Runner:
    """The runner that trains a model in tensors.

    Raises :class:`InputError` for a backend that has none, and :class:`BackendError` where
    PyTorch is not installed.
    """
    if options["backend"] not in ("auto", TENSORS):
        raise InputError(
            f"training in tensors got the backend {options['backend']!r}",
            expected=f"auto or {TENSORS}: whole layers run in PyTorch",
            path="train.tensors",
        )
    require_torch("training in tensors")
    from neuroflow.tensors.runner import TensorsRunner

    runner = TensorsRunner(
        *arguments, loss=loss, by_token=by_token, dtype=options["dtype"], device=options["device"]
    )
    if "no_decay" in runner.rule.state:
        set_no_decay(runner, NO_DECAY)
    return runner


TENSORS = "torch"
"""What runs them, as a run tells it."""
