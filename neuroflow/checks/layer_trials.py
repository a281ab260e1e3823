"""Trials of a layer: a small module built from guessed settings, and inputs that it takes."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define

from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.core.value import Value
from neuroflow.errors import NeuroflowError, raised
from neuroflow.registry.entries import LayerEntry


class CannotTryError(NeuroflowError):
    """No small module could be built or called; says why."""


@define
class Trial:
    """A small module with its settings, and inputs that it takes."""

    entry: LayerEntry
    target: type[Module]
    settings: dict[str, Any]
    inputs: tuple[Any, ...]

    @property
    def seeded(self) -> bool:
        """Whether the class takes a random generator."""
        return "rng" in parameters_of(self.target)

    def build(self, seed: int = 1, **changes: Any) -> Module:
        """A new module, in evaluation mode."""
        rng = {"rng": SplitMix32(seed)} if self.seeded else {}
        return self.target(**{**copy.deepcopy(self.settings), **rng, **changes}).eval()

    def outputs(self, module: Module, inputs: Sequence[Any] | None = None) -> list[Any]:
        """All numbers that come out, in one row."""
        return list(flat(module(*copy.deepcopy(list(self.inputs if inputs is None else inputs)))))


def parameters_of(target: type[Module]) -> Mapping[str, inspect.Parameter]:
    """What its ``__init__`` takes, by name."""
    return inspect.signature(target).parameters


def flat(part: Any) -> Iterator[Any]:
    """All numbers in nested lists, tuples and mappings."""
    if isinstance(part, (list, tuple)):
        for inner in part:
            yield from flat(inner)
    elif isinstance(part, Mapping):
        yield from flat(list(part.values()))
    else:
        yield part


_GUESSES: dict[str, Any] = {
    "sizes": [3, 4, 2], "in_features": 3, "out_features": 2, "inputs": 3, "outputs": 2, "size": 4,
    "features": 4, "n_embd": 4, "n_head": 2, "heads": 2, "block_size": 4, "vocab_size": 5,
    "n_layer": 1, "layers": [{"use": "layer", "inputs": 3, "outputs": 2}], "head_size": 2,
    "hidden": 3, "width": 3, "length": 3, "count": 2,
}  # fmt: skip


def trial_of(entry: LayerEntry, target: type[Module]) -> Trial:
    """A trial of a layer; raises :class:`CannotTryError`."""
    settings = dict(entry.example)
    for name, parameter in parameters_of(target).items():
        if name == "rng" or name in settings or parameter.kind is parameter.VAR_KEYWORD:
            continue
        if not entry.example and name in _GUESSES:
            settings[name] = _GUESSES[name]
        elif parameter.default is parameter.empty:
            settings[name] = _guess(name, parameter)
    trial = Trial(entry, target, settings, ())
    try:
        module = trial.build()
    except Exception as error:
        raise CannotTryError(
            f"it cannot be built with {settings}: {raised(error)}",
            remedy="declare example={...} in its entry",
            got=settings,
            **entry.where,
        ) from error
    for inputs in [entry.example_inputs] if entry.example_inputs else _guess_inputs(settings):
        trial.inputs = inputs
        if _takes(trial, module):
            return trial
    raise CannotTryError(
        f"built with {settings}, it takes none of the inputs tried: a list of numbers, rows of"
        " numbers, token ids",
        remedy="declare example_inputs=(...,) in its entry",
        got=settings,
        **entry.where,
    )


def _guess(name: str, parameter: inspect.Parameter) -> Any:
    examples = {"int": 3, "float": 0.5, "bool": False, "str": "relu"}
    if name in _GUESSES:
        return _GUESSES[name]
    annotation = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    return examples.get(annotation, 3)


def _guess_inputs(settings: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    sizes = settings.get("sizes") or [0]
    named = [settings.get(k) for k in ("in_features", "inputs", "size", "features", "n_embd")]
    widths = [w for w in (*named, sizes[0], 3, 2, 4) if isinstance(w, int) and w > 0]
    for width in dict.fromkeys(widths):
        row = [0.31 * (k + 1) * (-1) ** k + 0.17 for k in range(width)]
        yield (row,)
        yield ([[x + 0.4 * t - 0.3 * t * k for k, x in enumerate(row)] for t in range(3)],)
    yield ([1, 0, 2, 3],)
    yield (1, 2)
    yield (0.7,)


def _takes(trial: Trial, module: Module) -> bool:
    try:
        outputs = trial.outputs(module)
    except Exception:
        return False
    return bool(outputs) and all(isinstance(x, (Value, float)) for x in outputs)
