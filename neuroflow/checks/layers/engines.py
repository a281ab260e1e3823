"""A layer compiled: array code and native code give its outputs and gradients as eager ones."""

from __future__ import annotations

import copy
import warnings
from typing import Any

from neuroflow.checks.layers.parameters import spread
from neuroflow.checks.layers.trials import Trial, flat
from neuroflow.checks.shared.messages import close, listed
from neuroflow.checks.shared.report import Results
from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.errors import TraceError
from neuroflow.registry.entries import BUNDLED
from neuroflow.registry.manager import find

LARGE = 200
"""A layer of more parameters is compiled for array code alone: native code takes long to make."""


def check_engines(trial: Trial, results: Results) -> None:
    """The mean of its outputs, with weights, and the gradient of each parameter."""
    module = trial.build()
    spread(module.parameters())
    want = _eager(module, trial)
    large = len(module.parameters()) > LARGE
    backends: Any = find("*", "backend")
    for entry in backends:
        names = ("numpy",) if large else ("numpy", "llvm")
        if entry.namespace != BUNDLED or entry.name not in names or entry.obstacle():
            continue
        try:
            got = _compiled(module, trial, entry)
        except TraceError as error:
            results.failed("compiled", f"it cannot be compiled: {error}")
            return
        same = all(close(a, b, 1e-9, 1e-11) for a, b in zip(got, want, strict=True))
        results.expect("compiled", same, (
            f"on {entry.name} its weighted output and gradients are {listed(got[:4])}; plain"
            f" numbers give {listed(want[:4])}: is a number read out of the graph?"
        ))  # fmt: skip
        if not same:
            return


def _weighted(outputs: Any) -> Any:
    """One number of all outputs, of which no two count alike."""
    total: Any = 0.0
    for k, output in enumerate(flat(outputs)):
        total = total + output * (1.0 + 0.37 * k)
    return total


def _eager(module: Module, trial: Trial) -> list[float]:
    module.zero_grad()
    total = _weighted(module(*copy.deepcopy(trial.inputs)))
    if isinstance(total, Value):
        total.backward()
    return [float(total), *(p.grad for p in module.parameters())]


def _compiled(module: Module, trial: Trial, entry: Any) -> list[float]:
    from neuroflow.engine.plan.function import TracedFunction
    from neuroflow.engine.session import Session

    parameters = module.parameters()
    function = TracedFunction(lambda m, *xs: _weighted(m(*xs)), (module,), parameters)
    executor = entry.load()("float64", len(parameters), None)
    session = Session(function, executor, "parameters")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks of its ops have said so
        mean, gradients = session.mean_and_gradients([copy.deepcopy(trial.inputs)])
    return [float(mean), *map(float, gradients)]
