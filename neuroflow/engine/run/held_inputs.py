"""Held inputs: one example that stays in the memory, of which little changes from run to run.

A step of writing reads all keys and values of the text so far, and adds those of one token. To
hand all of them over again for each token takes longer than the step itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from neuroflow.engine.run.executor import Executor, Schedule
from neuroflow.engine.trace.tape import Ints


@define(eq=False)
class HeldInputs:
    """The numbers of one example, for the program of one lane that has this number.

    They lie in the executor's memory if its inputs do, and else are handed over for each run.
    Nothing else may run there meanwhile.
    """

    executor: Executor
    number: int
    numbers: NDArray[np.float64]
    _in_place: bool = field(init=False)
    _place_of: Ints = field(init=False)
    """Where in the memory each number lies; -1 for one that only chooses."""

    _first_places: list[int] = field(init=False)
    _outputs: Ints = field(init=False)
    _found: NDArray[Any] = field(init=False)
    _run: Callable[[], None] = field(init=False)

    def __attrs_post_init__(self) -> None:
        program = self.executor.programs[self.number]
        self._in_place = type(self.executor).forward is Executor.forward
        self._place_of = np.full(len(self.numbers), -1, dtype=np.int64)
        self._place_of[program.plan.input_numbers] = program.input_offsets
        self._first_places = []
        self._outputs = program.output_offsets
        self._found = np.empty(len(self._outputs), self.executor.dtype)
        self._run = self.executor.bound(self.number, 1)
        if self._in_place:
            self.executor.indices[: len(self.numbers)] = 0
            self.executor.memory[program.input_offsets] = self.numbers[program.plan.input_numbers]

    def places(self, which: Ints) -> Ints:
        """Where some of the numbers lie, none of which chooses alone; for :meth:`put`."""
        places: Ints = self._place_of[which] if self._in_place else which
        return places

    def put(self, places: Ints, numbers: NDArray[Any] | float) -> None:
        """Give the numbers at some places other values."""
        (self.executor.memory if self._in_place else self.numbers)[places] = numbers

    def choose(self, chosen: Sequence[int]) -> None:
        """Give the first numbers, which may choose, other values."""
        if not self._in_place:
            self.numbers[: len(chosen)] = chosen
            return
        if len(chosen) != len(self._first_places):
            self._first_places = self._place_of[: len(chosen)].tolist()
        for k, number in enumerate(chosen):
            self.executor.indices[k] = number
            if (place := self._first_places[k]) >= 0:
                self.executor.memory[place] = number

    def run(self) -> NDArray[Any]:
        """The outputs for the numbers as they are now, flat; the next run may write over them."""
        if not self._in_place:
            with np.errstate(invalid="ignore"):
                integers = self.numbers.astype(np.int64)
            inputs = Schedule.of_inputs(self.numbers, integers)
            return self.executor.forward(self.number, [0], inputs)[:, 0]
        self._run()
        return self.executor.memory.take(self._outputs, out=self._found, mode="clip")
