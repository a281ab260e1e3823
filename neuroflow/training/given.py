"""Given parts: what a run is made of that was handed over as itself, with no name to build it by.

A configuration stays plain data. Where it would name a part that is registered nowhere, such as a
module, a loss or examples of the caller's own, it says ``given = "GRU"``: a word to know the
part by, and no way to it. Whoever goes on with such a run hands the same things over again.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from attrs import field, frozen
from attrs import fields as attrs_fields

from neuroflow.checkpoint.code import digest_of, digests_of_model
from neuroflow.checkpoint.rebuilding import rebuilding_table
from neuroflow.config import SECTIONS, Tree, described_part, read, resolve
from neuroflow.core.module import Module
from neuroflow.core.settings import Setting, unchecked
from neuroflow.core.update_rule import UpdateRule, update_rule
from neuroflow.data.dataset import Dataset
from neuroflow.data.given import dataset_of
from neuroflow.errors import InputError, StateError, did_you_mean, short_repr
from neuroflow.registry.entries import Entry, LossEntry
from neuroflow.registry.manager import get, manager
from neuroflow.training.examples import AS_GIVEN
from neuroflow.training.loading import GivenData

GIVEN = "given"
"""The key under which a configuration says how a part is called that was handed over."""


@frozen(kw_only=True)
class Given:
    """The parts of a run that were handed over as themselves; None for all that have names."""

    model: Module | None = None
    data: Dataset | None = None
    test: Dataset | None = None
    validation: Dataset | None = None
    loss: LossEntry | None = None
    optimizer: UpdateRule | None = None
    schedule: Callable[..., float] | None = None
    metrics: Mapping[str, Callable[..., float]] = field(factory=dict)

    @property
    def datasets(self) -> GivenData:
        """All examples that were handed over."""
        return GivenData(self.data, self.test, self.validation)

    @property
    def code(self) -> dict[str, str]:
        """A digest of each function and class that was handed over, by what it is there for."""
        functions = {
            "loss": self.loss,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            **{f"metric {name}": function for name, function in self.metrics.items()},
        }
        told = {name: digest_of(part) for name, part in functions.items() if part is not None}
        classes = digests_of_model(self.model) if self.model is not None else {}
        return {**told, **{f"class {name}": digest for name, digest in classes.items()}}

    def loss_of(self, table: Mapping[str, Any]) -> tuple[LossEntry, Callable[..., Any]]:
        """The loss: what is known about it, and the function with the settings of a table."""
        if self.loss is not None:
            return self.loss, self.loss.load()
        return get("loss", table["use"]), resolve("loss", table)

    def rule_of(self, table: Mapping[str, Any]) -> UpdateRule:
        """The update rule of the optimizer, before it has settings."""
        rule: UpdateRule = self.optimizer or get("optimizer", table["use"]).load()
        return rule

    def schedule_of(self, table: Mapping[str, Any]) -> Callable[..., float]:
        """What gives the learning rate of a step."""
        word = isinstance(table["schedule"], Mapping) and GIVEN in table["schedule"]
        return self.schedule if word and self.schedule else resolve("schedule", table["schedule"])

    def metrics_of(self, asked: Sequence[Any]) -> list[Any]:
        """Metrics as they were asked for, with the functions that words stand for."""
        return [self.metrics[_word_of(each)] if _word_of(each) else each for each in asked]

    def require(self, configuration: Mapping[str, Any], again: str) -> None:
        """Raise :class:`InputError` for a part that a configuration lacks and nobody gave."""
        tables = {
            name: configuration.get(name, {}) for name in ("model", "data", "loss", "optimizer")
        }
        tables["schedule"] = tables["optimizer"].get("schedule", {})
        missing = {
            name: table[GIVEN]
            for name, table in tables.items()
            if isinstance(table, Mapping) and GIVEN in table and getattr(self, name) is None
        }
        words = list(filter(None, map(_word_of, configuration["train"].get("metrics") or ())))
        if not set(words) <= set(self.metrics):
            missing["metrics"] = ", ".join(word for word in words if word not in self.metrics)
        if missing:
            told = ", ".join(f"its {name} ({word})" for name, word in missing.items())
            arguments = ", ".join(f"{name}=..." for name in missing)
            raise InputError(
                f"the run was given {told}, which no name builds again",
                expected="the same, handed over once more",
                remedy=again.format(arguments),
                path=next(iter(missing)),
            )


NOTHING = Given()
PARTS = tuple(each.name for each in attrs_fields(Given))
"""What can be handed over."""


def separated(
    source: Mapping[str, Any] | str | Path, **parts: Any
) -> tuple[Mapping[str, Any] | str | Path, Given]:
    """A source whose parts all have names, or are called :data:`GIVEN`, and those parts.

    Parts are found in the source, where it is a dict, or are handed over beside it: ``model``,
    ``data`` with ``test`` and ``validation``, ``loss``, ``optimizer``, ``schedule``, ``metrics``.
    What is registered gets its name.

    Raises :class:`InputError` for a part of any other name.
    """
    for name in parts:
        if name not in PARTS:
            raise _no_part(name)
    parts = {name: part for name, part in parts.items() if part is not None}
    if not parts and not (isinstance(source, Mapping) and _holds_objects(source)):
        return source, NOTHING
    tree = dict(source) if isinstance(source, Mapping) else read(source)[0]
    found: dict[str, Any] = {}
    _place_model(tree, parts.get("model", tree.get("model")), found)
    _place_loss(tree, parts.get("loss", tree.get("loss")), found)
    _place_optimizer(tree, parts, found)
    _place_data(tree, parts, found)
    _place_metrics(tree, parts.get("metrics", ()), found)
    return tree, Given(**found)


def _no_part(name: str) -> InputError:
    """The error for what is no part: a setting, which belongs among the changes, or a misspelling.

    >>> print(_no_part("backend").remedy)
    a setting goes among the changes: {"train.backend": ...}
    """
    sections = [s.name for s in SECTIONS if name in [setting.name for setting in s.settings]]
    key = f'{{"{sections[-1]}.{name}": ...}}' if sections else ""
    remedy = key and f"a setting goes among the changes: {key}"
    return InputError(
        f"a run got the part {name!r}",
        expected=f"one of {', '.join(PARTS)}",
        remedy=remedy or did_you_mean(name, PARTS, "see: help(nf.train)"),
        got=name,
    )


def _holds_objects(tree: Mapping[str, Any]) -> bool:
    optimizer = tree.get("optimizer")
    schedule = optimizer.get("schedule") if isinstance(optimizer, Mapping) else None
    sections = [tree.get(name) for name in ("model", "loss", "optimizer", "data")]
    return any(not _is_plain(part) for part in [*sections, schedule, *_metrics_in(tree)])


def _metrics_in(tree: Mapping[str, Any]) -> list[Any]:
    train = tree.get("train")
    metrics = train.get("metrics") if isinstance(train, Mapping) else None
    return list(metrics) if isinstance(metrics, (list, tuple)) else []


def _is_plain(part: Any) -> bool:
    """Whether a part is a name or a table, or missing."""
    return part is None or isinstance(part, (str, Mapping))


def _place_model(tree: Tree, model: Any, found: dict[str, Any]) -> None:
    if isinstance(model, Entry):
        model = model.shortest_name
    if isinstance(model, Module):
        found["model"] = model
        model = _described(model)
    if not _is_plain(model) or (model is None and "model" in tree):
        what = f"the model is {short_repr(model)}, of type {type(model).__name__}"
        expected = "a module made, the name of a layer, or a table"
        raise InputError(what, expected=expected, remedy=_instead_of(model), got=model)
    _put(tree, "model", model)


def _instead_of(model: Any) -> str:
    """How to make a module of what is none, where that can be known."""
    if isinstance(model, type) and issubclass(model, Module):
        return f"make one: {model.__name__}(...)"
    torch = sys.modules.get("torch.nn")
    is_of_torch = torch is not None and isinstance(model, torch.Module)
    return "nf.from_torch(module, model) brings its numbers here" if is_of_torch else ""


def _described(model: Module) -> Tree:
    """The table that builds a model again, or a word for one that no table builds."""
    try:
        return rebuilding_table(model)[0]
    except StateError:
        return {GIVEN: type(model).__name__}


def _place_loss(tree: Tree, loss: Any, found: dict[str, Any]) -> None:
    named = _named("loss", loss)
    if named is None:
        entry = loss if isinstance(loss, LossEntry) else _loss_entry(loss)
        found["loss"], named = entry, {GIVEN: entry.name}
    _put(tree, "loss", named)


def _loss_entry(loss: Any) -> LossEntry:
    function = _called(loss, "the loss")
    return LossEntry(name=_word(loss), target=function, labels=AS_GIVEN)


def _called(function: Any, role: str) -> Callable[..., Any]:
    """A function that takes a prediction and a target; :class:`InputError` for what does not."""
    expected = "a name, or a function (prediction, target)"
    if not callable(function):
        what = f"{role} is {short_repr(function)}, of type {type(function).__name__}"
        raise InputError(what, expected=expected, got=function)
    try:
        taken = inspect.signature(function)
    except ValueError:  # made of C, where it may not say what it takes
        return function  # type: ignore[no-any-return]
    try:
        taken.bind(None, None)
    except TypeError as error:
        what = f"{role} is {_word(function)}{taken}: {error}"
        raise InputError(what, expected=expected, got=function) from error
    return function  # type: ignore[no-any-return]


def _place_optimizer(tree: Tree, parts: Mapping[str, Any], found: dict[str, Any]) -> None:
    given = parts.get("optimizer", tree.get("optimizer"))
    if given is None and "schedule" not in parts:
        return
    before = tree.get("optimizer")
    beside = dict(before) if isinstance(before, Mapping) and given is not before else {}
    named = _named("optimizer", given if given is not None else "sgd")
    if named is None:
        rule = given if isinstance(given, UpdateRule) else update_rule(given)
        found["optimizer"], named = rule, {GIVEN: rule.name}
    table = {"use": named} if isinstance(named, str) else dict(named)
    kept = {name: x for name, x in beside.items() if name in ("learning_rate", "schedule")}
    tree["optimizer"] = table = {**kept, **table}
    schedule = parts.get("schedule", table.get("schedule"))
    if schedule is not None:
        table["schedule"] = _named("schedule", schedule)
        if table["schedule"] is None:
            found["schedule"], table["schedule"] = schedule, {GIVEN: _word(schedule)}


def _place_data(tree: Tree, parts: Mapping[str, Any], found: dict[str, Any]) -> None:
    before = tree.get("data")
    data = parts.get("data", before)
    made = partial(
        given_dataset, loss=found.get("loss", tree.get("loss")), model=found.get("model")
    )
    for held_out in ("test", "validation"):
        if held_out in parts:
            found[held_out] = made(*_two_sides(parts[held_out]))
    if data is None or _is_plain(data):
        return
    beside = dict(before) if isinstance(before, Mapping) and data is not before else {}
    task, shaped = beside.get("task", ""), beside.get("shaped")
    found["data"] = given = made(*_two_sides(data), task=task, shaped=shaped)
    kept = {s.name: beside[s.name] for s in _beside_data() if s.name in beside}
    tree["data"] = {
        GIVEN: data_word(given), "task": given.task, "shaped": given.shaped, **kept,
    }  # fmt: skip


def _place_metrics(tree: Tree, more: Any, found: dict[str, Any]) -> None:
    """Metrics as names, tables and words; more of them only if they are not asked for already."""
    more = list(more) if isinstance(more, (list, tuple)) else [more]
    functions: dict[str, Any] = {}
    asked: list[Any] = []
    for metric in (*_metrics_in(tree), *more):
        named = metric if isinstance(metric, Mapping) else _named("metric", metric)
        if named is None:
            named = {GIVEN: _word(metric)}
            functions[_word(metric)] = _called(metric, "a metric")
        if _as_table(named) not in map(_as_table, asked):
            asked.append(named)
    if asked:
        tree["train"] = {**tree.get("train", {}), "metrics": asked}
        found["metrics"] = functions


def _as_table(part: Any) -> Any:
    return {"use": part} if isinstance(part, str) else part


def _word_of(metric: Any) -> str:
    """The word for a metric that was given; empty for one with a name."""
    return str(metric.get(GIVEN, "")) if isinstance(metric, Mapping) else ""


def _beside_data() -> tuple[Setting, ...]:
    """The settings that data have whatever they are."""
    return next(section.settings for section in SECTIONS if section.name == "data")


def _two_sides(data: Any) -> tuple[Any, Any]:
    """Inputs and targets, where a pair of both was given; else all, and nothing."""
    return data if isinstance(data, tuple) and len(data) == 2 else (data, None)


def given_dataset(
    X: Any, y: Any = None, *, task: str = "", loss: Any = None, model: Any = None,
    shaped: bool | None = None, weights: Any = None,
) -> Dataset:  # fmt: skip
    """Examples that were given, for a loss that may tell the task and a model that may be a module.

    A module of the caller's own may take rows of any length; what has a name takes flat rows.
    """
    if shaped is None and not isinstance(model, Module):
        shaped = False
    classes = _is_of_classes(loss)
    return dataset_of(X, y, task=task, classes=classes, shaped=shaped, weights=weights)


def _is_of_classes(loss: Any) -> bool | None:
    """Whether a loss is one of classes; None if it does not tell."""
    entry = loss if isinstance(loss, LossEntry) else None
    if entry is None:
        named = _named("loss", loss) if loss is not None else None
        use = named.get("use") if isinstance(named, Mapping) else named
        entry = get("loss", use) if use else None
    if entry is None or entry.labels == AS_GIVEN:
        return None
    return entry.index_target or (entry.allows is not None and not entry.allows(ANY_NUMBER))


ANY_NUMBER = 7.25
"""What no loss of classes allows as a target, and every loss of numbers does."""


def data_word(data: Dataset) -> str:
    """What a configuration says of examples that were given.

    >>> data_word(Dataset([[1.0, 2.0]], [0.5]))
    '1 example of 2 numbers'
    """
    what = f" of {data.n_inputs} numbers" if data.n_inputs else ""
    name = f"{data.name}: " if data.name else ""
    return f"{name}{len(data):,} example{'s' if len(data) > 1 else ''}{what}"


def _named(kind: str, thing: Any) -> Any:
    """The name or table of a part that has one; None for one that is registered nowhere."""
    if _is_plain(thing):
        return thing or ""
    if isinstance(thing, Entry):
        return thing.shortest_name if thing.provider else None
    function, settings = thing, {}
    if isinstance(thing, partial):
        function, settings = thing.func, dict(thing.keywords)
    for entry in manager().registry.entries(kind):
        if unchecked(entry.load()) is unchecked(function):
            return {"use": entry.shortest_name, **described_part(settings)}
    return None


def _word(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _put(tree: Tree, section: str, part: Any) -> None:
    if part is not None and part != "":
        tree[section] = part
