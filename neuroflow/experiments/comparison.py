"""Runs compared: their curves in one picture, the settings that differ, the scores side by side."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from attrs import frozen

from neuroflow.errors import FileError, InputError, require
from neuroflow.experiments.differing import differing, number_text, setting_text, short_names
from neuroflow.experiments.record import RunRecord, is_run, record_of
from neuroflow.files import path_of, write_file
from neuroflow.training import DamagedMetricsWarning, Run, read_metrics
from neuroflow.view.chart import Point
from neuroflow.view.curves import curves_figure, curves_svg, sparkline
from neuroflow.view.plain_table import PlainTable

PICTURES = (".svg", ".png")


@frozen(slots=False, repr=False)
class RunComparison:
    """Two runs or more: what :func:`compare` gives; print it, or show it in a notebook.

    ``curves`` has the ``metric`` of each run over its steps, ``settings`` those that differ by
    path, ``scores`` the last ones; in each, one value per run, in their order.
    """

    records: tuple[RunRecord, ...]
    metric: str
    curves: Mapping[str, Sequence[Point]]

    @cached_property
    def names(self) -> list[str]:
        """What each run is called: the end of its path that no other has."""
        return list(self.curves)

    @cached_property
    def settings(self) -> dict[str, list[Any]]:
        """The settings that differ, by path."""
        return differing([record.configuration for record in self.records])

    @cached_property
    def scores(self) -> dict[str, list[float | None]]:
        """Steps and loss, and every score that any of the runs has."""
        names = dict.fromkeys(name for record in self.records for name in record.scores)
        return {
            "steps": [record.step for record in self.records],
            "loss": [record.loss for record in self.records],
            **{name: [record.scores.get(name) for record in self.records] for name in names},
        }

    def table(self) -> PlainTable:
        """A column per run: scores first, then what differs."""
        shorts = short_names(self.settings, taken=self.scores)
        rows = [(name, *map(number_text, values)) for name, values in self.scores.items()]
        rows += [(shorts[path], *map(setting_text, xs)) for path, xs in self.settings.items()]
        return PlainTable(("", *self.names), tuple(rows))

    def sparklines(self) -> PlainTable:
        """Each curve in a line of its own, from its lowest to its highest."""
        rows = [
            (name, number_text(points[0][1]), sparkline(points), number_text(points[-1][1]))
            if points
            else (name, "", "", "")
            for name, points in self.curves.items()
        ]
        return PlainTable((self.metric, "first", "", "last"), tuple(rows))

    def __str__(self) -> str:
        return f"{self.sparklines()}\n\n{self.table()}"

    __repr__ = __str__

    def svg(self) -> str:
        """The curves in one picture."""
        return curves_svg(self.curves, y_label=self.metric)

    def figure(self) -> Any:
        """The curves as a figure of matplotlib (extra ``plot``)."""
        return curves_figure(self.curves, y_label=self.metric)

    def save_picture(self, path: str | Path) -> Path:
        """Write the picture, as ``.svg`` or, with matplotlib, as ``.png``."""
        path = path_of(path, "the picture")
        if path.suffix.lower() not in PICTURES:
            raise InputError(
                f"{path} is the name of no picture", expected=f"an end of {' or '.join(PICTURES)}"
            )
        is_svg = path.suffix.lower() == ".svg"
        write_file(path, f"{self.svg()}\n" if is_svg else self.figure().png())
        return path

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {
            "runs": [str(record.folder) for record in self.records],
            "states": [record.state for record in self.records],
            "metric": self.metric,
            "curves": {name: [list(p) for p in points] for name, points in self.curves.items()},
            "settings": self.settings,
            "scores": self.scores,
        }

    def _repr_html_(self) -> str:
        return f"<div>{self.svg()}{self.table().html()}</div>"


def compare(*compared: str | Path | Run, metric: str = "loss") -> RunComparison:
    """Runs beside each other: two or more, each a :class:`Run` or its folder.

    ``metric`` is what the curves show: ``loss``, or a score such as ``test_accuracy``. Raises
    :class:`FileError` for a folder that holds no run, and :class:`InputError` for a metric that
    none of the runs has.
    """
    if len(compared) < 2:
        raise InputError(
            f"got {len(compared)} run(s) to compare", expected="two or more", got=compared
        )
    folders = [_folder_of(each) for each in compared]
    lines = [_lines_of(folder) for folder in folders]
    curves = [_curve(each, metric) for each in lines]
    if not any(curves) and any(lines):
        known = sorted({name for each in lines for line in each for name in line} - {"step"})
        raise InputError(
            f"none of the runs has recorded {metric!r}",
            expected=f"one of {', '.join(known)}",
            got=metric,
        )
    names = _names_of(folders)
    records = tuple(map(record_of, folders))
    return RunComparison(records, metric, dict(zip(names, curves, strict=True)))


def _folder_of(run: str | Path | Run) -> Path:
    require(run, (str, Path, Run), "a run to compare", "the folder of a run, or a neuroflow.Run")
    folder = run.folder if isinstance(run, Run) else path_of(run, "the run folder")
    if not is_run(folder):
        raise FileError(
            f"{folder} holds no run",
            remedy="give the folder that neuroflow train wrote; see: neuroflow runs",
            file=str(folder),
        )
    return folder


def _lines_of(folder: Path) -> list[dict[str, Any]]:
    """The lines of the metrics, those that are whole; none where a run has not begun."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DamagedMetricsWarning)
            return read_metrics(folder)
    except FileError:
        return []


def _curve(lines: Sequence[Mapping[str, Any]], metric: str) -> list[Point]:
    return [(line["step"], line[metric]) for line in lines if line.get(metric) is not None]


def _names_of(folders: Sequence[Path]) -> list[str]:
    """The shortest ends of paths by which the folders are told apart, each with a number if not."""
    parts = [folder.absolute().parts for folder in folders]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-length:]) for each in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{folder} ({k})" for k, folder in enumerate(folders, 1)]
