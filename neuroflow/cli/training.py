"""What ``train`` and ``resume`` share: progress while it runs, then summary and picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from neuroflow.cli.output import console, note, print_json, table

if TYPE_CHECKING:
    from neuroflow.run import Run
    from neuroflow.training import Step

PICTURE = "picture.png"
_ORDER = (
    "loss", "accuracy", "r2", "perplexity", "test_loss", "test_accuracy", "test_r2",
    "test_perplexity", "steps", "epochs", "parameters", "examples", "test_examples", "backend",
    "note", "seconds", "folder", "picture",
)  # fmt: skip


def follow(run: Run) -> None:
    """Run to the end with a progress bar, or a line now and then where nobody watches."""
    watched = console(stderr=True).is_terminal
    with _bar(run) if watched else _lines(run) as show:
        for step in run:
            show(step)


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

        yield show


@contextmanager
def _lines(run: Run) -> Iterator[Any]:
    """About ten lines in all, for logs."""
    training = run.training
    every = max(1, training.steps // 10)
    last = training.step

    def show(step: Step) -> None:
        nonlocal last
        if step.step - last >= every or step.step == step.steps:
            note(f"step {step.step}/{step.steps}  {_facts(step.loss, training.metrics)}")
            last = step.step

    yield show


def _name(run: Run) -> str:
    return str(run.training.dataset.name or run.folder.name)


def _facts(loss: float, metrics: dict[str, float]) -> str:
    """Loss and scores, short; a score is that of the last evaluation."""
    words = [f"loss {loss:.4g}"]
    for name in ("accuracy", "test_accuracy", "r2", "test_r2", "test_perplexity"):
        if name in metrics:
            number = metrics[name]
            short = name.replace("test_", "test ").replace("accuracy", "acc")
            words.append(f"{short} {number:.1%}" if "acc" in short else f"{short} {number:.4g}")
    return "  ".join(words)


def finish(run: Run, as_json: bool, profile: Any = None) -> None:
    """The summary: a table or one JSON object, and the picture or a sketch of it."""
    from neuroflow.view.plots import save_picture

    picture = save_picture(run, run.folder / PICTURE)
    summary = {**run.summary(), "picture": str(picture) if picture else None}
    if profile is not None:
        if not as_json:
            console().print(str(profile))
        summary["profile"] = profile.as_dict()
    if as_json:
        print_json(summary)
        return
    rows = [(name.replace("_", " "), _shown(name, summary[name])) for name in _ORDER
            if summary.get(name) not in (None, "", 0)]  # fmt: skip
    console().print(table(("", ""), rows))
    if picture is None:
        from neuroflow.view.sketches import sketch_of_run

        console().print(sketch_of_run(run, min(70, console().width - 10)))
        note("for a picture as PNG: pip install 'neuroflow[plot]'", style="dim")
    note(f"ask it: neuroflow predict {run.folder} ...", style="dim")


def _shown(name: str, value: Any) -> str:
    if "accuracy" in name:
        return f"{value:.2%}"
    if name == "seconds":
        return f"{value:.3g}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
