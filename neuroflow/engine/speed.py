"""Speed: what a step would take at this processor's ceilings, beside what it takes.

An instruction reads and writes numbers and does operations with them. It takes at least as long as
the slower of the two takes, at the rates that :mod:`~neuroflow.engine.ceilings` measures:

    seconds = max(bytes / bytes a second, operations / operations a second)
              + curves / curves a second

summed over all instructions, forward and backward; with numpy, each has the price of a call too.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from attrs import asdict, frozen

from neuroflow.engine.ceilings import Ceilings, ceilings
from neuroflow.engine.lower.grids import ADDED, GRIDS, Grid
from neuroflow.engine.lower.kernels import Kernels, MapKernel
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.lower.program import Instruction, Program, padded
from neuroflow.engine.lower.steps import CURVES
from neuroflow.engine.plan.plan import Plan
from neuroflow.engine.run.backends import chosen_backend, make_executor
from neuroflow.engine.run.executor import Executor, Schedule, StepSettings

SECONDS = 0.03
"""For so long steps are timed, three times; the best time counts."""


@frozen
class Cost:
    """What instructions move, in numbers, and what they do."""

    moved: int = 0
    operations: int = 0
    curves: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.moved + other.moved,
            self.operations + other.operations,
            self.curves + other.curves,
        )


@frozen
class Speed:
    """The expected and the measured time of a step; ``str()`` is what ``neuroflow plan`` prints.

    A step is forward and backward, without the optimizer. ``measured_seconds`` is None where
    nothing was run.
    """

    backend: str
    dtype: str
    lanes: int
    bytes_moved: int
    operations: int
    curves: int
    calls: int
    expected_seconds: float
    measured_seconds: float | None
    ceilings: Ceilings

    def as_dict(self) -> dict[str, Any]:
        """The speeds as plain data, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        known = self.ceilings
        examples = "1 example" if self.lanes == 1 else f"{self.lanes} examples"
        line = f"a step of {examples} ({self.backend}, {self.dtype}, one thread):"
        line += f" {self.expected_seconds * 1e6:,.1f} us expected"
        if self.measured_seconds is not None:
            ratio = self.measured_seconds / (self.expected_seconds or 1.0)
            line += f", {self.measured_seconds * 1e6:,.1f} us measured ({ratio:.2g} times that)"
        calls = f", {self.calls:,} calls of {known.call_seconds * 1e6:.2f} us" if self.calls else ""
        rate = known.bytes_for(self.bytes_moved) / 1e9
        return (
            f"{line}\n  expected of this processor: {self.bytes_moved:,} bytes at {rate:,.0f} GB/s"
            f" or {self.operations:,} operations at {known.operations / 1e9:,.0f} G/s, whichever"
            f" is slower, {self.curves:,} curves at {known.curves / 1e9:.2f} G/s{calls}"
        )


def cost_of(row: list[int], program: Program, kernels: Kernels) -> Cost:
    """What one row of code moves and does."""
    word, *x = row
    if word >= Instruction.MAP:
        return _cost_of_map(kernels.entries[word - Instruction.MAP], x[0])
    instruction = Instruction(word)
    if instruction in (Instruction.GATHER, Instruction.SCATTER):
        n = int(program.runs[x[1] : x[1] + x[2], 2].sum())
        adds = instruction == Instruction.SCATTER
        return Cost((3 if adds else 2) * n, n * adds)
    grids = GRIDS[instruction](x)
    adds = instruction != Instruction.MATMUL or x[10] == 1  # forward, products are not added
    added = [grids[k] for k in ADDED.get(instruction, ()) if adds and grids[k]]
    moved = sum(_numbers(grid) for grid in [*grids, *added] if grid)
    return Cost(moved, _operations(instruction, grids, len(added)))


def _numbers(grid: Grid) -> int:
    """How many different numbers a grid has, if none coincide but those of no stride."""
    return Grid(0, tuple([n if s else 1 for n, s in zip(*grid[1:], strict=True)]), ()).size


