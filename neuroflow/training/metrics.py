"""The metrics file of a run: one line of JSON per step, cut back when steps are replayed.

Every line is JSON as its standard has it: a number that is not finite is null. A line that is
none (a bad disk, an editor) is told and left where it is, and all others keep their worth.
"""

from __future__ import annotations

import json
import math
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import define, field

from neuroflow.errors import FileError, NeuroflowWarning
from neuroflow.files import cannot_write, path_of
from neuroflow.training.steps import Step

METRICS = "metrics.jsonl"


class DamagedMetricsWarning(NeuroflowWarning):
    """Lines of a metrics file are not what a run writes, and are left out."""


@define(eq=False)
class MetricsFile:
    """The open file of a run that stands at ``step``: lines of later steps are taken away.

    ``note`` says what is wrong with the lines before, if anything is. Raises
    :class:`FileError` if it cannot be written, here and in all that it does.
    """

    folder: Path
    step: int
    note: str = field(init=False, default="")
    _file: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        try:
            self._cut_back()
            self._file = open(self.path, "a", encoding="utf-8")  # noqa: SIM115  closed in __exit__
        except OSError as error:
            raise cannot_write(self.path, error) from error

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.folder / METRICS

    def __enter__(self) -> MetricsFile:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # each line was flushed: what could not be written has been told
            self._file.close()

    def _cut_back(self) -> None:
        """Keep the lines of the steps that are done; a damaged line is that of its place."""
        damaged: list[int] = []
        kept = end = steps = 0
        raw = b"\n"
        with open(self.path, "ab+") as file:
            file.seek(0)
            for number, raw, line in _lines(file):
                end += len(raw)
                if line is not None and line["step"] <= self.step:
                    kept, steps = end, steps + 1
                elif line is None and number <= self.step and raw.endswith(b"\n"):
                    kept = end
                    damaged.append(number)
            torn = kept < end and not raw.endswith(b"\n")
            file.truncate(kept)
            if kept == end and not raw.endswith(b"\n"):  # an editor took it away
                file.write(b"\n")
        missing = self.step - steps - len(damaged)
        words = {
            f"{_named(damaged)} of {self.path}: damaged, and left in place": bool(damaged),
            f"the last line of {self.path} was torn, and is taken away": torn,
            f"{self.path} lacks {missing} of the {self.step} steps done": missing > 0,
        }
        self.note = "; ".join(word for word, is_so in words.items() if is_so)

    def write(self, step: Step) -> None:
        """One line per step since the last report; the scores are on the last of them."""
        self._append(step, {"epoch": step.epoch, **step.metrics})

    def write_losses(self, step: Step) -> None:
        """One line per step, before their report: so that a run can be saved in between."""
        self._append(step, {})

    def _append(self, step: Step, at_its_end: dict[str, Any]) -> None:
        first = step.step - len(step.losses) + 1
        lines: list[dict[str, Any]] = [
            {"step": first + k, "loss": loss} for k, loss in enumerate(step.losses)
        ]
        lines[-1] |= at_its_end
        try:
            self._file.write("".join(map(_as_json, lines)))
            self._file.flush()  # a process that is killed now loses nothing of it
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def sync(self) -> None:
        """See to it that all lines are on the disk: no failure of power takes them back."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise cannot_write(self.path, error) from error


def read_metrics(folder: str | Path) -> list[dict[str, Any]]:
    """The lines of a run's metrics file: one dict per step; None is a number that was not finite.

    Lines that are damaged, or torn at the end, are left out, and a
    ``DamagedMetricsWarning`` says which.
    """
    path = path_of(folder, "the run folder") / METRICS
    try:
        with open(path, "rb") as file:
            found = list(_lines(file))
    except OSError as error:
        raise FileError(
            f"cannot read {path}: {error.strerror}",
            remedy="give the folder of a run",
            file=str(path),
        ) from error
    if damaged := [number for number, _, line in found if line is None]:
        what = f"{_named(damaged)} of {path} left out: damaged, or torn at the end"
        remedy = "the others are whole" if len(damaged) < len(found) else ""
        told = DamagedMetricsWarning(what, remedy=remedy, file=str(path), line=damaged[0])
        warnings.warn(told, stacklevel=2)
    return [line for _, _, line in found if line is not None]


TAIL = 1 << 16
"""So many bytes at the end of a metrics file are read for where its run stands."""


def last_metrics(folder: Path) -> list[dict[str, Any]]:
    """The last lines of a run's metrics file, for where it stands now; none if there are none."""
    try:
        with open(folder / METRICS, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            lines = file.read().split(b"\n")
    except OSError:
        return []
    whole = lines if size <= TAIL else lines[1:]  # the first is torn
    return [line for line in map(_parsed, whole) if line is not None]


def _as_json(line: dict[str, Any]) -> str:
    """A line of the file; JSON knows no infinity and no nan, which Python would write."""
    finite = {name: x if math.isfinite(x) else None for name, x in line.items()}
    return json.dumps(finite, allow_nan=False) + "\n"


def _lines(file: Iterable[bytes]) -> Iterator[tuple[int, bytes, dict[str, Any] | None]]:
    """Each line with its number from 1, as it is and as a dict; None if it is damaged."""
    for number, raw in enumerate(file, 1):
        yield number, raw, _parsed(raw)


def _parsed(raw: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):  # a line may hold anything
        return None
    if not isinstance(line, dict) or "loss" not in line or not isinstance(line.get("step"), int):
        return None
    return line if line["step"] > 0 and all(map(_is_metric, line.values())) else None


def _is_metric(x: Any) -> bool:
    """Whether a run writes this: null or a finite number, which true and false are not."""
    if isinstance(x, bool) or not isinstance(x, (int, float)):
        return x is None
    return abs(x) <= sys.float_info.max


def _named(numbers: list[int]) -> str:
    """Lines by their numbers, the first few of them.

    >>> _named([7]), _named([1, 2, 3, 4, 5, 9])
    ('line 7', 'lines 1, 2, 3, 4, 5 and 1 more')
    """
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    rest = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"lines {', '.join(map(str, numbers[:5]))}{rest}"
