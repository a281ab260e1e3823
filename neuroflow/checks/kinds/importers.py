"""Checks of importers: an example gives the same model twice; what is not whole is refused."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from neuroflow.checkpoint.saving import saved_bytes
from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Results
from neuroflow.core.module import Module
from neuroflow.errors import NeuroflowError, raised
from neuroflow.registry.entries import ImporterEntry

Files = Mapping[str, bytes]


def check_importer(entry: ImporterEntry, results: Results) -> None:
    """The end of a name, and what it makes of its example, whole and not."""
    told = f"its suffix is {entry.suffix!r}; the end of a file's name, such as '.json'"
    results.expect("declared", entry.suffix.startswith("."), told)
    if not entry.example:
        results.skipped("model", "it has no example; give the content of a small file")
        return
    files = _example(entry)
    told_before = len(results.report.findings)
    with guarded(results, "model"), tempfile.TemporaryDirectory() as folder:
        _check_model(entry, files, Path(folder), results)
    if len(results.report.findings) == told_before:
        with guarded(results, "refusals"):
            _check_refusals(entry, files, results)


def _example(entry: ImporterEntry) -> Files:
    """The files of the example; the first is read."""
    given = entry.example
    files = given if isinstance(given, Mapping) else {f"model{entry.suffix}": given}
    return {
        name: content.encode() if isinstance(content, str) else content
        for name, content in files.items()
    }


def _check_model(entry: ImporterEntry, files: Files, folder: Path, results: Results) -> None:
    """A new model at each reading, with the same numbers, that can be saved; no file changes."""
    path = _put(files, folder)
    first, again = (entry.load()(path) for _ in range(2))
    if not isinstance(first, Module) or not isinstance(again, Module):
        results.failed("model", f"it gave {type(first).__name__}: give a neuroflow.Module")
        return
    results.expect("model", first is not again, (
        "it gives the same object each time: what is done to one model is done to all"
    ))  # fmt: skip
    before, after = first.state_dict(), again.state_dict()
    results.expect("numbers", before == after, (
        "the same file gave other numbers the second time: read all of them, and draw none"
    ))  # fmt: skip
    same = first.configuration() == again.configuration()
    results.expect("numbers", same, "the same file gave other settings the second time")
    now = {each.name: each.read_bytes() for each in folder.iterdir()}
    others = sorted(name for name in {*now, *files} if now.get(name) != files.get(name))
    results.expect("files", not others, f"it changes {', '.join(others)}: only read")
    problem = ""
    try:
        saved_bytes(first)
    except NeuroflowError as error:
        problem = str(error)
    results.expect("saved", not problem, f"what it gives cannot be saved: {problem}")


def _check_refusals(entry: ImporterEntry, files: Files, results: Results) -> None:
    """Half of the file, an empty one, and each other file missing."""
    first, *others = files
    whole = files[first]
    _check_refusal(entry, {**files, first: whole[: len(whole) // 2]}, "half of the file", results)
    _check_refusal(entry, {**files, first: b""}, "an empty file", results)
    for other in others:
        left = {name: content for name, content in files.items() if name != other}
        _check_refusal(entry, left, f"the file without {other}", results, may_take=True)


def _check_refusal(
    entry: ImporterEntry, files: Files, what: str, results: Results, may_take: bool = False
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = _put(files, Path(folder))
        try:
            entry.load()(path)
            problem = "" if may_take else f"it takes {what} without a word"
        except NeuroflowError:
            problem = ""
        except Exception as error:
            problem = f"for {what} it raises {raised(error)}"
        results.expect("refusals", not problem, (
            f"{problem}; raise neuroflow.InputError for what is not whole"
        ))  # fmt: skip


def _put(files: Files, folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder / next(iter(files))
