"""The formula of a layer, read as mathematics of vectors and matrices, against what it gives."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from attrs import define, field, frozen

from neuroflow.checks.formulas.algebra import ALGEBRA
from neuroflow.checks.formulas.latex import Formula, read
from neuroflow.checks.formulas.matrices import Array, MatrixAlgebra, array, rank
from neuroflow.checks.formulas.statements import in_words, unreadable
from neuroflow.checks.formulas.symbols import readings
from neuroflow.checks.formulas.tokens import UnreadableFormulaError
from neuroflow.checks.layers.inputs import drawn, mapped
from neuroflow.checks.layers.parameters import spread
from neuroflow.checks.layers.quantities import (
    forms,
    free_indices,
    inputs_in,
    letters,
    parameters_in,
    settings_in,
    statistics_of,
)
from neuroflow.checks.layers.trials import Trial, flat
from neuroflow.checks.shared.messages import close, listed
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import described, fit, others_of
from neuroflow.config import settings_of
from neuroflow.errors import NeuroflowError

MOST = 600
"""How many ways to understand a formula are tried."""


BIASES = ("b_1", "b_2", "b_3", "b_4")
"""These are the biases of several matrices, and no numbers of one."""


@frozen(eq=False)
class Case:
    """What a layer of some settings gives for some inputs, and all that its formula may use."""

    numbers: Mapping[str, Any]
    names: Sequence[str]
    output: Any
    where: str

    @property
    def first(self) -> Any:
        """The first of the inputs."""
        return self.numbers[self.names[0]]

    @property
    def sizes(self) -> dict[str, int]:
        """The settings that count something."""
        return {name: x for name, x in self.numbers.items() if type(x) is int}


@frozen(eq=False)
class Way:
    """One way to understand a formula: what symbols stand for, and in which form."""

    reading: Mapping[str, str]
    forms: Mapping[str, str]
    entrywise: bool
    by_row: bool


@define
class FormulaBesideLayer:
    """A formula beside a layer; it is right if it is right in one way, for all that is tried."""

    trial: Trial
    formula: Formula
    free: tuple[str, ...]
    cases: dict[str, list[Case]] = field(factory=dict)
    wrong: str = ""
    compared: int = 0

    def run(self) -> None:
        """Try the ways, the likeliest first, until one holds."""
        first = self.first()
        known = letters(self.trial, first.numbers, first.names)
        for way in itertools.islice(self._ways(first, known), MOST):
            if self._holds(way):
                return
        self.compared = 0

    def first(self) -> Case:
        """A case that has all that there may be: with a bias, if there is one for some flag."""
        every = [case for flags in _flags(self.trial, set()) for case in self.of(flags)[:1]]
        return max([*self.of({})[:1], *every], key=lambda case: len(case.numbers))

    def of(self, settings: Mapping[str, Any]) -> list[Case]:
        """The cases of some settings; none if the layer then takes other inputs."""
        key = repr(sorted(settings.items()))
        if key not in self.cases:
            self.cases[key] = []
            with suppress(NeuroflowError, ArithmeticError, LookupError, ValueError, TypeError):
                self.cases[key] = [*cases(self.trial, settings)]
        return self.cases[key]

    def _ways(self, first: Case, known: Mapping[str, Sequence[str]]) -> Iterator[Way]:
        rows = rank(first.first) >= 2 and not self.free
        for reading in readings(self.formula.symbols, known):
            arrays = [q for q in reading.values() if q not in first.names]
            every = {q: [*forms(first.numbers[q], first.sizes)] for q in arrays}
            sides = [*itertools.product((False, True), (False, True)[: 1 + rows])]
            choices = itertools.product(*every.values())
            for chosen, (entrywise, by_row) in itertools.product(choices, sides):
                yield Way(reading, dict(zip(every, chosen, strict=True)), entrywise, by_row)

    def _holds(self, way: Way) -> bool:
        """Whether the formula gives what the layer gives, at one side of each flag at least."""
        mentioned = {*way.reading.values()}
        for flags in _flags(self.trial, mentioned):
            tried = _tried(self.trial, mentioned, flags)
            every = [case for settings in tried for case in self.of(settings)]
            told = [self._told(way, case) for case in every if mentioned <= {*case.numbers}]
            if told and not any(told):
                self.wrong, self.compared = "", len(told)
                return True
            self.wrong = self.wrong or next((t for t in told if t not in ("", _NONE)), "")
        return False

    def _told(self, way: Way, case: Case) -> str:
        try:
            said = self._value(way, case)
        except (UnreadableFormulaError, ValueError, ArithmeticError, TypeError, LookupError):
            return _NONE
        mine, its = [*flat(said)], [*flat(case.output)]
        if len(mine) != len(its) or not all(isinstance(x, (int, float)) for x in mine):
            return _NONE
        if all(close(a, b, 1e-9, 1e-11) for a, b in zip(mine, its, strict=True)):
            return ""
        return (
            f"{case.where}: the formula {self.formula.text} says {listed(mine[:3])}, the layer"
            f" gives {listed(its[:3])}; correct one of the two"
        )

    def _value(self, way: Way, case: Case) -> Any:
        scope: dict[str, Any] = {ALGEBRA: MatrixAlgebra(entrywise=way.entrywise)}
        for symbol, quantity in way.reading.items():
            form = way.forms.get(quantity, "")
            scope[symbol] = forms(case.numbers[quantity], case.sizes)[form]
        node = self.formula.node
        if way.by_row:
            (symbol,) = [s for s, q in way.reading.items() if q == case.names[0]]
            per_row = [{**scope, symbol: row} for row in case.first]
            return Array(node(self._with_statistics(way, each, each[symbol])) for each in per_row)
        if not self.free:
            return node(scope)
        lengths, part = list[int](), case.output
        for _ in self.free:
            lengths.append(len(part))
            part = part[0]
        every = itertools.product(*map(range, lengths))
        return Array(node({**scope, **dict(zip(self.free, at, strict=True))}) for at in every)

    def _with_statistics(self, way: Way, scope: dict[str, Any], row: Any) -> dict[str, Any]:
        """The scope with the mean and deviation of this row."""
        own = statistics_of(row)
        return {**scope, **{s: own[q] for s, q in way.reading.items() if q in own}}


_NONE = "no value"


def check_formula(trial: Trial, results: Results) -> None:
    """It can be read, and gives what the layer gives; or says in words what that is."""
    text = trial.entry.formula
    if not text or in_words(text):
        return
    free = free_indices(text)
    try:
        comparison = FormulaBesideLayer(trial, read(text, free, BIASES), free)
        comparison.run()
    except UnreadableFormulaError as error:
        results.failed("formula", unreadable(error))
        return
    results.passed("formula", comparison.compared)
    if comparison.wrong:
        results.failed("formula", comparison.wrong)
    elif not comparison.compared:
        first = comparison.first()
        sizes = ", ".join(f"{name} {_shape(x)}" for name, x in first.numbers.items())
        results.failed("formula", (
            f"the formula {text} has no value in the shapes that the layer has ({sizes}); see the"
            " page of formulas that can be read, or say in words what it computes"
        ))  # fmt: skip


def _shape(x: Any) -> str:
    lengths = []
    while isinstance(x, Array) and x:
        lengths.append(len(x))
        x = x[0]
    return " x ".join(map(str, lengths)) or "a number"


def cases(trial: Trial, settings: Mapping[str, Any]) -> Iterator[Case]:
    """What a layer gives for three inputs, with parameters of which no two are alike."""
    module = trial.build(**settings)
    spread(module.parameters())
    own = {**parameters_in(module), **settings_in(trial, {**trial.settings, **settings})}
    for inputs in drawn(trial, 2):
        given = inputs_in(trial, inputs)
        first = next(iter(given.values()), 0.0)
        output = mapped(array(module(*inputs)), float)
        numbers = {**given, **own, **statistics_of(first), "outputs": output}
        numbers = {k: float(x) if type(x) is bool else x for k, x in numbers.items()}
        yield Case(numbers, [*given], output, f"for {list(inputs)}{described({**settings})}")


def _flags(trial: Trial, mentioned: set[str]) -> Iterator[dict[str, Any]]:
    """The settings as they are, then with each flag turned of which the formula says nothing."""
    plain = {
        setting.name: setting.default
        for setting in settings_of(trial.entry)
        if not setting.required and setting.name not in mentioned and setting.name in trial.settings
    }
    yield plain
    for setting in settings_of(trial.entry):
        value = plain.get(setting.name, setting.default)
        if isinstance(value, bool) and setting.name not in mentioned:
            yield {**plain, setting.name: not value}


def _tried(trial: Trial, mentioned: set[str], flags: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Settings to try: those of the author, or one after the other of those in the formula."""
    if trial.entry.checks.settings:
        yield from ({**flags, **each} for each in trial.entry.checks.settings)
        return
    yield dict(flags)
    for setting in settings_of(trial.entry):
        if setting.name not in mentioned:
            continue
        value = trial.settings.get(setting.name, setting.default)
        of_a_function = setting.part == "activation" or setting.name.endswith("activation")
        others = ["tanh", "relu"] if of_a_function else [*others_of(setting, value, 2)]
        for other in others:
            if other != value and fit(trial.entry, {**trial.settings, setting.name: other}, {}):
                yield {**flags, setting.name: other}
