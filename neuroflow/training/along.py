"""The other workers of a run: they make its steps, and leave folder and words to the first."""

from __future__ import annotations

from neuroflow.stopping import listening
from neuroflow.training.steps import Training


def go_along(training: Training) -> None:
    """Make all steps of a run beside its first worker, who iterates over a :class:`Run`.

    Both ask whether to stop at the same places, so a signal to one of them stops all.
    """
    with listening() as signals:
        for step, _ in training.advances(signals.heard):
            if training.any_worker(signals.heard()) and not training.is_over:
                raise signals.stopped(f"stopped at step {step.step} of {step.steps}")
