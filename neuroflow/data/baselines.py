"""Baselines: how well the simplest models predict a text, to hold a network's loss against.

Losses are in nats per token, the mean over all targets, like the ``test_loss`` of a text.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from neuroflow.data.dataset import Dataset


def baselines(train: Dataset, held_out: Dataset | None = None) -> dict[str, float]:
    """The losses of guessing evenly, by how common a token is, and by the token before it.

    ``uniform`` is ln(vocabulary). ``unigram`` and ``bigram`` count in ``train`` and are scored
    on ``held_out``, with one added to each count so that nothing is impossible; without held-out
    text they are scored on ``train`` itself, as counted.

    >>> data = Dataset([[2, 0, 1]], [[0, 1, 2]], "sequence", vocab_size=3)
    >>> baselines(data)["bigram"]
    0.0
    """
    added = 0.0 if held_out is None else 1.0
    scored = held_out or train
    pairs = Counter(_pairs(train))
    before = Counter(_with(pairs, 0))
    after = Counter(_with(pairs, 1))
    total, size = sum(pairs.values()), train.vocab_size
    unigram = _mean(
        math.log(after[b] + added) - math.log(total + added * size) for _, b in _pairs(scored)
    )
    bigram = _mean(
        math.log(pairs[a, b] + added) - math.log(before[a] + added * size)
        for a, b in _pairs(scored)
    )
    return {"uniform": math.log(size), "unigram": -unigram, "bigram": -bigram + 0.0}


def _pairs(data: Dataset) -> Iterator[tuple[int, int]]:
    """Each target with the token before it."""
    for tokens, targets in data:  # type: ignore[attr-defined]
        yield from zip(tokens[len(tokens) - len(targets) :], targets, strict=True)


def _with(pairs: Counter[tuple[int, int]], part: int) -> dict[int, int]:
    counts: Counter[int] = Counter()
    for pair, count in pairs.items():
        counts[pair[part]] += count
    return counts


def _mean(numbers: Iterator[float]) -> float:
    listed = list(numbers)
    return math.fsum(listed) / len(listed)
