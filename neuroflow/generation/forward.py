"""One program, run forward again and again: what inference needs and nothing else.

The parameters are read once, and what depends on them alone is computed once. Inputs are a flat
row of numbers that the caller keeps and changes in place, so that a call costs no Python per
number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuroflow.core.module import Module
from neuroflow.engine.run.backends import chosen_backend, make_executor
from neuroflow.engine.run.executor import Schedule
from neuroflow.engine.run.schedule import Batcher
from neuroflow.engine.trace.function import TracedFunction, check_indices, parameters_of
from neuroflow.engine.trace.structure import flatten
from neuroflow.errors import DomainError


class Forward:
    """``function(model, *inputs)`` on one backend, for inputs nested like ``example``.

    ``numbers`` is the flat row of the inputs, at first those of the example. Raises
    :class:`BackendError` for a backend that cannot be used or takes more memory than allowed,
    and :class:`TraceError` for a function that cannot be traced.
    """

    def __init__(
        self, function: Callable[..., Any], model: Module, example: tuple[Any, ...],
        backend: str = "auto", dtype: str = "float64", memory_limit: int | None = None,
    ) -> None:  # fmt: skip
        self.backend, self.dtype = chosen_backend(backend, dtype), dtype
        parameters = parameters_of(function, (model,))
        self._executor = make_executor(self.backend, dtype, len(parameters), memory_limit)
        traced = TracedFunction(function, (model,), parameters)
        flat, self._structure = flatten(example)
        self._trace = traced.trace(self._structure)
        self._program = Batcher(traced, self._executor, "none").program(self._trace, 1)
        self.numbers = np.array(flat, dtype=np.float64)
        self._executor.parameters[:] = [p.data for p in parameters]
        self._executor.begin(self._program)

    def __call__(self) -> NDArray[np.float64]:
        """The outputs for ``numbers`` as they are now, flat.

        Raises :class:`InputError` for an index out of range, before anything is computed.
        """
        check_indices(self._trace, self.numbers, self._structure)  # type: ignore[arg-type]
        outputs = self._executor.forward(self._program, [0], self._schedule())
        return _finite(outputs[:, 0].astype(np.float64))

    def _schedule(self) -> Schedule:
        none = np.zeros(0, dtype=np.int64)
        with np.errstate(invalid="ignore"):  # numbers that do not choose may be of any size
            integers = self.numbers.astype(np.int64)
        return Schedule(none, none, none, none.astype(float), self.numbers, integers)


def _finite(outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    for number in outputs[~np.isfinite(outputs)].tolist()[:1]:
        raise DomainError(
            f"a compiled run gave {number}",
            remedy='the op that made it is named by the eager run: use backend="eager" inside'
            " `with nf.detect_anomalies() as found:`",
            got=number,
        )
    return outputs
