"""Backends: each gives what array code gives, in every instruction, gradient and training step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.messages import close, listed
from neuroflow.checks.shared.report import Results
from neuroflow.core.functions import exp, maximum, minimum, take, tanh
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.core.value import Value
from neuroflow.core.vectors import VectorOp, dot, sum
from neuroflow.errors import raised
from neuroflow.registry.entries import BUNDLED, BackendEntry
from neuroflow.registry.manager import find, get

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
    if obstacle := entry.obstacle():
        if obstacle.startswith("its probe failed"):
            results.failed("probe", obstacle)
            return
        results.skipped("backend", f"{entry.name}: {obstacle}")
        return
    if not _makes_executors(entry, results):
        return
    for dtype in entry.dtypes:
        told = len(results.report.findings)
        for name, loss in LOSSES.items():
            for count in (1, MANY):
                if len(results.report.findings) > told:
                    break  # what is wrong with the first loss is wrong with others too
                with guarded(results, "backend"):
                    _compare(entry, dtype, name, loss, count, results)
        if len(results.report.findings) == told:
            with guarded(results, "memory"):
                _compare_growth(entry, dtype, results)
            with guarded(results, "ops"):
                _compare_ops(entry, dtype, results)


def _makes_executors(entry: BackendEntry, results: Results) -> bool:
    """Whether it gives an executor in each of its precisions, as everybody will call it."""
    from neuroflow.engine.run.executor import Executor

    chooses = {"device": "auto"} if entry.devices != ("cpu",) else {}
    for dtype in entry.dtypes:
        try:
            executor = entry.load()(dtype, 0, None, **chooses)
        except Exception as error:
            results.failed("executor", (
                f"called as (dtype={dtype!r}, n_parameters=0, memory_limit=None) it raises"
                f" {raised(error)}; where it cannot run, its probe says so"
            ))  # fmt: skip
            return False
        results.expect("executor", isinstance(executor, Executor), (
            f"called as (dtype={dtype!r}, n_parameters=0, memory_limit=None) it gives {executor!r}"
            f" of type {type(executor).__name__}; expected a neuroflow.Executor: is the return"
            " missing?"
        ))  # fmt: skip
        if not isinstance(executor, Executor):
            return False
        own = executor is not entry.load()(dtype, 0, None, **chooses)
        results.expect("executor", own, (
            "it gives one executor for all: each call makes a new one, with programs of its own"
        ))  # fmt: skip
        if not own:
            return False
    return True


POINTS = (0.7, -0.4, 1.3, 0.25)
"""Numbers at which ops are compared: those of them that lie in the domain."""


def _compare_ops(entry: BackendEntry, dtype: str, results: Results) -> None:
    """All bundled ops in one function: each value, and the gradients of a sum of them."""
    places = [(op, at) for op in _bundled_ops() for at in _inputs(op)]

    def every(weights: Any, xs: Sequence[Any], k: Any) -> Any:
        return [op(*_taken(op, xs, at)) for op, at in places]

    def weighted(weights: Any, xs: Sequence[Any], k: Any) -> Any:
        values = every(weights, [x * 1.0 for x in weights.last], k)
        return sum([value * (0.3 + 0.01 * j) for j, value in enumerate(values)])

    got, want = _on_both(entry, weighted, dtype)
    if _agree(got, want, dtype):
        results.passed("ops", len(places))
        return
    mine, theirs = _on_both(entry, every, dtype)
    wrong = [j for j in range(len(places)) if not _agree([mine[j]], [theirs[j]], dtype)]
    if not wrong:
        results.failed("ops", (
            f"the gradient of a sum of all bundled ops in {dtype} is {_few(got[1:])}; array code"
            f" gives {_few(want[1:])}"
        ))  # fmt: skip
    for j in wrong[:3]:
        op, at = places[j]
        results.failed("ops", (
            f"{op.name} at {listed([POINTS[k] for k in at])} in {dtype} is {mine[j]:.9g}; array"
            f" code in float64 gives {theirs[j]:.9g}"
        ))  # fmt: skip


def _agree(got: Sequence[float], want: Sequence[float], dtype: str) -> bool:
    relative, absolute = TOLERANCES[dtype]
    return all(close(a, b, relative, absolute) for a, b in zip(got, want, strict=True))


def _bundled_ops() -> list[Any]:
    return [e.load() for e in find("*", "op") if e.namespace == BUNDLED]


def _inputs(op: Any) -> list[tuple[int, ...]]:
    """Which of the numbers an op is given, at one or two places inside of its domain."""
    count = len(op.parameters) * (2 if op.vectors else 1)
    domains = [domain for domain in op.domain for _ in range(count // len(op.domain))]
    found = []
    for start in range(len(POINTS)):
        at = tuple((start + j) % len(POINTS) for j in range(count))
        if all(POINTS[k] in domain for k, domain in zip(at, domains, strict=True)):
            found.append(at)
    positive = tuple((0, 2, 3, 0)[:count])
    return found[:2] or [positive]


def _taken(op: Any, xs: Sequence[Any], at: Sequence[int]) -> list[Any]:
    numbers = [xs[k] for k in at]
    return list(op.split(numbers)) if isinstance(op, VectorOp) else numbers


def _on_both(entry: BackendEntry, function: Any, dtype: str) -> list[list[float]]:
    """What a function gives here, and as array code in float64: numbers, or value and gradients."""
    makers = ((entry.load(), dtype), (get("backend", "numpy").load(), "float64"))
    return [_numbers(make, function, kind) for make, kind in makers]


def _numbers(make: Callable[..., Any], function: Any, dtype: str) -> list[float]:
    import numpy as np

    from neuroflow.engine.plan.function import TracedFunction
    from neuroflow.engine.session import Session

    weights = Weights(SplitMix32(7))
    for parameter, x in zip(weights.last, POINTS, strict=False):
        parameter.data = x
    parameters = weights.parameters()
    traced = TracedFunction(function, (weights,), parameters)
    session = Session(traced, make(dtype, len(parameters), None), "parameters")
    examples = [(list(POINTS), 0)]
    if function.__name__ == "every":
        return np.ravel(session.outputs(examples)).astype(float).tolist()  # type: ignore[no-any-return]
    mean, gradients = session.mean_and_gradients(examples)
    return [float(mean), *map(float, gradients)]


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


LENGTHS = (3, 100, 3)
"""Lengths of texts one after the other: the second needs more memory than the first left."""


def _compare_growth(entry: BackendEntry, dtype: str, results: Results) -> None:
    """Programs that were made before the memory grew give what they gave."""
    mine, reference = (_grown(make, kind) for make, kind in (
        (entry.load(), dtype), (get("backend", "numpy").load(), "float64"),
    ))  # fmt: skip
    wrong = [k for k, x in enumerate(mine) if not _agree([x], [reference[k]], dtype)]
    results.expect("memory", not wrong, (
        f"for texts of {listed(LENGTHS)} numbers one after the other it gives {_few(mine)} in"
        f" {dtype}, array code {_few(reference)}: when the memory grows, bind() is called, and"
        " whatever points into the old one has to be made anew"
    ))  # fmt: skip


def _grown(make: Callable[..., Any], dtype: str) -> list[float]:
    from neuroflow.engine.plan.function import TracedFunction
    from neuroflow.engine.session import Session

    weights = Weights(SplitMix32(7))
    parameters = weights.parameters()
    function = TracedFunction(_long, (weights,), parameters)
    session = Session(function, make(dtype, len(parameters), None), "parameters")
    found: list[float] = []
    for k, length in enumerate(LENGTHS):
        texts = [([0.01 * j - 0.3 * k for j in range(length)], 0)]
        mean, gradients = session.mean_and_gradients(texts)
        found += [float(mean), *map(float, gradients)]
    return found


def _long(weights: Weights, x: Sequence[Any], k: Any) -> Any:
    return sum([tanh(a * weights.last[j % 5]) for j, a in enumerate(x)])


def _few(numbers: Any) -> str:
    """The first of many numbers."""
    import numpy as np

    flat = np.ravel(numbers)[:3].tolist()
    return f"{', '.join(f'{x:.9g}' for x in flat)}{' ...' if np.size(numbers) > 3 else ''}"
