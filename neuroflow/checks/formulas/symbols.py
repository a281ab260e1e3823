"""Which quantity each symbol of a formula stands for: by its name, by custom, by the order.

A rule has ``learning_rate`` and ``weight_decay``, its formula eta and lambda. A symbol that
is no name of a quantity and no customary letter for one may stand for any that is left: then a
formula is right if it is right in one of these readings.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from neuroflow.checks.formulas.latex import Formula
from neuroflow.checks.formulas.tokens import UnreadableFormulaError
from neuroflow.checks.shared.messages import close, listed, short

CUSTOMARY: dict[str, tuple[str, ...]] = {
    "learning_rate": ("eta", "alpha", "epsilon_t", "lr"), "step": ("t", "k"),
    "weight_decay": ("lambda", "wd"), "epsilon": ("varepsilon",), "eps": ("epsilon", "varepsilon"),
    "momentum": ("mu", "m", "gamma", "beta"), "decay": ("rho", "gamma", "beta", "alpha"),
    "gain": ("g", "gamma", "a"), "factor": ("gamma", "f"), "every": ("m",),
    "to": ("eta_1", "eta_min", "eta_T", "eta_n", "eta_end"), "std": ("sigma", "s"),
    "mean": ("mu", "m"), "warmup": ("w", "n_w", "T_w"), "power": ("p", "a"),
    "smoothing": ("epsilon",), "label_smoothing": ("epsilon",), "temperature": ("T", "tau"),
    "fan_in": ("n_in", "n_i", "d_in", "n"), "fan_out": ("n_out", "n_o", "d_out", "m"),
}  # fmt: skip
MOST_READINGS = 120


def plain(name: str) -> str:
    """A name without what differs by taste: ``beta_1`` is ``beta1``."""
    return name.replace("_", "").lower()


def readings(
    symbols: Sequence[str], quantities: Mapping[str, Sequence[str]]
) -> Iterator[dict[str, str]]:
    """Symbol to quantity, the likeliest first; ``quantities`` have more letters of their own.

    >>> next(readings(["eta_0", "k", "c"], {"base": ("eta_0",), "step": ("k",), "rate": ()}))
    {'eta_0': 'base', 'k': 'step', 'c': 'rate'}
    """
    found: dict[str, str] = {}
    for rank in (_by_name, _by_letter, _by_custom, _by_first_letter):
        for symbol in symbols:
            fits = [
                q for q in quantities if q not in found.values() and rank(symbol, q, quantities)
            ]
            if symbol not in found and fits:
                found[symbol] = fits[0]
    open_symbols = [symbol for symbol in symbols if symbol not in found]
    left = [quantity for quantity in quantities if quantity not in found.values()]
    if len(open_symbols) > len(left):
        raise UnreadableFormulaError(
            f"the formula has the symbol {open_symbols[-1]}, which stands for nothing here",
            expected=", ".join(quantities) or "no symbol",
            remedy="use these names, or define the symbol behind the formula: ', a = ...'",
            got=open_symbols[-1],
        )
    left.sort(key=lambda quantity: bool(quantities[quantity]))  # settings have no letter of old
    orders = itertools.permutations(left, len(open_symbols))
    for order in itertools.islice(orders, MOST_READINGS):
        yield {**found, **dict(zip(open_symbols, order, strict=True))}


def _by_name(symbol: str, quantity: str, _: Any) -> bool:
    return plain(symbol) == plain(quantity)


def _by_letter(symbol: str, quantity: str, quantities: Mapping[str, Sequence[str]]) -> bool:
    return symbol in quantities[quantity]


def _by_custom(symbol: str, quantity: str, _: Any) -> bool:
    return symbol in CUSTOMARY.get(quantity, ())


def _by_first_letter(symbol: str, quantity: str, quantities: Mapping[str, Sequence[str]]) -> bool:
    return symbol == quantity[0] and not quantities[quantity]


@frozen
class Sample:
    """What an entry gives for some numbers, to be compared with its formula.

    ``changed`` are the settings that have not their default: a formula without one of them does
    not speak of this sample.
    """

    numbers: Mapping[str, Any]
    given: float
    where: str
    changed: frozenset[str] = frozenset()


def difference(
    formula: Formula, samples: Sequence[Sample], quantities: Mapping[str, Sequence[str]],
    relative: float = 1e-9,
) -> tuple[int, str]:  # fmt: skip
    """How many samples were compared, and how formula and entry differ; empty if they agree.

    Raises :class:`UnreadableFormulaError` for symbols that stand for nothing.
    """
    first: tuple[int, str] | None = None
    for reading in readings(formula.symbols, quantities):
        told = _difference(formula, samples, reading, relative)
        if told[0] and not told[1]:
            return told
        first = first or told
    return first or (0, "")


def _difference(
    formula: Formula, samples: Sequence[Sample], reading: Mapping[str, str], relative: float
) -> tuple[int, str]:
    compared, wrong = 0, list[str]()
    for sample in samples:
        if not sample.changed <= {*reading.values()}:
            continue
        said = value_at(formula, {s: sample.numbers[q] for s, q in reading.items()})
        if said is None:
            continue
        compared += 1
        if not close(said, sample.given, relative, 1e-12):
            wrong.append(
                f"{sample.where}: the formula {formula.text} says {short(said)}, the code gives"
                f" {short(sample.given)}"
            )
    more = f" (and in {len(wrong) - 1} more samples)" if len(wrong) > 1 else ""
    return compared, f"{wrong[0]}; correct one of the two{more}" if wrong else ""


def value_at(formula: Callable[[Mapping[str, Any]], float], numbers: Mapping[str, Any]) -> Any:
    """What a formula says, or None where it has no value, or one beyond all floats."""
    try:
        said = formula(numbers)
        return said if math.isfinite(said) else None
    except UnreadableFormulaError:
        raise
    except (ValueError, ArithmeticError, TypeError, IndexError):
        return None


def told(numbers: Mapping[str, Any]) -> str:
    """Numbers in words: ``base = 0.1, step = 3``."""
    return ", ".join(f"{name} = {listed([x])}" for name, x in numbers.items())
