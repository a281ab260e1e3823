"""Ops on tensors: an op's own rule, number by number, and its own partials for the way back.

The steps are those that every backend prints, see :mod:`neuroflow.engine.lower.kernel`; here they
are calls of PyTorch. So an op of anybody is differentiated by the partials that its author wrote,
and these again by PyTorch, for second derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from neuroflow.core.careful import slopes_at, value_at
from neuroflow.core.value import Op
from neuroflow.engine.lower.kernel import (
    Kernel,
    KernelStep,
    RuleError,
    backward_kernel,
    forward_kernel,
)
from neuroflow.engine.lower.steps import CONDITIONS, OPERATORS

TensorRule = Callable[..., tuple[Any, ...]]


def choose(condition: Any, a: Any, b: Any, like: Tensor) -> Tensor:
    """One of two numbers for each truth value, in the precision of ``like``."""
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        a, b = (torch.full((), x, dtype=like.dtype, device=like.device) for x in (a, b))
    return torch.where(condition, a, b)


def power(x: Any, y: Any) -> Any:
    """x^y; a nan on either side stays one, also where PyTorch takes the power for 1."""
    if isinstance(y, float) and y != 0.0:
        return torch.pow(x, y)
    return torch.where((x != x) | (y != y), x + y, torch.pow(x, y))


def largest(a: Any, b: Any) -> Any:
    """The larger of two numbers, of which one may be plain; nan if either is."""
    return torch.maximum(a, b) if _are_tensors(a, b) else torch.clamp(*_tensor_first(a, b))


def smallest(a: Any, b: Any) -> Any:
    """The smaller of two numbers, of which one may be plain; nan if either is."""
    if _are_tensors(a, b):
        return torch.minimum(a, b)
    tensor, number = _tensor_first(a, b)
    return torch.clamp(tensor, max=number)


def _are_tensors(a: Any, b: Any) -> bool:
    return isinstance(a, Tensor) and isinstance(b, Tensor)


def _tensor_first(a: Any, b: Any) -> tuple[Any, Any]:
    return (a, b) if isinstance(a, Tensor) else (b, a)


def number(condition: Tensor, like: Tensor) -> Tensor:
    """A truth value as 1 or 0, in the precision of ``like``."""
    return condition.to(like.dtype)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": torch.exp, "log": torch.log, "log1p": torch.log1p, "expm1": torch.expm1,
    "log2": torch.log2, "log10": torch.log10, "atan": torch.atan, "floor": torch.floor,
    "mod": torch.remainder, "sqrt": torch.sqrt, "sin": torch.sin, "cos": torch.cos,
    "tanh": torch.tanh, "erf": torch.erf, "abs": torch.abs, "pow": power, "maximum": largest,
    "minimum": smallest,
    "choose": choose, "number": number,
}  # fmt: skip
"""What the steps of a kernel call."""


def compiled(kernel: Kernel) -> TensorRule:
    """A kernel as a function on tensors of one shape, or of shapes that fit together."""
    conditions = {step.name for step in kernel.steps if step.function in CONDITIONS}
    like = kernel.inputs[0]
    lines = [f"def run({', '.join(kernel.inputs)}):"]
    lines += [f"    {step.name} = {_spelled(step, conditions, like)}" for step in kernel.steps]
    results = [_number_of(x, conditions, like) for x in kernel.results]
    lines.append(f"    return ({', '.join(results)},)")
    namespace: dict[str, Any] = dict(FUNCTIONS)
    exec("\n".join(lines), namespace)
    return namespace["run"]


def _spelled(step: KernelStep, conditions: set[str], like: str) -> str:
    if step.function == "where":
        condition, *sides = step.operands
        shown = [str(condition), *[_number_of(x, conditions, like) for x in sides], like]
        return f"choose({', '.join(shown)})"
    shown = [_number_of(x, conditions, like) for x in step.operands]
    pattern = OPERATORS.get(step.function)
    return pattern.format(*shown) if pattern else f"{step.function}({', '.join(shown)})"


def _number_of(x: str | float, conditions: set[str], like: str) -> str:
    return f"number({x}, {like})" if x in conditions else str(x)


class Elementwise(torch.autograd.Function):
    """One op on tensors: its rule forward, its partials backward."""

    @staticmethod
    def forward(ctx: Any, rules: tuple[TensorRule, TensorRule], *xs: Tensor) -> Any:
        (out,) = rules[0](*xs)
        out = out if isinstance(out, Tensor) else torch.full_like(xs[0], out)
        out = out.clone() if any(out is x for x in xs) else out
        ctx.back, ctx.shapes = rules[1], [x.shape for x in xs]
        ctx.save_for_backward(out, *xs)
        return out

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        sent = ctx.back(g, *ctx.saved_tensors)
        sums = [
            _summed(x, shape) if isinstance(x, Tensor) else None
            for x, shape in zip(sent, ctx.shapes, strict=True)
        ]
        return (None, *sums)


def _summed(gradient: Tensor, shape: Any) -> Tensor:
    """The gradient of what was read for many: the sum of theirs."""
    return gradient if gradient.shape == shape else gradient.sum_to_size(shape)


NATIVE = ("add", "sub", "mul", "neg", "exp", "expm1", "sin", "cos", "atan", "tanh", "erf")
"""Steps whose derivatives PyTorch has as they are here: without a kink, and finite everywhere."""


class OpOnTensors:
    """An op on tensors, each number by itself; plain numbers may be among its inputs."""

    def __init__(self, op: Op, arity: int) -> None:
        self.op, self.arity = op, arity
        self.rules = rules_of(op, arity)
        self.native = op.step in NATIVE

    def __reduce__(self) -> Any:
        """A copy makes its rules anew."""
        return OpOnTensors, (self.op, self.arity)

    def __call__(self, *xs: Any) -> Tensor:
        given = next(x for x in xs if isinstance(x, Tensor))
        tensors = [x if isinstance(x, Tensor) else torch.full_like(given, x) for x in xs]
        if self.native:
            return self.rules[0](*tensors)[0]
        return Elementwise.apply(self.rules, *tensors)


@cache
def rules_of(op: Op, arity: int) -> tuple[TensorRule, TensorRule]:
    """Forward and backward; in plain Python where a rule is no straight line."""
    try:
        return compiled(forward_kernel(op, arity)), compiled(backward_kernel(op, arity))
    except RuleError:
        return _in_python(op)


def _in_python(op: Op) -> tuple[TensorRule, TensorRule]:
    """The rule of an op that needs plain floats, one after the other."""

    def forward(*xs: Tensor) -> tuple[Any, ...]:
        xs = torch.broadcast_tensors(*xs)
        rows = zip(*[x.detach().flatten().tolist() for x in xs], strict=True)
        values = [value_at(op, numbers) for numbers in rows]
        return (torch.tensor(values, dtype=xs[0].dtype, device=xs[0].device).view_as(xs[0]),)

    def backward(g: Tensor, out: Tensor, *xs: Tensor) -> tuple[Any, ...]:
        xs = torch.broadcast_tensors(*xs)
        rows = zip(*[x.detach().flatten().tolist() for x in (out, *xs)], strict=True)
        slopes = [slopes_at(op, y, numbers) for y, *numbers in rows]
        columns = zip(*slopes, strict=True)
        made = [torch.tensor(c, dtype=g.dtype, device=g.device).view_as(g) for c in columns]
        return tuple(torch.where(g != 0.0, g * slope, 0.0) for slope in made)

    return forward, backward


def reduced(step: str, rows: Tensor) -> Tensor:
    """The sum, the largest or the smallest of the last axis; tied ones share a gradient."""
    return {"sum": torch.sum, "maximum": torch.amax, "minimum": torch.amin}[step](rows, -1)
