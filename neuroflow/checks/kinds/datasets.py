"""Checks of datasets: made by the seed alone, each setting counts, classes occur, nothing leaks."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, field

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import MORE, Settings, back, others_of, variations
from neuroflow.config import settings_of
from neuroflow.core.random import SplitMix32
from neuroflow.core.settings import Setting
from neuroflow.data.dataset import Dataset
from neuroflow.errors import InputError
from neuroflow.registry.entries import DatasetEntry

COUNTS = ("points", "examples", "samples", "n_points", "n_examples", "n_samples")
"""Settings that say how many examples there are."""

ENOUGH = 8
"""With fewer examples, a class that is missing or a column like the target may be chance."""

LARGE = 50_000
"""Of more numbers than these no further copies are made."""

Make = Callable[..., Any]


def check_dataset(entry: DatasetEntry, results: Results) -> None:
    """All checks of a dataset; a skip where a file is needed that only its users have."""
    make = entry.load()
    if not callable(make):
        results.failed("declared", f"{make!r} cannot be called with (rng, **settings)")
        return
    settings = settings_of(entry)
    tries = variations(entry, settings, entry.example)
    missing = [s.name for s in settings if s.required and s.name not in tries[0]]
    if missing:
        results.skipped("dataset", (
            f"its settings {', '.join(missing)} have no default; declare example={{...}} in its"
            " entry"
        ))  # fmt: skip
        return
    trial = DatasetTrial(entry, make, tries)
    with guarded(results, "dataset"):
        if _is_dataset(trial, results) and _is_seeded(trial, results):
            for name, check in _CHECKS.items():
                with guarded(results, name):
                    check(trial, results)


@define
class DatasetTrial:
    """A dataset with the settings to try; what was made once is kept."""

    entry: DatasetEntry
    make: Make
    tries: Sequence[Settings]
    _kept: dict[str, Any] = field(factory=dict)

    def new(self, settings: Settings | None = None, seed: int = 1) -> Any:
        """One that is made now."""
        return self.make(SplitMix32(seed), **(self.tries[0] if settings is None else settings))

    def kept(self, settings: Settings | None = None, seed: int = 1) -> Any:
        """One that may have been made before, to be looked at only."""
        settings = self.tries[0] if settings is None else settings
        key = f"{seed} {settings}"
        if key not in self._kept:
            self._kept[key] = self.new(settings, seed)
        return self._kept[key]


def _rows(data: Dataset) -> tuple[list[Any], list[Any]]:
    """What it holds, as plain lists of its own."""
    return [_plain(x) for x in data.inputs], [_plain(y) for y in data.targets]


def _plain(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _plain(value) for key, value in part.items()}
    if isinstance(part, list) and part and type(part[0]) is float:
        return list(part)
    return (
        part if isinstance(part, (int, float, str)) or part is None else [_plain(x) for x in part]
    )


def _is_dataset(trial: DatasetTrial, results: Results) -> bool:
    """A :class:`Dataset`, whose own checks have seen to shapes, types and classes."""
    data, alone = _drawn_alone(trial.kept)
    if not alone:  # what it imports may draw when it is imported
        data, alone = _drawn_alone(trial.new)
    results.expect("dataset", isinstance(data, Dataset), (
        f"it gives {type(data).__name__}; expected a neuroflow.Dataset(inputs, targets, task)"
    ))  # fmt: skip
    results.expect("seeds", alone, (
        "it draws from the global generator of `random`; draw from the argument rng"
    ))  # fmt: skip
    return isinstance(data, Dataset) and alone


def _drawn_alone(make: Callable[[], Any]) -> tuple[Any, bool]:
    """What is made, and whether Python's own generator was left alone."""
    before = random.getstate()
    made = make()
    alone = random.getstate() == before
    random.setstate(before)
    return made, alone


def _is_seeded(trial: DatasetTrial, results: Results) -> bool:
    """One seed gives one dataset, whatever is done to it; another seed another, unless fixed."""
    if trial.entry.fixed:
        differs = None if _same(trial.kept(), trial.kept(seed=2)) else trial.tries[0]
        results.expect("seeds", differs is None, (
            "fixed=True, but the seeds 1 and 2 give other examples"
        ))  # fmt: skip
        return differs is None
    same = _same(trial.kept(), trial.new())
    results.expect("seeds", same, (
        "one seed gave other examples the second time; draw from rng alone, not from the clock, a"
        " generator of your own or the order of a set"
    ))  # fmt: skip
    if not same:
        return False
    pairs = ((trial.kept(each), trial.kept(each, 2)) for each in trial.tries)
    results.expect("seeds", any(not _same(*pair) for pair in pairs), (
        "the seeds 1 and 2 give the same examples: draw from the argument rng, or say that they"
        " are always the same: DatasetEntry(..., fixed=True)"
    ))  # fmt: skip
    return True


def _same(one: Dataset, two: Dataset) -> bool:
    return _rows(one) == _rows(two)


def _check_kept(trial: DatasetTrial, results: Results) -> None:
    """What somebody does to one dataset is not seen in the next."""
    before, rows = _rows(trial.kept()), trial.kept().inputs
    if not isinstance(rows, list) or not isinstance(rows[0], list) or not rows[0]:
        return
    if len(rows) * len(rows[0]) > LARGE:
        return
    rows = trial.new().inputs
    kept, rows[0][0] = rows[0][0], 7777.0
    again = _rows(trial.new())
    rows[0][0] = kept
    results.expect("no mutation", again == before, (
        "a number that was changed in one dataset is changed in the next one too: build new lists"
        " in every call"
    ))  # fmt: skip


