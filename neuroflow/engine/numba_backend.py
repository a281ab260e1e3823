"""The numba backend: writes the machine's text for a set of kernels, and runs it.

The text is ``native.py`` with one branch per map kernel put in; the compiled module is kept on
disk (see :mod:`neuroflow.engine.cache`). What cannot be native runs in between with numpy: ops that
fell back to Python, and matrix products so large that numpy's BLAS is faster.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from textwrap import dedent, indent
from types import ModuleType
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba
import numpy as np
from attrs import define, frozen
from numpy.typing import NDArray

from neuroflow.engine.cache import load_module
from neuroflow.engine.executor import Executor, Floats, Schedule, Training
from neuroflow.engine.kernels import MapKernel
from neuroflow.engine.machine import Kind, Program
from neuroflow.engine.numpy_backend import NumpyCode, Thunk
from neuroflow.engine.rules import Kernel, Operand, RuleError, Step, update_kernel
from neuroflow.engine.tape import Ints
from neuroflow.engine.vectors import width_of

BLAS = 1_000_000
"""Multiplications from which a matrix product is left to numpy's BLAS."""

_HERE = Path(__file__).parent
_TEMPLATE = _HERE / "native.py"


def source_of(
    branches: Sequence[str], kinds: Collection[int], update: Kernel | None, dtype: str
) -> str:
    """The machine's text with these kernels and these kinds of instructions."""

    def used(branch: re.Match[str]) -> str:
        return branch[0] if int(branch[1]) in kinds else ""

    text = re.sub(r" {8}elif kind == (\d+):\n(?: {12}.*\n)+", used, _TEMPLATE.read_text())
    text = text.replace('FLOAT = "float64"', f'FLOAT = "{dtype}"', 1)
    text = text.replace("entry = njit(", "entry = njit(cache=True, ")
    cases = [f"        elif kind == {Kind.MAP + k}:\n{body}" for k, body in enumerate(branches)]
    text = text.replace("        # <kernels>\n", "".join(cases), 1)
    moves = _update(update) if update else ""
    if update:
        text = _with_run_inside(text)
    return text.replace("    # <update>\n", moves, 1)


def _with_run_inside(text: str) -> str:
    """Put the loop of ``run`` where ``train`` calls it, so that it is compiled once."""
    body = re.search(r"\ndef run\(.*?\n    \"\"\".*?\"\"\"\n(.*?)\n\n\n", text, re.DOTALL)
    assert body is not None
    call = re.search(r"\n( *)run\(m, .*  # <run>", text)
    assert call is not None
    inside = indent(dedent(body[1]), call[1])
    return text.replace(call[0], f"\n{inside}", 1)


def branch_of(entry: MapKernel) -> str:
    """What ``run`` does for a kernel: a loop over vectors around its steps."""
    kernel = entry.kernel
    assert kernel is not None
    offsets = {name: 2 + k for k, name in enumerate(kernel.inputs)}
    if not entry.backward:
        offsets = {name: 3 + k for k, name in enumerate(kernel.inputs)}
        results = [("store", 2, kernel.results[0])]
    else:
        first = 2 + len(kernel.inputs)
        results = [("add", first + k, kernel.results[j]) for k, j in enumerate(entry.targets)]
    needed = _needed(kernel, [result for _, _, result in results])
    note = " backward" if entry.backward else ""
    lines = [f"    # {entry.op.name}{note}", "    n = word(words, c, 1)"]
    used = {name: k for name, k in offsets.items() if name in needed}
    lines += [f"    at_{name} = word(words, c, {k})" for name, k in used.items()]
    lines += [f"    to_{k} = word(words, c, {k})" for _, k, _ in results]
    lines.append("    for i in range(0, n, W):")
    lines += [f"        {name} = load(m, at_{name} + i)" for name in used]
    lines += [f"        {_text(step)}" for step in kernel.steps if step.name in needed]
    for how, k, result in results:
        value = f"zeros(m) + {result!r}" if isinstance(result, float) else result
        rest = ", n - i" if how == "add" else ""  # rooms of outputs are whole vectors
        lines.append(f"        {how}(m, to_{k} + i, {value}{rest})")
    return "".join(f"        {line}\n" for line in lines)


