"""Observers: a run written down as a table, for TensorBoard, or line by line for a person.

They see the reports, and can change nothing of the run.
"""

from __future__ import annotations

import csv as table
import sys
from pathlib import Path
from typing import Annotated

import neuroflow as nf

FIRST = ("step", "epoch", "loss")
"""The columns that every report has; the others are those of its metrics."""

FileName = Annotated[str, nf.Setting("its name, in the folder of the run", length="[1, inf)")]


def _beside(run, name):
    """A path in the folder of the run; where it leaves none, in the current folder."""
    return Path(run.folder or ".") / name


class Csv(nf.Observer):
    """A table with a line for each report; a run that goes on goes on with it."""

    def __init__(self, *, file: FileName = "reports.csv"): ...

    def begin(self, run):
        """Keep the lines of the steps that are done, if there are some."""
        self._path = _beside(run, self.file)
        self._lines = []
        if run.step and self._path.exists():
            with open(self._path, newline="", encoding="utf-8") as file:
                lines = list(table.DictReader(file))
            self._lines = [line for line in lines if int(line["step"]) <= run.step]
        self._columns = list(dict.fromkeys([*FIRST, *(n for line in self._lines for n in line)]))
        self._write_all()

    def step(self, step):
        """One more line; the whole table anew where it has a column more."""
        line = {"step": step.step, "epoch": step.epoch, "loss": step.loss, **step.metrics}
        self._lines.append(line)
        new = [name for name in line if name not in self._columns]
        if new:
            self._columns += new
            self._write_all()
        else:
            with open(self._path, "a", newline="", encoding="utf-8") as file:
                table.DictWriter(file, self._columns).writerow(line)

    def _write_all(self):
        with open(self._path, "w", newline="", encoding="utf-8") as file:
            writer = table.DictWriter(file, self._columns)
            writer.writeheader()
            writer.writerows(self._lines)


class Console(nf.Observer):
    """A line on standard error for each report, or for every so many."""

    def __init__(
        self, *, every: Annotated[int, nf.Setting("reports from line to line", "[1, inf)")] = 1
    ): ...

    def begin(self, run):
        """Count from here."""
        self._reports = 0

    def step(self, step):
        """The loss, and the scores of an evaluation."""
        self._reports += 1
        if self._reports % self.every == 0 or step.step == step.steps:
            told = "  ".join(f"{name} {x:.4g}" for name, x in step.metrics.items())
            text = f"step {step.step}/{step.steps}  loss {step.loss:.4g}  {told}"
            print(text, file=sys.stderr)


class TensorBoard(nf.Observer):
    """Event files for TensorBoard, by its own library: look at them with tensorboard --logdir."""

    def __init__(
        self, *, folder: Annotated[str, nf.Setting("where, in the run's folder")] = "tensorboard"
    ): ...

    def begin(self, run):
        """Open a file of events; each time that a run goes on, a new one in the same folder."""
        try:
            from tensorboard.summary import Writer
        except ImportError as error:
            raise nf.InputError(
                "the package tensorboard is not installed",
                remedy="install it: pip install 'neuroflow[tensorboard]'",
            ) from error
        self._writer = Writer(str(_beside(run, self.folder)))

    def step(self, step):
        """One number under each name."""
        for name, number in {"loss": step.loss, **step.metrics}.items():
            self._writer.add_scalar(name, number, step.step)

    def end(self):
        """Write out what is held back; nothing was opened if the package is not there."""
        if hasattr(self, "_writer"):
            self._writer.close()


@nf.hookimpl
def neuroflow_observers():
    """All observers by name."""
    known = {"csv": Csv, "console": Console, "tensorboard": TensorBoard}
    return [
        nf.ObserverEntry(name=name, target=target, summary=(target.__doc__ or "").rstrip("."))
        for name, target in known.items()
    ]


@nf.hookimpl
def neuroflow_recipes():
    """The files of the folder recipes."""
    return nf.recipes_in(__package__)
