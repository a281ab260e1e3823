"""Keeping the best: which evaluation was the best so far, and whether it is time to stop."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field

from neuroflow.checkpoint.schema import COUNT, FINITE, TRUTH, ListOf, TableOf, check
from neuroflow.core.module import Module
from neuroflow.errors import InputError, StateError, did_you_mean
from neuroflow.evaluation.metrics import Metric

LOSS = "loss"
PARTS = ("validation_", "test_")
"""What stands before the name of a score on examples that are held out."""

BEST = TableOf(
    {"step": COUNT, "waited": COUNT, "over": TRUTH, "numbers": ListOf(FINITE)},
    {"value": FINITE, "scores": TableOf(rest=FINITE)},
)


@define(eq=False)
class Best:
    """The best evaluation of a run by one of its scores, and how many came since without a better.

    A score is better if it is so by more than ``min_delta``; nan is never better. After
    ``patience`` evaluations in a row without a better one the run is ``over``. ``numbers`` are
    those of the model at the best one, if they are kept.

    >>> best = Best("test_loss", lower=True, patience=2)
    >>> for step, loss in [(10, 3.0), (20, 1.0), (30, 1.5), (40, 1.0)]:
    ...     best.see(step, {"test_loss": loss}, [])
    >>> best.step, best.value, best.over
    (20, 1.0, True)
    """

    by: str
    lower: bool
    patience: int | None = None
    min_delta: float = 0.0
    step: int = field(init=False, default=0)
    value: float | None = field(init=False, default=None)
    scores: dict[str, float] = field(init=False, factory=dict)
    numbers: list[float] = field(init=False, factory=list)
    waited: int = field(init=False, default=0)

    def see(self, step: int, scores: Mapping[str, float], numbers: Sequence[float]) -> None:
        """Take notice of an evaluation, and of the numbers of the model if they are to be kept."""
        value = scores[self.by]
        if not self._is_better(value):
            self.waited += 1
            return
        self.step, self.value, self.waited = step, value, 0
        self.scores = {name: x for name, x in scores.items() if math.isfinite(x)}
        self.numbers = list(numbers)

    def _is_better(self, value: float) -> bool:
        if not math.isfinite(value) or self.value is None:
            return math.isfinite(value)
        gain = self.value - value if self.lower else value - self.value
        return gain > self.min_delta

    @property
    def over(self) -> bool:
        """Whether so many evaluations in a row were no better that the run ends."""
        return self.patience is not None and self.waited >= self.patience

    def summary(self) -> dict[str, Any]:
        """Which evaluation was the best, how many came since, and whether that ended the run."""
        return {
            "by": self.by,
            "value": self.value,
            "step": self.step,
            "evaluations_since": self.waited,
            "ended_early": self.over,
        }

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs of it."""
        known = {"value": self.value, "scores": self.scores} if self.value is not None else {}
        state = {"step": self.step, "waited": self.waited, "over": self.over, **known}
        return {**state, "numbers": list(self.numbers)}

    def load_state_dict(self, state: Any, size: int) -> None:
        """Go on from a :meth:`state_dict`, of a model of so many numbers.

        Raises :class:`StateError` for what is none.
        """
        check(state, BEST, "state.best")
        if len(state["numbers"]) not in (0, size):
            raise StateError(
                f"the best model of the run has {len(state['numbers'])} numbers",
                expected=f"{size}, as the model has",
                remedy="resume from another checkpoint, or train anew",
            )
        self.step, self.waited = state["step"], state["waited"]
        self.value, self.scores = state.get("value"), dict(state.get("scores", {}))
        self.numbers = list(state["numbers"])


def best_of(
    options: Mapping[str, Any], metrics: Sequence[Metric], parts: Sequence[str]
) -> Best | None:
    """What a run keeps of its evaluations, as its table ``train`` says; None if it keeps nothing.

    ``parts`` are what it evaluates on: ``""`` for the training data, ``"validation_"``,
    ``"test_"``. Raises :class:`InputError` for a score that the run does not have.
    """
    if options["keep"] == "last" and options.get("patience") is None:
        return None
    scores = {f"{part}{metric.name}": metric.entry.better for part in parts for metric in metrics}
    scores |= {f"{part}{LOSS}": "lower" for part in parts if part}
    by = options.get("best_by") or f"{PARTS[0]}{LOSS}"
    if by not in scores:
        raise _no_such_score(by, list(scores), "best_by" in options)
    return Best(by, scores[by] == "lower", options.get("patience"), options["min_delta"])


def numbers_of_model(model: Module) -> list[float]:
    """All numbers of a model in one order: its parameters, and what its buffers hold."""
    return list(model.state_dict().values())


def give_numbers(model: Module, numbers: Sequence[float]) -> None:
    """Give a model the numbers that :func:`numbers_of_model` told."""
    model.load_state_dict(dict(zip(model.state_dict(), numbers, strict=True)))


def _no_such_score(by: str, known: Sequence[str], is_chosen: bool) -> InputError:
    if is_chosen:
        return InputError(
            f"best_by is {by!r}, which no evaluation of the run tells",
            remedy=did_you_mean(by, known, f"it tells: {', '.join(known)}"),
            got=by,
        )
    return InputError(
        "the best evaluation is asked for, and nothing is held out to find it with",
        expected="data.validation, such as 0.1, or a data.validation_file",
        remedy=f"or say which score counts: best_by = {known[-1]!r}",
    )
