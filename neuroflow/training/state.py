"""The state of a run: what it needs to go on beside its parameters, declared and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuroflow.checkpoint import OPTIMIZER, Arrays, SavedModel
from neuroflow.checkpoint.schema import (
    ANYTHING,
    COUNT,
    FINITE,
    NUMBER,
    TEXT,
    ListOf,
    TableOf,
    check,
)
from neuroflow.errors import StateError

STATE = TableOf(
    {
        "optimizer": TableOf({"steps": COUNT}, rest=ListOf(NUMBER)),
        "random": ANYTHING,  # what the generator itself has to judge: see loading.go_on_from
        "orders": ANYTHING,
        "loss": NUMBER,
        "metrics": TableOf(rest=NUMBER),
        "seconds": FINITE,
        "backend": TEXT,
        "bits_depend_on": TEXT,
        "changes": ListOf(TableOf({"step": COUNT, "values": TableOf(rest=ANYTHING)})),
    },
    rest=ANYTHING,
)


BEST_NUMBERS = "best:numbers"
"""The array of the best model's numbers, beside those of the optimizer; no state is named so."""


def lists_apart(state: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """A state without its long lists, which go into arrays, and those; :func:`state_of` undoes it.

    >>> lists_apart({"optimizer": {"steps": 1, "m": [0.5]}})
    ({'optimizer': {'steps': 1}}, {'m': [0.5]})
    """
    optimizer = state["optimizer"]
    numbers = {name: value for name, value in optimizer.items() if isinstance(value, list)}
    rest = {name: value for name, value in optimizer.items() if name not in numbers}
    state = {**state, "optimizer": rest}
    if "best" in state:
        best = dict(state["best"])
        numbers[BEST_NUMBERS] = best.pop("numbers")
        state["best"] = best
    return state, numbers


def state_of(saved: SavedModel, arrays: Arrays, file: str) -> dict[str, Any]:
    """The state that a checkpoint holds; the optimizer's numbers are among its arrays.

    Raises :class:`StateError` for a file that holds a model alone, and for what is no state.
    """
    if not saved.state:
        raise StateError(
            f"{file} is a saved model, not the checkpoint of a run",
            remedy="nothing can be resumed from it, so train anew",
            file=file,
        )
    numbers = {
        name.removeprefix(OPTIMIZER): array.tolist()
        for name, array in arrays.items()
        if name.startswith(OPTIMIZER)
    }
    state = dict(saved.state.get("training", {}))
    if isinstance(state.get("best"), Mapping):
        state["best"] = {**state["best"], "numbers": numbers.pop(BEST_NUMBERS, [])}
    if isinstance(state.get("optimizer"), Mapping):
        state["optimizer"] = {**state["optimizer"], **numbers}
    check(state, STATE, "state.training", file)
    return state
