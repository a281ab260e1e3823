"""Activations and losses on tensors: from their own rules, or from the plan of what is written."""

from __future__ import annotations

import functools
from typing import Any

from attrs import define, field

from neuroflow.config import resolve
from neuroflow.core.value import Op
from neuroflow.registry.manager import get
from neuroflow.tensors.package import require_torch


@define(eq=False)
class TensorFunction:
    """A function of lists on tensors: it sees the last axis, and maps every example alike."""

    kind: str
    use: Any
    ranks: tuple[int, ...] = (1,)
    _made: Any = field(default=None, init=False, repr=False)

    def __call__(self, *inputs: Any) -> Any:
        """What it gives, for all examples at once."""
        return self.made()(*inputs)

    def made(self) -> Any:
        """The function itself; raises :class:`BackendError` where PyTorch is not installed."""
        if self._made is None:
            require_torch("a function on tensors")
            self._made = self._make()
        return self._made

    def _make(self) -> Any:
        from neuroflow.tensors.kernels import OpOnTensors
        from neuroflow.tensors.planned import ListsOnTensors, Planned

        if self._has_form():
            return get("activation", self.use).load_tensors()
        function = resolve(self.kind, self.use)
        if isinstance(function, Op) and not function.vectors:
            return OpOnTensors(function, len(function.parameters))
        if self._is_elementwise():
            function = functools.partial(_each, function)
        return ListsOnTensors(Planned(function), self.ranks)

    def _has_form(self) -> bool:
        """Whether an activation, without settings, has a function of tensors."""
        named = self.kind == "activation" and isinstance(self.use, str)
        return named and get("activation", self.use).tensors is not None

    def _is_elementwise(self) -> bool:
        """Whether it takes one number, which its entry says."""
        name = self.use.get("use") if isinstance(self.use, dict) else self.use
        if self.kind != "activation":
            return False
        return not isinstance(name, str) or get("activation", name).elementwise


def _each(one: Any, xs: Any) -> Any:
    return [one(x) for x in xs]


def tensor_function(kind: str, use: Any) -> TensorFunction:
    """The activation that a part means, on tensors: for authors of tensor forms.

    ``use`` is what a configuration has: a name, a table with ``use``, or the thing itself.

    >>> tensor_function("activation", "softmax")
    TensorFunction(kind='activation', use='softmax', ranks=(1,))
    """
    return TensorFunction(kind, use)
