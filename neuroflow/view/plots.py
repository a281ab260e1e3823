"""Pictures of a run as PNG, by matplotlib (extra ``plot``): what was learned, and the loss.

Classes differ in the shape of their marks too. The same run gives the same bytes.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroflow.errors import InputError, one_line
from neuroflow.files import write_file
from neuroflow.view.chart import colour, ends, shown
from neuroflow.view.outcome import LossCurve, Losses, Outcome, image_shape, sight_of

if TYPE_CHECKING:
    from neuroflow.data.dataset import Dataset
    from neuroflow.training import Run
    from neuroflow.view.figure import PlainFigure

MAIN, PALE, OTHER, THIRD = colour(0), colour(0, light=True), colour(1), colour(2)
MARKS = "osD^vPX*"
MARGINS = {"left": 0.16, "right": 0.97, "bottom": 0.13, "top": 0.85}
"""Where the axes of the two halves of a run's picture lie, in parts of the half."""
GRID = {"eager": 50}
"""How many columns and rows of a plane are asked for their class; 120 where that is fast."""


def save_picture(run: Run, path: str | Path) -> Path | None:
    """Draw a run and write the PNG; None without matplotlib.

    Raises :class:`neuroflow.FileError` if it cannot be written.
    """
    if find_spec("matplotlib") is None:
        return None
    path = Path(path)
    write_file(path, picture_of(run))
    return path


def picture_of(run: Run) -> bytes:
    """The picture as the bytes of a PNG: what the model learned beside the loss of each step."""
    return figure_of_run(run).png()


def figure_of_run(run: Run) -> PlainFigure:
    """What the model of a run learned beside the loss of each step, as a figure of matplotlib."""
    outcome = Outcome(run.training)
    draw = _DRAWERS.get(outcome.sight)
    simple = outcome.sight in ("plane", "curve")
    figure = new_figure(10.0, 4.6, fixed=simple) if draw else new_figure(6.4, 4.4)
    with _look():
        if draw:
            parts: Any = figure.subfigures(1, 2, width_ratios=(1.1, 1))
            draw(parts[0], outcome)
            _draw_loss(parts[1].subplots(), LossCurve.of(run))
            for part in parts if simple else ():
                part.subplots_adjust(**MARGINS)
        else:
            _draw_loss(figure.subplots(), LossCurve.of(run))
        figure.suptitle(_title(run), fontsize=11)
        providers = outcome.third_party()
        if providers:
            figure.supxlabel(f"with {plain_name('; '.join(providers))}", fontsize=8)
    return figure


def figure_of_outcome(outcome: Outcome) -> PlainFigure:
    """What a model answers, beside its data, where that can be drawn."""
    draw = _DRAWERS.get(outcome.sight)
    if draw is None:
        raise _no_picture(outcome.training.dataset)
    figure = new_figure(5.4, 4.6)
    with _look():
        draw(figure, outcome)
    return figure


def figure_of_data(data: Dataset) -> PlainFigure:
    """Examples as points, or as images."""
    sight = sight_of(data)
    figure = new_figure(5.4, 4.6)
    with _look():
        if sight == "plane":
            axes = figure.subplots()
            _mark_examples(axes, data, hollow=False)
            _name_axes(axes, data)
        elif sight == "curve":
            axes = figure.subplots()
            axes.plot(*_places(data), ".", color=OTHER, markersize=5)
            axes.set(xlabel=_column_of(data), ylabel="y")
            _tidy(axes)
        elif image_shape(data):
            for axes, row in zip(figure.subplots(4, 5).flat, data.raw_inputs[:20], strict=False):
                _show_image(axes, row, image_shape(data))
        else:
            raise _no_picture(data)
    return figure


def _no_picture(data: Dataset) -> InputError:
    return InputError(
        f"there is no picture of {data!r}",
        expected="two columns and classes, one column and a number to predict, or images",
        remedy="plot its run, which shows the loss",
        got=data,
    )


def new_figure(width: float, height: float, fixed: bool = False) -> PlainFigure:
    """An empty figure, whose margins may be ``fixed``.

    Raises :class:`InputError` without matplotlib.
    """
    try:
        from neuroflow.view.figure import PlainFigure
    except ImportError as error:
        raise InputError(
            "pictures of this kind are drawn by matplotlib, which is not installed",
            remedy="pip install 'neuroflow[plot]'",
        ) from error
    return PlainFigure(width, height, fixed)


