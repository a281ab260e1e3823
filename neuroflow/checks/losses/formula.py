"""The formula of a loss, read as mathematics, against the numbers that the loss gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from neuroflow.checks.formulas.latex import Formula, read
from neuroflow.checks.formulas.samples import is_to_be_compared, report_comparison
from neuroflow.checks.formulas.statements import unreadable
from neuroflow.checks.formulas.symbols import CUSTOMARY, plain, readings, value_at
from neuroflow.checks.formulas.tokens import UnreadableFormulaError
from neuroflow.checks.losses.examples import Example, loss_of, works
from neuroflow.checks.shared.messages import close, short
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import Settings, variations
from neuroflow.config import settings_of
from neuroflow.registry.entries import LossEntry

_TARGETS = ("y", "t", "target", "y_true")
_PREDICTIONS = ("p", "s", "x", "z", "hat_y", "prediction", "y_pred", "f", "q")
_LENGTHS = ("n", "d", "N", "K", "C")


def check_formula(entry: LossEntry, examples: Sequence[Example], results: Results) -> None:
    """What the formula says of a prediction and a target ``y`` (or ``t``) is what the loss is."""
    if not entry.formula or not is_to_be_compared(entry, results):
        return
    tries = variations(entry, [s for s in settings_of(entry) if s.name not in _TARGETS])
    try:
        formula = read(entry.formula)
        told = [told for each in tries for told in _told(entry, formula, each, examples)]
        unread = [error for error in told if isinstance(error, UnreadableFormulaError)]
        if unread and not any(isinstance(each, str) for each in told):
            raise unread[0]
    except UnreadableFormulaError as error:
        results.failed("formula", unreadable(error))
        return
    compared = [difference for difference in told if isinstance(difference, str)]
    wrong = list(filter(None, compared))
    more = f" (and in {len(wrong) - 1} more examples)" if len(wrong) > 1 else ""
    told_of = f"{wrong[0]}; correct one of the two{more}" if wrong else ""
    report_comparison(entry, len(compared) - len(wrong), told_of, results)


def _told(
    entry: LossEntry, formula: Formula, changed: Settings, examples: Sequence[Example]
) -> list[str | UnreadableFormulaError | None]:
    """Of each example, how formula and loss differ with these settings, or what is unreadable."""
    numbers = {s.name: s.default for s in settings_of(entry)} | changed
    prediction, reading = _symbols(formula, numbers)
    if not {*changed} <= {*reading.values()}:
        return []  # the formula does not speak of that setting
    settings = {symbol: numbers[name] for symbol, name in reading.items()}
    loss = partial(entry.load(), **changed)
    suited = _joined(loss, examples, _has_index(entry.formula, prediction))
    return [_difference(loss, formula, prediction, example, settings) for example in suited]


def _symbols(formula: Formula, settings: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The symbol of the prediction, and the settings by the symbols that they have."""
    lengths = [symbol for symbol in _LENGTHS if not any(map(_is(symbol), settings))]
    free = [s for s in formula.symbols if s not in (*_TARGETS, *lengths)]
    numbers = {name: (name[0],) for name in settings}
    named = next((p for p in _PREDICTIONS if p in free and p not in settings), "")
    of_settings = [symbol for symbol in free if symbol != named]
    if not named and len(of_settings) > len(settings):
        named, *_ = [s for s in of_settings if not any(map(_is(s), settings))] or [""]
        of_settings = [symbol for symbol in of_settings if symbol != named]
    if not named:
        raise UnreadableFormulaError(
            f"the formula {formula.text} has no symbol for the prediction, only"
            f" {', '.join(formula.symbols) or 'numbers'}",
            expected="p (or s, x, z, \\hat y) for the prediction, y (or t) for the target",
            remedy="use these; e is Euler's number, unless it is defined: ', e = p - y'",
            got=formula.text,
        )
    return named, next(readings(of_settings, numbers)) if of_settings else {}


def _is(symbol: str) -> Callable[[str], bool]:
    return lambda setting: (
        plain(setting) == plain(symbol)
        or symbol in CUSTOMARY.get(setting, ())
        or symbol == setting[0]
    )


def _has_index(text: str, symbol: str) -> bool:
    accent, _, letter = symbol.rpartition("_")
    name = rf"\\{accent}\s*\{{?\s*{letter}\s*\}}?" if accent == "hat" else re.escape(symbol)
    return re.search(rf"(?<![a-zA-Z]){name}\}}?_|\\\||\\lVert", text) is not None


def _joined(
    loss: Callable[..., Any], examples: Sequence[Example], indexed: bool
) -> Iterator[Example]:
    """Examples that suit the formula: one number, or lists where its symbols have an index.

    Single numbers are joined to a list, so that a sum is told from a mean.
    """
    for example in examples:
        if indexed or len(example.prediction) == 1:
            yield example
    for example in () if indexed else examples:
        for far in (
            -4000.0,
            -600.0,
            -30.0,
            30.0,
            600.0,
            4000.0,
        ):  # where a branch may say something else
            if works(loss, (far,), example.target):
                yield Example((far,), example.target, ())
    single = [e for e in examples if len(e.prediction) == 1][:3]
    if indexed and len(single) > 1:
        targets = [e.target for e in single]
        yield Example(tuple(e.prediction[0] for e in single), targets, ())
    for example in examples if indexed else ():
        positive = tuple(abs(x) for x in example.prediction)  # probabilities have logarithms
        if positive != example.prediction and works(loss, positive, example.target):
            yield Example(positive, example.target, ())


def _difference(
    loss: Callable[..., Any], formula: Formula, symbol: str, example: Example,
    settings: Mapping[str, Any],
) -> str | UnreadableFormulaError | None:  # fmt: skip
    """How formula and loss differ in one example, if they do; None without a number to compare."""
    indexed = _has_index(formula.text, symbol)
    target = example.target
    numbers: Sequence[float] = example.prediction
    ways = (True, False) if indexed and len(numbers) == 1 else (indexed,)
    said, unread = None, None
    for as_list in ways:  # of a plain number, the index belongs to the name
        listed = as_list and any(_has_index(formula.text, y) for y in _TARGETS)
        spelled = [target] if listed and isinstance(target, float) else target
        scope: dict[str, Any] = {symbol: list(numbers) if as_list else numbers[0]}
        scope |= dict.fromkeys(_TARGETS, spelled) | dict.fromkeys(_LENGTHS, len(numbers))
        try:
            said = value_at(formula, {**scope, **settings, symbol: scope[symbol]})
        except UnreadableFormulaError as error:
            unread = error
        if said is not None:
            break
    if said is None:
        return unread
    computed = loss_of(loss, numbers, target)
    if close(said, computed, 1e-9, 1e-12):
        return ""
    return (
        f"{example}: the formula {formula.text} says {short(said)}, the loss is {short(computed)}"
    )
