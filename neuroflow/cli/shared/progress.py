"""A run while it goes on: a bar, or a line now and then where nobody watches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from neuroflow.cli.shared.output import Command, note
from neuroflow.cli.shared.streams import console
from neuroflow.long_work import Follower, following

if TYPE_CHECKING:
    from neuroflow.training import Run, Step


def anomaly_option(command: Command) -> Command:
    """The option ``--anomaly``, as the argument ``anomaly``."""
    text = (
        "If the run fails, find the first nan, infinity or domain error, with its op, inputs and"
        " source line; at the end, list dead units and saturated softmaxes."
    )
    return click.option("--anomaly", is_flag=True, help=text)(command)


def follow(run: Run, anomaly: bool = False, also: Callable[[Step], None] | None = None) -> None:
    """Run to the end with a progress bar, or a line now and then where nobody watches.

    ``also`` is called after each report.
    """
    with _bar(run) if console(stderr=True).is_interactive else _lines(run) as show:
        for step in _watched(run) if anomaly else run:
            show(step)
            if also is not None:
                also(step)


def _watched(run: Run) -> Iterator[Step]:
    from neuroflow.inspect.replay import watched

    return watched(run)


@contextmanager
def _bar(run: Run) -> Iterator[Any]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    training = run.training
    columns = (
        TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}"), Remaining(compact=True, elapsed_when_finished=True),
    )  # fmt: skip
    with Progress(*columns, console=console(stderr=True), expand=True) as progress:
        task = progress.add_task(
            _name(run), total=training.steps, completed=training.step, facts="starting"
        )

        def show(step: Step) -> None:
            facts = _facts(step.loss, training.metrics)
            progress.update(task, completed=step.step, facts=facts)

        with following(in_words(lambda words: progress.update(task, facts=words))):
            yield show


def in_words(tell: Callable[[str], None]) -> Follower:
    """Who follows work within a step, such as a long evaluation, and tells what takes longer.

    There is one bar at a time, so a run's own says it.
    """
    began = 0.0

    def hear(what: str, done: int, total: int) -> None:
        nonlocal began
        if not done:
            began = time.monotonic()
        elif done < total and time.monotonic() - began > LongWork.PATIENCE:
            tell(f"{what} {done} of {total}")

    return hear


@contextmanager
def _lines(run: Run) -> Iterator[Any]:
    """About ten lines in all, for logs."""
    training = run.training
    every = max(1, training.steps // 10)
    last = training.step

    def show(step: Step) -> None:
        nonlocal last
        if step.step - last >= every or training.is_over:
            note(f"step {step.step}/{step.steps}  {_facts(step.loss, training.metrics)}")
            last = step.step

    yield show


def _name(run: Run) -> str:
    return str(run.training.dataset.name or run.folder.name)


_SCORES = (
    "accuracy", "validation_accuracy", "test_accuracy", "r2", "validation_r2", "test_r2",
    "validation_perplexity", "test_perplexity",
)  # fmt: skip


def _facts(loss: float, metrics: dict[str, float]) -> str:
    """Loss and scores, short; a score is that of the last evaluation."""
    words = [f"loss {loss:.4g}"]
    for name in _SCORES:
        if name in metrics:
            number = metrics[name]
            short = name.replace("_", " ").replace("accuracy", "acc")
            words.append(f"{short} {number:.1%}" if "acc" in short else f"{short} {number:.4g}")
    return "  ".join(words)


class LongWork:
    """A bar for what takes longer than a second before or beside a run, on a terminal alone."""

    PATIENCE = 1.0

    def __init__(self) -> None:
        self._began = 0.0
        self._bar: Any = None
        self._watched: bool | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        """Hear how far the work is; to be given to :func:`neuroflow.long_work.following`."""
        if self._bar is not None:
            self._bar.update(0, description=what, completed=done, total=total)
            if done == total:
                self._bar.stop()
                self._bar = None
        elif not done:
            self._began = time.monotonic()
        elif time.monotonic() - self._began > self.PATIENCE and done < total:
            self._show(what)

    def _show(self, what: str) -> None:
        from rich.progress import Progress

        if self._watched is None:
            self._watched = console(stderr=True).is_interactive
        if self._watched:
            self._bar = Progress(console=console(stderr=True), transient=True)
            self._bar.add_task(what)
            self._bar.start()
