"""A step that is not made: the error that says why, and the generators back where they stood."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from attrs import frozen

from neuroflow.engine.trace.generators import put_back, where_it_stands
from neuroflow.engine.trace.surroundings import Surroundings
from neuroflow.errors import DomainError

FINDER = "nf.replay(model, example_loss, examples, batch) finds the op where it happens"


@frozen
class Standing:
    """Where generators of random numbers stood before a step."""

    stood: list[tuple[Any, Any]]

    @classmethod
    def of(cls, generators: Iterable[Any]) -> Standing:
        """As they stand now, those that can be put back."""
        pairs = [(generator, where_it_stands(generator)) for generator in generators]
        return cls([(generator, stood) for generator, stood in pairs if stood is not None])

    def restore(self) -> None:
        """Let them draw again what they drew since."""
        for generator, stood in self.stood:
            put_back(generator, stood)

    def draw_again(self, numbers: Iterable[Callable[[], float]]) -> None:
        """After :meth:`restore`: let them draw what these took; no other source draws anything."""
        ours = {id(generator) for generator, _ in self.stood}
        known: dict[int, bool] = {}
        for number in numbers:
            if id(number) not in known:
                sources = Surroundings((number,)).generators()
                known[id(number)] = bool(sources) and ours.issuperset(map(id, sources))
            if known[id(number)]:
                number()


def why_not_made(step: int, loss: float, norm: float) -> str:
    """What is not finite in a step with this loss and this norm of its gradient.

    >>> why_not_made(3, math.inf, 1.0), why_not_made(3, 1.0, math.nan)
    ('the loss of step 3 is inf', "the gradient's norm of step 3 is nan")
    """
    if not math.isfinite(loss):
        return f"the loss of step {step} is {loss}"
    if not math.isfinite(norm):
        return f"the gradient's norm of step {step} is {norm}"
    return (
        f"the update of step {step} gives a number of the model or of the optimizer that is not"
        " finite"
    )


def not_made(
    what: str, rate: float | None, batch: Sequence[int], cause: DomainError | None = None
) -> DomainError:
    """The error for a step that was not made: all is as it was before it."""
    examples = f"{list(batch[:8])}" + (f" and {len(batch) - 8} more" if len(batch) > 8 else "")
    what += f", on the examples {examples}"
    what += "" if rate is None else f", with the learning rate {rate:g}"
    remedies = [
        cause.remedy if cause else "",
        "" if rate is None else "lower the learning rate or set clip_norm",
        f"the parameters are those before that step; {FINDER}",
    ]
    known = cause.rest if cause else {}
    return DomainError(what, **{**known, "remedy": "; ".join(filter(None, remedies))})


def norm_of(gradient: Sequence[float]) -> float:
    """The square root of the sum of squares, also where the squares are too large.

    >>> norm_of([3.0, 4.0]), norm_of([3e200, 0.0])
    (5.0, 3e+200)
    """
    norm = math.sqrt(sum(g * g for g in gradient))
    if math.isfinite(norm):
        return norm
    largest = max(map(abs, gradient))
    return largest * math.sqrt(sum((g / largest) ** 2 for g in gradient))
