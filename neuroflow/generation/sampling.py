"""Sampling: how the next token is chosen from the scores of all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import exp
from typing import Annotated

from attrs import asdict, frozen

from neuroflow.core.settings import Setting, check, declared
from neuroflow.errors import DomainError, require
from neuroflow.pythonic import finite_number, pythonic_settings


@frozen
class Sampling:
    """How the next token is chosen from the scores of all.

    ``temperature`` divides the scores; 0 is greedy and takes the largest, the first of equals.
    ``top_k`` keeps the k likeliest tokens (0 for all), ``top_p`` the fewest that together have
    that probability (Holtzman et al. 2020, section 3.1).

    >>> Sampling().distribution([0.0, 0.0])
    [0.5, 0.5]
    >>> Sampling(temperature=0.0).distribution([1.0, 2.0, 1.0])
    [0.0, 1.0, 0.0]
    >>> Sampling(top_k=1).distribution([1.0, 2.0, 1.0])
    [0.0, 1.0, 0.0]
    """

    temperature: Annotated[
        float, Setting("what scores are divided by; 0 takes the likeliest token", "[0, inf)")
    ] = 1.0
    top_k: Annotated[
        int, Setting("choose among so many of the likeliest tokens; 0 for all", "[0, inf)")
    ] = 0
    top_p: Annotated[
        float, Setting("choose among the likeliest that reach this probability", "(0, 1]")
    ] = 1.0

    def __attrs_post_init__(self) -> None:
        check("sampling", declared(Sampling), pythonic_settings(asdict(self)))

    def distribution(self, logits: Sequence[float]) -> list[float]:
        """How probable each token is: the softmax of logits / temperature, cut and scaled.

        Raises :class:`DomainError` for logits that give no distribution: a nan or inf among them,
        or nothing but -inf.
        """
        _check_logits(logits)
        if self.temperature == 0.0:
            best = max(range(len(logits)), key=logits.__getitem__)
            return [float(k == best) for k in range(len(logits))]
        largest = max(logits)  # taken away first: no quotient of what is left is too large
        if (temperature := self.temperature) == 1.0:
            exps = [exp(x - largest) for x in logits]
        else:
            exps = [exp((x - largest) / temperature) for x in logits]
        total = sum(exps)
        probabilities = [x / total for x in exps]
        return self._cut(probabilities) if self.top_k or self.top_p != 1.0 else probabilities

    def _cut(self, probabilities: list[float]) -> list[float]:
        ranked = sorted(range(len(probabilities)), key=lambda k: -probabilities[k])
        cut, together = [0.0] * len(probabilities), 0.0
        for k in ranked[: self.top_k or None]:
            cut[k] = probabilities[k]
            together += probabilities[k]
            if together >= self.top_p:
                break
        return [p / together for p in cut]


def _check_logits(logits: Sequence[float]) -> None:
    """Refuse scores of which none is the largest: the choice would mean nothing."""
    require(logits, Sequence, "the logits", "a list with a number for each token")
    if set(map(type, logits)) == {float} and math.isfinite(sum(logits)):
        return  # as nearly always, and soon found out
    for token, x in enumerate(logits):
        if type(x) is not float and x not in (math.inf, -math.inf):
            finite_number(x, f"the logit of token {token}")
    wrong = [(x, token) for token, x in enumerate(logits) if math.isnan(x) or x == math.inf]
    if wrong or all(x == -math.inf for x in logits):
        found = f"{wrong[0][0]} for token {wrong[0][1]}" if wrong else "-inf for every token"
        raise DomainError(
            f"the model gives the logit {found}, so that no token can be drawn",
            expected="finite numbers, or -inf for what must not come",
            remedy="look for a weight that is not finite: nf.find_anomalies names the first; load"
            " an earlier checkpoint, or train again with a lower learning rate",
            got=wrong[0][0] if wrong else -math.inf,
        )
