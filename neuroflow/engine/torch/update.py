"""The optimizer's rule on a device: as one kernel on a GPU, elsewhere as calls on tensors.

What it gives is looked at before it is kept: a step that is not made changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from attrs import evolve

from neuroflow.core.update_rule import UpdateRule
from neuroflow.engine.lower.kernel import Kernel, Operand, update_kernel
from neuroflow.engine.torch.compiler import Launch
from neuroflow.engine.torch.rules import c_number, kernel_lines, tensor_function
from neuroflow.engine.torch.threads import KernelText

Moved = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""From parameters, gradient, learning rate and step: row by row the new parameters and state."""


def update_of(
    rule: UpdateRule, settings: dict[str, float], state: torch.Tensor,
    compile: Callable[[KernelText], Launch] | None,
) -> Moved:  # fmt: skip
    """A rule on numbers of a device; ``state`` has a row for each number that it keeps."""
    kernel = update_kernel(rule, settings)
    if compile is None:
        return _on_tensors(kernel, state)
    return _in_one(kernel, state, compile)


def _on_tensors(kernel: Kernel, state: torch.Tensor) -> Moved:
    run = tensor_function(kernel)

    def move(
        w: torch.Tensor, g: torch.Tensor, rate: torch.Tensor, step: torch.Tensor
    ) -> torch.Tensor:
        results = run(w, g, *state, rate, step)
        rows = [torch.full_like(w, x) if isinstance(x, float) else x.to(w) for x in results]
        return torch.stack([row.expand_as(w) for row in rows])

    return move


def _in_one(kernel: Kernel, state: torch.Tensor, compile: Callable[[KernelText], Launch]) -> Moved:
    real = "double" if state.dtype == torch.float64 else "float"
    start = compile(update_text(kernel, real))
    n = state.shape[1]
    fresh = state.new_zeros(len(kernel.results), n)

    def move(
        w: torch.Tensor, g: torch.Tensor, rate: torch.Tensor, step: torch.Tensor
    ) -> torch.Tensor:
        start(n, w, g, state, rate, step, fresh, n)
        return fresh

    return move


def update_text(kernel: Kernel, real: str) -> KernelText:
    """A rule for one parameter; ``m`` are the parameters, ``state`` and ``fresh`` have rows."""
    kernel = _renamed(kernel)
    wide = "double" if kernel.needs_float64 else real
    w, g, *kept, rate, step = kernel.inputs
    read = {w: "m[i]", g: "g[i]", rate: "rate[0]", step: "step[0]"}
    read |= {name: f"state[{k} * (Int)n + i]" for k, name in enumerate(kept)}
    lines = [
        "if (i >= n) return;",
        *[f"const {wide} {name} = {place};" for name, place in read.items()],
        *kernel_lines(kernel, wide),
        *[
            f"fresh[{k} * (Int)n + i] = ({real}){c_number(result, wide)};"
            for k, result in enumerate(kernel.results)
        ],
    ]
    given = [f"const {real}* {name}" for name in ("g", "state", "rate", "step")]
    body = "".join(f"  {line}\n" for line in lines)
    return KernelText("update", real, (*given, f"{real}* fresh", "int n"), body)


def _renamed(kernel: Kernel) -> Kernel:
    """The kernel with inputs x0, x1 ...: an optimizer may call its numbers what it likes."""
    names = {name: f"x{k}" for k, name in enumerate(kernel.inputs)}

    def renamed(operands: tuple[Operand, ...]) -> tuple[Operand, ...]:
        return tuple([names.get(x, x) if isinstance(x, str) else x for x in operands])

    steps = tuple([evolve(step, operands=renamed(step.operands)) for step in kernel.steps])
    return Kernel(renamed(kernel.inputs), steps, renamed(kernel.results))  # type: ignore[arg-type]


def norm_of(g: torch.Tensor, exact: torch.dtype) -> torch.Tensor:
    """The square root of the sum of squares, also where the squares are too large."""
    norm = torch.linalg.vector_norm(g, dtype=exact)
    if exact != g.dtype or not len(g):  # squares of float32 are never too large for float64
        return norm
    largest = torch.linalg.vector_norm(g, torch.inf)
    scaled = largest * torch.linalg.vector_norm(g / largest)
    return torch.where(norm.isfinite(), norm, scaled)


def all_finite(x: torch.Tensor) -> torch.Tensor:
    """Whether all numbers are: zero times any other is nan, and so is their sum then."""
    return (x * 0.0).sum() == 0.0
