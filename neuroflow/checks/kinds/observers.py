"""Checks of observers: they bear runs of all sorts, and leave nothing open, lost or elsewhere."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neuroflow.checks.shared.report import Results
from neuroflow.config import settings_of
from neuroflow.errors import NeuroflowError, raised
from neuroflow.observer import Observed
from neuroflow.registry.capture import silenced
from neuroflow.registry.entries import Entry
from neuroflow.training import Step

REPORTS = (
    Step(0, 1, 4, 2.0, (2.0,), {"learning_rate": 0.5, "gradient_norm": 1.0}, None),
    Step(1, 2, 4, 1.5, (1.5,), {"gradient_norm": 0.5, "accuracy": 0.75}, None),
    Step(1, 4, 4, float("nan"), (1.0, float("nan")), {"gradient_norm": float("inf")}, None),
)  # fmt: skip
"""What a run may report: with scores and without, and numbers that are none."""

PATIENCE = 0.2
"""Seconds in which a thread may end of which ``end`` was told."""

METHODS = ("begin", "step", "end")


def check_observer(entry: Entry, results: Results) -> None:
    """Its three methods, and runs of all sorts that it bears."""
    needed = [setting.name for setting in settings_of(entry) if setting.required]
    if needed:
        results.skipped("observing", f"it has settings that must be given: {', '.join(needed)}")
        return
    missing = [name for name in METHODS if not callable(getattr(entry.load(), name, None))]
    told = f"it has no {', '.join(missing)}; derive it from nf.Observer"
    results.expect("interface", not missing, told)
    if missing:
        return
    with _elsewhere() as folder, _unheard(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it is told once, by _check_traces
        for what, begins_at, reports, where in (
            ("a run", 0, REPORTS, folder),
            ("one that goes on", 2, REPORTS[2:], folder),
            ("one that ends before its first report", 0, (), folder),
            ("one that leaves no folder, so that folder is None", 0, REPORTS, None),
        ):
            run = Observed({}, begins_at, 4, where)
            try:
                problem = _problem(entry, run, reports)
            except NeuroflowError as error:
                results.skipped("observing", str(error))
                return
            results.expect("observing", not problem, f"{what}: {problem}")
            if problem:
                return
    with _elsewhere() as folder, _unheard():
        _check_traces(entry, folder, results)


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """What it prints, on standard error too, is about runs that nobody has made."""
    with contextlib.redirect_stderr(io.StringIO()), silenced():
        yield


@contextlib.contextmanager
def _elsewhere() -> Iterator[Path]:
    """The folder of a run, in a folder in which it works meanwhile: files of yours stay whole."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "run")
        folder.mkdir()
        os.chdir(place)
        try:
            yield folder
        finally:
            os.chdir(before)


def _check_traces(entry: Entry, folder: Path, results: Results) -> None:
    """What a run leaves behind: nothing open, nothing running, nothing elsewhere, nothing lost."""
    shared = _shared(entry.load())
    threads = {*threading.enumerate()}
    left_open = _open_after(entry, Observed({}, 0, 4, folder))
    results.expect("end", not left_open, f"it leaves open what it opened ({left_open}): close it")
    for thread in {*threading.enumerate()} - threads:
        thread.join(PATIENCE)
        results.expect("end", not thread.is_alive(), (
            f"its thread {thread.name} still runs after end: have it end, and join it"
        ))  # fmt: skip
    changed = [name for name, kept in _shared(entry.load()).items() if shared.get(name) != kept]
    results.expect("one run", not changed, (
        f"what one run wrote into {', '.join(changed)} is there in the next, for it belongs to the"
        " class: make it anew in begin"
    ))  # fmt: skip
    beside = [each.name for each in folder.parent.iterdir() if each != folder]
    results.expect("folder", not beside, (
        f"it writes {', '.join(beside)} where the command was called: write into run.folder"
    ))  # fmt: skip
    _check_goes_on(entry, folder, results)


def _open_after(entry: Entry, run: Observed) -> str:
    """What Python says of files that nobody closed, once an observer is gone."""
    gc.collect()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ResourceWarning)
        _problem(entry, run, REPORTS)
        gc.collect()
    found = [str(each.message) for each in said if each.category is ResourceWarning]
    return found[0].split(" mode=")[0].removeprefix("unclosed file <") if found else ""


def _shared(target: Any) -> dict[str, str]:
    """The lists, dicts and sets that belong to a class, as texts."""
    facts = vars(target).items() if isinstance(target, type) else ()
    return {name: repr(x) for name, x in facts if isinstance(x, (list, dict, set))}


def _check_goes_on(entry: Entry, folder: Path, results: Results) -> None:
    """What a run wrote is there when it goes on from its last step."""
    sizes = {each: each.stat().st_size for each in folder.iterdir() if each.is_file()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        observer: Any = entry.load()()
        observer.begin(Observed({}, REPORTS[-1].step, 2 * REPORTS[-1].step, folder))
        lost = [each.name for each, size in sizes.items() if _size(each) < size]
        observer.end()
    results.expect("goes on", not lost, (
        f"begin of a run that goes on from step {REPORTS[-1].step} has emptied {', '.join(lost)}:"
        " begin anew at run.step 0 alone, and append otherwise"
    ))  # fmt: skip


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _problem(entry: Entry, run: Observed, reports: tuple[Step, ...]) -> str:
    """What went wrong while a run was observed; empty if nothing did.

    An error that says that a package is missing is no mistake of the observer, and is let through.
    """
    doing = "it cannot be made"
    try:
        observer: Any = entry.load()()
        doing = "begin failed"
        observer.begin(run)
        for report in reports:
            doing = f"step failed at step {report.step}"
            observer.step(report)
        doing = "end failed"
        observer.end()
    except (Exception, SystemExit) as error:
        if isinstance(error, NeuroflowError) and isinstance(error.__cause__, ImportError):
            raise
        return f"{doing}: {raised(error)}"
    return ""
