"""Destinations: what a model can be exported to, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from attrs import frozen

from neuroflow.checkpoint import load
from neuroflow.core.module import Module
from neuroflow.errors import (
    AmbiguousNameError,
    InputError,
    NeuroflowError,
    RegistryError,
    did_you_mean,
    short_repr,
)
from neuroflow.export.c_file import c_file
from neuroflow.export.onnx_file import onnx_file
from neuroflow.export.python_file import python_file
from neuroflow.export.tensors_file import tensors_file
from neuroflow.files import write_file
from neuroflow.registry.entries import ExporterEntry
from neuroflow.registry.manager import get, names
from neuroflow.training import read_run
from neuroflow.training.steps import Training

DESTINATIONS = {
    "python": (".py", "one Python file that needs nothing but Python, and can train"),
    "c": (".c", "one file of C99"),
    "safetensors": (".safetensors", "plain tensors, and a config.json"),
    "onnx": (".onnx", "a graph for ONNX runtimes, through PyTorch"),
}
"""Each with the end of its file's name, and what it is."""


@frozen
class Exported:
    """The files that were written, and what is worth knowing about them."""

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def export(source: Path, to: str, out: Path | None = None, dtype: str = "float64") -> Exported:
    """Write a saved model, or that of a run's folder, for another program.

    ``to`` is one of :data:`DESTINATIONS`, or an exporter of a plugin. Raises :class:`InputError`
    for a destination that there is not, and for a model that it cannot take, by name; then nothing
    is written.
    """
    exporter = None if to in DESTINATIONS else _exporter(to)
    model = load(source)
    suffix = exporter.suffix if exporter else DESTINATIONS[to][0]
    path = out or Path(f"{source.stem or 'model'}{suffix}")
    if exporter is not None:
        return Exported(_put(exported(exporter, model, path)))
    training, notes = _training_of(source) if to == "python" else (None, ())
    return Exported(_put(written(model, to, path, dtype, training)), notes)


def _put(files: Mapping[Path, str | bytes]) -> tuple[Path, ...]:
    """Write each file, and give their paths."""
    for place, content in files.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        write_file(place, content)
    return tuple(files)


def _exporter(name: str) -> ExporterEntry:
    try:
        return cast(ExporterEntry, get("exporter", name))
    except AmbiguousNameError:
        raise
    except RegistryError as error:
        known = [*DESTINATIONS, *names("exporter")]
        raise InputError(
            f"unknown destination {name!r}",
            expected=f"one of {', '.join(known)}",
            remedy=did_you_mean(name, known, "see: neuroflow export --help"),
            got=name,
        ) from error


def exported(entry: ExporterEntry, model: Module, path: Path) -> dict[Path, str | bytes]:
    """What an exporter gives for a model; raises :class:`InputError` if that is no files."""
    with entry.running():
        files = entry.load()(model, path)
        if not isinstance(files, Mapping) or not all(
            isinstance(place, (str, Path)) and isinstance(content, (str, bytes))
            for place, content in files.items()
        ):
            raise InputError(
                f"the exporter {entry.shortest_name} gave {short_repr(files)}",
                expected="a dict: the content of each file, a text or bytes, by its path",
                got=files,
            )
        return {Path(place): content for place, content in files.items()}


def written(
    model: Module, to: str, path: Path, dtype: str = "float64", training: Training | None = None
) -> Mapping[Path, str | bytes]:
    """The content of each file."""
    if to == "python":
        return python_file(training.model if training else model, path, training)
    if to == "c":
        return c_file(model, path)
    if to == "onnx":
        return onnx_file(model, path)
    return tensors_file(model, path, dtype)


def _training_of(source: Path) -> tuple[Training | None, tuple[str, ...]]:
    """The run of a folder, with its data; why there is none."""
    if not source.is_dir():
        return None, ("it cannot train: only the folder of a run knows its data",)
    try:
        return read_run(source), ()
    except NeuroflowError as error:
        return None, (f"it cannot train: {error.what}",)
