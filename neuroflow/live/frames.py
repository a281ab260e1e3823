"""Frames: what a page is told about its run, as plain dicts without nan and infinity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field

from neuroflow.errors import NeuroflowError
from neuroflow.live.choices import CHOICES
from neuroflow.live.offers import offers
from neuroflow.live.pictures import Picture, network, plain
from neuroflow.live.setup import PAGES, setup_of
from neuroflow.live.words import Wording
from neuroflow.training import Training

Frame = dict[str, Any]
MOST_IN_WORDS = 10_000
"""Of a larger model the page lists parameters by their paths."""
SHARE = 0.35
"""Pictures may take this share of the time."""


@define(eq=False)
class Painter:
    """The picture of a run, painted as often as its share of the time allows."""

    picture: Picture
    clock: Callable[[], float]
    cost: float = field(init=False, default=0.0)
    _painted_at: float = field(init=False, default=-1e9)

    @property
    def is_due(self) -> bool:
        """Whether another picture would stay within the share."""
        return self.clock() - self._painted_at > self.cost * (1 / SHARE - 1)

    def now(self) -> dict[str, Any]:
        """The picture as the model stands; or what prevents it."""
        start = self.clock()
        try:
            picture = self.picture.now()
        except NeuroflowError as error:
            picture = {"problem": str(error)}
        self._painted_at = self.clock()
        self.cost = self._painted_at - start
        return picture

    def forget(self) -> None:
        """The next picture is due at once."""
        self._painted_at = -1e9


def setup_frame(page: str, training: Training, picture: Picture, watching: bool) -> Frame:
    """All that stays the same until the next reset."""
    return plain(  # type: ignore[no-any-return]
        {
            "type": "setup",
            "page": page,
            "pages": list(PAGES),
            "setup": setup_of(training.configuration),
            "choices": {
                c.name: {"takes": c.takes, "meaning": c.meaning, "low": c.low, "high": c.high}
                for c in CHOICES.values()
            },
            "offers": offers(page, training.dataset),
            "network": {**network(training), "words": words_of(training)},
            "picture": picture.still(),
            "task": training.dataset.task,
            "loss": training.configuration["loss"]["use"],
            "examples": len(training.dataset),
            "steps": training.steps,
            "parameters": len(training.runner.parameters),
            "backend": training.backend,
            "watching": watching,
        }
    )


def words_of(training: Training) -> list[str]:
    """Each parameter in words, as the list of the page has them below the name of their module."""
    names = [name for name, _ in training.model.named_parameters()]
    words = Wording(training)
    return [words.parameter(name) for name in names] if len(names) <= MOST_IN_WORDS else []


def where_it_stands(training: Training) -> Frame:
    """The part of a state that the run itself tells."""
    return {
        "type": "state",
        "step": training.step,
        "steps": training.steps,
        "epoch": training.epoch,
        "over": training.step >= training.steps,
        "loss": training.loss if training.step else None,
        "learning_rate": training.rate_at(min(training.step, training.steps - 1)),
        "gradient_norm": training.metrics.get("gradient_norm"),
        "metrics": training.metrics,
    }
