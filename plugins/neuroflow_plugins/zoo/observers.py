"""Observers with one mistake each."""

from __future__ import annotations

import threading
from pathlib import Path

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the table without a folder", "observing", "A run may leave no folder; then run.folder is"
      " None, and nothing can be written.")  # fmt: skip
class Table1(nf.Observer):
    """Writes each loss into a file."""

    def begin(self, run):
        self.file = run.folder / "losses.txt"  # bug

    def step(self, step):
        with self.file.open("a") as file:
            file.write(f"{step.loss}\n")


@twin("the table that begins anew", "goes on", "A run that goes on begins at another step than 0,"
      " with the file of its first part in the folder.")  # fmt: skip
class Table2(nf.Observer):
    """Writes each loss into a file."""

    def begin(self, run):
        self.file = run.folder and run.folder / "losses.txt"
        if self.file:
            self.file.write_text("loss\n")  # bug

    def step(self, step):
        if self.file:
            with self.file.open("a") as file:
                file.write(f"{step.loss}\n")


@twin("the table that is never closed", "end", "What is not closed may be lost, and stays open as"
      " long as the process runs.")  # fmt: skip
class Table3(nf.Observer):
    """Writes each loss into a file."""

    def begin(self, run):
        self.file = run.folder and (run.folder / "losses.txt").open("a")

    def step(self, step):
        if self.file:
            self.file.write(f"{step.loss}\n")

    def end(self):
        self.file = None  # bug


@twin("the table beside the run", "folder", "A path without a folder is where somebody called the"
      " command: two runs there write into one file.")  # fmt: skip
class Table4(nf.Observer):
    """Writes each loss into a file."""

    def begin(self, run):
        if run.folder:
            Path("losses.txt").touch()  # bug


@twin("the losses of everybody", "one run", "A list in the class is one list for all runs of the"
      " process.")  # fmt: skip
class Losses1(nf.Observer):
    """Keeps the losses."""

    losses: list[float] = []  # bug

    def step(self, step):
        self.losses.append(step.loss)


@twin("the thread that stays", "end", "end is the last that an observer hears: whatever it started"
      " has to end there.")  # fmt: skip
class Waiting1(nf.Observer):
    """Waits in a thread of its own."""

    def begin(self, run):
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.done.wait, args=(2.0,), daemon=True)
        self.thread.start()

    def end(self):
        self.done = threading.Event()  # bug


OBSERVERS = [
    nf.ObserverEntry(
        name=name, target=target, summary=(target.__doc__ or "").split("\n", 1)[0]
    )
    for name, target in {
        "table_1": Table1, "table_2": Table2, "table_3": Table3, "table_4": Table4,
        "losses_1": Losses1, "waiting_1": Waiting1,
    }.items()
]  # fmt: skip
