"""The metrics file of a run: one line of JSON per step, cut back when steps are replayed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from attrs import define, field

from neuroflow.errors import FileError
from neuroflow.files import cannot_write, path_of
from neuroflow.training.steps import Step

METRICS = "metrics.jsonl"


@define(eq=False)
class MetricsFile:
    """The open file of a run that stands at ``step``: lines of later steps are taken away.

    Raises :class:`FileError` if it cannot be written, here and in all that it does.
    """

    folder: Path
    step: int
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
        self._file.close()

    def _cut_back(self) -> None:
        with open(self.path, "ab+") as file:
            file.seek(0)
            kept = 0
            for line in file:
                if not line.endswith(b"\n") or _step_of(line) > self.step:
                    break
                kept += len(line)
            file.truncate(kept)

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
            self._file.write("".join(json.dumps(line) + "\n" for line in lines))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise cannot_write(self.path, error) from error


def read_metrics(folder: str | Path) -> list[dict[str, Any]]:
    """The lines of a run's metrics file: one dict per step."""
    path = path_of(folder, "the run folder") / METRICS
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(
            f"cannot read {path}: {error.strerror}",
            remedy="give the folder of a run",
            file=str(path),
        ) from error
    return [json.loads(line) for line in text.splitlines()]


def _step_of(line: bytes) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
