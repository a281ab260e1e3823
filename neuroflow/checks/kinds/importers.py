"""Checks of importers: an example gives the same model twice; what is not whole is refused."""

from __future__ import annotations

import re
import struct
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from neuroflow.checkpoint.saving import saved_bytes
from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Results
from neuroflow.core.module import Module
from neuroflow.errors import NeuroflowError, raised
from neuroflow.registry.entries import ImporterEntry

Files = Mapping[str, bytes]
MOST_VALUES = 8
_NUMBER = re.compile(rb"(?<![\w.+-])-?\d+\.\d+(?:[eE][+-]?\d+)?(?![\w.])")
"""A number with a point: what has none counts something."""
_FORMS = ("<d", ">d", "<f", ">f")


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
    written = _written(folder)
    if not isinstance(first, Module) or not isinstance(again, Module):
        results.failed("model", f"it gave {type(first).__name__}: give a neuroflow.Module")
        return
    results.expect("model", first is not again, (
        "it gives the same object each time: what is done to one model is done to all"
    ))  # fmt: skip
    shared = {*map(id, first.parameters())} & {*map(id, again.parameters())}
    results.expect("model", not shared, (
        "two models that it gives share their numbers: who trains one of them trains both"
    ))  # fmt: skip
    before, after = first.state_dict(), again.state_dict()
    results.expect("numbers", before == after, (
        "the same file gave other numbers the second time: read all of them, and draw none"
    ))  # fmt: skip
    same = first.configuration() == again.configuration()
    results.expect("numbers", same, "the same file gave other settings the second time")
    others = sorted(name for name in {*written, *files} if written.get(name) != files.get(name))
    results.expect("files", not others, f"it changes {', '.join(others)}: only read")
    problem = ""
    try:
        saved_bytes(first)
    except NeuroflowError as error:
        problem = str(error)
    results.expect("saved", not problem, f"what it gives cannot be saved: {problem}")
    _check_elsewhere(entry, files, first, results)
    _check_counts(entry, files, first, results)


def _written(folder: Path) -> Files:
    """All that is in a folder, also in folders within it."""
    found = [each for each in folder.rglob("*") if each.is_file()]
    return {str(each.relative_to(folder)): each.read_bytes() for each in found}


def _check_elsewhere(entry: ImporterEntry, files: Files, model: Module, results: Results) -> None:
    """The same file under another name, in another folder, is the same model."""
    first, *others = files
    renamed = {f"another-name{Path(first).suffix}": files[first]} if not others else files
    with tempfile.TemporaryDirectory(prefix="elsewhere-") as folder:
        there = entry.load()(_put(renamed, Path(folder)))
    results.expect("numbers", there.state_dict() == model.state_dict(), (
        "the same file under another name gives other numbers: read what is in the file alone"
    ))  # fmt: skip


def _check_counts(entry: ImporterEntry, files: Files, model: Module, results: Results) -> None:
    """A number of the model that stands in a file is read from there: changed, it is another."""
    state = model.state_dict()
    values = {x for x in state.values() if isinstance(x, float) and x not in (0.0, 1.0, -1.0)}
    for value in sorted(values)[:MOST_VALUES]:
        found = [_read_or_refused(entry, each) for each in _changed(files, value)]
        counts = None in found or any(each != state for each in found)
        results.expect("numbers", not found or counts, (
            f"{value} stands in the file and in the model, and with another number there the model"
            " is the same: does a loop end too early, or is it not put in?"
        ))  # fmt: skip
        if found and not counts:
            return
    if not values & {float(x) for each in files.values() for x in _NUMBER.findall(each)}:
        other = {name: _NUMBER.sub(_another, each) for name, each in files.items()}
        same = other != files and _read_or_refused(entry, other) == state
        results.expect("numbers", not same, (
            "with other numbers in the file the model is the same: are they put into it?"
        ))  # fmt: skip


def _changed(files: Files, value: float) -> Iterator[Files]:
    """The files with another number in place of one that stands there, as text or as a float."""
    spelled = {struct.pack(form, value): struct.pack(form, value + 1.0) for form in _FORMS}
    for name, content in files.items():
        for found in _NUMBER.finditer(content):
            if float(found[0]) == value:
                new = content[: found.start()] + _another(found) + content[found.end() :]
                yield {**files, name: new}
        for old, new in spelled.items():
            if old in content:
                yield {**files, name: content.replace(old, new)}


def _another(found: re.Match[bytes]) -> bytes:
    return str(float(found[0]) + 0.25).encode()


def _read_or_refused(entry: ImporterEntry, files: Files) -> Mapping[str, object] | None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            state: Mapping[str, object] = entry.load()(_put(files, Path(folder))).state_dict()
        except Exception:  # which the refusals are for
            return None
        return state


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
