r"""The formula of an update rule, read as an algorithm, against the steps that the rule makes.

``v \leftarrow m v + g, \quad w \leftarrow w - \eta v``: statements one after the other, w the
parameter, g its gradient. Written with time, :math:`m_t` is new and :math:`m_{t-1}` is old.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from neuroflow.checks.formulas.samples import is_to_be_compared, report_comparison
from neuroflow.checks.formulas.statements import Statement, statements, unreadable
from neuroflow.checks.formulas.symbols import readings, told
from neuroflow.checks.formulas.tokens import UnreadableFormulaError
from neuroflow.checks.formulas.words import OLD
from neuroflow.checks.shared.messages import close, short
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import Settings
from neuroflow.core.update_rule import UpdateRule
from neuroflow.errors import DomainError
from neuroflow.registry.entries import OptimizerEntry

LETTERS = {
    "w": ("w", "theta", "W", "x"), "g": ("g", "G"),
    "learning_rate": ("eta", "alpha", "lr"), "step": ("t", "k"),
}  # fmt: skip
_GRADIENT = re.compile(
    r"\\nabla(_\{?\\?\w+\}?)?\s*(\\mathcal\{?L\}?|\\ell|[LfJ])(_\{?t\}?)?(\s*\([^()]*\))?"
)
_NEXT, _LAST = (rf"_\{{\s*t\s*\{sign}\s*1\s*\}}" for sign in "+-")
_NOW = r"_(\{\s*t\s*\}|t(?![a-zA-Z]))"


@frozen
class RuleStep:
    """One step of a rule: what it was given, by name, and what it gave for w and the state."""

    given: Mapping[str, Any]
    gave: Mapping[str, float]
    changed: frozenset[str]


def check_formula(
    entry: OptimizerEntry, rule: UpdateRule, tries: Sequence[Settings], results: Results
) -> None:
    """Each statement gives the new parameter, or the new state, that the rule gives."""
    if not is_to_be_compared(entry, results):
        return
    try:
        lines = statements(without_time(entry.formula))
        free = _free(lines)
        compared, wrong = _compared(lines, free, rule, [*_steps(rule, tries)], entry.formula)
    except UnreadableFormulaError as error:
        results.failed("formula", unreadable(error))
        return
    report_comparison(entry, compared, wrong, results)


def without_time(text: str) -> str:
    r"""Of what has a time, the newest without it, and what was before as ``m_{old}``.

    >>> without_time(r"m_t = \beta m_{t-1} + g_t, w_{t} = w_{t-1} - \eta m_t")
    'm = \\beta m_{old} + g, w = w_{old} - \\eta m'
    """
    text = _GRADIENT.sub("g", text)
    if re.search(_NEXT, text):
        text = re.sub(_NOW, f"_{{{OLD}}}", text)
        return re.sub(_NEXT, "", text)
    return re.sub(_NOW, "", re.sub(_LAST, f"_{{{OLD}}}", text))


def _free(lines: Sequence[Statement]) -> tuple[str, ...]:
    """The symbols that are used before they are given a value, in order."""
    found, known = dict[str, None](), set[str]()
    for line in lines:
        for symbol in line.formula.symbols:
            plain = symbol.removesuffix(f"_{OLD}")
            if symbol != plain or plain not in known:
                found[plain] = None
        known.add(line.name)
    undefined = [name for name in found if name.startswith(("hat_", "tilde_", "bar_"))]
    if undefined:
        accent, _, letter = undefined[0].partition("_")
        raise UnreadableFormulaError(
            f"the formula uses \\{accent} {letter} and does not say what it is",
            remedy=f"put its line in front: \\{accent} {letter} = ...",
        )
    return tuple(found)


STARTS = (
    (1.0, 0.01, (0.5, -0.3, 0.8)),
    (-0.7, 0.1, (0.5, -0.3, 0.8)),
    (2.0, 0.01, (300.0, -4e4, 20.0)),
    (0.5, 0.1, (2e-8, -1e-9, 3e-8)),
)
"""Where to start, with which rate and gradients: ordinary, huge, and as small as an epsilon."""

LATE = ((40, 0.2), (1000, -0.6), (100_000, 0.1))
"""Steps and gradients far into a run, which go on where the first ones ended."""


def _steps(rule: UpdateRule, tries: Sequence[Settings]) -> Iterator[RuleStep]:
    """First steps and late ones, from several places, with several rates and settings."""
    for settings in tries:
        for w, rate, gradients in STARTS:
            try:
                yield from _path(rule, settings, w, rate, (*enumerate(gradients, 1), *LATE))
            except (DomainError, ArithmeticError):
                continue  # it has no number so far out; another check looks at that


def _path(
    rule: UpdateRule, settings: Settings, w: float, rate: float, course: Sequence[tuple[int, float]]
) -> Iterator[RuleStep]:
    """What the rule is given and gives, along steps and gradients."""
    state = [0.0] * len(rule.state)
    changed = {name for name in settings if settings[name] != rule.settings.get(name)}
    for step, g in course:
        before = dict(zip(rule.state, state, strict=True))
        given = {"w": w, "g": g, "learning_rate": rate, "step": step, **before}
        w, *state = map(float, rule(w, g, *state, learning_rate=rate, step=float(step), **settings))
        gave = {"w": w, **dict(zip(rule.state, state, strict=True))}
        if all(map(math.isfinite, gave.values())):
            yield RuleStep({**rule.settings, **settings, **given}, gave, frozenset(changed))


def _readings(
    free: Sequence[str], assigned: set[str], rule: UpdateRule
) -> Iterator[dict[str, str]]:
    """Symbol to quantity; what is used and then gets a new value is a state, and no setting."""
    letters = {next((x for x in own if x in free), "") for own in LETTERS.values()}
    kept = [symbol for symbol in free if symbol in assigned - letters]
    for of_state in readings(kept, dict.fromkeys(rule.state, ())):
        left = [name for name in (*rule.state, *rule.settings) if name not in of_state.values()]
        rest = [symbol for symbol in free if symbol not in kept]
        for others in readings(rest, {**dict.fromkeys(left, ()), **LETTERS}):
            yield {**others, **of_state}


def _compared(
    lines: Sequence[Statement], free: Sequence[str], rule: UpdateRule, steps: Sequence[RuleStep],
    text: str,
) -> tuple[int, str]:  # fmt: skip
    first: tuple[int, str] | None = None
    assigned = {line.name for line in lines}
    for reading in _readings(free, assigned, rule):
        if not any(reading.get(name) == "w" for name in assigned):
            first = first or (0, f"the formula {text} does not say what w becomes")
            continue
        found = _difference(lines, reading, steps, text)
        if found[0] and not found[1]:
            return found
        first = found if first is None or not first[0] else first
    return first or (0, "")


def _difference(
    lines: Sequence[Statement], reading: Mapping[str, str], steps: Sequence[RuleStep], text: str
) -> tuple[int, str]:
    compared = 0
    for step in steps:
        if not step.changed <= {*reading.values()}:
            continue
        try:
            scope = _run(lines, {symbol: step.given[q] for symbol, q in reading.items()})
        except (ValueError, ArithmeticError):
            continue
        for symbol in dict.fromkeys(line.name for line in lines):
            quantity = reading.get(symbol, symbol)
            if quantity not in step.gave:
                continue
            compared += 1
            if not close(scope[symbol], step.gave[quantity], 1e-9, 1e-12):
                where = {k: x for k, x in step.given.items() if k in ("w", "g", "step")}
                rest = {name: step.given[name] for name in sorted(step.changed)}
                return compared, (
                    f"{told({**where, **rest})}: the formula {text} says that {quantity} becomes"
                    f" {short(scope[symbol])}, the rule gives {short(step.gave[quantity])}; correct"
                    " one of the two"
                )
    return compared, ""


def _run(lines: Sequence[Statement], scope: dict[str, Any]) -> dict[str, Any]:
    """The values of all symbols after the statements."""
    scope |= {f"{name}_{OLD}": value for name, value in scope.items()}
    for line in lines:
        scope[line.name] = line.formula(scope)
    return scope
