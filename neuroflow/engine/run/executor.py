"""Executors: the memory of a backend, the programs in it, and whole training steps.

:class:`NumpyExecutor` is the simple one; the llvm backend runs the same schedule natively.
"""

from __future__ import annotations

import math
import platform
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from neuroflow.core.update_rule import UpdateRule
from neuroflow.engine.lower.kernel import update_kernel
from neuroflow.engine.lower.kernels import Kernels
from neuroflow.engine.lower.program import Program, padded
from neuroflow.engine.run.map_code import compile_kernel
from neuroflow.engine.run.numpy_executor import NumpyCode
from neuroflow.engine.run.undone import norm_of
from neuroflow.engine.run.workers import Workers
from neuroflow.engine.trace.tape import Ints
from neuroflow.errors import BackendError
from neuroflow.memory import SHARE, free_memory
from neuroflow.pythonic import whole_number

Floats = NDArray[np.float64]

LANE_BYTES = 4_000_000
"""Lanes are limited so that what a program works on stays about this large."""

MOST_LANES = 512

CACHE_LINE = 64
"""Bytes of a line of the processor's cache, and of the largest vectors."""


@define(eq=False)
class Schedule:
    """Steps to run. A job fills the lanes of one program with examples; a step is some jobs.

    Rows of ``jobs`` are (program, first slot, content), where jobs of one content have the same
    examples; rows of ``steps`` are (first job, end). The example
    in a slot starts at ``starts[slot]`` of ``numbers`` and ``integers`` and counts with
    ``weights[slot]``; a lane without an example repeats another with weight zero.
    """

    jobs: Ints
    steps: Ints
    starts: Ints
    weights: Floats
    numbers: Floats
    integers: Ints

    @classmethod
    def of_inputs(cls, numbers: Floats, integers: Ints) -> Schedule:
        """No steps: for the forward part of single jobs."""
        return cls(_NONE, _NONE, _NONE, _NO_WEIGHTS, numbers, integers)


_NONE, _NO_WEIGHTS = np.zeros((0, 3), dtype=np.int64), np.zeros(0)


@define(eq=False, slots=False)
class StepSettings:
    """What a step does beside the gradient: penalty, clipping, and the update."""

    rule: UpdateRule | None = None
    settings: dict[str, float] = field(factory=dict)
    l2: float = 0.0
    clip_norm: float = float("inf")

    @cached_property
    def moved(self) -> Callable[..., tuple[Any, ...]]:
        """The rule on arrays: new parameters and state for the old ones, gradients and the rate."""
        assert self.rule is not None
        return compile_kernel(update_kernel(self.rule, self.settings))


