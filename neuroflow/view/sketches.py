"""What a run learned, in the terminal: for machines without matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroflow.view.outcome import History, Outcome, ends
from neuroflow.view.terminal import Sketch, decision_map, plot

if TYPE_CHECKING:
    from neuroflow.training import Run


def sketch_of_run(run: Run, width: int = 64) -> Sketch:
    """A map of decisions, a fitted curve, or else the loss over the steps."""
    outcome = Outcome(run.training)
    if outcome.kind == "plane":
        data = run.training.dataset
        return decision_map(
            outcome.classes, outcome.rows(data), data.targets, data.labels, width, height=18
        )
    if outcome.kind == "curve":
        return _curve(outcome, width)
    history = History.of(run)
    lines = {"loss": history.train} | ({"test loss": history.test} if history.test else {})
    return plot(lines, width, 14, x_label="step")


def _curve(outcome: Outcome, width: int) -> Sketch:
    data = outcome.training.dataset
    rows = outcome.rows(data)
    low, high = ends([row[0] for row in rows])
    xs = [low + (high - low) * k / 200 for k in range(201)]
    fitted = list(zip(xs, outcome.numbers([[x] for x in xs]), strict=True))
    wanted = sorted((row[0], y) for row, y in zip(rows, map(_number, data.targets), strict=True))
    return plot({"the model": fitted, "the data": wanted}, width, 16, x_label="x")


def _number(target: object) -> float:
    return float(target[0] if isinstance(target, list) else target)  # type: ignore[arg-type]
