"""Trials of a layer: a small module built from guessed settings, and inputs that it takes."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, evolve

from neuroflow.checks.shared.variations import others_of
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.core.settings import Setting
from neuroflow.core.value import Value
from neuroflow.errors import NeuroflowError, raised, short_repr
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
    trial, module = _built(entry, target)
    gave: list[str] = []
    for inputs in [entry.example_inputs] if entry.example_inputs else _guess_inputs(trial.settings):
        trial.inputs = inputs
        if _takes(trial, module, gave):
            return trial
    if type(module).forward is Module.forward:
        raise WrongLayerError(
            f"{target.__name__} defines no forward()", remedy="write one, with its return"
        )
    if gave:
        raise WrongLayerError(
            f"forward gives {gave[0]}", expected="a number, or a list of numbers",
            remedy="is the return missing?", got=gave[0], **entry.where,
        )  # fmt: skip
    raise CannotTryError(
        f"built with {trial.settings}, it takes none of the inputs tried: a list of numbers, rows"
        f" of numbers, token ids{_last_problem(trial, module)}",
        remedy="declare example_inputs=(...,) in its entry",
        got=trial.settings,
        **entry.where,
    )


class WrongLayerError(CannotTryError):
    """The layer cannot work, whatever it is given; says why."""


def _built(entry: LayerEntry, target: type[Module]) -> tuple[Trial, Module]:
    """A trial without inputs yet, and its module: with the first of several guesses that works."""
    first: Exception | None = None
    for part in _PARTS:
        settings = dict(entry.example)
        guessed = False
        for name, parameter in parameters_of(target).items():
            if name == "rng" or name in settings or parameter.kind is parameter.VAR_KEYWORD:
                continue
            if not entry.example and name in _GUESSES:
                settings[name] = _GUESSES[name]
            elif parameter.default is parameter.empty:
                settings[name] = _guess(name, parameter, part)
                guessed = True
        trial = Trial(entry, target, settings, ())
        try:
            return trial, trial.build()
        except Exception as error:
            first = first or error
            if not guessed:
                problem = _hidden_method(target) or f"{_with(settings)}: {raised(error)}"
                raise WrongLayerError(f"it cannot be built{problem}") from None
    raise CannotTryError(
        f"it cannot be built with settings that are guessed: {raised(first) if first else ''}",
        remedy="declare example={...} in its entry",
        got=entry.example,
        **entry.where,
    )


def _with(settings: Mapping[str, Any]) -> str:
    return f" with {settings}" if settings else ""


def _hidden_method(target: type[Module]) -> str:
    """The field that has the name of a method, if it is that."""
    try:
        fields = re.findall(r"self\.(\w+)\s*=[^=]", inspect.getsource(target))
    except OSError:
        return ""
    hidden = next((name for name in fields if callable(getattr(Module, name, None))), "")
    told = f": its field {hidden!r} hides the method of that name of neuroflow.Module; rename it"
    return told if hidden else ""


_LAYER = {"use": "layer", "inputs": 3, "outputs": 2}
_LINEAR = {**_LAYER, "use": "linear"}
_PARTS: tuple[Any, ...] = (3, _LAYER, [_LAYER], "tanh", [3, 2], "zeros", _LINEAR)
"""What a setting may be of which only the name is known: a number, a layer, several, a word ..."""


def _guess(name: str, parameter: inspect.Parameter, part: Any) -> Any:
    examples = {"int": 3, "float": 0.5, "bool": False, "str": "relu"}
    if name in _GUESSES:
        return _GUESSES[name]
    annotation = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    if annotation in examples:
        return examples[annotation]
    setting = declared_setting(parameter)
    if setting is not None and not setting.part:
        return next(others_of(setting, None), part)
    return part


def declared_setting(parameter: inspect.Parameter) -> Setting | None:
    """What the annotation says of a setting, if it does."""
    facts = getattr(parameter.annotation, "__metadata__", ())
    found = next((fact for fact in facts if isinstance(fact, Setting)), None)
    hint = getattr(parameter.annotation, "__origin__", Any)
    return evolve(found, name=parameter.name, type=hint) if found else None


def _guess_inputs(settings: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    sizes = settings.get("sizes") or [0]
    named = [settings.get(k) for k in ("in_features", "inputs", "size", "features", "n_embd")]
    whole = [x for x in settings.values() if isinstance(x, int) and not isinstance(x, bool)]
    widths = [w for w in (*named, sizes[0], 3, 2, 4, *whole, *range(1, 10)) if isinstance(w, int)]
    for width in dict.fromkeys(w for w in widths if 0 < w < 65):
        row = [0.31 * (k + 1) * (-1) ** k + 0.17 for k in range(width)]
        rows = [[x + 0.4 * t - 0.3 * t * k for k, x in enumerate(row)] for t in range(3)]
        yield (row,)
        yield (rows,)
        yield (row, [x - 0.2 for x in row])
        yield (rows, rows[::-1])
        yield (rows[:2],)
        yield ([rows[:width]],)
    yield ([1, 0, 2, 3],)
    yield ([1, 0],)
    yield (1, 2)
    yield (1,)
    yield (0.7,)
    yield (0.7, -0.3)


def _last_problem(trial: Trial, module: Module) -> str:
    """What the first of the guesses raised, which may say what is expected."""
    first = trial.entry.example_inputs or next(_guess_inputs(trial.settings))
    try:
        trial.outputs(module, first)
    except Exception as error:
        return f"; with {first} it raises {raised(error)}"
    return ""


def _takes(trial: Trial, module: Module, gave: list[str]) -> bool:
    """Whether the module gives numbers; what it gives instead is noted."""
    try:
        outputs = trial.outputs(module)
    except Exception:
        return False
    right = bool(outputs) and all(isinstance(x, (Value, float, int)) for x in outputs)
    if not right:
        wrong = next((x for x in outputs if not isinstance(x, (Value, float, int))), outputs)
        gave.append("nothing" if wrong is None or wrong == [] else short_repr(wrong))
    return right
