"""A language model's next token, compiled: one program for texts of every length.

What was read lies in as many slots as the model's block has; the position says how many of them
count. Each step writes what it adds into the slot of its position, so that going back in a text
is no work at all.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from neuroflow.core.module import evaluating
from neuroflow.core.no_grad import no_grad
from neuroflow.engine.run.held_inputs import HeldInputs
from neuroflow.engine.runner import numbers_of
from neuroflow.engine.trace.structure import flatten
from neuroflow.engine.trace.tape import Ints
from neuroflow.errors import InputError
from neuroflow.generation.forward import Forward


def _step(model: Any, token: Any, position: Any, past: Any) -> Any:
    return model.step(token, past, position)


def _step_behind(model: Any, token: Any, position: Any, past: Any, source: Any) -> Any:
    return model.step(token, past, position, source=source)


def _read_source(model: Any, tokens: Any) -> Any:
    return model.read_source(tokens)


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
            if self._reader:
                self._reader.begin()
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
        given, self._reader = {}, None
        settings = backend, dtype, memory_limit
        if hasattr(model, "read_source"):
            first = [0] * model.source_length
            with no_grad():
                given = {"source": numbers_of(model.read_source(first))}
            self._reader = Forward(_read_source, model, (first,), *settings)
        with no_grad():
            added = numbers_of(model.step(0, model.no_past(), **given)[1])
        self._slots = block_size - 1  # nothing comes after the last token
        past = [[[entry] * self._slots for entry in layer] for layer in added]
        step = _step_behind if given else _step
        self._forward = Forward(step, model, (0, 0, past, *given.values()), *settings)
        self.backend, self.dtype = self._forward.backend, dtype
        widths = [len(flatten(entry)[0]) for layer in added for entry in layer]
        self._n_added = sum(widths)
        # unseen slots count zero times, which inf would survive
        self._inputs = self._forward.inputs
        n_past = self._slots * self._n_added
        self._inputs.put(self._inputs.places(2 + np.arange(n_past)), 0.0)
        n_source = len(flatten((*given.values(),))[0])
        self._places_of_source = self._inputs.places(2 + n_past + np.arange(n_source))
        self._slots_of = _slots_of_tokens(widths, self._slots, self._inputs)

    def read_source(self, tokens: list[int]) -> None:
        """From here on each step looks at this source."""
        if self._reader:
            self._inputs.put(self._places_of_source, self._reader(tokens))

    def __call__(self, token: int, position: int) -> list[float]:
        """The logits of the token after this one, which stands at ``position``."""
        outputs = self._forward((token, position))
        n_logits = len(outputs) - self._n_added
        if position < self._slots:  # what the token adds goes into the slot of its position
            self._inputs.put(self._slots_of[position], outputs[n_logits:])
        return outputs[:n_logits].tolist()  # type: ignore[no-any-return]


def _slots_of_tokens(widths: list[int], slots: int, inputs: HeldInputs) -> list[Ints]:
    """Where the entries of each token lie among the inputs.

    Each list of slots lies behind the other, and the first behind token and position.
    """
    firsts = 2 + slots * (np.cumsum(widths) - widths)
    each = zip(firsts.tolist(), widths, strict=True)
    first = np.concatenate([start + np.arange(width) for start, width in each])
    step = np.repeat(widths, widths)
    return [inputs.places(first + position * step) for position in range(slots)]