def _operations(instruction: Instruction, grids: Any, added: int) -> int:
    if instruction in (Instruction.MATMUL, Instruction.OUTER):
        return 2 * int(grids[0].size) * int(grids[1].shape[1])
    if instruction in (Instruction.DOT, Instruction.LANE_DOT):
        return 2 * int(grids[1].size)
    if instruction in (Instruction.DOT_BACK, Instruction.LANE_DOT_BACK):
        return 2 * int(grids[1].size) * added
    if instruction in (Instruction.TRANSPOSE, Instruction.TAKE):
        return 0
    return int(grids[1].size)


def _cost_of_map(entry: MapKernel, n: int) -> Cost:
    steps = [step.function for step in entry.kernel.steps] if entry.kernel else ["add"]
    curves = sum(step in CURVES for step in steps)
    targets = len(entry.targets) if entry.backward else 0
    operands = entry.arity + (1 if not entry.backward else 2) + 2 * targets
    return Cost(n * operands, n * (len(steps) - curves + targets), n * curves)


def expected(
    program: Program, kernels: Kernels, dtype: str, known: Ceilings, calls: int
) -> tuple[Cost, float]:
    """What all instructions cost, and how long that takes at the ceilings."""
    size = np.dtype(dtype).itemsize
    of_rows = [cost_of(row, program, kernels) for row in program.code.tolist()]
    total = sum(of_rows, Cost())
    rate = known.bytes_for(total.moved * size)
    seconds = [
        max(cost.moved * size / rate, cost.operations / known.operations)
        + cost.curves / known.curves
        for cost in of_rows
    ]
    return total, sum(seconds) + calls * known.call_seconds


def speed_of(plan: Plan, kernels: Kernels, example: list[float], runner: Any, lanes: int) -> Speed:
    """The speed of a runner's loss on its backend, measured on ``lanes`` times one example.

    Where the runner computes eagerly, it is that of the backend that it could have.
    """
    dtype = getattr(runner, "dtype", "float64")
    eager = runner.backend == "eager"
    backend = chosen_backend("auto", dtype) if eager else runner.backend
    executor = make_executor(backend, dtype, plan.n_parameters, None)
    executor.kernels = kernels
    lanes = lanes if lanes == 1 else padded(lanes, executor.width)
    program = lower(plan, kernels, lanes, executor.width)
    calls = program.n_instructions if executor.calls_for_instructions else 0
    known = ceilings(dtype)
    total, seconds = expected(program, kernels, dtype, known, calls)
    executor.parameters[:] = [p.data for p in runner.parameters]
    return Speed(
        backend, dtype, lanes, total.moved * np.dtype(dtype).itemsize, total.operations,
        total.curves, calls, seconds, measured_step(executor, program, example), known,
    )  # fmt: skip


def measured_step(executor: Executor, program: Program, example: list[float]) -> float:
    """The least time of a step, forward and backward; nothing is learnt."""
    number, lanes = executor.add(program), program.lanes
    executor.prepare_steps(StepSettings())
    numbers = np.array([*example, *[0.5] * max(1, program.plan.n_numbers - len(example))])
    integers = np.where(np.isfinite(numbers), numbers, 0.0).astype(np.int64)

    def seconds(n: int) -> float:
        schedule = Schedule(
            np.array([[number, 0, 0]] * n), np.array([[k, k + 1] for k in range(n)]),
            np.zeros(lanes, dtype=np.int64), np.full(lanes, 1.0 / lanes), numbers, integers,
        )  # fmt: skip
        start = time.perf_counter()
        executor.train(schedule, np.zeros(n), 1, False)
        return (time.perf_counter() - start) / n

    seconds(1)  # what is compiled, is compiled now
    n = max(1, min(1000, int(SECONDS / max(seconds(1), 1e-7))))
    return min(seconds(n) for _ in range(3))
