"""What went wrong in a run: one of its steps, compiled or not, done again eagerly and watched."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from attrs import evolve

from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.errors import DomainError, require
from neuroflow.inspect.anomaly import Anomaly
from neuroflow.inspect.detect import detect_anomalies, find_anomalies
from neuroflow.pythonic import whole_number


def replay(
    model: Module,
    example_loss: Callable[..., Value],
    examples: Sequence[Sequence[Any]],
    batch: Sequence[int] | None = None,
) -> list[Anomaly]:
    """Do one step of a run again, eagerly and watched: how a compiled run is searched.

    ``example_loss(model, *example)`` is the loss of one example and ``batch`` lists the
    examples of the step, all by default. The model's numbers stay as they are.
    """
    losses: list[Value] = []
    last = len(examples) - 1
    given = range(len(examples)) if batch is None else batch
    chosen = [whole_number(k, "the number of an example", high=last) for k in given]
    with detect_anomalies(model) as found:
        for k in chosen:
            with suppress(DomainError):
                losses.append(example_loss(model, *examples[k]))
            if found:
                node = found[0].node
                if node is not None and math.isfinite(node.data):
                    break
                return [evolve(found[0], example=k)]
    return [
        evolve(a, example=chosen[a.example]) if a.example is not None else a
        for a in find_anomalies(losses, model)
    ]


def watched(training: Any) -> Iterator[Any]:
    """The steps of a :class:`neuroflow.Training` or a :class:`neuroflow.Run`.

    Iterate instead of over the run itself. Before each report the state is kept. If the
    run then fails, the step that failed is found and replayed eagerly from the numbers it
    started with, whatever backend ran it. Raises :class:`DivergedError`.
    """
    from neuroflow.training import Run, Training

    require(training, (Training, Run), "the run", "a Training or a Run, as neuroflow.train gives")
    steps = iter(training)
    training = getattr(training, "training", training)
    while True:
        before = training.model.state_dict(), training.state_dict()
        try:
            step = next(steps, None)
        except DomainError as error:
            number, anomalies = _failed_step(training, *before)
            raise DivergedError(number, anomalies) from error
        if step is None:
            return
        yield step


def survey(training: Any, most: int = 200) -> list[Anomaly]:
    """What is wrong with a run as it stands: its first ``most`` examples, replayed eagerly."""
    runner = training.runner
    batch = range(min(most, len(training.dataset)))
    return replay(training.model, runner.example_loss, runner.examples, batch)


class DivergedError(DomainError):
    """A run failed; ``step`` is the first step that did, ``anomalies`` what was found in it."""

    def __init__(self, step: int, anomalies: Sequence[Anomaly]) -> None:
        self.step = step
        self.anomalies = list(anomalies)
        found = "\n".join(map(str, anomalies)) or (
            "nothing is wrong before the update: the step is too long"
        )
        remedy = "lower optimizer.learning_rate or set train.clip_norm"
        super().__init__(
            f"the run failed at step {step}:\n{found}", remedy="" if anomalies else remedy
        )


def _failed_step(
    training: Any, numbers: dict[str, float], state: dict[str, Any]
) -> tuple[int, list[Anomaly]]:
    """Go on from a state step by step, and search the first step that fails."""
    runner, model = training.runner, training.model
    model.load_state_dict(numbers)
    training.load_state_dict(state)
    runner.workers = None  # the others of a job have ended: each failed at the same step
    while training.step < training.steps:
        step, batch = training.step, training.batches.at(training.step)
        numbers = model.state_dict()
        try:
            (loss,) = runner.run([batch], [training.rate_at(step)])
            failed = not math.isfinite(loss)
        except DomainError:
            failed = True
        if failed:
            model.load_state_dict(numbers)
            worst = replay(model, runner.example_loss, runner.examples, batch)
            return step + 1, [a for a in worst if a.fault in ("nan", "infinity", "domain")]
    return training.step, []
