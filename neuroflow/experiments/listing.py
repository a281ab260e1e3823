"""Runs beside each other: one row each, with only those settings in which they differ."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from neuroflow.config.toml import inline
from neuroflow.errors import FileError, InputError, did_you_mean
from neuroflow.experiments.differing import (
    differing,
    flattened,
    number_text,
    setting_text,
    short_names,
)
from neuroflow.experiments.record import RunRecord, is_run, record_of
from neuroflow.files import path_of
from neuroflow.training import RUNS
from neuroflow.view.plain_table import PlainTable

DEEPEST = 4
"""So many folders within each other are looked into for runs."""

MOST_SHOWN = 15
"""Rows that a prompt shows."""

FIXED = ("run", "when", "steps", "state", "loss")


@frozen(slots=False, repr=False)
class RunTable:
    """Runs, one row each: what :func:`runs` and a sweep give; print it, or show it in a notebook.

    ``records`` are all that is known; ``rows`` are the same as plain dicts.
    """

    records: tuple[RunRecord, ...]
    folder: Path = field(factory=Path)
    paths: tuple[str, ...] = ()
    """The settings to show; those that differ if there are none."""

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[RunRecord]:
        return iter(self.records)

    @cached_property
    def settings(self) -> dict[str, list[Any]]:
        """The settings in which the runs differ, by path, each with one value per run."""
        trees = [record.configuration for record in self.records]
        if self.paths:
            flat = list(map(flattened, trees))
            return {path: [_setting(tree, path) for tree in flat] for path in self.paths}
        return differing([tree for tree in trees if tree])

    @cached_property
    def score_names(self) -> list[str]:
        """The scores that any of the runs has."""
        return list(dict.fromkeys(name for record in self.records for name in record.scores))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each run as a plain dict, as JSON has it."""
        return [
            {
                "run": str(record.folder),
                "state": record.state,
                "begun": record.begun.isoformat(timespec="seconds") if record.begun else None,
                "step": record.step,
                "steps": record.steps,
                "loss": record.loss,
                "scores": dict(record.scores),
                "settings": {k: x for k, x in self._settings_of(record).items() if x is not None},
                **({"problem": record.problem} if record.problem else {}),
            }
            for record in self.records
        ]

    def sorted(self, key: str) -> RunTable:
        """The runs by one column, smallest first; ``-accuracy`` is largest first.

        Runs without a value stand last. Raises :class:`InputError` for a column that is none.
        """
        value = self._values(key.removeprefix("-"))
        known = [record for record in self.records if value(record) is not None]
        rest = [record for record in self.records if value(record) is None]
        known.sort(key=lambda record: _order(value(record)), reverse=key.startswith("-"))
        return evolve(self, records=(*known, *rest))

    def table(self) -> PlainTable:
        """What to see first stands first: where the runs are, what tells them apart, the rest."""
        tested = [name for name in self.score_names if name.startswith("test_")]
        first = tested or self.score_names
        later = [name for name in self.score_names if name not in first]
        columns = [*FIXED, *first, *self._names.values(), *later]
        problem = ["problem"] * any(record.problem for record in self.records)
        rows = [
            (
                *self._standing(record),
                *(number_text(record.scores.get(name)) for name in first),
                *(_shortened(setting_text(x)) for x in self._settings_of(record).values()),
                *(number_text(record.scores.get(name)) for name in later),
                *([record.problem] if problem else []),
            )
            for record in self.records
        ]
        return PlainTable((*columns, *problem), tuple(rows))

    def csv(self) -> str:
        """Every number with all its digits, and every setting by its path."""
        numbers = ("run", "state", "begun", "step", "steps", "loss")
        columns = (*numbers, *self.score_names, *self.settings, "problem")
        rows = tuple(
            tuple(
                _exact(x)
                for x in (
                    *(row[name] for name in numbers),
                    *(row["scores"].get(name) for name in self.score_names),
                    *(row["settings"].get(path) for path in self.settings),
                    row.get("problem"),
                )
            )
            for row in self.rows
        )
        return PlainTable(columns, rows).csv()

    def __str__(self) -> str:
        return str(self.table())

    def __repr__(self) -> str:
        """The first rows: a prompt shows no more than there is room for."""
        header, *lines = self.table().lines()
        more = len(lines) - MOST_SHOWN
        rest = [f"and {more} more runs"] if more > 0 else []
        return "\n".join([header, *lines[:MOST_SHOWN], *rest])

    def _repr_html_(self) -> str:
        return self.table().html()

    @cached_property
    def _names(self) -> dict[str, str]:
        """What the columns of the settings are called."""
        return short_names(self.settings, taken=(*FIXED, *self.score_names))

    def _standing(self, record: RunRecord) -> list[str]:
        of = f"/{record.steps:,}" if record.steps is not None else ""
        return [
            self._name(record),
            record.begun.strftime("%Y-%m-%d %H:%M") if record.begun else "",
            f"{record.step:,}{of}",
            record.state,
            number_text(record.loss),
        ]

    def _name(self, record: RunRecord) -> str:
        """The folder as seen from the one that was listed."""
        try:
            inner = record.folder.relative_to(self.folder)
        except ValueError:
            return str(record.folder)
        return str(inner) if inner.parts else str(record.folder)

    def _settings_of(self, record: RunRecord) -> dict[str, Any]:
        """All that differ, None where this run has no such setting."""
        own = flattened(record.configuration)
        return {path: _setting(own, path) for path in self.settings}

    def _values(self, key: str) -> Callable[[RunRecord], Any]:
        """What a column says of a run."""
        plain: dict[str, Callable[[RunRecord], Any]] = {
            "run": lambda record: str(record.folder),
            "when": lambda record: record.begun and record.begun.timestamp(),
            "steps": lambda record: record.step,
            "state": lambda record: record.state,
            "loss": lambda record: record.loss,
        }
        if key in plain:
            return plain[key]
        if key in self.score_names:
            return lambda record: record.scores.get(key)
        for path, short in self._names.items():
            if key in (path, short):
                return lambda record: self._settings_of(record).get(path)
        known = [*FIXED, *self.score_names, *self._names.values()]
        raise InputError(
            f"no column is called {key!r}",
            remedy=did_you_mean(key, known, f"columns: {', '.join(known)}"),
            got=key,
        )


