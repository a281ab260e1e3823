"""Units: the functions that are compiled and kept on disk one by one, shared by all models."""

from __future__ import annotations

import ctypes
import hashlib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from attrs import frozen

from neuroflow.engine.lower.kernel import Kernel, KernelStep, Operand
from neuroflow.engine.lower.kernels import MapKernel
from neuroflow.engine.lower.program import Instruction
from neuroflow.engine.native import (
    elementary,
    llvm,
    products,
    rows,
    training,
    vectors,
)
from neuroflow.engine.native.cache import kept
from neuroflow.engine.native.language import Source, Target
from neuroflow.engine.native.translator import Module
from neuroflow.locks import lock

NAMES = {**vars(vectors), "exp": elementary.exp, "inf": math.inf, "nan": math.nan}
"""What the text of a kernel may name."""


def map_text(entry: MapKernel) -> str:
    """The instruction that maps an op's rule, or that of its partials, over rows.

    >>> import neuroflow as nf
    >>> from neuroflow.engine.lower.kernels import Kernels
    >>> kernels = Kernels()
    >>> _ = kernels.backward(nf.ops.tanh, 1, (True,))
    >>> print(map_text(kernels.entries[0]))
    def map_tanh_backward(m: Numbers, n: Int, at_g: Int, at_out: Int, at_x0: Int, to_x0: Int):
        for i in range(0, n, W):
            g = load(m, at_g + i)
            out = load(m, at_out + i)
            t0 = out * out
            t1 = 1.0 - t0
            t2 = g * t1
            add(m, to_x0 + i, t2, n - i)
    <BLANKLINE>
    """
    kernel = entry.kernel
    assert kernel is not None
    inputs = [f"at_{name}" for name in kernel.inputs]
    if entry.backward:
        results = [(f"to_x{j}", kernel.results[j]) for j in entry.targets]
        operands = ["n", *inputs, *[place for place, _ in results]]
    else:
        results = [("to_out", kernel.results[0])]
        operands = ["n", "to_out", *inputs]
    needed = _needed(kernel, [result for _, result in results])
    lines = [f"{name} = load(m, at_{name} + i)" for name in kernel.inputs if name in needed]
    lines += [str(step) for step in kernel.steps if step.name in needed]
    for place, result in results:  # rooms of outputs are whole vectors, those of gradients not
        how, rest = ("add", ", n - i") if entry.backward else ("store", "")
        lines.append(f"{how}(m, {place} + i, {result!r}{rest})".replace("'", ""))
    name = re.sub(r"\W", "_", f"map_{entry.op.name}{'_backward' if entry.backward else ''}")
    given = ", ".join(["m: Numbers", *[f"{operand}: Int" for operand in operands]])
    body = "".join(f"        {line}\n" for line in lines)
    return f"def {name}({given}):\n    for i in range(0, n, W):\n{body}"


def _needed(kernel: Kernel, results: Sequence[Operand]) -> set[Operand]:
    """The names that the results depend on."""
    needed = set(results)
    for step in reversed(kernel.steps):
        if step.name in needed:
            needed.update(step.operands)
    return needed


def update_text(kernel: Kernel) -> str:
    """An optimizer's rule: what is one number for all parameters once, the rest by vectors.

    Names without an underscore are those of the rule.
    """
    state = kernel.inputs[2:-2]
    once = [_single(step) for step in kernel.steps if step.uniform]
    each = ["w = load(_m, _i)", "g = load(_m, _room + _i) * _scale"]
    each += [f"{name} = load(_state, {k} * _room + _i)" for k, name in enumerate(state)]
    each += [str(step) for step in kernel.steps if not step.uniform]
    places = ["_m, _i", *[f"_state, {k} * _room + _i" for k in range(len(state))]]
    each += [
        f"put({place}, {result}, _n - _i)"
        for place, result in zip(places, kernel.results, strict=True)
    ]
    given = "_m: Numbers, _state: Numbers, _n: Int, _scale: Double"
    return "\n".join(
        [
            f"def update({given}, learning_rate: Double, step: Double):",
            "    _room = (_n + W - 1) // W * W",
            *[f"    {line}" for line in once],
            "    for _i in range(0, _room, W):",
            *[f"        {line}" for line in each],
            "",
        ]
    )


def _single(step: KernelStep) -> str:
    """A step on single numbers: its function is that of single numbers."""
    return str(step).replace(f"= {step.function}(", f"= scalar_{step.function}(")