def _needed(kernel: Kernel, results: Sequence[Operand]) -> set[Operand]:
    """The names that the results depend on."""
    needed = set(results)
    for step in reversed(kernel.steps):
        if step.name in needed:
            needed.update(step.operands)
    return needed


def _text(step: Step) -> str:
    """A step as Python text; what is one number for all elements uses scalar functions."""
    text = str(step)
    return (
        text.replace(f"= {step.function}(", f"= scalar_{step.function}(") if step.uniform else text
    )


def _update(kernel: Kernel) -> str:
    """The body of ``update``: the uniform steps once, the others for each vector."""
    lines = [_text(step) for step in kernel.steps if step.uniform]
    lines += ["for _i in range(0, _size, W):", "    w = load(_m, _i)"]
    lines.append("    g = load(_m, _size + _i) * _scale")
    state = kernel.inputs[2:-2]
    lines += [f"    {name} = load(_state, {k} * _size + _i)" for k, name in enumerate(state)]
    lines += [f"    {step}" for step in kernel.steps if not step.uniform]
    new = [f"zeros(_m) + {x!r}" if isinstance(x, float) else x for x in kernel.results]
    lines.append(f"    put(_m, _i, {new[0]}, _n - _i)")
    lines += [f"    put(_state, {k} * _size + _i, {x}, _n - _i)" for k, x in enumerate(new[1:])]
    return "".join(f"    {line}\n" for line in lines)


