"""The kernels that a program's map instructions name: one per op and direction, numbered."""

from __future__ import annotations

import warnings
from typing import Any

from attrs import define, field, frozen

from neuroflow.engine.lower.kernel import Kernel, RuleError, backward_kernel, forward_kernel
from neuroflow.errors import NeuroflowWarning


class FallbackWarning(NeuroflowWarning):
    """An op runs in plain Python, because its rule could not be compiled."""


@frozen(eq=False)
class MapKernel:
    """What one map instruction does to each element.

    Forward: operands ``out, x0, x1, ...``. Backward: ``g, out, x0, ...`` and the gradients of
    the inputs in ``mask``, which it adds to. ``kernel`` is None where the op must run in Python.
    """

    op: Any
    arity: int
    mask: tuple[bool, ...] | None
    kernel: Kernel | None

    @property
    def backward(self) -> bool:
        return self.mask is not None

    @property
    def targets(self) -> list[int]:
        """Which inputs' gradients the kernel adds to."""
        return [j for j, needs_grad in enumerate(self.mask or ()) if needs_grad]


@define(eq=False)
class Kernels:
    """Numbers kernels in the order of first use; shared by all plans of one function."""

    entries: list[MapKernel] = field(factory=list)
    _numbers: dict[Any, int] = field(factory=dict)
    _traced: dict[Any, Kernel | None] = field(factory=dict)
    _told: set[Any] = field(factory=set)

    def forward(self, op: Any, arity: int) -> int:
        """The number of an op's forward kernel."""
        return self._number(op, arity, None, self._trace(forward_kernel, op, arity))

    def backward(self, op: Any, arity: int, mask: tuple[bool, ...]) -> int:
        """The number of the kernel that adds to the gradients of the inputs in ``mask``."""
        return self._number(op, arity, mask, self._trace(backward_kernel, op, arity))

    def sends_gradient(self, op: Any, arity: int) -> list[bool]:
        """For each input, whether a gradient can be other than zero."""
        kernel = self._trace(backward_kernel, op, arity)
        return [True] * arity if kernel is None else [r != 0.0 for r in kernel.results]

    def _number(self, op: Any, arity: int, mask: Any, kernel: Kernel | None) -> int:
        key = (op, arity, mask)
        if key not in self._numbers:
            self._numbers[key] = len(self.entries)
            self.entries.append(MapKernel(op, arity, mask, kernel))
        return self._numbers[key]

    def _trace(self, write: Any, op: Any, arity: int) -> Kernel | None:
        key = (write, op, arity)
        if key not in self._traced:
            try:
                self._traced[key] = write(op, arity)
            except RuleError as error:
                self._traced[key] = None
                if op not in self._told:
                    self._told.add(op)
                    remedy = "; ".join(filter(None, [error.remedy, f"{op.name} runs in Python"]))
                    told = FallbackWarning(error.what, **{**error.rest, "remedy": remedy})
                    warnings.warn(told, stacklevel=2)
        return self._traced[key]