def runs(folder: str | Path = RUNS) -> RunTable:
    """The runs in a folder and in those below it, the newest last.

    Each row has when the run began, how far it is, its state (running, stopped, done, failed,
    damaged), its loss and scores, and the settings in which it differs from others. Only the ends
    of files are read. Raises :class:`FileError` for a folder that is not there.

    >>> len(runs("."))
    0
    """
    folder = path_of(folder, "the folder of runs")
    if not folder.is_dir():
        raise FileError(
            f"there is no folder {folder}",
            remedy="train something first: neuroflow train moons; or give the folder of your runs",
            file=str(folder),
        )
    records = [record_of(each) for each in _run_folders(folder)]
    return RunTable(tuple(records), folder).sorted("when")


def _run_folders(folder: Path) -> Iterator[Path]:
    """The folder itself, or those below it; no run lies within another."""
    level, seen = [folder], set[str]()
    for _ in range(DEEPEST):
        level = [each for each in level if _is_new(each, seen)]
        others = []
        for each in level:
            if is_run(each):
                yield each
            else:
                others.append(each)
        level = [inner for each in others for inner in _folders_in(each)]


def _is_new(folder: Path, seen: set[str]) -> bool:
    """Whether a folder was not reached by another name before: links may go round in a circle."""
    place = os.path.realpath(folder)
    is_new = place not in seen
    seen.add(place)
    return is_new


def _folders_in(folder: Path) -> Iterable[Path]:
    try:
        with os.scandir(folder) as found:
            inner = [each.name for each in found if each.is_dir()]
    except OSError:
        return []
    return [folder / name for name in sorted(inner) if not name.startswith(".")]


def _setting(flat: Mapping[str, Any], path: str) -> Any:
    """A setting, or the name that a part has where only parts of that kind are set apart."""
    return flat.get(path, flat.get(f"{path}.use"))


LONGEST = 32
"""Letters of a setting that a table shows; CSV and JSON have all of it."""


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _exact(x: Any) -> str:
    if x is None or isinstance(x, str):
        return x or ""
    return inline(x)


def _order(value: Any) -> tuple[int, Any]:
    """Numbers before texts before lists, each among its own."""
    if isinstance(value, (int, float)):
        return 0, (value if math.isfinite(value) else math.inf)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return 2, [str(x).rjust(20) for x in value]
    return 1, str(value)
