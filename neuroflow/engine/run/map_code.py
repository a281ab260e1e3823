"""Maps in numpy: a kernel's steps as a few calls on arrays, the last of them into its place.

The text of a kernel is compiled once; where its numbers lie is then bound to it once for each row
of code, so that a run does nothing but call numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuroflow.core.careful import slopes_at, value_at
from neuroflow.core.kinds import library
from neuroflow.engine.lower.kernel import Kernel, KernelStep, Operand
from neuroflow.engine.lower.kernels import MapKernel

Array = NDArray[Any]
Thunk = Callable[[], Any]

INTO = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative,
    "exp": np.exp, "log": np.log, "log1p": np.log1p, "expm1": np.expm1, "sqrt": np.sqrt,
    "log2": np.log2, "log10": np.log10, "sin": np.sin, "cos": np.cos, "atan": np.arctan,
    "tanh": np.tanh, "abs": np.absolute, "floor": np.floor, "mod": np.mod, "maximum": np.maximum,
    "minimum": np.minimum,
}  # fmt: skip
"""Steps that numpy writes to a place that it is given."""


def compile_kernel(kernel: Kernel) -> Callable[..., tuple[Any, ...]]:
    """The kernel as a Python function on arrays."""
    results = ", ".join(map(_shown, kernel.results))
    lines = [*map(str, kernel.steps), f"return ({results},)"]
    run: Callable[..., tuple[Any, ...]] = _function("run", kernel.inputs, lines)
    if kernel.needs_float64:
        return lambda *xs: run(*[x.astype(np.float64, copy=False) for x in xs])
    return run


def _function(name: str, given: Sequence[str], lines: Sequence[str]) -> Any:
    text = f"def {name}({', '.join(given)}):\n" + "".join(f"    {line}\n" for line in lines)
    namespace = {**vars(library("numpy")), "where": np.where}  # conditions are never nan here
    namespace |= {f"into_{step}": function for step, function in INTO.items()}
    exec(text, namespace)
    return namespace[name]


def _shown(x: Operand) -> str:
    return repr(x) if isinstance(x, float) else x


def bound_map(entry: MapKernel, places: Sequence[Array]) -> Thunk:
    """A map on arrays: ``out`` and inputs, or ``g``, ``out``, inputs and the gradients added to."""
    if entry.kernel is None:
        return _bound_python(entry, places)
    kernel, exact = entry.kernel, places[0].dtype == np.float64
    if len(kernel.steps) == 1 and not entry.backward and kernel.steps[0].function in INTO:
        named = dict(zip(kernel.inputs, places[1:], strict=False))
        given = [x if isinstance(x, float) else named[x] for x in kernel.steps[0].operands]
        return partial(INTO[kernel.steps[0].function], *given, out=places[0])
    targets = tuple(entry.targets) if entry.backward else None
    bound: Thunk = _binder(kernel, targets, kernel.needs_float64 and not exact)(*places)
    return bound


@cache
def _binder(kernel: Kernel, targets: tuple[int, ...] | None, widen: bool) -> Any:
    """Binds a kernel to its places; backward it adds to the gradients of the inputs ``targets``."""
    own = ["out"] if targets is None else [f"to{j}" for j in targets]
    given = ["out", *kernel.inputs] if targets is None else [*kernel.inputs, *own]
    used = [x for x in kernel.inputs if x in kernel.used]
    lines = [f"w_{x} = {x}.astype('float64')" for x in used] if widen else []
    names = {x: f"w_{x}" for x in used} if widen else {}
    if targets is None:
        lines += _forward_lines(kernel, names)
    else:
        lines += [_line(step, names) for step in kernel.steps]
        lines += [f"into_add(to{j}, {_named(kernel.results[j], names)}, to{j})" for j in targets]
    inside = ["def run():", *[f"    {line}" for line in lines], "return run"]
    return _function("bind", given, inside)


def _forward_lines(kernel: Kernel, names: dict[str, str]) -> list[str]:
    """All steps; the last one writes to the result's place, where numpy can do that."""
    (result,) = kernel.results
    *steps, last = kernel.steps or (None,)
    if last is None or last.name != result or last.function not in INTO:
        lines = [_line(step, names) for step in kernel.steps]
        return [*lines, f"out[...] = {_named(result, names)}"]
    operands = ", ".join(_named(x, names) for x in last.operands)
    return [
        *[_line(step, names) for step in steps if step],
        f"into_{last.function}({operands}, out=out)",
    ]


def _line(step: KernelStep, names: dict[str, str]) -> str:
    operands = tuple([names.get(x, x) if isinstance(x, str) else x for x in step.operands])
    return str(KernelStep(step.name, step.function, operands, step.uniform))


def _named(x: Operand, names: dict[str, str]) -> str:
    return repr(x) if isinstance(x, float) else names.get(x, x)


# Ops that could not be compiled


def python_kernel(entry: MapKernel) -> Callable[..., tuple[Any, ...]]:
    """An op that could not be compiled, run element by element on Python floats."""
    op = entry.op

    def forward(*xs: Array) -> tuple[Any, ...]:
        return ([value_at(op, numbers) for numbers in zip(*_lists(xs), strict=True)],)

    def backward(g: Array, out: Array, *xs: Array) -> tuple[Any, ...]:
        sent = _lists((g, out, *xs))
        rows = [_sent(op, upstream, numbers) for upstream, *numbers in zip(*sent, strict=True)]
        return tuple(np.array(column, dtype=g.dtype) for column in zip(*rows, strict=True))

    return backward if entry.backward else forward


def _sent(op: Any, upstream: float, numbers: list[float]) -> list[float]:
    """What one number sends to each input; a gradient of exactly 0 sends nothing on."""
    if upstream == 0.0:
        return [0.0] * (len(numbers) - 1)
    out, *inputs = numbers
    return [upstream * partial for partial in slopes_at(op, out, inputs)]


def _lists(arrays: tuple[Array, ...]) -> list[list[float]]:
    return [x.astype(float).tolist() for x in arrays]


def _bound_python(entry: MapKernel, places: Sequence[Array]) -> Thunk:
    kernel = python_kernel(entry)
    if not entry.backward:
        out, *xs = places
        return lambda: out.__setitem__(slice(None), kernel(*xs)[0])
    first = 2 + entry.arity
    inputs = places[:first]
    pairs = list(zip(entry.targets, places[first:], strict=True))

    def run() -> None:
        gradients = kernel(*inputs)
        for j, target in pairs:
            target += gradients[j]

    return run
