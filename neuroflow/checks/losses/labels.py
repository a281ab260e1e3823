"""Labels of a loss: the targets that it names are those that it allows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from neuroflow.checks.losses.examples import as_values, disallows
from neuroflow.checks.shared.report import Results
from neuroflow.errors import DomainError, InputError
from neuroflow.registry.entries import LossEntry

_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?")


def check_labels(entry: LossEntry, loss: Callable[..., Any], results: Results) -> None:
    """What ``labels`` says in words, ``allows`` holds in fact."""
    numbers = [float(x) for x in _NUMBER.findall(entry.labels)]
    if entry.index_target:
        _check_class_numbers(entry, loss, results)
    elif not numbers or "any real number" in entry.labels:
        results.passed("labels")
    elif entry.allows is None:
        results.failed(
            "labels",
            f"labels says {entry.labels!r}, but nothing holds it: give allows=..., a function that"
            " says whether one target is allowed",
        )
    else:
        _check_allowed(entry, numbers, results)
        if _check_outside(entry, loss, results):
            _check_between(entry, loss, numbers, results)


def _check_class_numbers(entry: LossEntry, loss: Callable[..., Any], results: Results) -> None:
    for label in (-1, 3, 1.5):
        results.expect(
            "labels",
            disallows(entry, label) or _refuses(loss, [0.1, 0.2, 0.3], label),
            f"the target {label} is accepted as the number of one of 3 classes; refuse it:"
            " raise InputError, or give allows=..., a function that is true of right ones alone",
        )


def _check_allowed(entry: LossEntry, numbers: list[float], results: Results) -> None:
    for label in numbers:
        whole = int(label) if label.is_integer() else label  # 0 may be a count and 0.0 none
        results.expect(
            "labels",
            not (disallows(entry, label) and disallows(entry, whole)),
            f"labels says {entry.labels!r}, but allows({label!r}) is false",
        )


def _check_outside(entry: LossEntry, loss: Callable[..., Any], results: Results) -> bool:
    """Whether labels outside of what is said are refused."""
    low, high = span_of(entry.labels)
    for label in (-7.0, 7.0):
        if low <= label <= high:
            continue
        refused = disallows(entry, label) or _refuses(loss, 0.3, label)
        results.expect(
            "labels",
            refused,
            f"labels says {entry.labels!r}, but the target {label!r} is accepted without a word",
        )
        if not refused:
            return False
    return True


def span_of(words: str) -> tuple[float, float]:
    """The least and the largest label that words allow.

    >>> span_of("a count, 0 or more"), span_of("-1 or +1"), span_of("positive")
    ((0.0, inf), (-1.0, 1.0), (0.0, inf))
    """
    numbers = [float(x) for x in _NUMBER.findall(words)]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    if re.search(r"or more|or (greater|larger|above)|at least|\bfrom \S+ (up|on)\b|>|≥", words):
        return low, math.inf
    if re.search(r"or less|or (smaller|below)|at most|<|≤", words):
        return -math.inf, high
    if re.search(r"non-?negative|not negative|positive|\bcounts?\b|whole number", words):
        return 0.0, math.inf
    return low, high


def _check_between(
    entry: LossEntry, loss: Callable[..., Any], numbers: list[float], results: Results
) -> None:
    """Two labels are no range: "-1 or +1" allows nothing between them."""
    if len(numbers) != 2 or not re.search(r"\b(or|and)\b", entry.labels):
        return
    between = sum(numbers) / 2
    results.expect(
        "labels",
        disallows(entry, between) or _refuses(loss, 0.3, between),
        f"labels says {entry.labels!r}, but the target {between!r} is accepted without a word;"
        " a network trained on such labels learns something else",
    )


def _refuses(loss: Callable[..., Any], prediction: Any, label: Any) -> bool:
    try:
        loss(as_values(prediction), label)
    except (InputError, DomainError, IndexError):
        return True
    except TypeError:  # a half is no index, and a list is no number
        return not isinstance(label, int)
    return False
