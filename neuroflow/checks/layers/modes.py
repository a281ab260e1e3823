"""A layer in training and in evaluation: what it draws, keeps and changes in each of them."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from attrs import define, field

from neuroflow.checks.layers.inputs import drawn, has_numbers, mapped
from neuroflow.checks.layers.parameters import spread
from neuroflow.checks.layers.rebuilding import numbers_of
from neuroflow.checks.layers.trials import Trial, flat
from neuroflow.checks.shared.messages import listed
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import others_of
from neuroflow.config import settings_of
from neuroflow.core.configured import fields
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.core.random_input import RandomInputs
from neuroflow.core.value import Op, building, evaluate
from neuroflow.errors import NeuroflowError


@define
class Dice(RandomInputs):
    """Gives the same random numbers every time, or those that the layer draws; counts them."""

    seed: int | None = 5
    count: int = 0
    _rng: SplitMix32 | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._rng = None if self.seed is None else SplitMix32(self.seed)

    def build(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """A node, as ever."""
        return evaluate(op, inputs)

    def random_input(self, number: Callable[[], float]) -> float:
        """The next number, from 0 to 1, often close to an end; the layer's own is not drawn."""
        self.count += 1
        if self._rng is None:
            return number()
        return (self._rng.random(), 1e-6, 1.0 - 1e-6)[(self.count + (self.seed or 0)) % 3]


@contextmanager
def thrown(seed: int | None = 5) -> Iterator[Dice]:
    """All random inputs of the block come from dice of ours; without a seed they are counted."""
    dice = Dice(seed)
    with building(dice.build):
        yield dice


def check_modes(trial: Trial, results: Results) -> None:
    """In both modes: inputs stay as they are, no dice but random inputs, no state but its own."""
    one, other = (trial.build() for _ in range(2))
    shared = {*map(id, one.parameters())} & {*map(id, other.parameters())}
    results.expect("instances", not shared, (
        "two layers that are built one after the other have the same parameters, so that who trains"
        " one trains both: make them in __init__, not in the class, a default or the module"
    ))  # fmt: skip
    if shared:
        return
    for training in (False, True):
        for check in (_check_inputs, _check_dice):
            if not check(trial, training, results):
                return
    if _check_evaluation(trial, results):
        _check_kept(trial, results)
        _check_read(trial, results)
        _check_scale(trial, results)


def _in(training: bool) -> str:
    return "in training" if training else "in evaluation mode"


def _check_inputs(trial: Trial, training: bool, results: Results) -> bool:
    """Its inputs stay as they were, and no list of them is given back."""
    module = trial.build().train(training)
    inputs = copy.deepcopy(list(trial.inputs))
    with thrown():
        outputs = module(*inputs)
    same = inputs == list(trial.inputs)
    results.expect("no mutation", same, (
        f"{_in(training)} the inputs were {list(trial.inputs)} and are {inputs} afterwards; build"
        " new lists"
    ))  # fmt: skip
    shared = {id(part) for part in _lists(inputs)} & {id(part) for part in _lists(outputs)}
    results.expect("alias", not shared, (
        f"{_in(training)} it gives back a list that it was given, so that whoever changes the"
        " output changes the input; give back a new one: list(xs)"
    ))  # fmt: skip
    return same and not shared


def _lists(part: Any) -> Iterator[list[Any]]:
    """The lists in what goes in or comes out, but for empty ones."""
    if isinstance(part, list) and part:
        yield part
    if isinstance(part, (list, tuple)):
        for inner in part:
            yield from _lists(inner)


def _check_dice(trial: Trial, training: bool, results: Results) -> bool:
    """With the same random inputs and the same state it gives the same again."""
    modules = [trial.build().train(training) for _ in range(2)]
    generators = [*_generators(modules[0])]
    before = [random.getstate(), *(g.getstate() for g in generators)]
    first, again = (_three_times(trial, module) for module in modules)
    after = [random.getstate(), *(g.getstate() for g in generators)]
    random.setstate(before[0])
    results.expect("dice", before == after, (
        f"forward draws {_in(training)} from a generator itself, which a compiled run does once"
        " and for all; write nf.random_input(rng.random) for each number"
    ))  # fmt: skip
    if before != after:
        return False
    other = next((each for each in (*first, *again) if each != first[0]), first[0])
    counted = first == again and training
    why = (
        "something is kept outside of parameters and buffers; put it into an nf.Buffer"
        if first == again
        else "does it throw dice of its own, or look at the time?"
    )
    name = "state" if counted else "dice" if training else "determinism"
    results.expect(name, other == first[0], (
        f"{_in(training)}, with the same state and the same random inputs, it gives"
        f" {listed(first[0][:3])}, then {listed(other[:3])}: {why}"
    ))  # fmt: skip
    return other == first[0]


def _three_times(trial: Trial, module: Module) -> list[list[float]]:
    """What it gives each time from the same state, with the same dice."""
    spread(module.parameters())
    state, found = module.state_dict(), list[list[float]]()
    for _ in range(3):
        module.load_state_dict(state)
        with thrown():
            found.append(numbers_of(trial.outputs(module)))
    return found


