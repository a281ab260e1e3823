"""``to_torch`` and ``from_torch``: a model as a module of PyTorch, and its numbers back again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuroflow.core.module import Module
from neuroflow.errors import require
from neuroflow.tensors.package import require_torch
from neuroflow.tensors.weights import Outline, give_numbers


def to_torch(
    model: Module, *, dtype: Any = None, device: Any = None, inputs: tuple[Any, ...] | None = None
) -> Any:
    """A ``torch.nn.Module`` that computes what the model computes, with the same weights.

    It takes tensors: a row is the last axis of one, a text of token ids too, and axes in front
    of them are examples. Where the model gives one bare number, the module has no axis for it.
    The numbers are float64 unless ``dtype`` says otherwise. Layers have tensor forms, see
    :class:`TensorForm`; a layer without one runs from its plan, and ``inputs``, an example of what
    the model takes, says what that is if it is no list of numbers.

    Raises :class:`BackendError` where PyTorch is not installed.
    """
    torch = require_torch("to_torch")
    from neuroflow.tensors.module import Maker

    require(model, Module, "the model", "a neuroflow.Module; build one with neuroflow.build")
    maker = Maker(torch.float64 if dtype is None else dtype, device, inputs)
    module = maker.module(Outline(model).root)
    return module.train(model.training)


def from_torch(module: Any, model: Module) -> Module:
    """Give a model the numbers of its module, or of that one's ``state_dict``; the model itself.

    Raises :class:`StateError` for tensors that are not those of the model; then nothing changes.
    """
    require(model, Module, "the model", "a neuroflow.Module; build one with neuroflow.build")
    state = module if isinstance(module, Mapping) else module.state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}

    def numbers(name: str) -> list[float]:
        return state[name].detach().cpu().double().reshape(-1).tolist()

    give_numbers(model, shapes, numbers)
    return model
