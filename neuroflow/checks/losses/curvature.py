"""The gradient of a loss is a graph itself: what it says of its own slope is that slope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neuroflow.checks.losses.examples import Example
from neuroflow.checks.shared.messages import short
from neuroflow.checks.shared.numeric import along, between_sides, slope
from neuroflow.checks.shared.report import Results
from neuroflow.core.derivatives import gradients
from neuroflow.core.value import Value

TRIED = 4
"""Of how many examples second derivatives are compared."""


def check_second(loss: Callable[..., Any], examples: list[Example], results: Results) -> None:
    """Second derivatives, as Newton's method and penalties of gradients take them."""
    for example in examples[:: max(1, len(examples) // TRIED)]:
        at = list(example.prediction)
        for k in range(len(at)):
            values = [Value(x) for x in at]
            seconds = gradients(_slope_of(loss, values, example.target, k), values)
            for j, said in enumerate(map(float, seconds)):

                def first(*xs: float, k: int = k, target: Any = example.target) -> float:
                    return float(_slope_of(loss, [Value(x) for x in xs], target, k))

                f = along(first, at, j)
                numeric = slope(f, at[j])
                if numeric is None:
                    continue
                holds = numeric.agrees(said, 1e-4) or between_sides(f, at[j], said)
                results.expect("second derivatives", holds, (
                    f"{example}: the graph of the gradient says {short(said)} for its own slope,"
                    f" numeric {short(round(numeric.value, 6))}; are the partials of one of its ops"
                    " wrong, or is a number taken out of the graph?"
                ))  # fmt: skip
                if not holds:
                    return


def _slope_of(loss: Callable[..., Any], values: list[Value], target: Any, k: int) -> Any:
    """The derivative by one number of the prediction, as a graph."""
    out = loss(values[0] if len(values) == 1 else values, target)
    return gradients(out, values, create_graph=True)[k]
