"""Backends: each gives what array code gives, in every instruction, gradient and training step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neuroflow.checks.ops import guarded
from neuroflow.checks.report import Results
from neuroflow.core.functions import exp, maximum, minimum, take, tanh
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.core.value import Value
from neuroflow.core.vectors import dot, sum
from neuroflow.registry.entries import BackendEntry
from neuroflow.registry.manager import get

MANY = 37
"""Examples enough for lanes that are filled, and for some that are not."""

RATES = (0.1, 0.05, 0.02)

TOLERANCES = {"float64": (1e-9, 1e-12), "float32": (2e-4, 1e-5), "bfloat16": (2e-2, 2e-3)}
"""How far a number may be from that of array code: bfloat16 keeps 8 binary digits."""


class Weights(Module):
    """Rows of weights and a vector, small enough to be read."""

    def __init__(self, rng: SplitMix32) -> None:
        self.rows = [[Value(rng.uniform(-1.0, 1.0)) for _ in range(3)] for _ in range(5)]
        self.last = [Value(rng.uniform(-1.0, 1.0)) for _ in range(5)]

    def forward(self, x: Sequence[Any]) -> Sequence[Any]:
        """One layer."""
        pairs = zip(self.rows, self.last, strict=True)
        return [tanh(dot(row, x) + bias) for row, bias in pairs]


Loss = Callable[[Weights, Sequence[Any], Any], Any]


def _layer(weights: Weights, x: Sequence[Any], k: Any) -> Any:
    return dot(weights(x), weights.last)


def _lanes(weights: Weights, x: Sequence[Any], k: Any) -> Any:
    scaled = [a * b for a, b in zip(x, weights.rows[0], strict=True)]
    return dot(scaled, [exp(a) for a in reversed(x)])


def _reductions(weights: Weights, x: Sequence[Any], k: Any) -> Any:
    products = [a * b for a, b in zip(x, weights.rows[0], strict=True)]
    return sum(products) + maximum(products) - minimum([*products, weights.last[1]])


def _choice(weights: Weights, x: Sequence[Any], k: Any) -> Any:
    return take(weights.last, k) * x[0] + take(list(x), k)


def _shared(weights: Weights, x: Sequence[Any], k: Any) -> Any:
    return exp(dot(weights.last, weights.last) * 0.1) * x[0]


def _several(weights: Weights, x: Sequence[Any], k: Any) -> Any:
    return sum([y for scale in (1.0, 0.5, -2.0) for y in weights([scale * a for a in x])])


LOSSES: dict[str, Loss] = {
    "a layer": _layer, "dots of inputs": _lanes, "sums and extremes": _reductions,
    "a choice by an index": _choice, "what depends on parameters alone": _shared,
    "vectors through one layer": _several,
}  # fmt: skip


def check_backend(entry: BackendEntry, results: Results) -> None:
    """One that cannot run here is skipped, with the reason that it gives."""
    results.expect("declared", bool(entry.summary), "there is no summary; say what it is for")
    if obstacle := entry.obstacle():
        results.skipped("backend", f"{entry.name}: {obstacle}")
        return
    for dtype in entry.dtypes:
        for name, loss in LOSSES.items():
            for count in (1, MANY):
                with guarded(results, "backend"):
                    _compare(entry, dtype, name, loss, count, results)


def _compare(
    entry: BackendEntry, dtype: str, name: str, loss: Loss, count: int, results: Results
) -> None:
    import numpy as np

    relative, absolute = TOLERANCES[dtype]
    mine = answers(entry.load(), loss, dtype, count)
    reference = answers(get("backend", "numpy").load(), loss, "float64", count)
    for what, got in mine.items():
        want = reference[what]
        same = np.shape(got) == np.shape(want) and np.allclose(got, want, relative, absolute)
        results.expect("backend", bool(same), (
            f"{what} of {name}, for {count} examples in {dtype}: the backend gives {_few(got)},"
            f" array code {_few(want)}"
        ))  # fmt: skip


def answers(make: Callable[..., Any], loss: Loss, dtype: str, count: int) -> dict[str, Any]:
    """What an executor gives for a function: values, gradients, and what training makes of it."""
    import numpy as np

    from neuroflow.engine.plan.function import TracedFunction
    from neuroflow.engine.run.executor import StepSettings
    from neuroflow.engine.session import Session

    rng = SplitMix32(7)
    weights = Weights(rng)
    parameters = weights.parameters()
    examples = [([rng.uniform(-1.0, 1.0) for _ in range(3)], k % 3) for k in range(count)]
    function = TracedFunction(loss, (weights,), parameters)
    executor = make(dtype, len(parameters), None)
    session = Session(function, executor, "parameters")
    values = session.outputs(examples)
    mean, gradients = session.mean_and_gradients(examples)
    adam = get("optimizer", "adam").load()
    executor.prepare_steps(StepSettings(adam, dict(adam.settings), 0.01, 0.5))
    session.read_parameters()
    given, batch = session.flattened(examples)
    schedule = session.batcher.schedule(given, [batch] * len(RATES))
    steps = executor.train(schedule, np.array(RATES), 1, True)
    return {
        "values": values, "the mean": mean, "gradients": gradients,
        "losses and gradient norms of steps": steps.tolist(),
        "trained parameters": executor.parameters.astype(float).tolist(),
        "the optimizer's state": executor.state_rows().astype(float).tolist(),
    }  # fmt: skip


def _few(numbers: Any) -> str:
    """The first of many numbers."""
    import numpy as np

    flat = np.ravel(numbers)[:3].tolist()
    return f"{', '.join(f'{x:.9g}' for x in flat)}{' ...' if np.size(numbers) > 3 else ''}"
