"""Checks of the smaller kinds: schedules, initializers, tokenizers, datasets."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

from neuroflow.checks.ops import guarded
from neuroflow.checks.report import Results
from neuroflow.core.random import SplitMix32
from neuroflow.core.settings import declared
from neuroflow.errors import InputError
from neuroflow.registry.entries import Entry

_TEXTS = ("emma", "quiz", "olivia ann", "", "a", "Grüße, 東京!", "tab\tand\nline")


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


_NEEDED = ("pieces", "bos", "vocab_size", "learn", "encode", "decode", "configuration")
"""What a dataset, a file and a model ask of a tokenizer."""


def _check_tokenizer(tokenizer: Any, results: Results) -> None:
    """``decode(encode(text)) == text``, with ids below ``bos``, for every text that is not refused.

    It has learned from the texts.
    """
    if inspect.isclass(tokenizer):
        settings = declared(tokenizer)  # type: ignore[arg-type]
        if any(setting.required for setting in settings.values()):
            results.skipped("round trip", "the tokenizer has settings that must be given")
            return
        tokenizer = tokenizer()
    missing = [name for name in _NEEDED if not hasattr(tokenizer, name)]
    results.expect("interface", not missing, f"it lacks {', '.join(missing)}")
    if "learn" not in missing:
        tokenizer = tokenizer.learn(list(_TEXTS))
    refused = []
    for text in _TEXTS:
        try:
            ids = tokenizer.encode(text)
        except InputError:
            refused.append(text)
            continue
        back = tokenizer.decode(ids)
        results.expect("round trip", back == text, f"{text!r} comes back as {back!r}")
        if not missing:
            wrong = [k for k in ids if not 0 <= k < tokenizer.bos < tokenizer.vocab_size]
            told = f"{text!r} has the id {wrong[:1]}, and bos is {tokenizer.bos}"
            results.expect("ids", not wrong, told)
    if refused:
        results.skipped("round trip", f"{len(refused)} of {len(_TEXTS)} texts are refused")


_CHECKS: dict[str, Callable[[Any, Results], None]] = {
    "schedule": _check_schedule,
    "initializer": _check_initializer,
    "tokenizer": _check_tokenizer,
}
