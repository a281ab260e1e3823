"""What a plan holds and where a step's time goes, as tables that a person can read."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from attrs import asdict, frozen

from neuroflow.engine.lower.kernel import RuleError, update_kernel
from neuroflow.engine.lower.kernels import Kernels
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.lower.needs_grad import is_structural
from neuroflow.engine.lower.program import Instruction, Program
from neuroflow.engine.plan.function import TracedFunction
from neuroflow.engine.plan.plan import Group, Plan
from neuroflow.engine.run.executor import Executor
from neuroflow.engine.speed import Speed, speed_of
from neuroflow.engine.trace.structure import flatten


@frozen
class GroupLine:
    """One group of a plan: so many nodes of an op, computed together."""

    level: int
    op: str
    nodes: int
    inputs_each: int
    scope: str
    once_per_step: bool
    operations: int


@frozen
class PlanReport:
    """A plan in numbers; ``str()`` is the table that ``neuroflow plan`` prints."""

    traced_nodes: int
    nodes: int
    parameters: int
    levels: int
    groups: tuple[GroupLine, ...]
    operations: int
    bytes: int
    forward_bytes: int
    """Without gradients: groups share the memory of others that nothing reads any more."""

    forward_bytes_unshared: int
    instructions: int
    matrix_products: int
    single_dots: int
    copies: int
    recognised: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report as plain data, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [
            f"{self.traced_nodes:,} traced nodes with {self.parameters:,} parameters became"
            f" {self.nodes:,} nodes in {len(self.groups)} groups on {self.levels} levels",
            f"{self.operations:,} floating-point operations forward, {self.bytes:,} bytes,"
            f" {self.instructions} instructions",
            f"forward alone: {self.forward_bytes:,} bytes with buffers reused,"
            f" {self.forward_bytes_unshared:,} without",
            f"recognised: {self.matrix_products} matrix products of dots that share rows;"
            f" not: {self.single_dots} blocks of other dots, {self.copies} operands that do not lie"
            " side by side and are copied",
            *[f"  {note}" for note in self.recognised],
            "",
            f"{'level':>5}  {'op':<14}{'nodes':>8}  {'inputs':>7}  {'operations':>11}  scope",
        ]
        lines += [
            f"{g.level:>5}  {g.op:<14}{g.nodes:>8,}  {g.inputs_each:>7,}  {g.operations:>11,}"
            f"  {g.scope or '-'}{'  (once per step)' if g.once_per_step else ''}"
            for g in self.groups
        ]
        return "\n".join(lines)


def report(plan: Plan, lanes: int = 1, kernels: Kernels | None = None) -> PlanReport:
    """What a plan computes, and what was recognised in it, for one example or many lanes."""
    kernels = kernels or Kernels()
    program = lower(plan, kernels, lanes)
    shared, unshared = [
        lower(plan, kernels, lanes, gradients="none", share=share).size * 8
        for share in (True, False)
    ]
    words = program.code[: program.parts[2], 0]
    lines = tuple(
        GroupLine(
            group.level, group.name, group.count, group.arity, group.scope, group.uniform,
            operations(group, kernels),
        )
        for group in plan.groups
    )  # fmt: skip
    return PlanReport(
        traced_nodes=plan.n_traced,
        nodes=plan.n_nodes,
        parameters=plan.n_parameters,
        levels=max((group.level for group in plan.groups), default=0),
        groups=lines,
        operations=sum(line.operations for line in lines),
        bytes=program.size * 8,
        forward_bytes=shared,
        forward_bytes_unshared=unshared,
        instructions=program.n_instructions,
        matrix_products=int(np.sum(words == Instruction.MATMUL)),
        single_dots=int(np.sum((words == Instruction.DOT) | (words == Instruction.LANE_DOT))),
        copies=int(np.sum(words == Instruction.GATHER)),
        recognised=tuple(plan.notes),
    )


def operations(group: Group, kernels: Kernels) -> int:
    """Floating-point operations of a group, forward, for one example."""
    if group.op.step == "dot":
        return group.count * (group.arity - 1)
    if is_structural(group):
        return group.count * max(group.arity - 1, 0) * (group.index is None)
    kernel = kernels.entries[kernels.forward(group.op, group.arity)].kernel
    return group.count * (1 if kernel is None else len(kernel.steps))


@frozen
class ProfileLine:
    """The time that one group of instructions takes in a step."""

    what: str
    seconds: float
    instructions: int


@frozen
class Profile:
    """Where the time of a step goes; ``str()`` is the table that ``--profile`` prints."""

    backend: str
    lanes: int
    seconds: float
    groups: tuple[ProfileLine, ...]
    modules: tuple[ProfileLine, ...]

    def as_dict(self) -> dict[str, Any]:
        """The profile as plain data, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        title = f"{self.seconds * 1e6:,.1f} us forward and backward ({self.backend}, {self.lanes}"
        lines = [f"{title} lanes), measured instruction by instruction", ""]
        for name, rows in (("op", self.groups), ("module", self.modules)):
            lines.append(f"{name:<30}{'us':>10}{'share':>8}{'instructions':>14}")
            total = self.seconds or 1.0
            lines += [
                f"{row.what:<30}{row.seconds * 1e6:>10,.2f}{row.seconds / total:>8.1%}"
                f"{row.instructions:>14}"
                for row in rows
            ]
            lines.append("")
        return "\n".join(lines).rstrip()


