"""Destinations: what a model can be exported to, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from neuroflow.checkpoint import load
from neuroflow.core.module import Module
from neuroflow.errors import InputError, NeuroflowError, did_you_mean
from neuroflow.export.c_file import c_file
from neuroflow.export.onnx_file import onnx_file
from neuroflow.export.python_file import python_file
from neuroflow.export.tensors_file import tensors_file
from neuroflow.files import write_file
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

    Raises :class:`InputError` for a destination that there is not, and for a model that it cannot
    take, by name; then nothing is written.
    """
    if to not in DESTINATIONS:
        known = f"one of {', '.join(DESTINATIONS)}"
        remedy = did_you_mean(to, DESTINATIONS, "see: neuroflow export --help")
        raise InputError(f"unknown destination {to!r}", expected=known, remedy=remedy, got=to)
    model = load(source)
    path = out or Path(f"{source.stem or 'model'}{DESTINATIONS[to][0]}")
    training, notes = _training_of(source) if to == "python" else (None, ())
    files = written(model, to, path, dtype, training)
    for place, content in files.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        write_file(place, content)
    return Exported(tuple(files), notes)


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
