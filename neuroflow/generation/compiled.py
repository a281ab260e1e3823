"""A language model's next token, compiled: one program for texts of every length.

What was read lies in as many slots as the model's block has; the position says how many of them
count. Each step writes what it adds into the slot of its position, so that going back in a text
is no work at all.
"""

from __future__ import annotations

import inspect
from typing import Any

from neuroflow.core.module import evaluating
from neuroflow.core.no_grad import no_grad
from neuroflow.engine.runner import numbers_of
from neuroflow.engine.trace.structure import flatten
from neuroflow.errors import InputError
from neuroflow.generation.forward import Forward


def _step(model: Any, token: Any, position: Any, past: Any) -> Any:
    return model.step(token, past, position)


class CompiledSteps:
    """``model.step`` on a backend; to be made in evaluation mode.

    Raises :class:`InputError` for a model whose ``step`` takes no position, and what
    :class:`Forward` raises.
    """

    def __init__(
        self, model: Any, block_size: int, backend: str, dtype: str, memory_limit: int | None
    ) -> None:
        self._model, self._settings = model, (block_size, backend, dtype, memory_limit)
        self._prepare()

    def begin(self) -> None:
        """A new text begins, by the model as it is now."""
        if self._forward.is_current():
            self._forward.begin()
        else:
            with evaluating():
                self._prepare()

    def _prepare(self) -> None:
        """Trace and compile the model as it is now."""
        model, (block_size, backend, dtype, memory_limit) = self._model, self._settings
        if "position" not in inspect.signature(model.step).parameters:
            raise InputError(
                f"{type(model).__name__}.step takes no position, so it cannot be compiled for"
                " texts of every length",
                expected="step(token, past, position=None)",
                remedy='add it, or use backend="eager"',
            )
        with no_grad():
            added = numbers_of(model.step(0, model.no_past())[1])
        self._slots = block_size - 1  # nothing comes after the last token
        past = [[[entry] * self._slots for entry in layer] for layer in added]
        self._forward = Forward(_step, model, (0, 0, past), backend, dtype, memory_limit)
        self._forward.numbers[:] = 0.0  # unseen slots count zero times, which inf would survive
        self.backend, self.dtype = self._forward.backend, dtype
        self._widths = [len(flatten(entry)[0]) for layer in added for entry in layer]

    def __call__(self, token: int, position: int) -> list[float]:
        """The logits of the token after this one, which stands at ``position``."""
        numbers = self._forward.numbers
        numbers[0], numbers[1] = token, position
        outputs = self._forward()
        n_logits = len(outputs) - sum(self._widths)
        if position < self._slots:
            self._keep(outputs[n_logits:], position)
        return [float(x) for x in outputs[:n_logits]]

    def _keep(self, added: Any, position: int) -> None:
        """Write the entries of a token into its slot, each list of slots after the other."""
        numbers, first, start = self._forward.numbers, 2, 0
        for width in self._widths:
            slot = first + position * width
            numbers[slot : slot + width] = added[start : start + width]
            first, start = first + self._slots * width, start + width