class NumbaExecutor(Executor):
    """Runs programs natively; compiles when a program needs what was not compiled yet."""

    name = "numba"

    def vector_width(self) -> int:
        return width_of(self.dtype)

    def bind(self) -> None:
        self._machine: _Machine | None = None
        self._pieces: dict[tuple[int, int, int], list[tuple[int, int] | Thunk]] = {}
        self._codes: dict[int, Ints] = {}
        self._tables: tuple[Any, ...] | None = None

    def prepare_training(self, training: Training) -> None:
        super().prepare_training(training)
        try:
            self._update = (
                update_kernel(training.rule, training.settings) if training.rule else None
            )
        except RuleError:
            self._update = None

    _update: Kernel | None = None

    # Compiling

    def machine(self) -> _Machine:
        """The native machine for all programs so far: one at hand that can do it, or a new one."""
        if self._machine is None:
            needs = self.needs()
            found = next((m for m in _MACHINES if m.can(needs)), None)
            self._machine = found or self._build(needs)
        return self._machine

    def needs(self) -> _Needs:
        """What a machine must be able to do for the programs so far."""
        kinds = {int(k) for p in self.programs for k in np.unique(p.code[:, 0])}
        return _Needs(
            str(self.dtype),
            frozenset(k for k in kinds if k < Kind.MAP),
            frozenset(branch_of(entry) for entry in self.kernels.entries if entry.kernel),
            _update(self._update) if self._update else "",
        )

    def _build(self, needs: _Needs) -> _Machine:
        branches = sorted(needs.branches)
        text = source_of(branches, needs.kinds, self._update, needs.dtype)
        module = load_module(text, _facts(), self._warm)
        _MACHINES.append(_Machine(module, branches, needs))
        return _MACHINES[-1]

    def module(self) -> ModuleType:
        """The compiled module."""
        return self.machine().module

    def code(self, number: int) -> Ints:
        """A program's instructions with the numbers that the machine gives to kernels."""
        if number not in self._codes:
            machine = self.machine()
            known = {
                k: machine.branches.index(branch_of(entry)) if entry.kernel else 0
                for k, entry in enumerate(self.kernels.entries)
            }
            code = self.programs[number].code.copy()
            for row in code:
                if row[0] >= Kind.MAP:
                    row[0] = Kind.MAP + known[int(row[0]) - Kind.MAP]
            self._codes[number] = code
        return self._codes[number]

    def _warm(self, module: ModuleType) -> None:
        """Compile (or read) what will be called, by calling it on nothing."""
        empty, runs = np.zeros((0, 16), np.int64), np.zeros((0, 3), np.int64)
        machine = _Machine(module, [], self.needs())
        machine.run(np.zeros(256, self.dtype), np.zeros(1, np.int64), empty, runs, 0, 0)

    # Running

    def run(self, number: int, part: int) -> None:
        self.run_rows(number, *self.programs[number].parts[part : part + 2])

    def run_rows(self, number: int, begin: int, end: int) -> None:
        machine, program, code = self.machine(), self.programs[number], self.code(number)
        with np.errstate(all="ignore"):
            for piece in self._pieces_of(number, begin, end):
                if isinstance(piece, tuple):
                    machine.run(self.memory, self.indices, code, program.runs, *piece)
                else:
                    piece()

    def _pieces_of(self, number: int, begin: int, end: int) -> list[tuple[int, int] | Thunk]:
        """Instructions as stretches of native ones and calls of numpy in between."""
        key = (number, begin, end)
        if key not in self._pieces:
            program = self.programs[number]
            pieces: list[tuple[int, int] | Thunk] = []
            for row in range(begin, end):
                if self._is_foreign(program.code[row]):
                    pieces += [(begin, row)] if row > begin else []
                    pieces.append(_OneByOne(program, self).call(program.code[row]))
                    begin = row + 1
            pieces += [(begin, end)] if end > begin else []
            self._pieces[key] = pieces
        return self._pieces[key]

    def _is_foreign(self, row: Ints) -> bool:
        """Whether an instruction runs with numpy rather than natively."""
        kind = int(row[0])
        if kind >= Kind.MAP:
            return self.kernels.entries[kind - Kind.MAP].kernel is None
        if kind == Kind.MATMUL:
            return int(row[8] * row[9] * row[10]) >= BLAS
        return kind == Kind.OUTER and int(row[8] * row[9] * row[10]) >= BLAS

    def _is_native(self, program: Program) -> bool:
        lane_output = program.plan.outputs[0] >= program.plan.n_uniform
        return bool(lane_output) and not any(self._is_foreign(row) for row in program.code)

    # Whole steps

    def train(
        self, schedule: Schedule, rates: Floats, first_step: int, learn: bool
    ) -> NDArray[np.float64]:
        if not len(schedule.steps):
            return np.zeros((0, 2))
        if self._tables is None:
            native = all(self._is_native(program) for program in self.programs)
            self._tables = self._all_tables() if native else ()
        if not self._tables or (learn and self._update is None):
            return super().train(schedule, rates, first_step, learn)
        results = np.zeros((len(schedule.steps), 2))
        code, runs, programs, cells = self._tables
        constants = [x for p in self.programs for x in p.plan.constant_numbers()]
        done = self.module().train(
            self.memory, self.state, self.indices, code, runs, programs, cells,
            np.array([*constants, 0.0]), schedule.numbers, schedule.integers, schedule.starts,
            schedule.weights, schedule.jobs, schedule.steps, rates, results, self.n_parameters,
            self.training.l2, self.training.clip_norm, first_step, learn, 0, 0,
        )  # fmt: skip
        return results[: done + 1]

    def _all_tables(self) -> tuple[Any, ...]:
        """All programs in one table of code, as ``train`` reads them."""
        programs = self.programs
        width = max(program.code.shape[1] for program in programs)
        codes, runs, rows, cells = [], [], [], []
        n_code = n_runs = n_cells = n_constants = 0
        for number, program in enumerate(programs):
            code = self.code(number)
            code = np.pad(code, ((0, 0), (0, width - code.shape[1])))
            copies = (code[:, 0] == Kind.GATHER) | (code[:, 0] == Kind.SCATTER)
            code[copies, 2] += n_runs
            plan = program.plan
            rows.append([
                *[n_code + bound for bound in program.parts], program.lanes, program.arena,
                program.first_lane, program.late, program.shift, int(program.output_offsets[0]),
                n_cells, len(plan.input_numbers), plan.n_numbers if _chooses(program) else 0,
                n_constants, len(plan.constants), int(program.where[0]) if plan.constants else 0,
            ])  # fmt: skip
            cells.append(np.stack([program.input_offsets, plan.input_numbers], axis=1))
            codes.append(code)
            runs.append(program.runs)
            n_code, n_runs = n_code + len(code), n_runs + len(program.runs)
            n_cells, n_constants = (
                n_cells + len(plan.input_numbers),
                n_constants + len(plan.constants),
            )
        return (
            np.concatenate(codes), np.concatenate(runs), np.array(rows, dtype=np.int64),
            np.concatenate(cells),
        )  # fmt: skip