def _generators(module: Module) -> Iterator[random.Random]:
    """The generators that a module and its parts keep."""
    for _, part in module.named_modules():
        for _, held in fields(part):
            every = held if isinstance(held, (list, tuple)) else [held]
            yield from (each for each in every if isinstance(each, random.Random))


def _check_evaluation(trial: Trial, results: Results) -> bool:
    """In evaluation mode nothing is drawn, and nothing moves."""
    module = trial.build()
    state = module.state_dict()
    with thrown() as dice:
        trial.outputs(module)
    results.expect("training", not dice.count, (
        f"in evaluation mode it draws {dice.count} random numbers, so that nobody gets the same"
        " answer twice; ask `if self.training` first"
    ))  # fmt: skip
    moved = [name for name, x in module.state_dict().items() if x != state[name]]
    results.expect("training", not moved, (
        f"in evaluation mode forward changes {moved[:3]}; only training may move them: write a"
        " buffer with its method write, or ask `if self.training` first"
    ))  # fmt: skip
    return not dice.count and not moved


def _check_kept(trial: Trial, results: Results) -> None:
    """What training changes in it is in its state: another one with that state does the same."""
    if not has_numbers(trial):
        return
    module = trial.build().train()
    spread(module.parameters())
    with thrown():
        for inputs in drawn(trial, 4):
            with suppress(NeuroflowError):  # it may refuse them
                trial.outputs(module, inputs)
    other = trial.build().train()
    other.load_state_dict(module.state_dict())
    for training in (False, True):
        found = []
        for each in (module, other):
            with thrown():
                found.append(numbers_of(trial.outputs(each.train(training))))
        results.expect("state", found[0] == found[1], (
            f"after some calls in training, another layer with its state gives {_in(training)}"
            f" {listed(found[1][:3])}, not {listed(found[0][:3])}: what training changes is saved"
            " if it is in an nf.Buffer, in a field without an underscore"
        ))  # fmt: skip
        if found[0] != found[1]:
            return


def _check_read(trial: Trial, results: Results) -> None:
    """Buffers that training moves, and reads, are read in evaluation mode as well."""
    module = trial.build().train()
    state = module.state_dict()
    with thrown():
        trial.outputs(module)
    written = [x for name, x in module.named_buffers() if x.data != state[name]]
    if not written:
        return
    differ = []
    for training in (True, False):
        module.train(training)
        found = []
        for _ in range(2):
            kept = [x.data for x in written]
            with thrown():
                found.append(numbers_of(trial.outputs(module)))
            for buffer, x in zip(written, kept, strict=True):
                buffer.data = x + 0.37
        differ.append(found[0] != found[1])
    results.expect("training", differ != [True, False], (
        "the buffers that training moves count in training and not in evaluation mode: are the two"
        " sides of `if self.training` the wrong way round?"
    ))  # fmt: skip


DRAWS = 1500


def _check_scale(trial: Trial, results: Results) -> None:
    """What a layer without parameters gives in training is on average what it gives afterwards."""
    if trial.build().parameters() or not has_numbers(trial):
        return
    shares = [
        {setting.name: other}
        for setting in settings_of(trial.entry)
        for value in [trial.settings.get(setting.name, setting.default)]
        if isinstance(value, float)
        for other in others_of(setting, value)
    ]
    for settings in ({}, *shares):
        means = _means(trial, trial.build(**settings))
        if means is not None:
            _compare_scale(*means, results)


def _means(trial: Trial, module: Module) -> tuple[list[float], list[float], list[float]] | None:
    """What it gives in evaluation mode, and the means of numbers and squares in training."""
    inputs = mapped(list(trial.inputs), lambda x: x + 0.3 if isinstance(x, float) else x)
    right = numbers_of(trial.outputs(module, inputs))
    means, squares = [0.0] * len(right), [0.0] * len(right)
    with thrown(None) as dice:
        module.train()
        for _ in range(DRAWS):
            found = numbers_of([*flat(module(*inputs))])
            if not dice.count or len(found) != len(right):
                return None
            for k, x in enumerate(found):
                means[k] += x / DRAWS
                squares[k] += x * x / DRAWS
    return right, means, squares


def _compare_scale(
    right: list[float], means: list[float], squares: list[float], results: Results
) -> None:
    """Whether all means are the same multiple, another than 1, of what evaluation gives."""
    told = [k for k, x in enumerate(right) if x != 0.0]
    ratios = [means[k] / right[k] for k in told]
    errors = [(max(0.0, squares[k] - means[k] ** 2) / DRAWS) ** 0.5 / abs(right[k]) for k in told]
    if len(ratios) < 2 or not any(errors):
        return
    middle = sum(ratios) / len(ratios)
    alike = all(abs(r - middle) <= 4.0 * e + 0.01 for r, e in zip(ratios, errors, strict=True))
    off = abs(middle - 1.0) > 5.0 * max(errors) + 0.02
    results.expect("training", not (alike and off and abs(middle) > 0.05), (
        f"in training it gives on average {middle:.2f} times what it gives in evaluation mode, for"
        " every number alike: divide by the share that is kept, 1 / (1 - rate)"
    ))  # fmt: skip
