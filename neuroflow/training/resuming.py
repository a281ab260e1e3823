"""Resuming: whether a run that goes on is still the run that it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from attrs import frozen

from neuroflow.checkpoint.code import is_another
from neuroflow.checkpoint.origin import LETTERS, Origin
from neuroflow.config import Tree, files_of
from neuroflow.core.types import shown
from neuroflow.errors import ConfigurationError, FileError, StateError
from neuroflow.files import in_shell

MOST_TOLD = 5
UNCOUNTED = (
    "train.metrics",
    "train.observers",
    "train.report_every",
    "train.evaluate_every",
    "train.threads",
)
"""Settings that change no number of the steps."""

NO_EFFECT = ("train.backend",)
"""Settings that only the beginning of a run reads."""

COUNTED = (
    "train.patience",
    "train.steps",
    "train.epochs",
    "train.l2",
    "train.clip_norm",
    "train.freeze",
    "optimizer",
    "data",
)
"""Settings that may change on the way: what comes after is made with the new ones."""


STEERING = ("loss", "optimizer", "schedule")
"""Functions that every step depends on: with others the run is another one."""


@frozen
class SettingsChange:
    """Settings that a run was given on the way: the step after which, and the values by path."""

    step: int
    values: dict[str, Any]


def with_values(tree: Tree, values: Mapping[str, Any]) -> Tree:
    """A checked tree with other values at some paths; None takes what is there away.

    >>> with_values({"train": {"steps": 3, "l2": 0.0}}, {"train.l2": 0.5, "train.steps": None})
    {'train': {'l2': 0.5}}
    """
    result = deepcopy(tree)
    for path, value in values.items():
        *tables, name = path.split(".")
        here = result
        for table in tables:
            here = here.setdefault(table, {})
        if value is None:
            here.pop(name, None)
        else:
            here[name] = value
    return result


Edits = dict[str, tuple[Any, Any]]


def check_edits(config: Path, edits: Edits, step: int, steps: int) -> str:
    """What somebody changed in the configuration since the checkpoint was written, in words.

    The file of the configuration counts: it is there to be read and changed by people. Raises
    :class:`StateError` for changes with which the run would be another one; those of the data
    are judged by the examples that they give.
    """
    refused = {path: pair for path, pair in edits.items() if not _may_change(path)}
    if refused:
        model = all(path.startswith("model") for path in refused)
        another = "a model of another architecture" if model else "another run"
        raise StateError(
            f"{config.parent} holds {another}: in {config}, {_in_words(refused)}",
            expected="what the run began with; of its settings, only the optimizer's, train.steps,"
            " train.epochs, train.l2, train.clip_norm and train.patience may change on the way",
            remedy=_anew(config.parent),
            file=str(config),
        )
    if step > steps:
        raise StateError(
            f"{config} says {steps} steps, and the run has made {step} already",
            expected=f"at least {step}",
            remedy="raise train.steps or train.epochs",
            got=steps,
            file=str(config),
        )
    return f"as changed in {config}: {_in_words(edits)}" if edits else ""


def check_changes(paths: Iterable[str]) -> None:
    """Raise :class:`ConfigurationError` for settings that make another run of one that is made."""
    for path in paths:
        if not _may_change(path) or path.startswith("data"):
            told = ", ".join(name for name in COUNTED if name not in ("optimizer", "data"))
            raise ConfigurationError(
                "cannot change on the way",
                expected=f"a setting of the optimizer, but for its name, or one of {told}",
                remedy="begin another run",
                got=path,
                path=path,
            )


def check_files(folder: Path, configuration: Mapping[str, Any], origin: Origin | None) -> None:
    """Raise :class:`FileError` for a file of the run that is not where it was."""
    wanted = files_of(configuration)
    for file in origin.files if origin else ():
        if file.path in wanted and not Path(file.path).exists():
            raise FileError(
                f"there is no {file.path}, which the run in {folder} began with ({file})",
                remedy="put it back, or say where it is now in the config.toml of that folder",
                file=file.path,
            )


def check_data(
    folder: Path, then: Origin | None, now: Origin, edits: Mapping[str, Any] | None = None
) -> None:
    """Raise :class:`StateError` for a run that would go on with other examples."""
    if then is None or then.examples == now.examples:
        return
    told = [
        f"{old.path} had {old}; {new.path} has {new}"
        for old, new in zip(then.files, now.files, strict=False)
        if old.sha256 != new.sha256
    ]
    edited = {path: pair for path, pair in (edits or {}).items() if path.startswith("data")}
    told += [_in_words(edited)] if edited else []
    if then.neuroflow != now.neuroflow:
        told.append(f"it was read by neuroflow {then.neuroflow}, and this is {now.neuroflow}")
    raise StateError(
        f"{folder} began with other data: {then.count:,} examples of SHA-256"
        f" {then.examples[:LETTERS]}..., and now there are {now.count:,} of"
        f" {now.examples[:LETTERS]}...: {'; '.join(told) or 'its dataset reads them otherwise'}",
        expected="the same data, so that it goes on as if it had never stopped",
        remedy=f"put the data back, or {_anew(folder)}",
        file=str(folder),
    )


def check_code(folder: Path, then: Origin | None, now: Mapping[str, str]) -> str:
    """What was handed over that has the name of what the run began with, and other code, in words.

    Raises :class:`StateError` for a loss, an optimizer or a schedule. A model's class may have
    been mended, and a metric changes no number: these are told.
    """
    began = then.code if then else {}
    other = [part for part, code in now.items() if is_another(began.get(part, ""), code)]
    refused = [part for part in other if part in STEERING]
    if refused:
        raise StateError(
            f"{folder} began with {_and(refused)} of the same name and other code",
            expected="the functions that it began with",
            remedy="hand over the same again, or begin another run",
            file=str(folder),
        )
    return f"{_and(other)} has other code than when the run began" if other else ""


def _and(parts: Iterable[str]) -> str:
    return " and ".join(f"the {part}" for part in parts)


def _may_change(path: str) -> bool:
    known = (*UNCOUNTED, *NO_EFFECT, *COUNTED)
    return path != "optimizer.use" and any(f"{path}.".startswith(f"{key}.") for key in known)


def _in_words(edits: Edits) -> str:
    words = [f"{path} = {shown(new)}, not {shown(old)}{_counts(path)}" for path, (new, old) in
             edits.items()]  # fmt: skip
    more = f" and {len(words) - MOST_TOLD} more" if len(words) > MOST_TOLD else ""
    return f"{', '.join(words[:MOST_TOLD])}{more}"


def _counts(path: str) -> str:
    """What a change is to the numbers of the run, unless it counts from now on."""
    if path in UNCOUNTED:
        return " (it changes no number)"
    return " (it has no effect on a run that has begun)" if path in NO_EFFECT else ""


def _anew(folder: Path) -> str:
    return f"train anew: neuroflow train {in_shell(folder / 'config.toml')} --out ANOTHER"
