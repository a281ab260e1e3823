"""Cards: what a notebook shows of a model, a dataset, a run, one of its steps, or its evaluation.

A card has no colours of its own, so it is light on a light page and dark on a dark one; every
name in it is escaped. Where no HTML is shown, Python's own text of the thing stands instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neuroflow.core.module import Module
from neuroflow.data.dataset import Dataset
from neuroflow.errors import InputError, short_repr
from neuroflow.evaluation.evaluation import Evaluation
from neuroflow.training import Run, Step, Training
from neuroflow.view.curves import curves_svg
from neuroflow.view.evaluation_picture import evaluation_svg
from neuroflow.view.looks import looks_of
from neuroflow.view.markup import escaped
from neuroflow.view.outcome import LossCurve
from neuroflow.view.plain_table import PlainTable

MOST_PARTS, MOST_ROWS, MOST_COLUMNS = 20, 5, 8
"""Parts of a model, and rows and columns of data, that are shown."""

LONGEST = 40
"""Letters of a cell."""


def to_html(thing: Any) -> str:
    """A model, dataset, run, step or evaluation as HTML, as a notebook shows it.

    >>> from neuroflow import build
    >>> to_html(build("linear", inputs=2, outputs=1))[:35]
    '<div style="font:13px system-ui,san'

    Raises :class:`InputError` for anything else.
    """
    for kind, card in _CARDS:
        if isinstance(thing, kind):
            return card(thing)
    kinds = ", ".join(kind.__name__ for kind, _ in _CARDS)
    raise InputError(f"{short_repr(thing)} has no card", expected=f"one of {kinds}", got=thing)


def of_model(model: Module) -> str:
    """Its parts, each with its number of parameters."""
    parts = [(name, part) for name, part in model.named_modules() if name]
    looks = looks_of(model)
    rows = [
        (
            name,
            " ".join(
                filter(None, (type(part).__name__, looks[name].told if name in looks else ""))
            ),
            f"{len(part.parameters())}",
        )
        for name, part in parts[:MOST_PARTS]
    ]
    count, title = len(model.parameters()), type(model).__name__
    return card(
        f"{title}: {count:,} parameters",
        PlainTable(("part", "kind", "parameters"), tuple(rows)).html() if rows else "",
        _more(len(parts) - MOST_PARTS, "parts"),
        _small(short_repr(model, 200)),
    )


def of_dataset(data: Dataset) -> str:
    """Its first rows, under the names of their columns; of texts, the first ones."""
    count = min(len(data), MOST_ROWS)
    rows: list[tuple[str, ...]]
    if data.task == "sequence":
        rows = [(_cell(data.inputs[k]), _cell(data.targets[k])) for k in range(count)]
        table = PlainTable(("tokens", "targets"), tuple(rows))
    elif data.n_inputs:
        width = min(data.n_inputs, MOST_COLUMNS)
        names = data.columns or tuple(f"x{j}" for j in range(data.n_inputs))
        dots = ("…",) * (data.n_inputs > width)
        rows = [
            (*map(_cell, list(data.inputs[k])[:width]), *dots, _cell(_target(data, k)))
            for k in range(count)
        ]
        table = PlainTable((*names[:width], *dots, "target"), tuple(rows))
    else:
        rows = [(_cell(data.inputs[k]), _cell(_target(data, k))) for k in range(count)]
        table = PlainTable(("input", "target"), tuple(rows))
    return card(repr(data).strip("<>"), table.html(), _more(len(data) - count, "examples"))


def _target(data: Dataset, k: int) -> Any:
    """What is to be answered; a class by its name."""
    target = data.targets[k]
    is_class = isinstance(target, int) and data.task in ("binary", "classes")
    return data.labels[target] if is_class and target < len(data.labels) else target


def of_run(run: Run) -> str:
    """How far it is and how good, with its loss over the steps."""
    from neuroflow.errors import FileError

    try:
        curve = LossCurve.of(run)
    except FileError:  # it has not begun
        curve = LossCurve([], [])
    drawn = {"loss": curve.train} | ({"test loss": curve.test} if curve.test else {})
    picture = curves_svg(drawn) if curve.train else ""
    return card(repr(run).strip("<>"), picture, numbers(run.training.metrics))


def of_training(training: Training) -> str:
    """How far it is and how good; its losses are with whoever iterates over it."""
    return card(repr(training).strip("<>"), bar(training.step, training.steps),
                numbers({"loss": training.loss, **training.metrics}))  # fmt: skip


def of_step(step: Step) -> str:
    """The numbers of a report."""
    return card(repr(step).strip("<>"), bar(step.step, step.steps),
                numbers({"loss": step.loss, **step.metrics}))  # fmt: skip


def of_evaluation(evaluation: Evaluation) -> str:
    """Its scores, above the pictures of where it is right and wrong."""
    name = " ".join(filter(None, [evaluation.data, evaluation.part])) or "evaluation"
    title = f"{name}: {evaluation.examples:,} examples"
    return card(title, numbers(evaluation.scores), evaluation_svg(evaluation))


def numbers(named: Mapping[str, Any]) -> str:
    """Numbers by their names, as a table of one row."""
    known = {name: x for name, x in named.items() if isinstance(x, (int, float))}
    if not known:
        return ""
    names = tuple(name.replace("_", " ") for name in known)
    return PlainTable(names, (tuple(f"{x:.4g}" for x in known.values()),)).html()


def bar(done: int, total: int) -> str:
    """How much of something is done."""
    share = 100.0 * done / max(total, 1)
    return (
        '<div style="background:#8883;border-radius:4px;height:8px;max-width:420px;margin:4px 0">'
        f'<div style="background:#12a37a;border-radius:4px;height:8px;width:{share:.1f}%"></div>'
        "</div>"
    )


def card(title: str, *parts: str) -> str:
    """A title and what stands below it."""
    return (
        '<div style="font:13px system-ui,sans-serif;color:inherit">'
        f'<div style="font-weight:600;margin:2px 0">{escaped(title)}</div>{"".join(parts)}</div>'
    )


def _small(text: str) -> str:
    return f'<div style="opacity:.7;font-family:monospace;margin:4px 0">{escaped(text)}</div>'


def _more(count: int, what: str) -> str:
    return _small(f"and {count:,} more {what}") if count > 0 else ""


def _cell(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


_CARDS: Sequence[tuple[type, Callable[[Any], str]]] = (
    (Module, of_model), (Dataset, of_dataset), (Run, of_run), (Training, of_training),
    (Step, of_step), (Evaluation, of_evaluation),
)  # fmt: skip