INSTRUCTIONS: dict[Instruction, Callable[..., Any]] = {
    Instruction.GATHER: rows.gather,
    Instruction.SCATTER: rows.scatter,
    Instruction.TRANSPOSE: rows.transpose,
    Instruction.MATMUL: products.matmul,
    Instruction.OUTER: products.outer,
    Instruction.DOT: products.dot,
    Instruction.DOT_BACK: products.dot_back,
    Instruction.LANE_DOT: products.lane_dot,
    Instruction.LANE_DOT_BACK: products.lane_dot_back,
    Instruction.SUM: rows.sums,
    Instruction.SUM_BACK: rows.sums_back,
    Instruction.EXTREME: rows.extremes,
    Instruction.EXTREME_BACK: rows.extremes_back,
    Instruction.TAKE: rows.take,
    Instruction.TAKE_BACK: rows.take_back,
}

_GIVEN = {"m": "Numbers", "indices": "Integers", "runs": "Integers"}
"""What each instruction is given beside its operands."""


@frozen
class Unit:
    """A function of the machine's language; an instruction reads its operands from the code."""

    what: Callable[..., Any] | str
    is_instruction: bool = True

    def source(self) -> Source:
        """Its syntax, with what it may name."""
        if isinstance(self.what, str):
            return Source.of_text(self.what, NAMES)
        return Source.of(self.what)

    def key(self, target: Target) -> str:
        """The name of its machine code: another one if anything that it depends on changes."""
        text = self.what if isinstance(self.what, str) else self.what.__qualname__
        facts = f"{_facts()}\n{target}\n{self.is_instruction}\n{text}"
        return f"nf_{hashlib.sha256(facts.encode()).hexdigest()[:32]}"

    def text(self, target: Target) -> str:
        """The text that LLVM compiles."""
        module, source = Module(target), self.source()
        module.add(source)
        entry = _instruction if self.is_instruction else _function
        return f"{module.text()}\n{entry(source, self.key(target), target)}"


def _function(source: Source, name: str, target: Target) -> str:
    """The entry of a function that is called as it is."""
    given = [(target.written(kind), f"%{name}") for name, kind in source.parameters]
    head = ", ".join(f"{kind} noalias {x}" if kind == "ptr" else f"{kind} {x}" for kind, x in given)
    passed = ", ".join(f"{kind} {x}" for kind, x in given)
    result = target.written(source.result)
    call = f"call {result} @{source.tree.name}({passed})"
    body = f"  {call}\n  ret void" if result == "void" else f"  %out = {call}\n  ret {result} %out"
    return f"define {result} @{name}({head}) {{\n{body}\n}}\n"


def _instruction(source: Source, name: str, target: Target) -> str:
    """The entry of an instruction: its operands lie behind its address in the code."""
    lines, passed, k = [], [], 0
    for parameter, _ in source.parameters:
        if parameter in _GIVEN:
            passed.append(f"ptr %{parameter}")
            continue
        k += 1
        lines.append(f"  %at.{k} = getelementptr i64, ptr %words, i64 {k}")
        lines.append(f"  %{parameter} = load i64, ptr %at.{k}")
        passed.append(f"i64 %{parameter}")
    head = ", ".join(f"ptr noalias %{x}" for x in (*_GIVEN, "words"))
    lines.append(f"  call void @{source.tree.name}({', '.join(passed)})\n  ret void")
    return "\n".join([f"define void @{name}({head}) {{", *lines, "}", ""])


@cache
def _facts() -> str:
    """What machine code depends on beside its own text."""
    texts = [path.read_text() for path in sorted(Path(__file__).parent.glob("*.py"))]
    return hashlib.sha256("\n".join([llvm.facts(), *texts]).encode()).hexdigest()


_ADDRESSES: dict[tuple[Unit, Target], int] = {}
"""Where functions lie in this process."""

_LOADING = lock(1)  # threads of one run need the same functions: they must be loaded once


def load(units: Iterable[Unit], target: Target) -> dict[Unit, int]:
    """The addresses of units: those at hand, from the cache on disk, or compiled now."""
    wanted = list(dict.fromkeys(units))
    with _LOADING:
        missing = [unit for unit in wanted if (unit, target) not in _ADDRESSES]
        names = [unit.key(target) for unit in missing]
        codes = [kept(unit.key(target), _maker(unit, target)) for unit in missing]
        for unit, address in zip(missing, llvm.addresses(codes, names), strict=True):
            _ADDRESSES[unit, target] = address
    return {unit: _ADDRESSES[unit, target] for unit in wanted}


def _maker(unit: Unit, target: Target) -> Callable[[], bytes]:
    return lambda: llvm.machine_code(unit.text(target))


RUN, TRAIN = Unit(training.run, False), Unit(training.train, False)


def callable_unit(unit: Unit, target: Target) -> Any:
    """A unit as a function of Python; other threads go on while it runs."""
    kinds: dict[str, Any] = {"Int": ctypes.c_int64, "Double": ctypes.c_double}
    source = unit.source()
    given = [kinds.get(kind, ctypes.c_void_p) for _, kind in source.parameters]
    result = kinds.get(source.result)
    return ctypes.CFUNCTYPE(result, *given)(load([unit], target)[unit])
