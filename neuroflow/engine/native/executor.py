"""The llvm backend: runs programs as machine code that LLVM makes, through llvmlite.

Each instruction and each kernel is a function of its own (see :mod:`neuroflow.engine.native`),
compiled at first use and kept on disk, whatever model it is for. What cannot be native runs in
between with numpy: ops that fell back to Python, and matrix products so large that numpy's BLAS is
faster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from neuroflow.engine.lower.kernel import RuleError, update_kernel
from neuroflow.engine.lower.kernels import MapKernel
from neuroflow.engine.lower.program import Instruction, Program
from neuroflow.engine.native import compiler
from neuroflow.engine.native.codegen import map_source, update_source
from neuroflow.engine.native.first_additions import WRITES
from neuroflow.engine.native.fusing import Fused, NativeForm, fused, unfused
from neuroflow.engine.native.language import Processor, Target
from neuroflow.engine.native.loop import FIRST_CONSTANT
from neuroflow.engine.native.units import (
    FUSED,
    INSTRUCTIONS,
    RUN,
    TRAIN,
    Unit,
    callable_unit,
    load,
)
from neuroflow.engine.native.vectors import LIBRARY
from neuroflow.engine.run.executor import Executor, Floats, Schedule, StepSettings
from neuroflow.engine.run.numpy_executor import NumpyCode, Thunk
from neuroflow.engine.trace.tape import Ints

BLAS = 16_000_000
"""Multiplications from which a matrix product is left to numpy's BLAS: there, its matrices are
larger than the processor's caches, which BLAS takes into account and this machine does not."""

PORTABLE_BYTES = 32
"""The size of a vector where bits must not depend on the processor: most have such vectors."""


