"""Metrics of a run: which ones, under which names, and what each makes of answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen

from neuroflow.config import resolve, settings_of
from neuroflow.data.dataset import Dataset
from neuroflow.data.shapes import is_structured
from neuroflow.errors import InputError, PluginError, short_repr
from neuroflow.evaluation.answers import Answers, no_probabilities
from neuroflow.registry.entries import TASKS, LossEntry, MetricEntry
from neuroflow.registry.manager import get


@frozen
class Metric:
    """One metric with its settings, under the name that users see."""

    name: str
    entry: MetricEntry
    function: Callable[[Any, Any], float]

    def of(self, answers: Answers) -> float:
        """Its value; nan if an answer has a nan, which is neither right nor wrong."""
        if self.entry.needs != "losses" and answers.has_nan:
            return math.nan
        predictions = getattr(answers, self.entry.needs)
        if self.entry.provider and self.entry.needs == "numbers":
            self._refuse_structures((*predictions[:1], *answers.data.targets[:1]))
        with self.entry.running():
            value = self.function(predictions, answers.data.targets)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise PluginError(
                f"metric {self.entry.id} gave {value!r}", expected="a number", **self.entry.where
            )
        return float(value)

    def _refuse_structures(self, firsts: Sequence[Any]) -> None:
        """Raise :class:`InputError` for dicts and nested lists, of which no name can be scored."""
        for first in filter(is_structured, firsts):
            raise InputError(
                f"metric {self.name!r} got {short_repr(first)}",
                expected="a number, or a list of numbers",
                remedy="give a metric of your own, a function (predictions, targets)",
                got=first,
                **self.entry.where,
            )


def usual_metrics(data: Dataset) -> list[Metric]:
    """Those that are always told: accuracy, r2, or perplexity with the share of right texts."""
    if data.task == "regression":
        return [_metric("r2", {"use": "r2"}, data)]
    if data.task != "sequence":
        return [_metric("accuracy", {"use": "accuracy"}, data)]
    found = [_metric("perplexity", {"use": "perplexity"}, data)]
    if list(map(len, data.targets)) != list(map(len, data.inputs)):  # questions and answers
        found.append(_metric("accuracy", {"use": "exact_match"}, data))
    return found


def asked_metrics(asked: Sequence[Any], data: Dataset, loss: LossEntry) -> list[Metric]:
    """Those of checked tables, or functions, such as ``train.metrics``, beside the usual ones.

    A name is that of the entry, with the settings that were chosen: ``precision_macro``. Raises
    :class:`InputError` for a metric that is not for the task of the data, or needs probabilities
    that the loss does not give.
    """
    found: dict[str, Metric] = {}
    for table in asked:
        if callable(table):
            metric = _of_function(table, data)
            found[metric.name] = metric
            continue
        entry = get("metric", table["use"])
        if data.task not in entry.tasks:
            raise InputError(
                f"metric {entry.name!r} is not for the task {data.task!r} of the data",
                expected=f"one for it: {', '.join(_names_for(data.task))}",
                **entry.where,
            )
        if entry.needs == "probabilities" and loss.probabilities is None:
            error = no_probabilities(loss)
            what = f"metric {entry.name!r} needs probabilities, but {error.what}"
            raise InputError(what, **error.rest)
        name = _name(entry, table)
        found[name] = _metric(name, table, data)
    return [metric for name, metric in found.items() if name not in _usual_names(data)]


def _usual_names(data: Dataset) -> set[str]:
    return {metric.name for metric in usual_metrics(data)}


def as_tables(metrics: Sequence[Any]) -> list[Any]:
    """Names and entries as tables; tables and functions as they are."""
    names = [each.shortest_name if isinstance(each, MetricEntry) else each for each in metrics]
    return [{"use": name} if isinstance(name, str) else name for name in names]


def _metric(name: str, table: Mapping[str, Any], data: Dataset) -> Metric:
    entry = get("metric", table["use"])
    known = {setting.name for setting in settings_of(entry)}
    from_data = {"classes": data.classes} if "classes" in known and data.classes else {}
    return Metric(name, entry, resolve("metric", {**from_data, **table}))


def _name(entry: MetricEntry, table: Mapping[str, Any]) -> str:
    """The name of the entry, and each setting that is not what it would be by itself."""
    usual = {setting.name: setting.default for setting in settings_of(entry)}
    chosen = [f"{v}" for k, v in table.items() if k in usual and v != usual[k]]
    return "_".join([entry.shortest_name, *chosen])


def _of_function(function: Callable[[Any, Any], float], data: Dataset) -> Metric:
    """A function of predictions and targets: of numbers, classes or tokens, as the task has it."""
    needs = {"regression": "numbers", "sequence": "tokens"}.get(data.task, "classes")
    name = getattr(function, "__name__", type(function).__name__)
    entry = MetricEntry(name=name, target=function, tasks=TASKS, needs=needs)
    return Metric(entry.name, entry, function)


def _names_for(task: str) -> list[str]:
    from neuroflow.registry.manager import manager

    entries = [e for e in manager().registry.entries("metric") if isinstance(e, MetricEntry)]
    return [entry.shortest_name for entry in entries if task in entry.tasks]
