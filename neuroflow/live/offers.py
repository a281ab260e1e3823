"""What a page offers by name: entries of the registry that suit its data."""

from __future__ import annotations

import functools
import warnings
from typing import Any

from neuroflow.config import REQUIRED, resolve, settings_of
from neuroflow.core.random import SplitMix32
from neuroflow.data.dataset import Dataset
from neuroflow.errors import InputError, NeuroflowError, did_you_mean
from neuroflow.live.choices import Choice
from neuroflow.registry.entries import ActivationEntry, Entry, LossEntry
from neuroflow.registry.manager import get, manager
from neuroflow.training import encoded
from neuroflow.view.outcome import sight_of


def outputs_for(data: Dataset, loss: str) -> int:
    """How many numbers the model should answer."""
    entry = get("loss", loss)
    assert isinstance(entry, LossEntry)
    return 2 if data.task == "binary" and entry.index_target else data.n_outputs


def losses_for(data: Dataset) -> list[LossEntry]:
    """The registered losses that give a number for these data."""
    return [entry for entry in entries_offered("loss") if _loss_fits(entry, data)]  # type: ignore[misc]


def _loss_fits(entry: Any, data: Dataset) -> bool:
    if data.task == "regression" and not _takes(entry, 0.37):
        return False
    if data.task == "sequence":
        return bool(entry.index_target)
    try:
        _, target = encoded(data.take([0]), entry)[0]
        outputs = outputs_for(data, entry.shortest_name)
        prediction: Any = [0.25] * outputs if outputs > 1 else 0.25
        return float(resolve("loss", entry.shortest_name)(prediction, target)) >= 0.0
    except (NeuroflowError, ArithmeticError, TypeError, ValueError):
        return False


def _takes(entry: LossEntry, target: float) -> bool:
    return entry.allows is None or bool(entry.allows(target) and entry.allows(-4.0))


OFFERED = ("activation", "optimizer", "schedule", "dataset", "loss")


def offers(page: str, data: Dataset) -> dict[str, list[dict[str, Any]]]:
    """The names to choose from, with what they mean and who offers them."""
    found: dict[str, list[Entry]] = {
        "activation": _activations(),
        "optimizer": _complete("optimizer"),
        "schedule": _complete("schedule"),
        "loss": list(losses_for(data)),
    }
    if page == "classification":
        found["dataset"] = list(_planes())
    return {kind: list(map(_described, entries)) for kind, entries in found.items() if entries}


def _described(entry: Entry) -> dict[str, Any]:
    by = entry.provider
    return {
        "name": entry.shortest_name,
        "summary": entry.summary,
        "from": (by.distribution or by.credit) if by and entry.credit else "",
    }


def check_offered(choice: Choice, name: str) -> None:
    if choice.takes == "activation":
        entries = _activations()
    elif choice.takes == "dataset":
        entries = list(_planes())
    else:
        entries = entries_offered("loss") if choice.takes == "loss" else _complete(choice.takes)
    known = [entry.shortest_name for entry in entries]
    if name not in known:
        raise InputError(
            f"unknown {choice.takes} {name[:60]!r}",
            remedy=did_you_mean(name[:60], known, f"choose one of: {', '.join(known)}"),
            got=name,
        )


def entries_offered(kind: str) -> list[Entry]:
    return [entry for entry in manager().registry.entries(kind) if not entry.deprecated]


def _complete(kind: str) -> list[Entry]:
    """The entries that work with default settings."""
    return [
        entry
        for entry in entries_offered(kind)
        if all(setting.default is not REQUIRED for setting in settings_of(entry))
    ]


def _activations() -> list[Entry]:
    """The activations of single numbers that need no settings."""
    return [
        entry
        for entry in _complete("activation")
        if isinstance(entry, ActivationEntry) and entry.elementwise
    ]


def _planes() -> tuple[Entry, ...]:
    """The data sets of points in the plane: those that give some when asked."""
    return tuple(entry for entry in entries_offered("dataset") if _is_plane(entry))


@functools.cache
def _is_plane(entry: Entry) -> bool:
    try:
        known = settings_of(entry)
        if "points" not in {setting.name for setting in known}:
            return False
        if any(setting.default is REQUIRED for setting in known):
            return False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = entry.load()(SplitMix32(0), points=12)
        return sight_of(data) == "plane"
    except Exception:  # a plugin's data set may fail in any way: then it is not offered
        return False
