"""An evaluation as a figure of matplotlib, for a PNG; and its picture as a file of either form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from neuroflow.errors import InputError
from neuroflow.evaluation.evaluation import Evaluation
from neuroflow.files import path_of, write_file
from neuroflow.view.chart import Point
from neuroflow.view.curves import MIDDLE
from neuroflow.view.evaluation_picture import MOST_CLASSES, MOST_DOTS, evaluation_svg, shortened
from neuroflow.view.plots import new_figure, plain_name

PALE = "#888888"
FORMS = (".svg", ".png")


def save_picture(evaluation: Evaluation, path: str | Path) -> Path:
    """Write the picture as ``.svg`` or, with matplotlib, as ``.png``."""
    path = path_of(path, "the picture")
    if path.suffix.lower() not in FORMS:
        raise InputError(
            f"{path} is the name of no picture", expected=f"an end of {' or '.join(FORMS)}"
        )
    if path.suffix.lower() == ".svg":
        write_file(path, f"{evaluation_svg(evaluation)}\n")
    else:
        write_file(path, evaluation_figure(evaluation).png())
    return path


def evaluation_figure(evaluation: Evaluation) -> Any:
    """The same panels as a figure of matplotlib (extra ``plot``)."""
    draws = list(_figure_panels(evaluation))
    figure = new_figure(4.4 * max(1, len(draws)), 4.2)
    axes = figure.subplots(1, max(1, len(draws)), squeeze=False)[0]
    for one, draw in zip(axes, draws, strict=False):
        draw(one)
    return figure


def _figure_panels(evaluation: Evaluation) -> Iterable[Callable[[Any], None]]:
    if evaluation.confusion is not None and len(evaluation.labels) <= MOST_CLASSES:
        yield partial(_confusion, evaluation=evaluation)
    if evaluation.calibration is not None:
        yield partial(_calibration, evaluation=evaluation)
    for pairs in evaluation.pairs[:3]:
        yield partial(_dots, pairs=pairs, names=("right", "predicted"), diagonal=True)
        if len(evaluation.pairs) == 1:
            apart = [(said, said - right) for right, said in pairs]
            names = ("predicted", "predicted - right")
            yield partial(_dots, pairs=apart, names=names, diagonal=False)
    if evaluation.position_losses:
        yield partial(_positions, losses=evaluation.position_losses)


def _confusion(axes: Any, evaluation: Evaluation) -> None:
    counts = evaluation.confusion or []
    axes.imshow(
        [[n / max(1, sum(row)) for n in row] for row in counts], cmap="Blues", vmin=0, vmax=1
    )
    for i, row in enumerate(counts):
        for j, n in enumerate(row):
            if n and len(counts) <= 14:
                colour = "white" if n > 0.6 * sum(row) else "black"
                axes.text(j, i, f"{n}", ha="center", va="center", color=colour, fontsize=8)
    names = [plain_name(shortened(label, 10)) for label in evaluation.labels]
    axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > 6 else 0)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="said", ylabel="right")


def _calibration(axes: Any, evaluation: Evaluation) -> None:
    calibration = evaluation.calibration
    assert calibration is not None
    axes.plot([0, 1], [0, 1], "--", color=PALE, linewidth=1)
    xs = [each.confidence for each in calibration.bins]
    axes.plot(xs, [each.accuracy for each in calibration.bins], "o-", color=MIDDLE[0])
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1.02))
    axes.set_title(f"expected error {calibration.expected_error:.3f}", fontsize=10)


def _dots(axes: Any, pairs: Sequence[Point], names: tuple[str, str], diagonal: bool) -> None:
    some = pairs[:: -(-len(pairs) // MOST_DOTS)]
    axes.plot(*zip(*some, strict=True), ".", color=MIDDLE[0], alpha=0.6)
    if diagonal:
        axes.axline((0, 0), slope=1, linestyle="--", color=PALE, linewidth=1)
    else:
        axes.axhline(0.0, linestyle="--", color=PALE, linewidth=1)
    axes.set(xlabel=names[0], ylabel=names[1])


def _positions(axes: Any, losses: Sequence[float]) -> None:
    axes.plot(range(1, len(losses) + 1), losses, color=MIDDLE[0])
    axes.set(xlabel="token", ylabel="loss", ylim=(0, None))
