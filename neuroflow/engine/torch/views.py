"""Each instruction as calls of PyTorch on views of the memory, as the numpy backend's are.

It runs on every device. Sums have a fixed order everywhere: cells that coincide are added by a sort
on a GPU and one after the other on a processor, so that the same step gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from neuroflow.engine.lower.grids import GRIDS, Grid
from neuroflow.engine.lower.kernels import Kernels, MapKernel
from neuroflow.engine.lower.program import Instruction, Program, complete
from neuroflow.engine.run.map_code import python_kernel
from neuroflow.engine.run.numpy_executor import expanded
from neuroflow.engine.torch.rules import tensor_function
from neuroflow.engine.trace.tape import Ints

Thunk = Callable[[], Any]
Words = list[int]


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
        return self.one(Instruction(word), operands)

    def one(self, word: Instruction, operands: list[int]) -> Thunk:
        """What one instruction does, maps apart."""
        decode = GRIDS.get(word)
        return CALLS[word](self, operands, *(decode(operands) if decode else ()))

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

    def view(self, grid: Grid) -> torch.Tensor:
        """A view with any strides from zero up."""
        return self.memory.as_strided(grid.shape, grid.strides, grid.start)

    def reader(self, grid: Grid) -> Callable[[], torch.Tensor]:
        """Reads a grid; a view cannot step back, so one that does is a copy."""
        if min(grid.strides) >= 0:
            view = self.view(grid)
            return lambda: view
        index = self.table(grid.offsets)
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

    def adder(self, grid: Grid) -> Callable[[torch.Tensor], Any]:
        """Adds a tensor to a grid, correctly also where cells of the grid coincide."""
        if grid.distinct and min(grid.strides) >= 0:
            return self.view(grid).add_
        index = self.table(grid.offsets)
        return lambda x: self.add_at(index, x.expand(grid.shape))

    def add_at(self, index: torch.Tensor, x: torch.Tensor) -> None:
        """Add to cells, of which some may be the same, in a fixed order."""
        index, x = index.reshape(-1), x.reshape(-1).clone()  # x may lie in the same memory
        if self.memory.device.type == "cuda":
            self.memory.index_put_((index,), x, accumulate=True)  # sorts; index_add_ does not
        else:
            self.memory.index_add_(0, index, x)

    # Instructions, in the order of Instruction: their operands, and the grids that these mean

    def _gather(self, x: Words) -> Thunk:
        to, first, n = x[:3]
        index = self.table(expanded(self.program.runs[first : first + n]))
        memory, target = self.memory, self.slice(to, len(index))
        return lambda: target.copy_(memory[index])

    def _scatter(self, x: Words) -> Thunk:
        source, first, n = x[:3]
        index = self.table(expanded(self.program.runs[first : first + n]))
        values = self.slice(source, len(index))
        return lambda: self.add_at(index, values)

    def _transpose(self, x: Words, source: Grid, to: Grid) -> Thunk:
        a, b = self.view(source), self.view(to)
        return lambda: b.copy_(a)

    def _matmul(self, x: Words, a: Grid, b: Grid, c: Grid, bias: Grid | None) -> Thunk:
        left, right, out, how = self.reader(a), self.reader(b), self.view(c), x[10]
        if how == 0:
            return lambda: out.copy_(self.product(left(), right()))
        if how == 1:
            return lambda: out.add_(self.product(left(), right()))
        assert bias is not None
        added = self.view(bias)
        return lambda: out.copy_(self.product(left(), right()).add_(added))

    def _outer(self, x: Words, a: Grid, b: Grid, c: Grid) -> Thunk:
        left, right, add = self.reader(a), self.reader(b), self.adder(c)
        return lambda: add(self.product(left(), right()))

    def _dot(self, x: Words, out: Grid, a: Grid, b: Grid) -> Thunk:
        left, right, target = self.reader(a), self.reader(b), self.view(out)
        return lambda: target.copy_((left() * right()).sum(1))

    def _dot_back(
        self, x: Words, g: Grid, a: Grid, b: Grid, grad_a: Grid | None, grad_b: Grid | None
    ) -> Thunk:
        upstream, left, right = self.view(g)[:, None], self.reader(a), self.reader(b)
        add_a = self.adder(grad_a) if grad_a else None
        add_b = self.adder(grad_b) if grad_b else None

        def run() -> None:
            if add_a:
                add_a(upstream * right())
            if add_b:
                add_b(upstream * left())

        return run

    _lane_dot, _lane_dot_back = _dot, _dot_back

    def _sum(self, x: Words, out: Grid, a: Grid) -> Thunk:
        terms, target = self.reader(a), self.view(out)
        return lambda: target.copy_(terms().sum(1))

    def _sum_back(self, x: Words, g: Grid, grad: Grid) -> Thunk:
        upstream, add = self.view(g)[:, None], self.adder(grad)
        return lambda: add(upstream)

    def _extreme(self, x: Words, out: Grid, a: Grid) -> Thunk:
        numbers, target = self.reader(a), self.view(out)
        find = torch.amax if x[7] == 1 else torch.amin
        return lambda: target.copy_(find(numbers(), 1))

    def _extreme_back(self, x: Words, g: Grid, a: Grid, out: Grid, grad: Grid) -> Thunk:
        numbers, add = self.reader(a), self.adder(grad)
        upstream, largest = self.view(g)[:, None], self.view(out)[:, None]

        def run() -> None:
            tied = (numbers() == largest).to(self.memory.dtype)
            add(upstream * tied / tied.sum(1, keepdim=True).clamp(min=1.0))

        return run

    def _take_index(self, x: Words, table: Grid, which: Grid) -> Callable[[], torch.Tensor]:
        chosen = self.indices[which.start : which.start + which.size]
        on_device, index_step = self.table(table.offsets), x[3]
        return lambda: (on_device + chosen * index_step).reshape(-1)

    def _take(self, x: Words, out: Grid, table: Grid, number: Grid) -> Thunk:
        where = self._take_index(x, table, number)
        memory, target = self.memory, self.slice(out.start, out.size)
        return lambda: target.copy_(memory[where()])

    def _take_back(self, x: Words, g: Grid, table: Grid, number: Grid) -> Thunk:
        where, upstream = self._take_index(x, table, number), self.slice(g.start, g.size)
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
