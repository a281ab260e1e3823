"""The module of PyTorch that a layer becomes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor

from neuroflow.core.module import Module
from neuroflow.tensors.form import TensorForm
from neuroflow.tensors.functions import TensorFunction
from neuroflow.tensors.planned import Planned, PlanOnTensors
from neuroflow.tensors.weights import FromPlan, Holder, Weight, ranks_of

Draw = Callable[[random.Random, Tensor], Tensor]
_draw: ContextVar[Draw | None] = ContextVar("draw", default=None)


@contextmanager
def drawing(draw: Draw) -> Iterator[None]:
    """Let another give the random numbers of layers for a while, from their own generators."""
    token = _draw.set(draw)
    try:
        yield
    finally:
        _draw.reset(token)


class TensorModule(torch.nn.Module):
    """A layer in tensors: weights and inner modules by name, and its form that runs them."""

    layer: Any
    form: TensorForm

    def forward(self, *inputs: Any) -> Any:
        """What the layer computes, for all examples at once."""
        return self.form.run(self, *inputs)

    @property
    def bare(self) -> bool:
        """Whether it gives one number and no list."""
        return self.form.bare

    def random_like(self, x: Tensor) -> Tensor:
        """Random numbers from 0 to 1, one for each of ``x``.

        PyTorch's own; in a training run of neuroflow those that plain Values would draw.
        """
        draw = _draw.get()
        if draw is None:
            return torch.rand_like(x)
        return draw(generator_of(self.layer), x)

    def run_plan(self, *inputs: Any) -> Any:
        """The layer from its plan, one example per lane."""
        return self.plan(*inputs)

    def extra_repr(self) -> str:
        """The layer's settings."""
        return repr(self.layer) if not list(self.children()) else ""


def generator_of(layer: Module) -> random.Random:
    """The generator that a layer draws from."""
    return next(x for x in vars(layer).values() if isinstance(x, random.Random))


class LayerPlan:
    """A layer without a form: traced for the structure of its inputs, run on its tensors."""

    def __init__(self, module: TensorModule, named: dict[str, Weight], ranks: tuple[int, ...]):
        self.names = {name: weight for name, weight in named.items() if not weight.kept}
        self.kept = {name: weight for name, weight in named.items() if weight.kept}
        values = [value for weight in self.names.values() for value in weight.values]
        self.module, self.ranks = (module,), ranks  # in a tuple: it is not a part of this
        layer = module.layer
        self.planned = Planned(_call, (layer,), values, writes=True)

    def __call__(self, *inputs: Tensor) -> Tensor:
        (module,) = self.module
        if module.layer.training != module.training:
            module.layer.train(module.training)
        flat = [module.get_parameter(name).reshape(-1) for name in self.names]
        parameters = torch.cat(flat) if flat else None
        out, plan, written = self.planned(
            inputs, self.ranks, parameters, self._live, module.training
        )
        module.form.bare = plan.trace.outputs == "f"
        if written is not None and module.training:
            self._write(plan, written)
        return out

    def _places(self) -> dict[int, tuple[str, int]]:
        """Where the number of each buffer lies."""
        return {
            id(value): (name, k)
            for name, weight in self.kept.items()
            for k, value in enumerate(weight.values)
        }

    def _live(self, plan: PlanOnTensors) -> dict[int, Tensor]:
        """The buffers that the plan reads, where it has them among its constants."""
        (module,) = self.module
        found, places = {}, self._places()
        for place, value in plan.plan.live.items():
            if id(value) in places:
                name, k = places[id(value)]
                found[place] = module.get_buffer(name).reshape(-1)[k]
        return found

    def _write(self, plan: PlanOnTensors, written: Tensor) -> None:
        """The mean over the examples of what each wrote, as a step of training has it."""
        (module,) = self.module
        places = self._places()
        means = written.detach().reshape(-1, written.shape[-1]).mean(0)
        for buffer, mean in zip(plan.trace.written, means, strict=True):
            name, k = places[id(buffer)]
            module.get_buffer(name).reshape(-1)[k] = mean


def _call(layer: Any, *inputs: Any) -> Any:
    return layer(*inputs)


class Maker:
    """Makes the modules of an outline; a tensor that has several names is one parameter."""

    def __init__(self, dtype: torch.dtype, device: Any, inputs: tuple[Any, ...] | None) -> None:
        self.dtype, self.device, self.inputs = dtype, device, inputs
        self._modules: dict[int, torch.nn.Module] = {}
        self._tensors: dict[int, Tensor] = {}

    def module(self, holder: Holder) -> torch.nn.Module:
        """The module of a holder."""
        if id(holder) not in self._modules:
            self._modules[id(holder)] = self._make(holder)
        return self._modules[id(holder)]

    def _make(self, holder: Holder) -> torch.nn.Module:
        module = torch.nn.Module() if holder.form is None else TensorModule()
        for name, weight in holder.weights.items():
            self._register(module, name, weight)
        for name, inner in holder.inner.items():
            module.add_module(name, self.module(inner))
        for name, part in holder.plain.items():
            setattr(module, name, part.made() if isinstance(part, TensorFunction) else part)
        if isinstance(module, TensorModule):
            assert holder.form is not None
            module.layer, module.form = holder.layer, holder.form
            if isinstance(holder.form, FromPlan):
                assert holder.layer is not None
                ranks = ranks_of(holder.layer, self.inputs)
                module.plan = LayerPlan(module, dict(holder.walk()), ranks)
        return module

    def _register(self, module: torch.nn.Module, name: str, weight: Weight) -> None:
        if id(weight) not in self._tensors:
            numbers = [value.data for value in weight.values]
            tensor = torch.tensor(numbers, dtype=self.dtype, device=self.device)
            tensor = tensor.reshape(weight.shape)
            self._tensors[id(weight)] = tensor if weight.kept else torch.nn.Parameter(tensor)
        tensor = self._tensors[id(weight)]
        if isinstance(tensor, torch.nn.Parameter):
            module.register_parameter(name, tensor)
        else:
            module.register_buffer(name, tensor)
