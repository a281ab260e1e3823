"""Checks of the smaller kinds: schedules, initializers, tokenizers, datasets."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

from neuroflow.checks.ops import guarded
from neuroflow.checks.report import Results
from neuroflow.core.random import SplitMix32
from neuroflow.registry.entries import Entry

_TEXTS = ("emma", "olivia ann", "", "a", "Grüße, 東京!", "tab\tand\nline")


def check_other(entry: Entry, results: Results) -> None:
    """What can be said about any entry, and the promises of its kind."""
    results.expect("declared", bool(entry.summary), "there is no summary; say what it is for")
    target = entry.load()
    check = _CHECKS.get(entry.kind)
    if check is None:
        results.expect("declared", callable(target), f"{target!r} cannot be called")
        return
    with guarded(results, entry.kind):
        check(target, results)


def _check_schedule(schedule: Callable[..., Any], results: Results) -> None:
    """A finite rate at every step, never negative, and the same every time."""
    for steps in (1, 2, 100):
        rates = [float(schedule(0.1, step, steps)) for step in range(steps)]
        again = [float(schedule(0.1, step, steps)) for step in range(steps)]
        good = all(math.isfinite(rate) and rate >= 0.0 for rate in rates)
        results.expect("finite", good, f"over {steps} steps the rates are {rates[:5]}...")
        results.expect("determinism", rates == again, "the same steps gave other rates later")


def _check_initializer(draw: Callable[..., Any], results: Results) -> None:
    """Finite numbers, from the generator that is given and from no other."""
    for fan_in, fan_out in ((1, 1), (3, 2), (64, 10)):
        rows = []
        for seed in (5, 5):
            rng = SplitMix32(seed)
            rows.append([float(draw(rng, fan_in, fan_out)) for _ in range(8)])
        results.expect("finite", all(map(math.isfinite, rows[0])), f"it draws {rows[0][:3]}")
        results.expect("seeds", rows[0] == rows[1], "one seed gave different weights")


def _check_tokenizer(tokenizer: Any, results: Results) -> None:
    """``decode(encode(text)) == text``."""
    if inspect.isclass(tokenizer):
        needed = [
            p
            for p in inspect.signature(tokenizer).parameters.values()
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        if needed or not hasattr(tokenizer, "encode"):
            results.skipped("round trip", "the tokenizer has to see a text first")
            return
        tokenizer = tokenizer()
    for text in _TEXTS:
        try:
            back = tokenizer.decode(tokenizer.encode(text))
        except Exception as error:
            results.skipped("round trip", f"{type(error).__name__} for some texts")
            return
        results.expect("round trip", back == text, f"{text!r} comes back as {back!r}")


_CHECKS: dict[str, Callable[[Any, Results], None]] = {
    "schedule": _check_schedule,
    "initializer": _check_initializer,
    "tokenizer": _check_tokenizer,
}
