"""The torch backend's executor: the memory of a device, and whole training steps on it.

Numbers stay there for a whole run of steps: parameters and the optimizer's state go there once and
come back once, with the losses of all steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from attrs import define
from numpy.typing import NDArray

from neuroflow.engine.lower.program import Program
from neuroflow.engine.run.executor import Executor, Floats, Schedule, StepSettings, check_memory
from neuroflow.engine.run.workers import Workers
from neuroflow.engine.torch.compiler import Launch, compiled
from neuroflow.engine.torch.devices import facts, free_bytes
from neuroflow.engine.torch.merged import MergedCode
from neuroflow.engine.torch.pieces import Piece
from neuroflow.engine.torch.threads import KernelText
from neuroflow.engine.torch.update import Moved, all_finite, norm_of, update_of
from neuroflow.engine.torch.views import TensorCode, Thunk
from neuroflow.engine.trace.tape import Ints
from neuroflow.memory import SHARE

WARP = 32
"""Threads that a GPU runs in step: lanes are padded to a multiple of it."""

MOST_LANES = 65536


@define(eq=False)
class Slots:
    """What the examples in the lanes of one program are, at a place that stays the same."""

    starts: torch.Tensor
    weights: torch.Tensor
    constants: torch.Tensor
    numbers: torch.Tensor
    """Which numbers of an example are inputs."""

    indices: torch.Tensor
    """Which numbers of an example choose."""


class TorchExecutor(Executor):
    """Runs programs on a device.

    ``rounded`` is what the operands of matrix products are rounded to, if to anything. On a GPU,
    or where ``compile`` is given, equal instructions run as one; ``captures`` says whether calls
    are captured in CUDA graphs.
    """

    def __init__(
        self, dtype: str, n_parameters: int, memory_limit: int | None, device: torch.device,
        rounded: torch.dtype | None = None, compile: Callable[[KernelText], Launch] | None = None,
    ) -> None:  # fmt: skip
        self.device, self.rounded = device, rounded
        self.compile = compiled if compile is None and device.type == "cuda" else compile
        self.captures = device.type == "cuda"
        self.real = torch.float64 if dtype == "float64" else torch.float32
        self.cells = torch.zeros(0, dtype=self.real, device=device)
        self.chosen = torch.zeros(1, dtype=torch.int64, device=device)
        self._given: tuple[Any, list[torch.Tensor]] = (None, [])
        super().__init__(dtype, n_parameters, memory_limit)
        self.cells = self._zeros(2 * self.n_padded)
        self.prepare_steps(StepSettings())

    def vector_width(self) -> int:
        return WARP if self.compile else 1

    def most_lanes(self, cells: int) -> int:
        """The whole batch at once, if that does not take more than half of the memory."""
        if self.device.type == "cpu":
            return super().most_lanes(cells)
        allowed = free_bytes(self.device) if self.memory_limit is None else self.memory_limit
        allowed = max(allowed, len(self.cells) * self.dtype.itemsize)
        return min(MOST_LANES, allowed // 2 // (2 * self.dtype.itemsize * max(cells, 1)))

    def bits_depend_on(self) -> str:
        return facts(self.device.type)

    def bind(self) -> None:
        self._codes: dict[int, TensorCode] = {}
        self._calls: dict[tuple[int, int], list[Thunk]] = {}
        self._slots: dict[int, Slots] = {}
        self._pieces: dict[Any, Callable[[], Any]] = {}
        self._pool = torch.cuda.graph_pool_handle() if self.captures else None

    def prepare_steps(self, settings: StepSettings) -> None:
        super().prepare_steps(settings)
        n = len(settings.rule.state) if settings.rule else 0
        self._state = self._zeros((n, self.n_parameters))
        self._rate, self._step = self._zeros(()), self._zeros(())
        self._goes_on = torch.ones((), dtype=torch.bool, device=self.device)
        self._loss = torch.zeros((), dtype=self._exact, device=self.device)
        self._row = torch.zeros(3, dtype=self._exact, device=self.device)
        self._moved: Moved | None = None
        self.bind()

    @property
    def _exact(self) -> torch.dtype:
        """What losses and norms are added up in."""
        return torch.float32 if self.device.type == "mps" else torch.float64

    def _zeros(self, shape: Any) -> torch.Tensor:
        return torch.zeros(shape, dtype=self.real, device=self.device)

    def _there(self, numbers: Any, dtype: torch.dtype | None = None) -> torch.Tensor:
        """Numbers of the host on the device."""
        return torch.tensor(np.asarray(numbers), dtype=dtype, device=self.device)

    # Memory

    def _make_room(self, program: Program) -> None:
        if program.size > len(self.cells):
            used = len(self.cells) * self.dtype.itemsize
            limit = self.memory_limit
            if limit is None:
                limit = int((free_bytes(self.device) + used) * SHARE)
            check_memory(program.size * self.dtype.itemsize, limit, program)
            self.bind()  # nothing keeps the old memory now
            self.cells = self._zeros(0)
            self.cells = self._zeros(program.size)
        n_indices = program.plan.n_numbers * program.lanes
        if n_indices > len(self.chosen):
            self.bind()
            self.chosen = torch.zeros(n_indices, dtype=torch.int64, device=self.device)

    def numbers(self, offsets: Ints) -> NDArray[Any]:
        return np.asarray(self.cells[self._there(offsets)].cpu().numpy())

    def _send(self) -> None:
        """Parameters and gradients to the device."""
        n = 2 * self.n_padded
        self.cells[:n].copy_(torch.from_numpy(self.memory[:n]))

    def _fetch(self) -> None:
        """Parameters and gradients from the device."""
        n = 2 * self.n_padded
        self.memory[:n] = self.cells[:n].cpu().numpy()

    # Parts of programs

    def run_rows(self, number: int, begin: int, end: int) -> None:
        code = self._code(number)
        for row in self.programs[number].code[begin:end]:
            code.call(row)()
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def run(self, number: int, part: int) -> None:
        for call in self._calls_of(number, part):
            call()

    def _code(self, number: int) -> TensorCode:
        if number not in self._codes:
            given = (self.programs[number], self.cells, self.chosen, self.kernels, self.rounded)
            self._codes[number] = (
                MergedCode(*given, self.compile) if self.compile else TensorCode(*given)
            )
        return self._codes[number]

    def _calls_of(self, number: int, part: int) -> list[Thunk]:
        key = (number, part)
        if key not in self._calls:
            rows = self.programs[number].parts[part : part + 2]
            self._calls[key] = self._code(number).calls(*rows)
        return self._calls[key]

    def _slots_of(self, number: int) -> Slots:
        if number not in self._slots:
            program, exact = self.programs[number], self._exact
            self._slots[number] = Slots(
                torch.zeros(program.lanes, dtype=torch.int64, device=self.device),
                torch.zeros(program.lanes, dtype=exact, device=self.device),
                self._zeros(program.plan.first_parameter),
                self._there(program.plan.input_numbers, torch.int64),
                self._there(program.plan.index_numbers, torch.int64),
            )
        return self._slots[number]

    def _clear_cells(self, program: Program, begin: int, end: int) -> None:
        if program.has_gradients:
            self.cells[begin + program.shift : end + program.shift].zero_()

    def _read_constants(self, number: int) -> None:
        """The constants now, which every run reads anew."""
        numbers = np.asarray(self.programs[number].plan.constant_numbers())
        self._slots_of(number).constants.copy_(torch.from_numpy(numbers.astype(self.dtype)))

    def _begin(self, number: int) -> None:
        program = self.programs[number]
        n = program.plan.first_parameter
        if n:
            start = int(program.where[0])
            self.cells[start : start + n].copy_(self._slots_of(number).constants)
        self._clear_cells(program, program.arena, program.first_lane)
        self._clear_cells(program, program.late, program.arena + program.shift)
        self.run(number, 0)

    def _fill(self, number: int, starts: torch.Tensor, given: Sequence[torch.Tensor]) -> None:
        """The numbers and the indices of the examples that start there."""
        program, slots, (numbers, integers) = self.programs[number], self._slots_of(number), given
        lanes, cells = program.lanes, program.input_offsets
        if len(cells):
            first, n = int(cells[0]), len(cells) * lanes
            places = starts[None, :] + slots.numbers[:, None]
            self.cells[first : first + n].view(-1, lanes).copy_(numbers[places])
        if len(slots.indices):
            rows = self.chosen[: program.plan.n_numbers * lanes].view(-1, lanes)
            places = starts[None, :] + slots.indices[:, None]
            rows.index_copy_(0, slots.indices, integers[places])

    def _seed(self, number: int, weights: torch.Tensor) -> None:
        program = self.programs[number]
        self._clear_cells(program, program.first_lane, program.late)
        output = int(program.output_offsets[0])
        if program.plan.outputs[0] < program.plan.n_uniform:
            at = output + (self.n_padded if output < program.arena else program.shift)
            self.cells[at : at + 1].add_(weights.sum().to(self.real))
        else:
            at = output + program.shift
            self.cells[at : at + program.lanes].add_(weights.to(self.real))

    # Single jobs

    def begin(self, number: int) -> None:
        self._send()
        self._read_constants(number)
        self._begin(number)

    def forward(self, number: int, rows: Sequence[int] | Ints, schedule: Schedule) -> NDArray[Any]:
        starts, program = np.asarray(rows), self.programs[number]
        n = int(starts.max()) + program.plan.n_numbers + 1
        first = int(starts.min())
        given = [
            self._there(schedule.numbers[first:n], self._exact),
            self._there(schedule.integers[first:n]),
        ]
        self._fill(number, self._there(starts - first), given)
        self.run(number, 1)
        return self.numbers(program.output_cells)

    def backward(self, number: int, weights: Any) -> None:
        lanes = self.programs[number].lanes
        self._seed(number, self._there(np.broadcast_to(weights, lanes).astype(self.dtype)))
        self.run(number, 2)

    def end(self, number: int) -> None:
        self.run(number, 3)
        self._fetch()

    # Whole steps

    def train(
        self, schedule: Schedule, rates: Floats, first_step: int, learn: bool
    ) -> NDArray[np.float64]:
        return self._train(schedule, rates, first_step, learn, None)

    def train_together(
        self, schedule: Schedule, rates: Floats, first_step: int, workers: Workers
    ) -> NDArray[np.float64]:
        return self._train(schedule, rates, first_step, True, workers)

    def _train(
        self, schedule: Schedule, rates: Floats, first_step: int, learn: bool,
        workers: Workers | None,
    ) -> NDArray[np.float64]:  # fmt: skip
        self._send()
        for tensor, row in zip(self._state, self.state_rows(), strict=True):
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(row)))
        for number in {*schedule.jobs[:, 0].tolist()}:
            self._read_constants(number)
        results = self._steps(schedule, rates, first_step, learn, workers)
        self._fetch()
        for tensor, row in zip(self._state, self.state_rows(), strict=True):
            row[:] = tensor.cpu().numpy()
        unmade = np.flatnonzero(~np.isfinite(results).all(axis=1))
        return results[: unmade[0] + 1] if len(unmade) else results

    def _steps(
        self, schedule: Schedule, rates: Floats, first_step: int, learn: bool,
        workers: Workers | None,
    ) -> NDArray[np.float64]:  # fmt: skip
        given = self._examples(schedule)
        starts, weights = self._there(schedule.starts), self._there(schedule.weights, self._exact)
        every_rate = self._there(rates, self.real)
        results = torch.zeros(len(schedule.steps), 3, dtype=self._exact, device=self.device)
        self._goes_on.fill_(True)
        for s, (first, end) in enumerate(schedule.steps.tolist()):
            self.cells[self.n_padded : 2 * self.n_padded].zero_()
            self._loss.zero_()
            self._rate.copy_(every_rate[s])
            self._step.fill_(first_step + s)
            self._run_jobs(schedule.jobs[first:end].tolist(), starts, weights, given)
            if workers is not None:
                self._add_up_there(workers)
            self._piece(("update", learn), lambda: self._update(learn))()
            results[s].copy_(self._row)
        return np.asarray(results.cpu().numpy(), dtype=np.float64)

    def _add_up_there(self, workers: Workers) -> None:
        """Loss and gradients of all workers in the place of the own ones, without leaving."""
        gradients = self.cells[self.n_padded : self.n_padded + self.n_parameters]
        numbers = torch.cat([gradients.to(self._exact), self._loss.view(1)])
        workers.all_reduce(numbers)
        gradients.copy_(numbers[:-1])
        self._loss.copy_(numbers[-1])

    def _examples(self, schedule: Schedule) -> list[torch.Tensor]:
        """The numbers of all examples, which stay on the device while they are the same."""
        if self._given[0] is not schedule.numbers:
            sent = [self._there(schedule.numbers, self._exact), self._there(schedule.integers)]
            self._given = schedule.numbers, sent
        return self._given[1]

    def _run_jobs(
        self, jobs: list[list[int]], starts: torch.Tensor, weights: torch.Tensor,
        given: list[torch.Tensor],
    ) -> None:  # fmt: skip
        last = -1
        for number, slot, _ in jobs:
            if number != last:
                if last >= 0:
                    self._piece_of(last, self._end, 3)()
                self._piece_of(number, self._begin, 0)()
                last = number
            slots, which = self._slots_of(number), slice(slot, slot + self.programs[number].lanes)
            slots.starts.copy_(starts[which])
            slots.weights.copy_(weights[which])
            self._fill(number, slots.starts, given)
            self._piece_of(number, self._lanes, 1)()
        if last >= 0:
            self._piece_of(last, self._end, 3)()

    def _lanes(self, number: int) -> None:
        """Forward and backward through the lanes of a program; the loss is added up."""
        program, weights = self.programs[number], self._slots_of(number).weights
        self.run(number, 1)
        output = int(program.output_offsets[0])
        wide = program.plan.outputs[0] >= program.plan.n_uniform
        losses = self.cells[output : output + (program.lanes if wide else 1)]
        self._loss.add_((losses.to(self._exact) * weights).sum())
        self._seed(number, weights)
        self.run(number, 2)

    def _end(self, number: int) -> None:
        self.run(number, 3)

    def _piece_of(
        self, number: int, run: Callable[[int], None], part: int
    ) -> Callable[[], Any]:  # fmt: skip
        """Calls for a program; captured if this part has any and none leaves the device."""
        first, end = self.programs[number].parts[part : part + 2]
        captures = end > first and not self._leaves(number)
        return self._piece((number, part), lambda: run(number), captures)

    def _piece(self, key: Any, run: Callable[[], Any], captures: bool = True) -> Callable[[], Any]:
        """Calls under a key, captured where the device can."""
        if key not in self._pieces:
            piece = Piece(run, self._pool) if self.captures and captures else run
            self._pieces[key] = piece
        return self._pieces[key]

    def _leaves(self, number: int) -> bool:
        """Whether an op of a program runs in Python."""
        return any(self._code(number).is_python(row) for row in self.programs[number].code)

    # The update

    def _update(self, learn: bool) -> None:
        """Penalty, norm, clipping and the rule; a step that is not made changes nothing."""
        settings, exact, n = self.step_settings, self._exact, self.n_parameters
        w, g = self.cells[:n], self.cells[self.n_padded : self.n_padded + n]
        if settings.l2:
            g.add_(w, alpha=2.0 * settings.l2)
        loss = self._loss
        if settings.l2:
            loss = loss + settings.l2 * w.to(exact).square().sum()
        norm = norm_of(g, exact)
        finite = all_finite(torch.stack([loss, norm]))
        made = self._goes_on & finite
        if learn:
            made = self._move(w, g, norm, made)
        third = torch.zeros_like(loss).masked_fill(finite & ~made, float("nan"))
        self._row.copy_(torch.stack([loss, norm, third]))
        self._goes_on.copy_(made)

    def _move(
        self, w: torch.Tensor, g: torch.Tensor, norm: torch.Tensor, made: torch.Tensor
    ) -> torch.Tensor:
        """New numbers in place of the old, if all are finite; gives whether they are."""
        settings = self.step_settings
        assert settings.rule is not None
        if settings.clip_norm < float("inf"):
            limit = settings.clip_norm
            g = g * torch.where(norm > limit, limit / norm, 1.0).to(self.real)
        if self._moved is None:
            self._moved = update_of(settings.rule, settings.settings, self._state, self.compile)
        new = self._moved(w, g, self._rate, self._step)
        made = made & all_finite(new)
        w.copy_(torch.where(made, new[0], w))
        self._state.copy_(torch.where(made, new[1:], self._state))
        return made