def _look() -> Any:
    from matplotlib import rc_context

    from neuroflow.view.figure import LOOK

    return rc_context(LOOK)


def plain_name(name: str) -> str:
    """A name as matplotlib writes it: no formula is read in it, and nothing in it is hidden."""
    return one_line(name).replace("$", r"\$")


def _title(run: Run) -> str:
    training = run.training
    model = training.configuration["model"]["use"]
    count = len(training.runner.parameters)
    name = plain_name(training.dataset.name or "data")
    return f"{name}: {model} with {count:,} parameters after {training.step:,} steps"


def _draw_loss(axes: Any, curve: LossCurve) -> None:
    steps, losses = zip(*curve.train, strict=True) if curve.train else ((), ())
    noisy = len(losses) > 300
    axes.plot(steps, shown(losses), color=PALE if noisy else MAIN, label="training batch",
              linewidth=0.6 if noisy else 1.2, alpha=0.6 if noisy else 1.0)  # fmt: skip
    if noisy:
        axes.plot(*_means(curve.train, len(losses) // 50), color=MAIN, linewidth=1.4,
                  label=f"mean of {len(losses) // 50} steps")  # fmt: skip
    if curve.test:
        at, tested = zip(*curve.test, strict=True)
        axes.plot(at, shown(tested), color=OTHER, marker="o", markersize=3.5,
                  linestyle="--", linewidth=1.2, label="test examples")  # fmt: skip
    for name, baseline in curve.baselines.items():
        axes.axhline(baseline, color="#555555", linewidth=0.8, linestyle=":")
        axes.annotate(name, (1.0, baseline), xycoords=("axes fraction", "data"), ha="right",
                      va="bottom", fontsize=8, color="#555555")  # fmt: skip
    if noisy or curve.test:
        axes.legend(frameon=False)
    positive = shown(y for _, y in [*curve.train, *curve.test] if y > 0)
    if len(positive) == len(curve.train) + len(curve.test) and positive:
        low, high = min(positive), max(positive)
        if high / low > 30:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")  # as people write numbers, and no formula
        elif not curve.baselines:
            axes.set_ylim(bottom=0)
    axes.set(title="Loss", xlabel="step", ylabel="loss")
    _tidy(axes)


def _means(curve: Losses, width: int) -> tuple[list[float], list[float]]:
    """The mean loss of each ``width`` steps, in their middle."""
    parts = [curve[k : k + width] for k in range(0, len(curve), width)]
    parts = [part for part in parts if len(part) == width]
    return (
        [sum(step for step, _ in part) / width for part in parts],
        shown(sum(loss for _, loss in part) / width for part in parts),
    )


def _draw_plane(figure: Any, outcome: Outcome) -> None:
    """The class of each place, and the examples; test examples are hollow."""
    import numpy as np
    from matplotlib.colors import ListedColormap, to_rgb

    training = outcome.training
    data, test = training.dataset, training.test
    rows = data.raw_inputs + (test.raw_inputs if test else [])
    (left, right), (low, high) = (ends(shown(row[k] for row in rows), 0.08) for k in (0, 1))
    count = GRID.get(training.backend, 120)
    xs, ys = np.linspace(left, right, count), np.linspace(low, high, count)
    ground = outcome.classes([[x, y] for y in ys.tolist() for x in xs.tolist()])
    axes = figure.subplots()
    classes = max(len(data.labels), 2)
    pale = [[1 - (1 - c) * 0.3 for c in to_rgb(colour(k))] for k in range(classes)]
    plane = np.array(ground).reshape(count, count)
    axes.pcolormesh(xs, ys, plane, cmap=ListedColormap(pale), vmin=-0.5, vmax=classes - 0.5,
                    shading="nearest", rasterized=True)  # fmt: skip
    if plane.min() != plane.max():
        levels = [k + 0.5 for k in range(classes - 1)]
        axes.contour(xs, ys, plane, levels=levels, colors="#333333", linewidths=0.7)
    for part, hollow in ((data, False), (test, True)):
        if part is not None:
            _mark_examples(axes, part, hollow)
    axes.set(title="What the model decides")
    _name_axes(axes, data)


def _name_axes(axes: Any, data: Dataset) -> None:
    columns = [*map(plain_name, data.columns), "x", "y"] if len(data.columns) >= 2 else ["x", "y"]
    axes.set(xlabel=columns[0], ylabel=columns[1])
    axes.legend(frameon=True, framealpha=0.85, loc="best", fontsize=8)
    _tidy(axes)


def _mark_examples(axes: Any, part: Dataset, hollow: bool) -> None:
    rows = part.raw_inputs
    for k, label in enumerate(part.labels):
        chosen = [row for row, target in zip(rows, part.targets, strict=True) if target == k]
        if chosen:
            xs, ys = map(shown, zip(*chosen, strict=True))
            axes.scatter(
                xs, ys, s=22, marker=MARKS[k % len(MARKS)], linewidths=0.8,
                facecolors="white" if hollow else colour(k),
                edgecolors=colour(k) if hollow else "white",
                label=f"{plain_name(label)}{' (test)' if hollow else ''}",
            )  # fmt: skip


def _draw_curve(figure: Any, outcome: Outcome) -> None:
    training = outcome.training
    axes = figure.subplots()
    for part, name, ink in (
        (training.dataset, "examples", OTHER), (training.test, "test examples", THIRD)
    ):  # fmt: skip
        if part is not None:
            axes.plot(*_places(part), ".", color=ink, markersize=5, label=name)
    low, high = ends(shown(row[0] for row in training.dataset.raw_inputs), 0.05)
    xs = [low + (high - low) * k / 400 for k in range(401)]
    axes.plot(xs, shown(outcome.numbers([[x] for x in xs])), color=MAIN, label="the model")
    axes.set(title="What the model fits", xlabel=_column_of(training.dataset), ylabel="y")
    axes.legend(frameon=False)
    _tidy(axes)


def _places(data: Dataset) -> tuple[list[float], list[float]]:
    """The single input and the single target of each example."""
    xs = [row[0] for row in data.raw_inputs]
    ys = [t[0] if isinstance(t, list) else t for t in data.targets]
    return shown(xs), shown(ys)


def _column_of(data: Dataset) -> str:
    return plain_name(data.columns[0]) if data.columns else "x"


def _draw_images(figure: Any, outcome: Outcome) -> None:
    """Images of which the class is misread; where there are few, right ones after them."""
    data = outcome.training.test or outcome.training.dataset
    rows = data.raw_inputs
    answers = outcome.classes(rows)
    wrong = [k for k, target in enumerate(data.targets) if answers[k] != target]
    right = [k for k, target in enumerate(data.targets) if answers[k] == target]
    shown = (wrong + right)[:20]
    grid = figure.subplots(4, 5)
    for axes, k in zip(grid.flat, shown, strict=False):
        _show_image(axes, rows[k], outcome.image_shape)
        read, meant = (plain_name(data.labels[n]) for n in (answers[k], data.targets[k]))
        is_right = read == meant
        axes.set_title(read if is_right else f"{read}, not {meant}", fontsize=8,
                       color="black" if is_right else OTHER)  # fmt: skip
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    part = "test images" if outcome.training.test else "images"
    figure.suptitle(f"Misread: {len(wrong)} of {len(rows)} {part}", fontsize=10)


def _draw_copies(figure: Any, outcome: Outcome) -> None:
    """Images above what the model makes of them."""
    data = outcome.training.test or outcome.training.dataset
    rows = data.raw_inputs[:10]
    copies = outcome.training.answers_to_rows(rows)
    grid = figure.subplots(4, 5)
    for k, (row, copy) in enumerate(zip(rows, copies, strict=True)):
        above = 2 * (k // 5)
        _show_image(grid[above, k % 5], row, outcome.image_shape)
        _show_image(grid[above + 1, k % 5], copy, outcome.image_shape)
        grid[above, k % 5].set_title("image", fontsize=7)
        grid[above + 1, k % 5].set_title("copy", fontsize=7)
    for axes in grid.flat:
        axes.set_axis_off()
    figure.suptitle("Images, and what the model makes of them", fontsize=10)


def _show_image(axes: Any, row: Any, shape: tuple[int, int] | None) -> None:
    height, width = shape or (1, len(row))
    image = [shown(row[k * width : (k + 1) * width]) for k in range(height)]
    axes.imshow(image, cmap="gray_r", interpolation="nearest")
    axes.set_axis_off()


def _tidy(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)


_DRAWERS = {
    "plane": _draw_plane, "curve": _draw_curve, "images": _draw_images, "copies": _draw_copies,
}  # fmt: skip
