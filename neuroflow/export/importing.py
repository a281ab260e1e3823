"""Importing: a model that another program wrote, read by an importer and saved."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from neuroflow.checkpoint import save
from neuroflow.core.module import Module
from neuroflow.errors import (
    AmbiguousNameError,
    FileError,
    InputError,
    RegistryError,
    did_you_mean,
    short_repr,
)
from neuroflow.registry.entries import ImporterEntry
from neuroflow.registry.manager import get, names


def import_model(source: Path, name: str, out: Path) -> Module:
    """Read a file by the importer of that name, and save its model; gives the model.

    Raises :class:`InputError` for a name that no importer has and for an ``out`` that is the
    file itself, :class:`FileError` if there is no such file, and what the importer raises for one
    that it cannot take; then nothing is written.
    """
    importer = _importer(name)
    if not source.exists():
        raise FileError(
            f"there is no file {source}",
            remedy="give the path of what another program wrote",
            file=str(source),
        )
    if out.exists() and out.samefile(source):
        raise InputError(
            f"{out} is the file that is read", remedy="choose another --out", file=str(out)
        )
    model = imported(importer, source)
    out.parent.mkdir(parents=True, exist_ok=True)
    save(model, out)
    return model


def imported(entry: ImporterEntry, path: Path) -> Module:
    """What an importer makes of a file, in evaluation mode; that it is no model is told."""
    with entry.running():
        model = entry.load()(path)
        if not isinstance(model, Module):
            raise InputError(
                f"the importer {entry.shortest_name} gave {short_repr(model)}",
                expected="a neuroflow.Module; neuroflow.build makes one of its settings",
                got=model,
            )
        return model.eval()


def _importer(name: str) -> ImporterEntry:
    try:
        return cast(ImporterEntry, get("importer", name))
    except AmbiguousNameError:
        raise
    except RegistryError as error:
        known = names("importer")
        raise InputError(
            f"unknown importer {name!r}",
            expected=f"one of {', '.join(known)}",
            remedy=did_you_mean(name, known, "see: neuroflow list importers"),
            got=name,
        ) from error
