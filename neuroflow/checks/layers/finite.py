"""A layer of zeros, ones, equal and large numbers: all that goes out is finite, and all slopes."""

from __future__ import annotations

import math
from typing import Any

from neuroflow.checks.layers.inputs import filled, has_numbers, mapped
from neuroflow.checks.layers.parameters import spread, weighted
from neuroflow.checks.layers.trials import Trial, flat
from neuroflow.checks.shared.messages import first_line, short
from neuroflow.checks.shared.report import Results
from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.errors import DomainError, NeuroflowError

EQUAL = (0.0, 1.0, -1.0, 0.1)
LARGE = (30.0, 1e3, 1e4)
GROWN = 1e60
"""What is larger than this just before it overflows grows without bounds: no mistake."""


def check_finite(trial: Trial, results: Results) -> None:
    """At equal and at large numbers it gives finite numbers, and finite gradients."""
    if not has_numbers(trial):
        return
    for apart in (False, True):
        module = trial.build()
        if apart:
            spread(module.parameters())
        for x in EQUAL:
            problem = _problem(trial, module, filled(list(trial.inputs), x))
            results.expect("finite", not problem, (
                f"where all inputs are {short(x)} it gives no finite number or gradient:"
                f" {problem}; add a small epsilon to what is divided by or put under a root"
            ))  # fmt: skip
            if problem:
                return
        for size in LARGE:
            problem = _problem(trial, module, _scaled(trial, size))
            if problem and _grows(trial, module, size):
                return
            results.expect("finite", not problem, (
                f"for inputs {short(size)} times as large as {list(trial.inputs)} it gives no"
                f" finite number or gradient: {problem}; subtract the largest number before an exp,"
                " and take the variance from differences to the mean"
            ))  # fmt: skip
            if problem:
                return


def _scaled(trial: Trial, size: float) -> Any:
    return mapped(list(trial.inputs), lambda x: size * x if isinstance(x, float) else x)


def _problem(trial: Trial, module: Module, inputs: Any) -> str:
    """What is not finite; empty if all is, or the layer refuses such inputs itself."""
    values = mapped(inputs, lambda x: Value(x) if isinstance(x, float) else x)
    module.zero_grad()
    try:
        outputs = [*flat(module(*values))]
        total = weighted(outputs)
        if total.op is not None:
            total.backward()
    except DomainError as error:
        return error.what
    except (ZeroDivisionError, OverflowError) as error:
        return first_line(error)
    except NeuroflowError:
        return ""
    grads = [v.grad for v in (*flat(values), *module.parameters()) if isinstance(v, Value)]
    wrong = [x for x in (*map(float, outputs), *grads) if not math.isfinite(x)]
    return f"it gives {wrong[0]}" if wrong else ""


def _grows(trial: Trial, module: Module, size: float) -> bool:
    """Whether what goes out is huge already at the last inputs for which it is finite."""
    low, high = 1.0, size
    for _ in range(14):
        middle = math.sqrt(low * high)
        low, high = (
            (low, middle) if _problem(trial, module, _scaled(trial, middle)) else (middle, high)
        )
    try:
        outputs = [abs(float(x)) for x in trial.outputs(module, _scaled(trial, low))]
    except ArithmeticError:
        return False
    return max(outputs) > GROWN