@frozen
class _Needs:
    """Kinds of instructions, the texts of kernels, and that of an update rule or nothing."""

    dtype: str
    kinds: frozenset[int]
    branches: frozenset[str]
    update: str


@define(eq=False)
class _Machine:
    """A compiled module, the kernels in its order, and all that it can do."""

    module: ModuleType
    branches: list[str]
    able: _Needs

    def run(
        self, memory: NDArray[Any], indices: Ints, code: Ints, runs: Ints, begin: int, end: int
    ) -> None:
        """Run instructions, through the module's one entry."""
        if self.able.update:
            self.module.train(memory, memory, indices, code, runs, *_NO_STEPS, begin, end)
        else:
            self.module.run(memory, indices, code, runs, begin, end)

    def can(self, needs: _Needs) -> bool:
        """Whether this machine runs such programs; it may be able to do more."""
        return (
            self.able.dtype == needs.dtype
            and needs.kinds <= self.able.kinds
            and needs.branches <= self.able.branches
            and needs.update in ("", self.able.update)
        )


def compile_together(executors: Sequence[NumbaExecutor]) -> None:
    """One machine for the programs of several executors, instead of one for each.

    They must agree on the kind of number and on the update rule.
    """
    needs = [executor.needs() for executor in executors]
    together = _Needs(
        needs[0].dtype,
        frozenset[int]().union(*[n.kinds for n in needs]),
        frozenset[str]().union(*[n.branches for n in needs]),
        needs[0].update,
    )
    if not any(machine.can(together) for machine in _MACHINES):
        executors[0]._build(together)


def _no_steps() -> tuple[Any, ...]:
    """The arguments of ``train``, from programs to learn, when there is nothing to train."""
    table, integers, numbers = np.zeros((0, 16), np.int64), np.zeros(1, np.int64), np.zeros(1)
    pairs, triples = table[:, :2].copy(), table[:, :3].copy()
    return (
        table, pairs, numbers, numbers, integers, integers, numbers, triples, pairs, numbers,
        np.zeros((1, 2)), 0, 0.0, 0.0, 1, False,
    )  # fmt: skip


_NO_STEPS = _no_steps()

_MACHINES: list[_Machine] = []
"""Machines loaded by this process: functions that need the same share one."""


class _OneByOne(NumpyCode):
    """Single instructions of a program, run with numpy."""

    def __init__(self, program: Program, executor: Executor) -> None:
        self.memory, self.indices = executor.memory, executor.indices
        self.kernels, self.runs = executor.kernels, program.runs


def _facts() -> str:
    """What compiled code depends on beside its text."""
    texts = (_HERE / "vectors.py").read_text()
    versions = (numba.__version__, llvmlite.__version__, np.__version__, platform.python_version())
    return f"{versions} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()} {texts}"


def _chooses(program: Program) -> bool:
    return any(group.index is not None for group in program.plan.groups)