def _check_settings(trial: DatasetTrial, results: Results) -> None:
    """Each setting changes the examples; so many points are so many examples."""
    base, *others = trial.tries
    for setting in settings_of(trial.entry):
        _check_count(setting, base.get(setting.name, setting.default), trial.kept(), results)
        changed = next((each for each in others if _only(each, base, setting.name)), None)
        if changed is None:
            continue
        _check_count(setting, changed[setting.name], trial.kept(changed), results)
        more = others_of(setting, base.get(setting.name, setting.default), MORE)
        pairs = [(others[-1], back(others[-1], base, setting.name))]
        pairs += [({**base, setting.name: value}, base) for value in more]
        counts = any(_differ(trial.kept(one), trial.kept(two)) for one, two in pairs)
        results.expect("settings", counts, (
            f"the setting {setting.name!r} changes nothing: {changed[setting.name]!r} gives the"
            " same examples as the default; use it, or take it out of the signature"
        ))  # fmt: skip


def _differ(one: Dataset, two: Dataset) -> bool:
    beside = [(d.task, d.labels, d.columns, d.vocab_size, d.facts, d.prompting) for d in (one, two)]
    return beside[0] != beside[1] or not _same(one, two)


def _check_count(setting: Setting, value: Any, data: Dataset, results: Results) -> None:
    if setting.name in COUNTS and isinstance(value, int):
        results.expect("settings", abs(len(data) - value) != 1, (
            f"{setting.name} = {value} gives {len(data)} examples: is a range or a half one off?"
        ))  # fmt: skip
        several = len(data) > value and len(data) % value == 0 and value > 1
        said = re.search(r"\b(each|per|every)\b", setting.meaning)
        results.expect("settings", not several or said is not None, (
            f"{setting.name} = {value} gives {len(data)} examples, {len(data) // max(1, value)}"
            " times as many; if it is so many of each class, let the setting say so: 'points of"
            " each class'"
        ))  # fmt: skip


def _only(settings: Settings, base: Settings, name: str) -> bool:
    """Whether these differ from the base in one setting alone."""
    return {k for k in {*settings, *base} if settings.get(k) != base.get(k)} == {name}


def _check_classes(trial: DatasetTrial, results: Results) -> None:
    """Each class occurs, and no column of the inputs is the target itself."""
    data = trial.kept()
    if data.task not in ("binary", "classes") or len(data) < ENOUGH:
        return
    targets = list(data.targets)
    missing = [name for k, name in enumerate(data.labels) if k not in targets]
    results.expect("classes", not missing, (
        f"of {len(data)} examples none is of the class {', '.join(missing[:3])}; classes are"
        f" counted from 0, and the targets are {sorted(set(targets))[:5]}"
    ))  # fmt: skip
    if not (data.shaped or data.vocab_size):
        _check_leak(data.inputs, targets, results)


def _check_leak(rows: Sequence[Any], targets: list[int], results: Results) -> None:
    """No column is the class itself, or a number that each class has of its own."""
    counts = [targets.count(k) for k in {*targets}]
    if len(counts) < 2 or min(counts) < 2:
        return
    for j, column in enumerate(zip(*rows, strict=True)):
        each: dict[int, set[Any]] = {k: set() for k in targets}
        for x, target in zip(column, targets, strict=True):
            each[target].add(x)
        told = all(len(values) == 1 for values in each.values()) and len({*column}) > 1
        itself = told and all(k in values for k, values in each.items())
        is_what = "is the class itself" if itself else "follows from the class alone"
        results.expect("leak", not told, (
            f"column {j} of the inputs {is_what}, in all {len(targets)} examples: the answer is in"
            " the question"
        ))  # fmt: skip


def _check_numbers_leak(trial: DatasetTrial, results: Results) -> None:
    """Beside other columns, none is the number that is to be met."""
    data = trial.kept()
    if data.task != "regression" or len(data) < ENOUGH or data.shaped or data.n_inputs < 2:
        return
    for j, column in enumerate(zip(*data.inputs, strict=True)):
        results.expect("leak", list(column) != list(data.targets), (
            f"column {j} of the inputs is the target itself, in all {len(data)} examples: the"
            " answer is in the question"
        ))  # fmt: skip


def _check_distinct(trial: DatasetTrial, results: Results) -> None:
    """Not all examples are one."""
    inputs, _ = _rows(trial.kept())
    alike = len(inputs) >= ENOUGH and all(row == inputs[0] for row in inputs)
    results.expect("examples", not alike, (
        f"all {len(inputs)} examples have the same inputs: draw them anew for each, and make each"
        " a list of its own; [row] * n is one list n times"
    ))  # fmt: skip


def _check_split(trial: DatasetTrial, results: Results) -> None:
    """It can be split: all examples once, the same for the same seed."""
    data = trial.kept()
    if len(data) < 2 or (trial.entry.fixed and len(data) > 1000):
        return
    try:
        train, held = data.split(0.25, SplitMix32(3))
    except InputError as error:
        results.skipped("split", str(error))
        return
    results.expect("split", len(train) + len(held) <= len(data) and len(held) > 0, (
        f"{len(data)} examples are split into {len(train)} and {len(held)}"
    ))  # fmt: skip


_CHECKS: dict[str, Callable[..., None]] = {
    "no mutation": _check_kept, "settings": _check_settings,
    "classes": _check_classes, "leak": _check_numbers_leak, "examples": _check_distinct,
    "split": _check_split,
}  # fmt: skip
