"""Each instruction as calls of PyTorch on views of the memory, as the numpy backend's are.

It runs on every device. Sums have a fixed order everywhere: cells that coincide are added by a sort
on a GPU and one after the other on a processor, so that the same step gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from neuroflow.engine.lower.kernels import Kernels, MapKernel
from neuroflow.engine.lower.program import Instruction, Program, complete
from neuroflow.engine.run.numpy_executor import distinct, expanded, python_kernel
from neuroflow.engine.torch.rules import tensor_function
from neuroflow.engine.trace.tape import Ints

Thunk = Callable[[], Any]


class TensorCode:
    """A program bound to the memory of a device.

    With ``rounded``, the operands of matrix products are rounded to that dtype first; their sums
    are those of the memory's dtype.
    """

    def __init__(
        self, program: Program, memory: torch.Tensor, indices: torch.Tensor, kernels: Kernels,
        rounded: torch.dtype | None = None,
    ) -> None:  # fmt: skip
        self.program, self.memory, self.indices = program, memory, indices
        self.kernels, self.rounded = kernels, rounded

    def call(self, row: Ints) -> Thunk:
        """What one instruction does."""
        word, *operands = row.tolist()
        if word >= Instruction.MAP:
            return self.map(self.kernels.entries[word - Instruction.MAP], operands)
        return CALLS[Instruction(word)](self, *operands)

    def calls(self, begin: int, end: int) -> list[Thunk]:
        """What runs the rows of code from ``begin`` to ``end``."""
        return [self.call(row) for row in self.program.code[begin:end]]

    def is_python(self, row: Ints) -> bool:
        """Whether an instruction runs an op that could not be compiled."""
        word = int(row[0]) - Instruction.MAP
        return word >= 0 and self.kernels.entries[word].kernel is None

    def slice(self, start: int, n: int) -> torch.Tensor:
        """n numbers from start on."""
        return self.memory[start : start + n]

    def grid(self, start: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> torch.Tensor:
        """A view with any strides from zero up."""
        return self.memory.as_strided(shape, strides, start)

    def reader(
        self, start: int, shape: tuple[int, ...], strides: tuple[int, ...]
    ) -> Callable[[], torch.Tensor]:
        """Reads a grid; a view cannot step back, so one that does is a copy."""
        if min(strides) >= 0:
            view = self.grid(start, shape, strides)
            return lambda: view
        index = self.table(offsets(start, shape, strides))
        return lambda: self.memory[index]

    def table(self, numbers: Any) -> torch.Tensor:
        """Whole numbers on the device."""
        return torch.tensor(np.asarray(numbers), device=self.memory.device)

    def product(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """A matrix product, of one pair or of several."""
        if self.rounded is None:
            return a @ b
        a, b = a.to(self.rounded), b.to(self.rounded)
        if a.device.type == "cuda":
            multiply = torch.bmm if a.dim() == 3 else torch.mm
            return multiply(a, b, out_dtype=self.memory.dtype)
        return a.to(self.memory.dtype) @ b.to(self.memory.dtype)

    def adder(
        self, start: int, shape: tuple[int, ...], strides: tuple[int, ...]
    ) -> Callable[[torch.Tensor], Any]:
        """Adds a tensor to a grid, correctly also where cells of the grid coincide."""
        if distinct(shape, strides) and min(strides) >= 0:
            return self.grid(start, shape, strides).add_
        index = self.table(offsets(start, shape, strides))
        return lambda x: self.add_at(index, x.expand(shape))

    def add_at(self, index: torch.Tensor, x: torch.Tensor) -> None:
        """Add to cells, of which some may be the same, in a fixed order."""
        index, x = index.reshape(-1), x.reshape(-1).clone()  # x may lie in the same memory
        if self.memory.device.type == "cuda":
            self.memory.index_put_((index,), x, accumulate=True)  # sorts; index_add_ does not
        else:
            self.memory.index_add_(0, index, x)

    # Instructions, in the order of Instruction

    def _gather(self, to: int, first: int, n: int, *_: int) -> Thunk:
        index = self.table(expanded(self.program.runs[first : first + n]))
        memory, target = self.memory, self.slice(to, len(index))
        return lambda: target.copy_(memory[index])

    def _scatter(self, source: int, first: int, n: int, *_: int) -> Thunk:
        index = self.table(expanded(self.program.runs[first : first + n]))
        values = self.slice(source, len(index))
        return lambda: self.add_at(index, values)

    def _transpose(
        self, source: int, rows: int, columns: int, row: int, to: int, to_row: int, *_: int
    ) -> Thunk:
        a = self.grid(source, (columns, rows), (1, row))
        b = self.grid(to, (columns, rows), (to_row, 1))
        return lambda: b.copy_(a)

    def _matmul(
        self, a: int, a_row: int, a_inner: int, b: int, b_inner: int, c: int, c_row: int,
        rows: int, columns: int, inner: int, how: int, bias: int, bias_row: int, *_: int,
    ) -> Thunk:  # fmt: skip
        left = self.reader(a, (rows, inner), (a_row, a_inner))
        right = self.reader(b, (inner, columns), (b_inner, 1))
        out = self.grid(c, (rows, columns), (c_row, 1))
        if how == 0:
            return lambda: out.copy_(self.product(left(), right()))
        if how == 1:
            return lambda: out.add_(self.product(left(), right()))
        added = self.grid(bias, (rows, 1), (bias_row, 0))
        return lambda: out.copy_(self.product(left(), right()).add_(added))

    def _outer(
        self, a: int, a_row: int, b: int, b_row: int, c: int, c_row: int, c_inner: int,
        rows: int, columns: int, inner: int, *_: int,
    ) -> Thunk:  # fmt: skip
        left = self.reader(a, (rows, inner), (a_row, 1))
        right = self.reader(b, (inner, columns), (1, b_row))
        add = self.adder(c, (rows, columns), (c_row, c_inner))
        return lambda: add(self.product(left(), right()))

    def _dot(
        self, out: int, rows: int, n: int, a: int, a_row: int, a_inner: int,
        b: int, b_row: int, b_inner: int, *_: int,
    ) -> Thunk:  # fmt: skip
        return self._lane_dot(out, rows, n, a, a_row, a_inner, 0, b, b_row, b_inner, 0, 1)

    def _dot_back(
        self, g: int, rows: int, n: int, a: int, a_row: int, a_inner: int,
        b: int, b_row: int, b_inner: int, grad_a: int, grad_b: int, *_: int,
    ) -> Thunk:  # fmt: skip
        left, right = (a, a_row, a_inner, 0), (b, b_row, b_inner, 0)
        return self._lane_dot_back(g, rows, n, *left, *right, grad_a, grad_b, 1)

    def _lane_dot(
        self, out: int, rows: int, n: int, a: int, a_row: int, a_inner: int, a_wide: int,
        b: int, b_row: int, b_inner: int, b_wide: int, lanes: int, *_: int,
    ) -> Thunk:  # fmt: skip
        left = self.reader(a, (rows, n, lanes), (a_row, a_inner, a_wide))
        right = self.reader(b, (rows, n, lanes), (b_row, b_inner, b_wide))
        target = self.grid(out, (rows, lanes), (lanes, 1))
        return lambda: target.copy_((left() * right()).sum(1))

    def _lane_dot_back(
        self, g: int, rows: int, n: int, a: int, a_row: int, a_inner: int, a_wide: int,
        b: int, b_row: int, b_inner: int, b_wide: int, grad_a: int, grad_b: int, lanes: int,
        *_: int,
    ) -> Thunk:  # fmt: skip
        shape = (rows, n, lanes)
        strides_a, strides_b = (a_row, a_inner, a_wide), (b_row, b_inner, b_wide)
        upstream = self.grid(g, shape, (lanes, 0, 1))
        left, right = self.reader(a, shape, strides_a), self.reader(b, shape, strides_b)
        add_a = self.adder(grad_a, shape, strides_a) if grad_a >= 0 else None
        add_b = self.adder(grad_b, shape, strides_b) if grad_b >= 0 else None

        def run() -> None:
            if add_a:
                add_a(upstream * right())
            if add_b:
                add_b(upstream * left())

        return run

    def _sum(
        self, out: int, rows: int, n: int, a: int, row: int, inner: int, lanes: int, *_: int
    ) -> Thunk:
        terms = self.reader(a, (rows, n, lanes), (row, inner, 1))
        target = self.grid(out, (rows, lanes), (lanes, 1))
        return lambda: target.copy_(terms().sum(1))

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
        numbers = self.reader(a, (rows, n, lanes), (row, inner, 1))
        target = self.grid(out, (rows, lanes), (lanes, 1))
        find = torch.amax if sign == 1 else torch.amin
        return lambda: target.copy_(find(numbers(), 1))

    def _extreme_back(
        self, g: int, rows: int, n: int, a: int, row: int, inner: int, lanes: int,
        grad: int, out: int, *_: int,
    ) -> Thunk:  # fmt: skip
        numbers = self.reader(a, (rows, n, lanes), (row, inner, 1))
        largest = self.grid(out, (rows, n, lanes), (lanes, 0, 1))
        upstream = self.grid(g, (rows, n, lanes), (lanes, 0, 1))
        add = self.adder(grad, (rows, n, lanes), (row, inner, 1))

        def run() -> None:
            tied = (numbers() == largest).to(self.memory.dtype)
            add(upstream * tied / tied.sum(1, keepdim=True).clamp(min=1.0))

        return run

    def _take_index(
        self, table: int, index_step: int, step: int, number: int, wide: int, n: int, lanes: int
    ) -> Callable[[], torch.Tensor]:
        chosen = self.indices[number * lanes : (number + 1) * lanes]
        cells = table + np.arange(n)[:, None] * step + np.arange(lanes)[None, :] * wide
        on_device = self.table(cells)
        return lambda: (on_device + chosen * index_step).reshape(-1)

    def _take(
        self, out: int, n: int, table: int, index_step: int, step: int, number: int, lanes: int,
        wide: int, *_: int,
    ) -> Thunk:  # fmt: skip
        where = self._take_index(table, index_step, step, number, wide, n, lanes)
        memory, target = self.memory, self.slice(out, n * lanes)
        return lambda: target.copy_(memory[where()])

    def _take_back(
        self, g: int, n: int, grad: int, index_step: int, step: int, number: int, lanes: int,
        wide: int, *_: int,
    ) -> Thunk:  # fmt: skip
        where = self._take_index(grad, index_step, step, number, wide, n, lanes)
        upstream = self.slice(g, n * lanes)
        return lambda: self.add_at(where(), upstream)

    def map(self, entry: MapKernel, operands: list[int]) -> Thunk:
        """An op's rule over a group; one that could not be compiled runs on Python floats."""
        n, *offsets = operands
        kernel = _python(entry) if entry.kernel is None else tensor_function(entry.kernel)
        if not entry.backward:
            out, *xs = [self.slice(x, n) for x in offsets[: 1 + entry.arity]]
            return lambda: out.copy_(torch.as_tensor(kernel(*xs)[0]))
        first = 2 + entry.arity
        inputs = [self.slice(x, n) for x in offsets[:first]]
        targets = [self.slice(x, n) for x in offsets[first : first + len(entry.targets)]]
        pairs = list(zip(entry.targets, targets, strict=True))

        def run() -> None:
            gradients = kernel(*inputs)
            for j, target in pairs:
                target.add_(gradients[j])

        return run


def offsets(start: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Ints:
    """Where the places of a grid lie.

    >>> offsets(9, (2, 3), (-4, 1)).tolist()
    [[9, 10, 11], [5, 6, 7]]
    """
    places = np.array(start)
    for n, stride in zip(shape, strides, strict=True):
        places = places[..., None] + np.arange(n) * stride
    return places


CALLS = complete(
    {
        word: vars(TensorCode)[name]
        for word in Instruction
        if (name := f"_{word.name.lower()}") in vars(TensorCode)
    },
    "torch",
)
"""How each instruction runs."""


def _python(entry: MapKernel) -> Callable[..., tuple[Any, ...]]:
    """A rule on Python floats, for tensors of any device."""
    kernel = python_kernel(entry)

    def run(*xs: torch.Tensor) -> tuple[Any, ...]:
        results = kernel(*[x.cpu().numpy() for x in xs])
        return tuple([torch.as_tensor(np.asarray(y)).to(xs[0]) for y in results])

    return run
