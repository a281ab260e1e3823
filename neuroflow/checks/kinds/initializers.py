"""Checks of initializers: what is drawn is distributed as the formula says, from the seed alone."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import frozen

from neuroflow.checks.formulas.latex import Formula, read
from neuroflow.checks.formulas.samples import is_to_be_compared
from neuroflow.checks.formulas.statements import Distribution, distribution, unreadable
from neuroflow.checks.formulas.symbols import readings
from neuroflow.checks.formulas.tokens import UnreadableFormulaError
from neuroflow.checks.kinds.matrices import check_matrix, check_product
from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.messages import listed, short
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import Settings, described, variations
from neuroflow.config import settings_of
from neuroflow.core.random import SplitMix32
from neuroflow.registry.entries import InitializerEntry

FANS = ((64, 10), (5, 48), (1, 1), (900, 33), (48, 1024))
"""Inputs and outputs of a layer, unequal, so that exchanging them shows; small and large."""

DRAWS = 4000
SURE = 5.0
"""So many standard errors are no chance: it happens once in two million draws."""

Draw = Callable[..., Any]


def check_initializer(entry: InitializerEntry, results: Results) -> None:
    """All checks of an initializer."""
    draw = entry.load()
    if not callable(draw):
        results.failed("declared", f"{draw!r} cannot be called with (rng, fan_in, fan_out)")
        return
    tries = variations(entry, settings_of(entry))
    if entry.matrix:
        with guarded(results, "initializer"):
            check_matrix(draw, tries, results)
            check_product(entry, draw, tries, results)
        return
    with guarded(results, "initializer"):
        if all(_is_right(draw, fans, tries[0], results) for fans in FANS):
            with guarded(results, "formula"):
                _check_distribution(entry, draw, tries, results)


def _drawn(
    draw: Draw, fans: tuple[int, int], count: int, seed: int = 5, **settings: Any
) -> list[Any]:
    rng = SplitMix32(seed)
    return [draw(rng, *fans, **settings) for _ in range(count)]


def _is_right(draw: Draw, fans: tuple[int, int], settings: Settings, results: Results) -> bool:
    """Finite numbers, from the generator that is given and from no other."""
    where = f"for fan_in = {fans[0]}, fan_out = {fans[1]}"
    before = random.getstate()
    # seven, so that one of a pair that is drawn at once would be left over for the next seed
    first, again, other = (_drawn(draw, fans, 7, seed, **settings) for seed in (5, 5, 6))
    alone = random.getstate() == before
    random.setstate(before)
    good = all(isinstance(w, (int, float)) and math.isfinite(w) for w in first)
    results.expect("finite", good, f"{where} it draws {first[:3]}; a weight is a finite number")
    repeated = first == again and alone
    results.expect("seeds", repeated, (
        f"{where} one seed gave {listed(first[:2])}, then {listed(again[:2])}: draw from rng, and"
        " from nothing else, and keep nothing between calls"
    ))  # fmt: skip
    constant = len(set(first + other)) == 1
    results.expect("seeds", constant or (first != other and len(set(first)) > 1), (
        f"{where} the seeds 5 and 6 gave the same weights, {listed(first[:3])}: draw from rng"
    ))  # fmt: skip
    return good and repeated


@frozen
class Moments:
    """What is said of the weights: mean and deviation, the ends, and their distribution."""

    mean: float
    deviation: float
    low: float = -math.inf
    high: float = math.inf
    share_below: Callable[[float], float] | None = None
    numbers: tuple[float, ...] = ()


def _moments(drawn: Distribution, parts: Sequence[float]) -> Moments:
    """Mean and deviation of a family with these parts."""
    if drawn.family in ("constant", "choice"):
        mean = math.fsum(parts) / len(parts)
        deviation = math.dist(parts, [mean] * len(parts)) / math.sqrt(len(parts))
        return Moments(mean, deviation, numbers=tuple(parts))
    a, b = parts
    if drawn.family == "uniform":
        width = b - a
        share = (lambda x: (x - a) / width) if width > 0 else None
        return Moments((a + b) / 2.0, abs(width) / math.sqrt(12.0), min(a, b), max(a, b), share)
    if drawn.family == "laplace":
        return Moments(a, b * math.sqrt(2.0), share_below=lambda x: _laplace_below((x - a) / b))
    deviation = math.sqrt(b)
    below = lambda x: 0.5 * math.erfc((a - x) / (deviation * math.sqrt(2.0)))  # noqa: E731
    return Moments(a, deviation, share_below=below if deviation else None)


def _laplace_below(x: float) -> float:
    """The share below x of a Laplace distribution around 0 with scale 1."""
    return 0.5 * math.exp(x) if x < 0.0 else 1.0 - 0.5 * math.exp(-x)


def _check_distribution(
    entry: InitializerEntry, draw: Draw, tries: Sequence[Settings], results: Results
) -> None:
    said = _said(entry, results)
    if said is None:
        return
    symbols, moments_of = said
    quantities = {"fan_in": (), "fan_out": (), **{s.name: () for s in settings_of(entry)}}
    defaults = {s.name: s.default for s in settings_of(entry) if not s.required}
    samples = [
        (fans, settings, _drawn(draw, fans, DRAWS, **settings))
        for settings in tries for fans in FANS[: len(FANS) if settings == tries[0] else 1]
    ]  # fmt: skip
    told: list[str] = []
    for reading in readings(symbols, quantities):
        problems = []
        for fans, settings, weights in samples:
            if not {*settings} - {*tries[0]} <= {*reading.values()}:
                continue  # the formula does not speak of a setting that is not in it
            numbers = {**defaults, **settings, "fan_in": fans[0], "fan_out": fans[1]}
            moments = moments_of({s: numbers[q] for s, q in reading.items()})
            where = f"for fan_in = {fans[0]}, fan_out = {fans[1]}{described(settings)}"
            problems += [f"{where}: {p}" for p in _problems(moments, [*map(float, weights)])]
        if not problems:
            results.passed("formula", len(samples))
            return
        told = told or problems
    source = f"the formula {entry.formula}" if not entry.deviation else "what is declared"
    results.failed("formula", f"{told[0]}, as {source} says; correct one of the two")


def _said(
    entry: InitializerEntry, results: Results
) -> tuple[Sequence[str], Callable[[Mapping[str, Any]], Moments]] | None:
    """The symbols, and mean and deviation as a function of their numbers; None if unsaid."""
    try:
        if entry.deviation or entry.mean:
            mean, deviation = read(entry.mean or "0"), read(entry.deviation or "0")
            names = tuple(dict.fromkeys(mean.symbols + deviation.symbols))
            return names, lambda numbers: Moments(_of(mean, numbers), _of(deviation, numbers))
        if not is_to_be_compared(entry, results):
            return None
        drawn = distribution(entry.formula)
        return drawn.symbols, lambda numbers: _moments(drawn, drawn.at(numbers))
    except UnreadableFormulaError as error:
        results.failed("formula", (
            f"{unreadable(error)} and declare mean= and deviation= in the entry"
        ))  # fmt: skip
        return None


def _of(formula: Formula, numbers: Mapping[str, Any]) -> float:
    return formula({name: numbers[name] for name in formula.symbols})


def _problems(said: Moments, weights: Sequence[float]) -> list[str]:
    """How weights differ from what is said of them, beyond chance."""
    count = len(weights)
    mean = math.fsum(weights) / count
    squares = [(w - mean) ** 2 for w in weights]
    deviation = math.sqrt(math.fsum(squares) / count)
    error = max(deviation, said.deviation) / math.sqrt(count)
    fourth = math.fsum(q * q for q in squares) / count
    spread = math.sqrt(max(fourth - deviation**4, 0.0) / count) / (2.0 * deviation or 1.0)
    tiny = 1e-9 * max(abs(mean), said.deviation) + 1e-15
    if abs(mean - said.mean) > SURE * error + tiny:
        return [f"the mean of {count} weights is {short(mean)}, not {short(said.mean)}"]
    if abs(deviation - said.deviation) > SURE * max(spread, 1e-3 * said.deviation) + tiny:
        ratio = f": {deviation / said.deviation:.3g} times it" if said.deviation else ""
        return [
            f"the deviation of {count} weights is {short(deviation)}, not"
            f" {short(said.deviation)}{ratio}"
        ]
    if min(weights) < said.low - tiny or max(weights) > said.high + tiny:
        return [f"weights lie from {short(min(weights))} to {short(max(weights))}, not from"
                f" {short(said.low)} to {short(said.high)}"]  # fmt: skip
    return _choice_problems(said, weights) or _shape_problems(said, sorted(weights))


def _choice_problems(said: Moments, weights: Sequence[float]) -> list[str]:
    """Numbers that may not be drawn, or are drawn more or less often than the others."""
    if not said.numbers:
        return []
    near = [min(said.numbers, key=lambda x: abs(x - w)) for w in weights]
    strange = [w for w, x in zip(weights, near, strict=True) if abs(w - x) > 1e-9 * (1.0 + abs(x))]
    if strange:
        return [f"{short(strange[0])} is drawn, which is none of {listed(said.numbers)}"]
    count = len(weights)
    for number in dict.fromkeys(said.numbers):
        share = said.numbers.count(number) / len(said.numbers)
        found = near.count(number) / count
        if abs(found - share) > SURE * math.sqrt(share * (1.0 - share) / count) + 1e-12:
            return [f"{100 * found:.1f} % of the weights are {short(number)}, not"
                    f" {100 * share:.1f} %"]  # fmt: skip
    return []


def _shape_problems(said: Moments, ordered: Sequence[float]) -> list[str]:
    """The largest distance between the shares below each number: Kolmogorov and Smirnov's."""
    if said.share_below is None:
        return []
    count = len(ordered)
    gaps = [abs(said.share_below(w) - (k + 0.5) / count) for k, w in enumerate(ordered)]
    widest = max(range(count), key=gaps.__getitem__)
    if gaps[widest] * math.sqrt(count) < 2.2:  # by chance once in ten thousand
        return []
    share = (
        f"{100 * (widest + 0.5) / count:.1f} % of the weights lie below {short(ordered[widest])}"
    )
    return [f"{share}, not {100 * said.share_below(ordered[widest]):.1f} %: another distribution"]
