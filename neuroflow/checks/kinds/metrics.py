"""Checks of metrics: in their range, whatever the order, and best where every answer is right."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from numbers import Real
from typing import Any

from neuroflow.checks.formulas.latex import Formula, read
from neuroflow.checks.formulas.samples import is_to_be_compared, report_comparison
from neuroflow.checks.formulas.statements import unreadable
from neuroflow.checks.formulas.symbols import readings, value_at
from neuroflow.checks.formulas.tokens import UnreadableFormulaError
from neuroflow.checks.ops.running import is_clean, run_all
from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.messages import close, short
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import MORE, others_of
from neuroflow.config import settings_of
from neuroflow.core.settings import Setting
from neuroflow.errors import NeuroflowError, raised
from neuroflow.registry.entries import MetricEntry

ROUNDING = 1e-12
"""Values that differ by less, beside their size, differ by rounding alone."""

EXAMPLES: dict[str, tuple[list[Any], list[Any], list[Any]]] = {
    "classes": ([0, 1, 1, 0, 1], [1, 1, 0, 1, 1], [1, 0, 0, 1, 0]),
    "probabilities": (
        [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]],
        [[0.75, 0.25], [0.5, 0.5], [0.5, 0.5], [0.625, 0.375], [0.25, 0.75]],
        [[0.0, 1.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]],
    ),
    "numbers": (
        [0.5, -1.0, 2.0, 0.25, 3.0],
        [0.75, -1.25, 1.5, 0.5, 2.0],
        [9.0, 9.5, -7.0, 8.0, -6.0],
    ),
    "tokens": (
        [[0, 1], [2, 0], [1, 1], [2], [0, 2]],
        [[0, 1], [2, 1], [1, 1], [0], [2, 2]],
        [[1, 0], [0, 1], [0, 0], [0], [1, 1]],
    ),
    "losses": ([0.0, 0.0, 0.0, 0.0, 0.0], [0.5, 1.0, 0.25, 2.0, 0.0], [3.0, 4.0, 3.0, 5.0, 4.0]),
}
"""By what a metric needs: right predictions, some that are partly right, and wrong ones."""
EXAMPLES["scores"] = EXAMPLES["probabilities"]
ORDER = (1, 0, 4, 2, 3)


def check_metric(entry: MetricEntry, results: Results) -> None:
    """All checks of a metric."""
    metric = entry.load()
    with guarded(results, "declared"):
        results.expect("declared", bool(entry.range), "there is no range; such as '[0, 1]'")
    checks = {
        "value": _is_a_number,
        "range": _in_range,
        "order": _any_order,
        "better": _best_if_right,
        "settings": _settings_count,
        "one example": _takes_one,
    }
    if run_all(checks, results, entry, metric) and is_clean(results):
        with guarded(results, "formula"):
            _agrees_with_formula(entry, metric, results)


def _agrees_with_formula(entry: MetricEntry, metric: Callable[..., Any], results: Results) -> None:
    """The formula, of all predictions and targets, gives what the metric gives."""
    if not is_to_be_compared(entry, results):
        return
    targets, compared, wrong = _targets(entry), 0, ""
    try:
        formula = read(entry.formula)
        for said, value in zip(_answers(entry), _values(entry, metric), strict=True):
            told = value_at(formula, _with_settings(entry, formula, _scope(entry, said, targets)))
            compared += told is not None
            if told is not None and not close(told, value, 1e-9, 1e-12):
                wrong = wrong or (
                    f"for the predictions {said} and the targets {targets} the formula"
                    f" {entry.formula} says {short(told)}, the metric gives {short(value)}; correct"
                    " one of the two"
                )
    except UnreadableFormulaError as error:
        results.failed("formula", unreadable(error))
        return
    report_comparison(entry, compared, wrong, results)


def _scope(entry: MetricEntry, said: list[Any], targets: list[Any]) -> dict[str, Any]:
    """What the symbols of a formula stand for: predictions, targets, counts of classes."""
    scope: dict[str, Any] = dict.fromkeys(("p", "s", "hat_y", "x", "ell", "z"), said)
    scope |= dict.fromkeys(("t", "y"), targets) | dict.fromkeys(("n", "N"), len(targets))
    if entry.needs in ("tokens", "losses") and "n_" in entry.formula:
        scope["n"] = [len(text) for text in targets]
    if entry.needs == "classes":
        scope |= _counts(said, targets, "_k" in entry.formula or "_c" in entry.formula)
    if entry.needs in ("classes", "scores", "probabilities"):
        chosen = {"+": [k for k, t in enumerate(targets) if t == 1]}
        chosen["-"] = [k for k in range(len(targets)) if k not in chosen["+"]]
        scope |= {f"set {name}": members for name, members in chosen.items()}
        scope |= {f"n_{name}": len(members) for name, members in chosen.items()}
        scope |= dict.fromkeys(("K", "C"), len({*targets}))
    if entry.needs == "scores":
        of_class_one = [row[1] for row in said]
        scope |= dict.fromkeys(("p", "s", "hat_y"), of_class_one)
    return scope


def _with_settings(entry: MetricEntry, formula: Formula, scope: dict[str, Any]) -> dict[str, Any]:
    """The scope with the defaults of the settings, under the symbols that they have."""
    numbers = {s.name: s.default for s in settings_of(entry) if isinstance(s.default, (int, float))}
    free = [symbol for symbol in formula.symbols if symbol not in scope]
    reading = next(readings(free, dict.fromkeys(numbers, ())))
    return {**scope, **{symbol: numbers[name] for symbol, name in reading.items()}}


def _counts(said: list[Any], targets: list[Any], by_class: bool) -> dict[str, Any]:
    """How many are rightly and wrongly said to be of a class, or not: of each, or of class 1."""
    rows = []
    for k in sorted({*targets}):
        pairs = [(p == k, t == k) for p, t in zip(said, targets, strict=True)]
        rows.append([pairs.count(pair) for pair in _PAIRS.values()])
    columns = zip(*rows, strict=True) if by_class else [[row[1]] for row in zip(*rows, strict=True)]
    return {
        name: list(column) if by_class else column[0]
        for name, column in zip(_PAIRS, columns, strict=True)
    }


_PAIRS = {"TP": (True, True), "FP": (True, False), "FN": (False, True), "TN": (False, False)}


def _answers(entry: MetricEntry) -> tuple[list[Any], ...]:
    """The predictions of the examples, new lists each time: a metric may change what it is lent."""
    return copy.deepcopy(EXAMPLES[entry.needs])


def _targets(entry: MetricEntry) -> list[Any]:
    """The targets of the examples, a new list each time."""
    needs = "tokens" if entry.needs == "losses" else entry.needs
    return copy.deepcopy(EXAMPLES[needs if needs in ("numbers", "tokens") else "classes"][0])


def _values(entry: MetricEntry, metric: Callable[..., Any]) -> list[float]:
    return [float(metric(said, _targets(entry))) for said in _answers(entry)]


def _is_a_number(entry: MetricEntry, metric: Callable[..., Any], results: Results) -> None:
    """It gives a number, and leaves the answers as they were."""
    for said, mine in zip(_answers(entry), _answers(entry), strict=True):
        targets = _targets(entry)
        value = metric(mine, targets)
        right = isinstance(value, Real)
        results.expect("value", right, (
            f"it gives {value!r} of type {type(value).__name__}; expected a number"
            f"{': is the return missing?' if value is None else ''}"
        ))  # fmt: skip
        kept = mine == said and targets == _targets(entry)
        results.expect("no mutation", kept, (
            "it changes the lists that it is given, which the next metric gets: build new ones,"
            " sorted(...) instead of sort()"
        ))  # fmt: skip
        if not (right and kept):
            return


def _settings_count(entry: MetricEntry, metric: Callable[..., Any], results: Results) -> None:
    """Each setting changes a value."""
    before = _values(entry, metric)
    for setting in settings_of(entry):
        values = list(others_of(setting, setting.default, MORE))
        changed = [
            float(metric(said, _targets(entry), **{setting.name: value})) for value in values
            for said in _answers(entry)
        ]  # fmt: skip
        results.expect("settings", not values or changed != before * len(values), (
            f"the setting {setting.name!r} changes nothing: use it, or take it out of the signature"
        ))  # fmt: skip


def _takes_one(entry: MetricEntry, metric: Callable[..., Any], results: Results) -> None:
    """A single example has a value too, whatever its class and the answer."""
    for said in _answers(entry):
        for answer, target in zip(said, _targets(entry), strict=True):
            problem = ""
            try:
                metric([answer], [target])
            except NeuroflowError:
                continue
            except Exception as error:
                problem = raised(error)
            results.expect("one example", not problem, (
                f"for one example, the answer {answer} to {target}, it raises {problem}: say what"
                " it is where nothing is to be divided by, such as 0"
            ))  # fmt: skip
            if problem:
                return


def _in_range(entry: MetricEntry, metric: Callable[..., Any], results: Results) -> None:
    span = Setting(within=entry.range)
    for value in _values(entry, metric):
        inside = span.low <= value <= span.high
        results.expect("range", inside, f"a value is {value}, its range {entry.range or 'unsaid'}")


def _any_order(entry: MetricEntry, metric: Callable[..., Any], results: Results) -> None:
    """The order in which the examples come does not matter."""
    targets = _targets(entry)
    for said, value in zip(_answers(entry), _values(entry, metric), strict=True):
        other = float(metric([said[k] for k in ORDER], [targets[k] for k in ORDER]))
        same = math.isclose(value, other, rel_tol=ROUNDING, abs_tol=ROUNDING)
        results.expect("order", same, f"examples in another order give {other}, not {value}")


def _best_if_right(entry: MetricEntry, metric: Callable[..., Any], results: Results) -> None:
    right, some, wrong = _values(entry, metric)
    ordered = right >= some >= wrong if entry.better == "higher" else right <= some <= wrong
    told = f"right, partly right and wrong answers give {right}, {some} and {wrong}"
    results.expect("better", ordered and right != wrong, f"{told}, but better is {entry.better!r}")
