"""Batches: which examples each step sees, epoch after epoch."""

from __future__ import annotations

import random
from typing import Any

from attrs import define, field

from neuroflow.training.loading import go_on_from


@define(eq=False)
class Batches:
    """All of ``count`` examples once per epoch, ``size`` at a time; the last batch may be smaller.

    ``orders`` draws a new order for each epoch; without it the examples keep their own.

    >>> batches = Batches(5, 2)
    >>> [batches.at(step) for step in range(4)]
    [[0, 1], [2, 3], [4], [0, 1]]
    """

    count: int
    size: int
    orders: random.Random | None = None
    _order: list[int] = field(init=False, factory=list)
    _epoch: int = field(init=False, default=-1)
    _before_order: Any = field(init=False, default=None)

    @property
    def per_epoch(self) -> int:
        """How many batches go once over the examples."""
        return -(-self.count // self.size)

    def at(self, step: int) -> list[int]:
        """The positions of the examples of a step; ask for steps in their order."""
        epoch = step // self.per_epoch
        if epoch != self._epoch:
            self._order, self._epoch = list(range(self.count)), epoch
            if self.orders is not None:
                self._before_order = self.orders.getstate()
                self.orders.shuffle(self._order)
        start = step % self.per_epoch * self.size
        return self._order[start : start + self.size]

    def state(self, step: int) -> Any:
        """What :meth:`load_state` needs to go on with a step; None if orders are not drawn."""
        begun = self._epoch == step // self.per_epoch
        now = self.orders.getstate() if self.orders is not None else None
        return self._before_order if begun else now

    def load_state(self, state: Any) -> None:
        """Go on from a :meth:`state`: the order of a begun epoch is drawn again."""
        if self.orders is not None:
            go_on_from(state, self.orders)
        self._epoch = -1
