"""Generated source: kernels and update rules as functions of the machine's language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from neuroflow.engine.lower.kernel import Kernel, KernelStep, Operand
from neuroflow.engine.lower.kernels import MapKernel


def map_source(entry: MapKernel, writes: int = 0) -> str:
    """The instruction that maps an op's rule, or that of its partials, over rows.

    Bit k of ``writes`` says that result k of partials is written to whole vectors, not added.

    >>> import neuroflow as nf
    >>> from neuroflow.engine.lower.kernels import Kernels
    >>> kernels = Kernels()
    >>> _ = kernels.backward(nf.ops.exp, 1, (True,))
    >>> print(map_source(kernels.entries[0]))
    @exact
    def map_exp_backward(m: Numbers, n: Int, at_g: Int, at_out: Int, at_x0: Int, to_x0: Int):
        for i in range(0, n, W):
            g = load(m, at_g + i)
            out = load(m, at_out + i)
            t0 = g * out
            add(m, to_x0 + i, t0, n - i)
    <BLANKLINE>
    """
    kernel = entry.kernel
    assert kernel is not None
    inputs = [f"at_{name}" for name in kernel.inputs]
    if entry.backward:
        results = [(f"to_x{j}", kernel.results[j]) for j in entry.targets]
        operands = ["n", *inputs, *[place for place, _ in results]]
    else:
        results = [("to_out", kernel.results[0])]
        operands = ["n", "to_out", *inputs]
    needed = _needed(kernel, [result for _, result in results])
    lines = [f"{name} = load(m, at_{name} + i)" for name in kernel.inputs if name in needed]
    lines += [str(step) for step in kernel.steps if step.name in needed]
    for k, (place, result) in enumerate(results):  # outputs are whole vectors, gradients not
        adds = entry.backward and not writes >> k & 1
        how, rest = ("add", ", n - i") if adds else ("store", "")
        lines.append(f"{how}(m, {place} + i, {result!r}{rest})".replace("'", ""))
    name = re.sub(r"\W", "_", f"map_{entry.op.name}{'_backward' if entry.backward else ''}")
    given = ", ".join(["m: Numbers", *[f"{operand}: Int" for operand in operands]])
    body = "".join(f"        {line}\n" for line in lines)
    marks = "@exact\n@in_float64\n" if kernel.needs_float64 else "@exact\n"
    return f"{marks}def {name}({given}):\n    for i in range(0, n, W):\n{body}"


def _needed(kernel: Kernel, results: Sequence[Operand]) -> set[Operand]:
    """The names that the results depend on."""
    needed = set(results)
    for step in reversed(kernel.steps):
        if step.name in needed:
            needed.update(step.operands)
    return needed


def update_source(kernel: Kernel) -> str:
    """An optimizer's rule: what is one number for all parameters once, the rest by vectors.

    Names without an underscore are those of the rule. ``_left[2]`` becomes what all new numbers
    times 0 leave: 0, or nan if one of them is not finite.
    """
    state = kernel.inputs[2:-2]
    once = [_single(step) for step in kernel.steps if step.uniform]
    each = ["w = load(_m, _i)", "g = load(_m, _padded + _i) * _scale"]
    each += [f"{name} = load(_state, {k} * _padded + _i)" for k, name in enumerate(state)]
    each += [str(step) for step in kernel.steps if not step.uniform]
    places = ["_m, _i", *[f"_state, {k} * _padded + _i" for k in range(len(state))]]
    for place, result in zip(places, kernel.results, strict=True):
        each.append(f"put({place}, {result}, _n - _i)")
        each.append(f"_rest = _rest + first({result}, _n - _i) * 0.0")
    given = "_m: Numbers, _state: Numbers, _n: Int, _scale: Double"
    return "\n".join(
        [
            f"def update({given}, learning_rate: Double, step: Double, _left: Doubles):",
            "    _padded = (_n + W - 1) // W * W",
            "    _rest = zeros()",
            *[f"    {line}" for line in once],
            "    for _i in range(0, _padded, W):",
            *[f"        {line}" for line in each],
            "    _left[2] = total(_rest)",
            "",
        ]
    )


def _single(step: KernelStep) -> str:
    """A step on single numbers: its function is that of single numbers."""
    return str(step).replace(f"= {step.function}(", f"= scalar_{step.function}(")