def profile(executor: Executor, number: int, repeats: int = 20) -> Profile:
    """Time each instruction of a program, several times; the least counts.

    Memory must hold the inputs of an example: run a step before.
    """
    program = executor.programs[number]
    rows = program.instructions(0, len(program.code))
    times = [_time(partial(executor.run_rows, number, *each), repeats) for each in rows]
    call = min(times, default=0.0)  # the cheapest instruction costs little beside its call
    seconds = [taken - call for taken in times]
    names = [_name(program, first) for first, _ in rows]
    scopes = [_scope(program.labels[first:end]) for first, end in rows]
    return Profile(
        executor.name, program.lanes, sum(seconds),
        _summed(names, seconds), _summed(scopes, seconds),
    )  # fmt: skip


def _time(call: Callable[[], None], repeats: int) -> float:
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def _name(program: Program, row: int) -> str:
    """The op of an instruction; copies and transposes by what they are."""
    word = int(program.code[row, 0])
    backward = " backward" if row >= program.parts[2] else ""
    if word in (Instruction.GATHER, Instruction.SCATTER, Instruction.TRANSPOSE):
        return "copies" + backward
    return program.labels[row].name + backward


def _scope(groups: Sequence[Group]) -> str:
    """The module that the groups of an instruction lie in, if it is one."""
    scopes = {group.scope for group in groups}
    return (scopes.pop() if len(scopes) == 1 else "") or "(model)"


def _summed(names: Sequence[str], seconds: Sequence[float]) -> tuple[ProfileLine, ...]:
    total: dict[str, list[float]] = {}
    for name, time_taken in zip(names, seconds, strict=True):
        total.setdefault(name, []).append(time_taken)
    lines = [ProfileLine(name, sum(times), len(times)) for name, times in total.items()]
    return tuple(sorted(lines, key=lambda line: -line.seconds))


def plan_of(training: Any, lanes: int = 1) -> PlanReport:
    """The report for the loss of a training's first example; nothing is run."""
    return report(_plan_of_loss(training), lanes)


def plan_and_speed_of(training: Any, lanes: int = 1) -> tuple[PlanReport, Speed]:
    """The same, and how fast it should be and is: some steps are run, and nothing is learnt."""
    plan, kernels, runner = _plan_of_loss(training), Kernels(), training.runner
    example = flatten(tuple(runner.examples[0]))[0]
    return report(plan, lanes, kernels), speed_of(plan, kernels, example, runner, lanes)


def generated_code(training: Any) -> list[str]:
    """The source of the kernels for the loss of a training's first example, then of its update.

    >>> import neuroflow as nf
    >>> print(generated_code(nf.train("moons"))[2])
    @exact
    def map_relu(m: Numbers, n: Int, to_out: Int, at_x0: Int):
        for i in range(0, n, W):
            x0 = load(m, at_x0 + i)
            t1 = x0 <= 0.0
            t2 = where(t1, 0.0, x0)
            store(m, to_out + i, t2)
    <BLANKLINE>
    """
    from neuroflow.engine.native.codegen import map_source, update_source

    runner = training.runner
    kernels = Kernels()
    lower(_plan_of_loss(training), kernels)
    sources = [map_source(entry) for entry in kernels.entries if entry.kernel]
    with suppress(RuleError):  # such a rule runs in Python, as the run itself will say
        sources.append(update_source(update_kernel(runner.rule, runner.settings)))
    return sources


def _plan_of_loss(training: Any) -> Plan:
    runner = training.runner
    function = TracedFunction(runner.example_loss, (runner.model,), runner.parameters, writes=True)
    return function.trace(flatten(tuple(runner.examples[0]))[1]).plan