class LlvmExecutor(Executor):
    """Runs programs natively; compiles what a program needs that was not compiled yet."""

    shares_gradients = True

    exact = False
    """Whether the bits of results are the same on every processor."""

    def __init__(
        self,
        dtype: str,
        n_parameters: int,
        memory_limit: int | None,
        processor: Processor | None = None,
    ) -> None:
        self.processor = processor or compiler.here()
        super().__init__(dtype, n_parameters, memory_limit)

    def vector_bytes(self) -> int:
        """The size of the vectors; sums are taken a vector at a time."""
        return compiler.bytes_of_vector(self.processor)

    def vector_width(self) -> int:
        return self.vector_bytes() // self.dtype.itemsize

    def bits_depend_on(self) -> str:
        return f"{compiler.facts(self.processor)}, vectors of {self.vector_bytes()} bytes"

    def bind(self) -> None:
        self._pieces: dict[tuple[int, int, int], list[tuple[int, int] | Thunk]] = {}
        self._forms: dict[tuple[int, bool], NativeForm] = {}
        self._codes: dict[tuple[int, bool], Ints] = {}
        self._places: dict[tuple[int, bool], tuple[int, ...]] = {}
        self._tables: _Tables | None = None
        self._all_native: bool | None = None
        self._entries: dict[Unit, Any] = {}

    def prepare_steps(self, settings: StepSettings) -> None:
        super().prepare_steps(settings)
        rule = settings.rule
        try:
            kernel = update_kernel(rule, settings.settings) if rule else None
        except RuleError:
            kernel = None
        self._update = Unit(update_source(kernel), is_instruction=False) if kernel else None
        self._kept = self.parameters.copy(), self.state.copy()

    _update: Unit | None = None

    # Compiling

    @property
    def target(self) -> Target:
        """The kind of number and the vectors to compile for."""
        return Target(str(self.dtype), self.width, self.exact, self.processor)

    def compile(self) -> None:
        """Compile, or read from disk, all that the programs so far need."""
        forms = [self._form(number) for number in range(len(self.programs))]
        words = {int(word) for form in forms for word in np.unique(form.code[:, 0])}
        units = [unit for word in sorted(words) if (unit := self._unit(word))]
        units += [self._update] if self._update else []
        load([*units, RUN, TRAIN], self.target)

    def _unit(self, word: int) -> Unit | None:
        """The unit that runs an instruction; None if that is Python."""
        if word < 0:
            return Unit(FUSED[Fused(word)])
        if word < Instruction.MAP:
            return Unit(INSTRUCTIONS[Instruction(word)])
        return _unit_of(self._map(word), word // WRITES)

    def _map(self, word: int) -> MapKernel:
        """What a map's word stands for."""
        return self.kernels.entries[word % WRITES - Instruction.MAP]

    def _form(self, number: int, fuse: bool = True) -> NativeForm:
        """The rows that run for a program; each as it is, to run some of them alone."""
        key = (number, fuse)
        if key not in self._forms:
            program = self.programs[number]
            self._forms[key] = fused(program, self.kernels.entries) if fuse else unfused(program)
        return self._forms[key]

    def code(self, number: int, fuse: bool = True) -> Ints:
        """A program's instructions, each with its function's address in place of its first word."""
        key = (number, fuse)
        if key not in self._codes:
            code = self._form(*key).code.copy()
            units = {int(word): self._unit(int(word)) for word in np.unique(code[:, 0])}
            known = load([unit for unit in units.values() if unit], self.target)
            addresses = {word: known[unit] if unit else 0 for word, unit in units.items()}
            code[:, 0] = [addresses[int(word)] for word in code[:, 0]]
            self._codes[key] = code
        return self._codes[key]

    def _call(self, unit: Unit, *given: Any) -> Any:
        """Call an entry of the machine; arrays are passed as where they lie."""
        return self._entry(unit)(
            *[x.ctypes.data if isinstance(x, np.ndarray) else x for x in given]
        )

    def _entry(self, unit: Unit) -> Any:
        if unit not in self._entries:
            self._entries[unit] = callable_unit(unit, self.target)
        return self._entries[unit]

    # Running

    def bound(self, number: int, part: int) -> Callable[[], None]:
        begin, end = self.programs[number].parts[part : part + 2]
        pieces = self._pieces_of(number, begin, end, fuse=True)
        if len(pieces) != 1 or not isinstance(pieces[0], tuple):
            return super().bound(number, part)
        return partial(self._entry(RUN), *self._places_of(number, True), *pieces[0])

    def run_rows(self, number: int, begin: int, end: int) -> None:
        fuse = self._form(number).rows(begin, end) is not None
        for piece in self._pieces_of(number, begin, end, fuse):
            if isinstance(piece, tuple):
                self._call(RUN, *self._places_of(number, fuse), *piece)
            else:
                with np.errstate(all="ignore"):
                    piece()

    def _places_of(self, number: int, fuse: bool) -> tuple[int, ...]:
        """Where memory, indices, runs and code of a program lie, and how many columns code has."""
        key = (number, fuse)
        if key not in self._places:
            code = self.code(*key)
            arrays = self.memory, self.indices, self._form(*key).runs, code
            self._places[key] = (*[x.ctypes.data for x in arrays], code.shape[1])
        return self._places[key]

    def _pieces_of(
        self, number: int, begin: int, end: int, fuse: bool
    ) -> list[tuple[int, int] | Thunk]:
        """Instructions as stretches of native ones and calls of numpy in between."""
        key = (number, begin, end)
        if key not in self._pieces:
            program, form = self.programs[number], self._form(number, fuse)
            first, last = form.rows(begin, end) or (begin, end)
            pieces: list[tuple[int, int] | Thunk] = []
            for row in range(first, last):
                if self._is_foreign(form.code[row]):
                    pieces += [(first, row)] if row > first else []
                    code = NumpyCode(program, self.memory, self.indices, self.kernels)
                    pieces += code.instruction([form.code[row].tolist()])
                    first = row + 1
            pieces += [(first, last)] if last > first else []
            self._pieces[key] = pieces
        return self._pieces[key]

    def _is_foreign(self, row: Ints) -> bool:
        """Whether an instruction runs with numpy rather than natively."""
        word = int(row[0])
        if word >= Instruction.MAP:
            return self._map(word).kernel is None
        if word == Instruction.MATMUL:
            return self._is_for_blas(row)
        return word == Instruction.OUTER and self._is_for_blas(row)

    def _is_for_blas(self, row: Ints) -> bool:
        return int(row[8] * row[9] * row[10]) >= BLAS

    def _is_native(self, program: Program) -> bool:
        lane_output = program.plan.outputs[0] >= program.plan.n_uniform
        return bool(lane_output) and not any(self._is_foreign(row) for row in program.code)

    # Whole steps

    def train(
        self, schedule: Schedule, rates: Floats, first_step: int, learn: bool
    ) -> NDArray[np.float64]:
        if not len(schedule.steps):
            return np.zeros((0, 2))
        if self._all_native is None:
            self._all_native = all(self._is_native(program) for program in self.programs)
        if not self._all_native or (learn and self._update is None):
            return super().train(schedule, rates, first_step, learn)
        if self._tables is None:
            numbers = range(len(self.programs))
            forms, codes = [*map(self._form, numbers)], [*map(self.code, numbers)]
            self._tables = _Tables.of(self.programs, forms, codes)
        tables, settings = self._tables, self.step_settings
        tables.read_live(self.programs)
        update = load([self._update], self.target)[self._update] if learn and self._update else 0
        if update:
            self._keep()
        results = np.zeros((len(schedule.steps), 3))

        def steps(n: int) -> int:
            return int(self._call(
                TRAIN, self.memory, self.state, self.indices, tables.runs, tables.code,
                tables.code.shape[1], tables.programs, tables.cells, tables.constants,
                schedule.numbers, schedule.integers, schedule.starts, schedule.weights,
                schedule.jobs, schedule.steps, n, rates, results, self.n_parameters, settings.l2,
                settings.clip_norm, first_step, update,
            ))  # fmt: skip

        done = steps(len(schedule.steps))
        results = results[: done + 1]
        if np.isnan(results[-1, 2]):  # the update is made in place: make those before it again
            self._take_back()
            steps(done)
        return results

    def update(self, norm: float, rate: float, step: int) -> bool:
        if self._update is None:
            return super().update(norm, rate, step)
        row = np.zeros(3)
        self._keep()
        self._call(
            self._update, self.memory, self.state, self.n_parameters, self.scale(norm), rate, step,
            row,
        )  # fmt: skip
        if row[2] != 0.0:
            self._take_back()
        return bool(row[2] == 0.0)

    def _keep(self) -> None:
        """Copy parameters and state to a place of their own; a new place each time is slower."""
        parameters, state = self._kept
        parameters[:], state[:] = self.parameters, self.state

    def _take_back(self) -> None:
        """Undo what was done to parameters and state since they were kept."""
        self.parameters[:], self.state[:] = self._kept


class PortableExecutor(LlvmExecutor):
    """Runs programs natively, with the same bits on every processor.

    Vectors have a fixed size, each sum is taken in the order that the text of the machine says,
    and each product is rounded before it is added to anything: a processor that could do more at
    once may not. What is left to differ are the functions of the C library, sin or tanh, between
    versions of that library.
    """

    exact = True

    def vector_bytes(self) -> int:
        return PORTABLE_BYTES

    def bits_depend_on(self) -> str:
        return f"the C library's {', '.join(LIBRARY)}"

    def _is_for_blas(self, row: Ints) -> bool:
        return False


def _unit_of(entry: MapKernel, writes: int) -> Unit | None:
    return Unit(map_source(entry, writes)) if entry.kernel else None


@frozen
class _Tables:
    """All programs in one table of code, as ``train`` reads them."""

    code: Ints
    runs: Ints
    programs: Ints
    cells: Ints
    constants: Floats

    @classmethod
    def of(
        cls, programs: Sequence[Program], forms: Sequence[NativeForm], codes: Sequence[Ints]
    ) -> _Tables:
        """The tables of some programs; what points into a table is moved to its place there."""
        columns = max(code.shape[1] for code in codes)
        wide, rows = [], []
        n_code = n_runs = n_cells = n_constants = 0
        for program, form, code in zip(programs, forms, codes, strict=True):
            moved = np.pad(code, ((0, 0), (0, columns - code.shape[1])))
            words = form.code[:, 0]
            moved[np.isin(words, [Instruction.GATHER, Instruction.SCATTER, *Fused]), 2] += n_runs
            wide.append(moved)
            rows.append(_row(program, form, n_code, n_cells, n_constants))
            n_code, n_runs = n_code + len(code), n_runs + len(form.runs)
            n_cells += len(program.plan.input_numbers)
            n_constants += len(program.plan.constants)
        cells = [np.stack([p.input_offsets, p.plan.input_numbers], axis=1) for p in programs]
        constants = [x for p in programs for x in p.plan.constant_numbers()]
        return cls(
            np.concatenate(wide),
            np.concatenate([form.runs for form in forms]),
            np.array(rows, dtype=np.int64),
            np.concatenate(cells).astype(np.int64),
            np.array(constants, dtype=np.float64),
        )

    def read_live(self, programs: Sequence[Program]) -> None:
        """Read the Values among the constants anew: whoever holds one may change its number."""
        for program, row in zip(programs, self.programs, strict=True):
            if program.plan.live:
                numbers, first = program.plan.constant_numbers(), int(row[FIRST_CONSTANT])
                self.constants[first : first + len(numbers)] = numbers


def _row(
    program: Program, form: NativeForm, n_code: int, n_cells: int, n_constants: int
) -> list[int]:
    """A program in the table of programs; ``native/loop.py`` names the columns."""
    plan, shift = program.plan, program.shift
    return [
        *[n_code + bound for bound in form.parts], program.lanes, int(program.output_offsets[0]),
        program.output_gradient, program.arena + shift, program.first_lane + shift,
        *form.cleared, *program.late_gradients,
        n_cells, len(plan.input_numbers), plan.n_numbers if _chooses(program) else 0,
        n_constants, len(plan.constants), int(program.where[0]) if plan.constants else 0,
    ]  # fmt: skip


def _chooses(program: Program) -> bool:
    return any(group.index is not None for group in program.plan.groups)
