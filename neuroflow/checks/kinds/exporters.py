"""Checks of exporters: files for a small model, the same each time, with every number in them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.numeric import has
from neuroflow.checks.shared.report import Results
from neuroflow.config import build
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.errors import InputError, raised
from neuroflow.registry.entries import ExporterEntry

SMALL = {"use": "mlp", "sizes": [2, 3, 1], "activation": "tanh"}
OTHER = {"use": "embedding", "vocab_size": 3, "size": 2}
"""A model that an exporter may take, and one that most refuse."""

Exporting = Callable[[Module], dict[Path, str | bytes]]


def check_exporter(entry: ExporterEntry, results: Results) -> None:
    """The end of a name, and what it makes of a small model."""
    told = f"its suffix is {entry.suffix!r}; the end of a file's name, such as '.json'"
    results.expect("declared", entry.suffix.startswith("."), told)
    if not has("numpy"):
        results.skipped("files", "numpy is not installed")
        return
    from neuroflow.export.destinations import exported  # with numpy, which a page has not

    model = build(SMALL, rng=SplitMix32(1)).eval()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{entry.suffix}"

        def files_of(model: Module) -> dict[Path, str | bytes]:
            return exported(entry, model, path)

        told_before = len(results.report.findings)
        with guarded(results, "files"):
            _check_files(files_of, model, path, results)
        if len(results.report.findings) == told_before:
            with guarded(results, "numbers"):
                _check_numbers(files_of, model, results)
            _check_refusal(files_of, results)


def _check_files(files_of: Exporting, model: Module, path: Path, results: Results) -> None:
    """The same files each time, beside each other; the model stays as it is."""
    before = model.state_dict()
    first, again = (files_of(model) for _ in range(2))
    results.expect("files", path in first, f"it gives no content for {path.name}")
    results.expect("files", first == again, (
        "the same model gave other files the second time: leave out the time and what is drawn"
    ))  # fmt: skip
    dated = [day for day in _days() for content in first.values() if day in _text(content)]
    results.expect("files", not dated, (
        f"it writes {dated[:1]}, which is the day of today: tomorrow the same model gives other"
        " files; leave the day out, or take it from the model"
    ))  # fmt: skip
    left = [each.name for each in path.parent.iterdir()]
    results.expect("files", not left, f"it writes {left} itself: give the contents alone")
    outside = [place.name for place in first if not _stands_beside(place, path)]
    results.expect("files", not outside, (
        f"it would write {outside} outside of the folder that was asked for: name files"
        " path.with_name(...)"
    ))  # fmt: skip
    results.expect("files", model.state_dict() == before, "it changes the numbers of the model")
    training = [name or "the model" for name, part in model.named_modules() if part.training]
    results.expect("files", not training, (
        f"it leaves {training[:1]} in training mode, which was in evaluation mode"
    ))  # fmt: skip


DAYS = ("%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d %b %Y",
        "%b %d %Y", "%d %B %Y", "%B %d, %Y", "%b %d, %Y", "%d-%m-%Y", "%d-%b-%Y")  # fmt: skip
"""How people write a day."""


def _days() -> list[str]:
    """Today, in all ways, here and at Greenwich; with single digits without their zero too."""
    now = (datetime.now(), datetime.now(UTC))
    found = [day.strftime(form) for day in now for form in DAYS]
    return list(dict.fromkeys([*found, *(re.sub(r"\b0(?=\d\b)", "", day) for day in found)]))


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode("latin-1")


def _stands_beside(place: Path, path: Path) -> bool:
    return place.resolve().is_relative_to(path.parent.resolve())


def _check_numbers(files_of: Exporting, model: Module, results: Results) -> None:
    """Each number of the model stands in the files, or none does, as in those of a drawing."""
    before = files_of(model)
    lost = []
    for name, value in model.named_values():
        kept, value.data = value.data, 1.5 * value.data + 0.75
        if files_of(model) == before:
            lost.append(name)
        value.data = kept
    count = len(model.state_dict())
    if len(lost) == count:
        results.skipped("numbers", "its files have none of the numbers: they show something else")
        return
    results.expect("numbers", not lost, (
        f"{len(lost)} of {count} numbers of the model are not in its files:"
        f" {', '.join(lost[:3])} can be changed, and the files stay the same; if that is meant, say"
        ' checks=nf.Checks(expected={"numbers": "why"})'
    ))  # fmt: skip


def _check_refusal(files_of: Exporting, results: Results) -> None:
    """What it cannot take it refuses by an :class:`InputError`."""
    with guarded(results, "refusals"):
        try:
            files_of(build(OTHER, rng=SplitMix32(1)).eval())
            problem = ""
        except InputError:
            problem = ""
        except Exception as error:
            problem = raised(error.__cause__ or error)
        results.expect("refusals", not problem, (
            f"for the layer {OTHER['use']!r} it raises {problem}; raise neuroflow.InputError for a"
            " model that it cannot take"
        ))  # fmt: skip
