"""The formula of a loss, read as mathematics, against the numbers that the loss gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from neuroflow.checks.latex import Formula, read
from neuroflow.checks.latex_tokens import UnreadableFormulaError
from neuroflow.checks.loss_examples import Example, loss_of, works
from neuroflow.checks.messages import close, short
from neuroflow.checks.report import Results
from neuroflow.registry.entries import LossEntry

_TARGETS = ("y", "t")
_LENGTHS = ("n", "d")


def check_formula(entry: LossEntry, examples: Sequence[Example], results: Results) -> None:
    """What the formula says of a prediction and a target ``y`` (or ``t``) is what the loss is."""
    if not entry.formula:
        return
    loss = entry.load()
    try:
        formula = read(entry.formula)
        prediction = _symbol_of_prediction(formula, _settings(entry))
        told = [
            _difference(loss, formula, prediction, example, _settings(entry))
            for example in _joined(loss, examples, _has_index(entry.formula, prediction))
        ]
    except UnreadableFormulaError as error:
        results.skipped("formula", str(error))
        return
    compared = [difference for difference in told if difference is not None]
    if not compared:
        results.skipped("formula", "no example suits both the formula and the loss")
    wrong = list(filter(None, compared))
    results.passed("formula", len(compared) - len(wrong))
    if wrong:
        more = f" (and in {len(wrong) - 1} more examples)" if len(wrong) > 1 else ""
        results.failed("formula", f"{wrong[0]}; correct one of the two{more}")


def _settings(entry: LossEntry) -> dict[str, Any]:
    from neuroflow.config import settings_of

    return {setting.name: setting.default for setting in settings_of(entry)}


def _symbol_of_prediction(formula: Formula, settings: Mapping[str, Any]) -> str:
    known = {*_TARGETS, *_LENGTHS, *settings}
    free = [symbol for symbol in formula.symbols if symbol not in known]
    if len(free) != 1:
        raise UnreadableFormulaError(
            f"the formula {formula.text} has the symbols {', '.join(formula.symbols)}",
            remedy="to be compared it needs one for the prediction, and y or t for the target",
            got=formula.text,
        )
    return free[0]


def _has_index(text: str, symbol: str) -> bool:
    return re.search(rf"(?<![a-zA-Z]){re.escape(symbol)}_", text) is not None


def _joined(
    loss: Callable[..., Any], examples: Sequence[Example], indexed: bool
) -> Iterator[Example]:
    """Examples that suit the formula: one number, or lists where its symbols have an index.

    Single numbers are joined to a list, so that a sum is told from a mean.
    """
    for example in examples:
        if indexed or len(example.prediction) == 1:
            yield example
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
) -> str | None:  # fmt: skip
    """How formula and loss differ in one example, if they do; None without a number to compare."""
    indexed = _has_index(formula.text, symbol)
    target = example.target
    numbers: Sequence[float] = example.prediction
    scope: dict[str, Any] = {**settings, symbol: list(numbers) if indexed else numbers[0]}
    spelled = [target] if indexed and isinstance(target, float) else target
    scope |= dict.fromkeys(_TARGETS, spelled) | dict.fromkeys(_LENGTHS, len(numbers))
    try:
        said = formula(scope)
    except (ValueError, ArithmeticError):
        return None
    computed = loss_of(loss, numbers, target)
    if close(said, computed, 1e-9, 1e-12):
        return ""
    return (
        f"{example}: the formula {formula.text} says {short(said)}, the loss is {short(computed)}"
    )
