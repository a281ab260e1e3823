"""Kernels in two languages: as a function on tensors, and as lines of C for one number.

Both are printed from the same elementary steps, which were recorded from the op's own rule: a
third-party op runs on a GPU without a line of CUDA by its author.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import torch
from attrs import evolve

from neuroflow.engine.lower.kernel import Kernel, KernelStep, Operand
from neuroflow.engine.lower.steps import CONDITIONS, OPERATORS

# Tensors


def _number(condition: torch.Tensor | bool) -> torch.Tensor | float:
    """A condition as the numbers 1 and 0."""
    if isinstance(condition, bool):
        return float(condition)
    return condition.to(_exact(condition))


def _choose(condition: Any, a: Any, b: Any) -> Any:
    """One of two by a condition that is true or false, never nan; of constants, it is a bool."""
    if isinstance(condition, bool):
        return a if condition else b
    if not isinstance(a, torch.Tensor) and not isinstance(b, torch.Tensor):
        a = condition.new_full((), a, dtype=_exact(condition))
        b = condition.new_full((), b, dtype=_exact(condition))
    return torch.where(condition, a, b)


def _exact(tensor: torch.Tensor) -> torch.dtype:
    """The kind of number that rounds least on a tensor's device."""
    return torch.float32 if tensor.device.type == "mps" else torch.float64


def _power(x: Any, y: Any) -> Any:
    """x^y, and nan where either is nan: the C library takes nan^0 for 1."""
    like = x if isinstance(x, torch.Tensor) else y
    x, y = _tensor(x, like), _tensor(y, like)
    return torch.where((x == x) & (y == y), torch.pow(x, y), x + y)


def _elementwise(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """A function of two tensors, of any number of tensors or numbers."""

    def two(a: Any, b: Any) -> Any:
        like = a if isinstance(a, torch.Tensor) else b
        return function(_tensor(a, like), _tensor(b, like))

    return lambda *xs: reduce(two, xs)


def _tensor(x: Any, like: torch.Tensor) -> torch.Tensor:
    return x if isinstance(x, torch.Tensor) else like.new_full((), x)


FUNCTIONS: dict[str, Callable[..., Any] | float] = {
    **{name: getattr(torch, name) for name in (
        "exp", "log", "log1p", "expm1", "log2", "log10", "sqrt", "sin", "cos", "atan", "tanh",
        "erf", "abs", "floor",
    )},
    "mod": torch.remainder,
    "pow": _power,
    "where": _choose,
    "maximum": _elementwise(torch.maximum),
    "minimum": _elementwise(torch.minimum),
    "number": _number,
    "inf": math.inf,
    "nan": math.nan,
}  # fmt: skip


def tensor_function(kernel: Kernel) -> Callable[..., tuple[Any, ...]]:
    """The kernel as a Python function on tensors."""
    counted = partial(_counted, kernel, "number({})".format)
    lines = [f"def run({', '.join(kernel.inputs)}):"]
    lines += [f"    {evolve(step, operands=counted(step))}" for step in kernel.steps]
    results = [repr(x) if isinstance(x, float) else x for x in kernel.results]
    lines.append(f"    return ({', '.join(results)},)")
    namespace = dict(FUNCTIONS)
    exec("\n".join(lines), namespace)
    run: Callable[..., tuple[Any, ...]] = namespace["run"]  # type: ignore[assignment]
    if kernel.needs_float64:
        return lambda *xs: run(*[x.to(_exact(x)) for x in xs])
    return run


def _counted(
    kernel: Kernel, as_number: Callable[[str], str], step: KernelStep
) -> tuple[Operand, ...]:
    """The operands of a step, with conditions that it calculates with as numbers."""
    if step.function == "where":
        return step.operands
    conditions = {each.name for each in kernel.steps if each.function in CONDITIONS}
    return tuple([
        as_number(x) if isinstance(x, str) and x in conditions else x for x in step.operands
    ])  # fmt: skip


# C

C_FUNCTIONS = {
    "abs": "fabs", "pow": "power", "mod": "modulo", "maximum": "larger", "minimum": "smaller",
}  # fmt: skip
"""Steps that C spells differently; those with a nan in mind are written in :data:`PRELUDE`."""

PRELUDE = """
template <typename T> DEVICE T power(T x, T y) {
  return x == x && y == y ? (T)pow(x, y) : x + y;
}
template <typename T> DEVICE T modulo(T x, T y) {
  T left = (T)fmod(x, y);
  return (y < 0 ? left > 0 : left < 0) ? left + y : left;
}
template <typename T> DEVICE T larger(T x, T y) { return x != x || x > y ? x : y; }
template <typename T> DEVICE T smaller(T x, T y) { return x != x || x < y ? x : y; }
"""
"""What steps need that C has not: of two numbers a nan wins, nan^0 is nan, a remainder's sign."""


def kernel_lines(kernel: Kernel, real: str) -> list[str]:
    """The steps as declarations in C, for inputs of the same names.

    >>> from neuroflow.core.value import div
    >>> from neuroflow.engine.lower.kernel import forward_kernel
    >>> kernel_lines(forward_kernel(div, 2), "float")
    ['float t0 = x0 / x1;']
    """
    counted = partial(_counted, kernel, f"(({real}){{}})".format)
    steps = [evolve(step, operands=counted(step)) for step in kernel.steps]
    return [f"{_kind(step, real)} {step.name} = {_body(step, real)};" for step in steps]


def c_number(x: Operand, real: str) -> str:
    """An operand: a name, or a number of the kind at hand.

    >>> c_number("x0", "float"), c_number(0.5, "float"), c_number(-math.inf, "double")
    ('x0', '(float)0.5', '(-(double)INFINITY)')
    """
    if isinstance(x, str):
        return x
    if math.isfinite(x):
        return f"({real}){x!r}" if x >= 0 else f"(-({real}){-x!r})"
    if math.isnan(x):
        return f"({real})NAN"
    return f"({real})INFINITY" if x > 0 else f"(-({real})INFINITY)"


def _kind(step: KernelStep, real: str) -> str:
    return "bool" if step.function in CONDITIONS else real


def _body(step: KernelStep, real: str) -> str:
    shown = [c_number(x, real) for x in step.operands]
    if step.function == "where":
        return f"{shown[0]} ? ({real}){shown[1]} : ({real}){shown[2]}"
    if step.function in OPERATORS:
        return OPERATORS[step.function].format(*shown)
    name = C_FUNCTIONS.get(step.function, step.function)
    if len(shown) > 2:
        return reduce(lambda a, b: f"{name}({a}, {b})", shown)
    return f"{name}({', '.join(shown)})"
