"""The numpy backend: each instruction as a few calls of numpy on views of the memory.

It needs nothing beyond numpy, and it is the readable meaning of every instruction. Views are made
once, when a program is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from neuroflow.core.careful import slopes_at, value_at
from neuroflow.core.kinds import library
from neuroflow.engine.lower.kernel import Kernel
from neuroflow.engine.lower.kernels import Kernels, MapKernel
from neuroflow.engine.lower.program import Instruction, Program, complete
from neuroflow.engine.trace.tape import Ints

Thunk = Callable[[], None]
Array = NDArray[Any]


def compile_kernel(kernel: Kernel) -> Callable[..., tuple[Any, ...]]:
    """The kernel as a Python function on arrays."""
    lines = [f"def run({', '.join(kernel.inputs)}):", *[f"    {step}" for step in kernel.steps]]
    results = [repr(x) if isinstance(x, float) else x for x in kernel.results]
    lines.append(f"    return ({', '.join(results)},)")
    of_conditions = {"where": np.where}  # those of a kernel are true or false, never nan
    namespace = {**vars(library("numpy")), **of_conditions}
    exec("\n".join(lines), namespace)
    run: Callable[..., tuple[Any, ...]] = namespace["run"]
    if kernel.needs_float64:
        return lambda *xs: run(*[x.astype(np.float64, copy=False) for x in xs])
    return run


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


class NumpyCode:
    """A program bound to a memory: a list of calls."""

    def __init__(self, program: Program, memory: Array, indices: Ints, kernels: Kernels) -> None:
        self.memory, self.indices, self.kernels = memory, indices, kernels
        self.runs = program.runs
        self.calls = [self.call(row) for row in program.code]

    def run(self, begin: int, end: int) -> None:
        """Run the instructions from begin to end."""
        for call in self.calls[begin:end]:
            call()

    def call(self, row: Ints) -> Thunk:
        """What one instruction does."""
        word, *operands = row.tolist()
        if word >= Instruction.MAP:
            return self._map(self.kernels.entries[word - Instruction.MAP], operands)
        return CALLS[Instruction(word)](self, *operands)  # type: ignore[no-any-return]

    def slice(self, start: int, n: int) -> Array:
        """n numbers from start on."""
        return self.memory[start : start + n]

    def grid(self, start: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
        """A view with any strides, counted in numbers."""
        size = self.memory.itemsize
        return as_strided(self.memory[start:], shape, [s * size for s in strides])

    def adder(
        self, start: int, shape: tuple[int, ...], strides: tuple[int, ...]
    ) -> Callable[[Any], None]:
        """Adds an array to a grid, correctly also where cells of the grid coincide."""
        view = self.grid(start, shape, strides)
        if distinct(shape, strides):

            def add(x: Any) -> None:
                np.add(view, x, out=view)

            return add
        index = start + sum(
            np.arange(n).reshape([-1 if k == axis else 1 for k in range(len(shape))]) * stride
            for axis, (n, stride) in enumerate(zip(shape, strides, strict=True))
        )
        memory = self.memory
        return lambda x: np.add.at(memory, index, np.broadcast_to(x, shape))

    # Instructions, in the order of Instruction

    def _gather(self, to: int, first: int, n: int, *_: int) -> Thunk:
        index = expanded(self.runs[first : first + n])
        memory, target = self.memory, self.slice(to, len(index))
        return lambda: target.__setitem__(slice(None), memory[index])

    def _scatter(self, source: int, first: int, n: int, *_: int) -> Thunk:
        index = expanded(self.runs[first : first + n])
        memory, values = self.memory, self.slice(source, len(index))
        cells, which = np.unique(index, return_inverse=True)
        if len(cells) == len(index):
            return lambda: memory.__setitem__(index, memory[index] + values)
        return lambda: memory.__setitem__(
            cells, memory[cells] + np.bincount(which, values, len(cells)).astype(memory.dtype)
        )

    def _transpose(
        self, source: int, rows: int, columns: int, row: int, to: int, to_row: int, *_: int
    ) -> Thunk:
        a = self.grid(source, (columns, rows), (1, row))
        b = self.grid(to, (columns, rows), (to_row, 1))
        return lambda: np.copyto(b, a)

    def _matmul(
        self, a: int, a_row: int, a_inner: int, b: int, b_inner: int, c: int, c_row: int,
        rows: int, columns: int, inner: int, how: int, bias: int, bias_row: int, *_: int,
    ) -> Thunk:  # fmt: skip
        left = self.grid(a, (rows, inner), (a_row, a_inner))
        right = self.grid(b, (inner, columns), (b_inner, 1))
        out = self.grid(c, (rows, columns), (c_row, 1))
        if how == 0:
            return lambda: np.copyto(out, left @ right)
        if how == 1:
            return lambda: np.add(out, left @ right, out=out)
        offsets = self.grid(bias, (rows, 1), (bias_row, 0))
        return lambda: np.add(left @ right, offsets, out=out)

    def _outer(
        self, a: int, a_row: int, b: int, b_row: int, c: int, c_row: int, c_inner: int,
        rows: int, columns: int, inner: int, *_: int,
    ) -> Thunk:  # fmt: skip
        left = self.grid(a, (rows, inner), (a_row, 1))
        right = self.grid(b, (inner, columns), (1, b_row))
        add = self.adder(c, (rows, columns), (c_row, c_inner))
        return lambda: add(left @ right)

    def _dot(
        self, out: int, rows: int, n: int, a: int, a_row: int, a_inner: int,
        b: int, b_row: int, b_inner: int, *_: int,
    ) -> Thunk:  # fmt: skip
        left = self.grid(a, (rows, n), (a_row, a_inner))
        right = self.grid(b, (rows, n), (b_row, b_inner))
        target = self.slice(out, rows)
        return lambda: np.copyto(target, np.einsum("rn,rn->r", left, right))

    def _dot_back(
        self, g: int, rows: int, n: int, a: int, a_row: int, a_inner: int,
        b: int, b_row: int, b_inner: int, grad_a: int, grad_b: int, *_: int,
    ) -> Thunk:  # fmt: skip
        upstream = self.grid(g, (rows, n), (1, 0))
        left = self.grid(a, (rows, n), (a_row, a_inner))
        right = self.grid(b, (rows, n), (b_row, b_inner))
        add_a = self.adder(grad_a, (rows, n), (a_row, a_inner)) if grad_a >= 0 else _nothing
        add_b = self.adder(grad_b, (rows, n), (b_row, b_inner)) if grad_b >= 0 else _nothing

        def run() -> None:
            add_a(upstream * right)
            add_b(upstream * left)

        return run

    def _lane_dot(
        self, out: int, rows: int, n: int, a: int, a_row: int, a_inner: int, a_wide: int,
        b: int, b_row: int, b_inner: int, b_wide: int, lanes: int, *_: int,
    ) -> Thunk:  # fmt: skip
        left = self.grid(a, (rows, n, lanes), (a_row, a_inner, a_wide))
        right = self.grid(b, (rows, n, lanes), (b_row, b_inner, b_wide))
        target = self.grid(out, (rows, lanes), (lanes, 1))
        return lambda: np.copyto(target, np.einsum("rnl,rnl->rl", left, right))

    def _lane_dot_back(
        self, g: int, rows: int, n: int, a: int, a_row: int, a_inner: int, a_wide: int,
        b: int, b_row: int, b_inner: int, b_wide: int, grad_a: int, grad_b: int, lanes: int,
        *_: int,
    ) -> Thunk:  # fmt: skip
        shape = (rows, n, lanes)
        strides_a, strides_b = (a_row, a_inner, a_wide), (b_row, b_inner, b_wide)
        upstream = self.grid(g, shape, (lanes, 0, 1))
        left, right = self.grid(a, shape, strides_a), self.grid(b, shape, strides_b)
        add_a = self.adder(grad_a, shape, strides_a) if grad_a >= 0 else _nothing
        add_b = self.adder(grad_b, shape, strides_b) if grad_b >= 0 else _nothing

        def run() -> None:
            add_a(upstream * right)
            add_b(upstream * left)

        return run

    def _sum(
        self, out: int, rows: int, n: int, a: int, row: int, inner: int, lanes: int, *_: int
    ) -> Thunk:
        terms = self.grid(a, (rows, n, lanes), (row, inner, 1))
        target = self.grid(out, (rows, lanes), (lanes, 1))
        return lambda: np.copyto(target, terms.sum(axis=1))

    def _sum_back(
        self, g: int, rows: int, n: int, grad: int, row: int, inner: int, lanes: int, *_: int
    ) -> Thunk:
        upstream = self.grid(g, (rows, n, lanes), (lanes, 0, 1))
        add = self.adder(grad, (rows, n, lanes), (row, inner, 1))
        return lambda: add(upstream)

    def _extreme(
        self, out: int, rows: int, n: int, a: int, row: int, inner: int, lanes: int,
        sign: int, *_: int,
    ) -> Thunk:  # fmt: skip
        numbers = self.grid(a, (rows, n, lanes), (row, inner, 1))
        target = self.grid(out, (rows, lanes), (lanes, 1))
        find = np.max if sign == 1 else np.min
        return lambda: np.copyto(target, find(numbers, axis=1))

    def _extreme_back(
        self, g: int, rows: int, n: int, a: int, row: int, inner: int, lanes: int,
        grad: int, out: int, *_: int,
    ) -> Thunk:  # fmt: skip
        numbers = self.grid(a, (rows, n, lanes), (row, inner, 1))
        largest = self.grid(out, (rows, n, lanes), (lanes, 0, 1))
        upstream = self.grid(g, (rows, n, lanes), (lanes, 0, 1))
        add = self.adder(grad, (rows, n, lanes), (row, inner, 1))

        def run() -> None:
            tied = numbers == largest
            add(upstream * tied / np.maximum(tied.sum(axis=1, keepdims=True), 1))

        return run

    def _take_index(self, table: int, index_step: int, step: int, number: int, wide: int,
                    n: int, lanes: int) -> Callable[[], Array]:  # fmt: skip
        chosen = self.indices[number * lanes : (number + 1) * lanes]
        cells = table + np.arange(n)[:, None] * step + np.arange(lanes)[None, :] * wide
        return lambda: cells + chosen * index_step

    def _take(
        self, out: int, n: int, table: int, index_step: int, step: int, number: int, lanes: int,
        wide: int, *_: int,
    ) -> Thunk:  # fmt: skip
        where = self._take_index(table, index_step, step, number, wide, n, lanes)
        memory, target = self.memory, self.grid(out, (n, lanes), (lanes, 1))
        return lambda: np.copyto(target, memory[where()])

    def _take_back(
        self, g: int, n: int, grad: int, index_step: int, step: int, number: int, lanes: int,
        wide: int, *_: int,
    ) -> Thunk:  # fmt: skip
        where = self._take_index(grad, index_step, step, number, wide, n, lanes)
        memory, upstream = self.memory, self.grid(g, (n, lanes), (lanes, 1))
        return lambda: np.add.at(memory, where(), upstream)

    def _map(self, entry: MapKernel, operands: list[int]) -> Thunk:
        n, *offsets = operands
        kernel = python_kernel(entry) if entry.kernel is None else compile_kernel(entry.kernel)
        if not entry.backward:
            out, *xs = [self.slice(x, n) for x in offsets[: 1 + entry.arity]]
            return lambda: out.__setitem__(slice(None), kernel(*xs)[0])
        inputs = [self.slice(x, n) for x in offsets[: 2 + entry.arity]]
        first = 2 + entry.arity
        targets = [self.slice(x, n) for x in offsets[first : first + len(entry.targets)]]
        pairs = list(zip(entry.targets, targets, strict=True))

        def run() -> None:
            gradients = kernel(*inputs)
            for j, target in pairs:
                target += gradients[j]

        return run


CALLS = complete(
    {
        word: vars(NumpyCode)[name]
        for word in Instruction
        if (name := f"_{word.name.lower()}") in vars(NumpyCode)
    },
    "numpy",
)
"""How each instruction runs."""


def _nothing(_: Any) -> None:
    """Where a gradient goes that nobody needs."""


def expanded(runs: Ints) -> Ints:
    return np.concatenate([start + step * np.arange(n) for start, step, n in runs.tolist()])


def distinct(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether no two positions of a grid are the same cell (sufficient, not necessary)."""
    reach = 0
    axes = sorted((abs(s), n) for s, n in zip(strides, shape, strict=True) if n > 1)
    for stride, n in axes:
        if stride <= reach:
            return False
        reach += stride * (n - 1)
    return True