class Executor(ABC):
    """Programs of one function on one backend: what the author of a backend writes.

    A subclass says how a program runs: :meth:`run_rows` runs some of its instructions (see
    :class:`~neuroflow.Instruction`) on ``memory``, and :meth:`bind` forgets what pointed into a
    memory that was replaced. That is enough; all else is written here on top of the two, with
    numpy, and a faster backend overrides what it does better: :meth:`run`, a whole part of a
    program, or :meth:`train`, whole steps.

    ``memory`` has the parameters, their gradients, and the arena of the program at hand; the
    engine reads and writes ``parameters``, ``gradients`` and ``state_rows()`` in place, between
    runs. A backend whose numbers lie on a device of its own copies them there and back in the
    methods that it overrides, and takes ``memory_limit`` (in bytes; None for what it thinks
    right) for that device's memory.

    A program never changes after :meth:`add`, and its number is its place in ``programs``: what a
    backend makes of it (generated code, a captured graph) is made once, and kept until
    :meth:`bind`, which :meth:`add` calls too: a program that is dropped leaves its place to a
    later one. An executor serves one thread at a time.
    """

    name = ""
    """The backend's name in the registry, which whoever makes the executor sets."""

    def __init__(self, dtype: str, n_parameters: int, memory_limit: int | None) -> None:
        self.dtype = np.dtype(dtype)
        self.width = self.vector_width()
        self.n_parameters = n_parameters
        self.n_padded = padded(n_parameters, self.width)
        self._nothing = np.zeros(n_parameters, dtype=self.dtype)
        limited = memory_limit is not None
        self.memory_limit = whole_number(memory_limit, "memory_limit") if limited else None
        self.kernels = Kernels()
        self.programs: list[Program] = []
        self._free: list[int] = []
        self.memory = zeros(2 * self.n_padded, self.dtype)
        self.indices = np.zeros(1, dtype=np.int64)
        self.state = zeros(1, self.dtype)
        self.step_settings = StepSettings()
        self.bind()

    def vector_width(self) -> int:
        """Numbers that the backend handles together; lanes are padded to a multiple of it."""
        return 1

    def most_lanes(self, cells: int) -> int:
        """How many examples to run side by side, of so many cells each: they stay in the caches.

        Or they are no larger than the parameters, which each further job would go through again.
        """
        size = 2 * self.dtype.itemsize
        return min(MOST_LANES, max(LANE_BYTES, size * self.n_parameters) // (size * max(cells, 1)))

    def bits_depend_on(self) -> str:
        """What the last bits of results depend on beside the program; empty for nothing.

        A run notes it, and says so when it goes on where something else holds.
        """
        return ""

    # Parameters

    @property
    def parameters(self) -> NDArray[Any]:
        """The parameters' numbers, to read and to write."""
        return self.memory[: self.n_parameters]

    @property
    def gradients(self) -> NDArray[Any]:
        """The parameters' gradients after a run."""
        return self.memory[self.n_padded : self.n_padded + self.n_parameters]

    def numbers(self, offsets: Ints) -> NDArray[Any]:
        """What lies in the memory at some offsets."""
        return np.asarray(self.memory[offsets])

    def state_rows(self) -> NDArray[Any]:
        """The optimizer's state, one row per name; to read and to write."""
        rule = self.step_settings.rule
        n = len(rule.state) if rule else 0
        return self.state[: n * self.n_padded].reshape(n, self.n_padded)[:, : self.n_parameters]

    def prepare_steps(self, settings: StepSettings) -> None:
        """Set the update rule; its state starts at zero."""
        self.step_settings = settings
        n = len(settings.rule.state) if settings.rule else 0
        self.state = zeros(n * self.n_padded + 64, self.dtype)

    # Programs

    shares_gradients = False
    """Whether large programs run with gradients of lanes in shared buffers."""

    calls_for_instructions = False
    """Whether each instruction is a call, which has a price beside that of its numbers."""

    def add(self, program: Program) -> int:
        """Make room for a program and number it; raises :class:`BackendError` if too large.

        It takes the place of one that is not needed any more, if there is any.
        """
        self._make_room(program)
        number = self._free.pop() if self._free else len(self.programs)
        self.programs[number : number + 1] = [program]
        self.bind()
        return number

    def follow(self, leader: Executor) -> None:
        """Have the programs of another executor, under the same numbers."""
        for program in leader.programs:
            self._make_room(program)
        self.programs[:] = leader.programs
        self.bind()

    def drop(self, number: int) -> None:
        """A program is not needed any more: :meth:`add` may give its place to another.

        It may be asked for at any moment, by any thread, also while a program runs.
        """
        self._free.append(number)

    def _make_room(self, program: Program) -> None:
        size = program.size
        if size > len(self.memory):
            check_memory(size * self.dtype.itemsize, self.memory_limit, program)
            memory = zeros(size, self.dtype)
            memory[: 2 * self.n_padded] = self.memory[: 2 * self.n_padded]
            self.memory = memory
            self.bind()
        n_indices = program.plan.n_numbers * program.lanes
        if n_indices > len(self.indices):
            self.indices = np.zeros(n_indices, dtype=np.int64)

    @abstractmethod
    def bind(self) -> None:
        """Forget whatever pointed into the old memory; called once before the first program."""

    @abstractmethod
    def run_rows(self, number: int, begin: int, end: int) -> None:
        """Run the instructions of a program from row ``begin`` of its code to row ``end``."""

    def run(self, number: int, part: int) -> None:
        """Run one part of a program: all rows from ``parts[part]`` to ``parts[part + 1]``."""
        self.run_rows(number, *self.programs[number].parts[part : part + 2])

    def bound(self, number: int, part: int) -> Callable[[], None]:
        """:meth:`run` of one part, to be called again and again until a program is added."""
        return partial(self.run, number, part)

    def held(self, numbers: Any) -> Any:
        """Numbers as the memory holds them: infinite beyond float32, of which the results tell."""
        if self.dtype == np.float64:
            return numbers
        with np.errstate(over="ignore"):
            return np.asarray(numbers).astype(self.dtype)

    # Single jobs

    def begin(self, number: int) -> None:
        """Compute what depends on parameters alone."""
        program = self.programs[number]
        plan = program.plan
        self.memory[program.where[: plan.first_parameter]] = self.held(plan.constant_numbers())
        shift = program.shift
        self._clear((program.arena + shift, program.first_lane + shift), program)
        self._clear(program.late_gradients, program)
        self.run(number, 0)

    def forward(self, number: int, rows: Sequence[int] | Ints, schedule: Schedule) -> NDArray[Any]:
        """Fill the lanes with the examples that start at ``rows``; gives outputs x lanes."""
        program = self.programs[number]
        lanes = program.lanes
        cells, which = program.input_offsets, program.plan.input_numbers
        starts = np.asarray(rows)
        if len(cells):
            first, n = int(cells[0]), len(cells) * lanes
            values = schedule.numbers[starts[None, :] + which[:, None]]
            self.memory[first : first + n].reshape(-1, lanes)[:] = self.held(values)
        if chosen := program.plan.index_numbers:
            places = np.array(chosen)
            rows = self.indices[: program.plan.n_numbers * lanes].reshape(-1, lanes)
            rows[places] = schedule.integers[starts + places[:, None]]
        self.run(number, 1)
        return np.asarray(self.memory[program.output_cells])

    def backward(self, number: int, weights: Any) -> None:
        """Seed the first output's gradient and send it back to where it came from."""
        program = self.programs[number]
        self._clear(program.lane_gradients, program)
        output = program.output_gradient
        if program.plan.outputs[0] < program.plan.n_uniform:
            self.seed_uniform(program, float(np.sum(weights)))
        else:
            self.memory[output : output + program.lanes] += weights
        self.run(number, 2)

    def end(self, number: int) -> None:
        """Send gradients on from what depends on parameters alone."""
        self.run(number, 3)

    def seed_uniform(self, program: Program, weight: float) -> None:
        """Seed an output that is the same in all lanes; it may be a parameter itself."""
        output = int(program.output_offsets[0])
        at = output + (self.n_padded if output < program.arena else program.shift)
        self.memory[at] += weight

    def _clear(self, gradients: tuple[int, int], program: Program) -> None:
        if program.has_gradients:
            self.memory[slice(*gradients)] = 0.0

    # Whole steps

    def train(
        self, schedule: Schedule, rates: Floats, first_step: int, learn: bool
    ) -> NDArray[np.float64]:
        """Run the steps; gives (loss, gradient norm, 0) of each that was made.

        Stops at a step whose loss, gradient or new numbers are not finite: parameters and state
        are those before it, and its row is the last. In that row a number is not finite, the third
        where it is a new parameter or a number of the optimizer.
        """
        return self.take_steps(self.step_gradient, schedule, rates, first_step, learn)

    def train_together(
        self, schedule: Schedule, rates: Floats, first_step: int, workers: Workers
    ) -> NDArray[np.float64]:
        """:meth:`train`, where the jobs are a share of each step, and other workers have the rest.

        A backend whose gradients lie on a device may add them up there.
        """

        def gradient(schedule: Schedule, first: int, end: int) -> float:
            return self.add_up(workers, self.step_gradient(schedule, first, end))

        return self.take_steps(gradient, schedule, rates, first_step, learn=True)

    def add_up(self, workers: Workers, loss: float) -> float:
        """The loss of all workers; the gradients in memory become theirs too."""
        numbers = np.append(self.gradients.astype(np.float64), loss)
        workers.all_reduce(numbers)
        with np.errstate(all="ignore"):
            self.gradients[:] = numbers[:-1]
        return float(numbers[-1])

    def take_steps(
        self, step_gradient: Callable[[Schedule, int, int], float], schedule: Schedule,
        rates: Floats, first_step: int, learn: bool,
    ) -> NDArray[np.float64]:  # fmt: skip
        """:meth:`train`, with another way to get the loss and the gradient of a step's jobs."""
        results = np.zeros((len(schedule.steps), 3))
        for s, (first, end) in enumerate(schedule.steps.tolist()):
            loss = step_gradient(schedule, first, end)
            squares, norm = self.penalise()
            loss += self.step_settings.l2 * squares
            finite = math.isfinite(loss) and math.isfinite(norm)
            moved = finite and (not learn or self.update(norm, rates[s], first_step + s))
            results[s] = loss, norm, 0.0 if moved or not finite else math.nan
            if not moved:
                return results[: s + 1]
        return results

    def step_gradient(
        self, schedule: Schedule, first: int, end: int,
        look: Callable[[slice, NDArray[Any]], None] | None = None,
    ) -> float:  # fmt: skip
        """The weighted loss of some jobs; gradients lie in memory.

        ``look`` is given the slots of each job, and its outputs by lane.
        """
        self.memory[self.n_padded : 2 * self.n_padded] = 0.0
        loss, last = 0.0, -1
        for number, slot, _ in schedule.jobs[first:end].tolist():
            if number != last:
                if last >= 0:
                    self.end(last)
                self.begin(number)
                last = number
            slots = slice(slot, slot + self.programs[number].lanes)
            weights = schedule.weights[slots]
            values = self.forward(number, schedule.starts[slots], schedule)
            loss += float(np.dot(weights, values[0].astype(float)))
            if look:
                look(slots, values)
            self.backward(number, weights)
        if last >= 0:
            self.end(last)
        return loss

    def penalise(self) -> tuple[float, float]:
        """Add the penalty's gradient; gives the sum of squares and the gradient's norm."""
        w, g = self.parameters, self.gradients
        with np.errstate(all="ignore"):
            l2 = self.step_settings.l2
            if l2:
                g += w * self.dtype.type(2.0 * l2)
            squares, norm = float(np.dot(w, w)) if l2 else 0.0, float(np.sqrt(np.dot(g, g)))
            return squares, norm if math.isfinite(norm) else norm_of(g.astype(float).tolist())

    def scale(self, norm: float) -> float:
        """What clipping multiplies the gradient with."""
        limit = self.step_settings.clip_norm
        return limit / norm if norm > limit else 1.0

    def update(self, norm: float, rate: float, step: int) -> bool:
        """Move the parameters by the update rule, unless a new number would not be finite."""
        rows, scale, number = self.state_rows(), self.scale(norm), self.dtype.type
        with np.errstate(all="ignore"):
            new = self.step_settings.moved(
                self.parameters, self.gradients if scale == 1.0 else self.gradients * number(scale),
                *rows, number(rate), number(step),
            )  # fmt: skip
            if any(np.dot(numbers, self._nothing) != 0.0 for numbers in new):  # 0 x inf is nan
                return False
        self.parameters[:] = new[0]
        for row, numbers in zip(rows, new[1:], strict=True):
            row[:] = numbers
        return True


class NumpyExecutor(Executor):
    """Runs programs with numpy; every instruction a few calls."""

    calls_for_instructions = True

    def bits_depend_on(self) -> str:
        facts: Any = np.show_config(mode="dicts")
        blas = facts["Build Dependencies"]["blas"]
        processor = ", ".join(facts["SIMD Extensions"].get("found", []))
        library = f"{blas.get('name')} {blas.get('version')}"
        return f"numpy {np.__version__}, BLAS {library}, {platform.machine()} with {processor}"

    def bind(self) -> None:
        self._codes: dict[int, NumpyCode] = {}

    def run_rows(self, number: int, begin: int, end: int) -> None:
        code = self._codes.get(number)
        if code is None:
            program = self.programs[number]
            code = NumpyCode(program, self.memory, self.indices, self.kernels)
            self._codes[number] = code
        with np.errstate(all="ignore"):
            code.run(begin, end)


def zeros(n: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Zeros that begin where a line of the processor's cache does: no vector then lies in two."""
    room = np.zeros(n * dtype.itemsize + CACHE_LINE, dtype=np.uint8)
    first = -room.ctypes.data % CACHE_LINE
    return room[first : first + n * dtype.itemsize].view(dtype)


def check_memory(needed: int, limit: int | None, program: Program) -> None:
    """Refuse an allocation beyond the limit (80% of what is free, unless given)."""
    allowed = int(free_memory() * SHARE) if limit is None else limit
    if needed > allowed:
        raise BackendError(
            f"this run needs {needed / 1e6:,.1f} MB for {program.plan.n_cells:,} cells in"
            f" {program.lanes} lanes",
            expected=f"at most {allowed / 1e6:,.1f} MB",
            remedy='use smaller batches, dtype="float32", or raise memory_limit (in bytes)',
            got=needed,
        )
