"""One program, run forward again and again: what inference needs and nothing else.

The parameters are read once, and what depends on them alone is computed once. Inputs are a flat
row of numbers that stays where it is from call to call, so that one costs no Python per number,
and nothing for numbers that stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuroflow.core.module import Module
from neuroflow.engine.plan.function import TracedFunction, check_indices
from neuroflow.engine.run.backends import chosen_backend
from neuroflow.engine.session import Session, finite
from neuroflow.engine.trace.parameters import parameters_of
from neuroflow.engine.trace.structure import flatten

HOW = 'use backend="eager" inside `with nf.detect_anomalies() as found:`'


class Forward:
    """``function(model, *inputs)`` on one backend, for inputs nested like ``example``.

    ``inputs`` is the flat row of the inputs, at first those of the example. Raises
    :class:`BackendError` for a backend that cannot be used or takes more memory than allowed,
    and :class:`TraceError` for a function that cannot be traced.
    """

    def __init__(
        self, function: Callable[..., Any], model: Module, example: tuple[Any, ...],
        backend: str = "auto", dtype: str = "float64", memory_limit: int | None = None,
    ) -> None:  # fmt: skip
        self.backend, self.dtype = chosen_backend(backend, dtype), dtype
        traced = TracedFunction(function, (model,), parameters_of(function, (model,)))
        self._session = Session.on(
            self.backend, traced, "none", dtype=dtype, memory_limit=memory_limit
        )
        flat, self._structure = flatten(example)
        self._trace = traced.trace(self._structure)
        self.begin()
        numbers = np.array(flat, dtype=np.float64)
        self.inputs = self._session.held(self._program, numbers)
        self._nothing = np.zeros(len(self._trace.plan.outputs), dtype=dtype)

    def is_current(self) -> bool:
        """Whether the model still is what was traced; its numbers may be others."""
        return self._session.function.is_current()

    def begin(self) -> None:
        """Read the model's numbers as they are now."""
        self._program = self._session.begin(self._trace)

    def __call__(self, chosen: Sequence[int]) -> NDArray[Any]:
        """The outputs for the inputs as they are now, flat; the first inputs are ``chosen``.

        The next call may write over them.

        Raises :class:`InputError` for an index out of range, before anything is computed, and
        :class:`DomainError` for an output that is not finite.
        """
        check_indices(self._trace, chosen, self._structure)
        self.inputs.choose(chosen)
        outputs = self.inputs.run()
        if outputs.dot(self._nothing) != 0.0:  # 0 x inf is nan
            finite(float(outputs[~np.isfinite(outputs)][0]), HOW)
        return outputs
