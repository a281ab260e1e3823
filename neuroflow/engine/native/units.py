"""Units: the functions that are compiled and kept on disk one by one, shared by all models."""

from __future__ import annotations

import ctypes
import hashlib
import math
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from attrs import frozen

from neuroflow.engine.lower.program import Instruction, complete
from neuroflow.engine.native import (
    arctangent,
    compiler,
    exponential,
    loop,
    matrices,
    ragged,
    remainder,
    rows,
    vectors,
)
from neuroflow.engine.native.builder import Builder, declared
from neuroflow.engine.native.cache import kept
from neuroflow.engine.native.fusing import Fused
from neuroflow.engine.native.language import PLACES, Source, Target, Term, source_of
from neuroflow.engine.native.translator import Translation
from neuroflow.locks import lock

NAMES = {
    **vars(vectors), "exp": exponential.exponential, "atan": arctangent.arctangent,
    "mod": remainder.mod, "scalar_mod": remainder.scalar_mod, "inf": math.inf, "nan": math.nan,
}  # fmt: skip
"""What the text of a kernel may name."""


INSTRUCTIONS = complete(
    {
        Instruction.GATHER: rows.gather,
        Instruction.SCATTER: rows.scatter,
        Instruction.TRANSPOSE: rows.transpose,
        Instruction.MATMUL: matrices.matmul,
        Instruction.OUTER: matrices.outer,
        Instruction.DOT: matrices.dot,
        Instruction.DOT_BACK: matrices.dot_back,
        Instruction.LANE_DOT: matrices.lane_dot,
        Instruction.LANE_DOT_BACK: matrices.lane_dot_back,
        Instruction.SUM: rows.sums,
        Instruction.SUM_BACK: rows.sums_back,
        Instruction.EXTREME: rows.extremes,
        Instruction.EXTREME_BACK: rows.extremes_back,
        Instruction.TAKE: rows.take,
        Instruction.TAKE_BACK: rows.take_back,
    },
    "llvm",
)

FUSED: dict[Fused, Callable[..., Any]] = {
    Fused.ALONG: ragged.along,
    Fused.ACROSS: ragged.across,
    Fused.OUTER_SUMS: ragged.outer_sums,
}
"""Instructions that native code has beside those of the machine."""

GIVEN = {"m": "Numbers", "indices": "Integers", "runs": "Integers"}
"""What each instruction is given beside its operands."""

CODE = ("words", "Integers")
"""And where these lie."""


@frozen
class Unit:
    """A function of the machine's language; an instruction reads its operands from the code."""

    what: Callable[..., Any] | str
    is_instruction: bool = True

    def source(self) -> Source:
        """Its syntax, with what it may name."""
        if isinstance(self.what, str):
            return Source.of_text(self.what, NAMES)
        return source_of(self.what)

    def key(self, target: Target) -> str:
        """The name of its machine code: another one if anything that it depends on changes."""
        text = self.what if isinstance(self.what, str) else self.what.__qualname__
        depends = f"{_facts()}\n{compiler.facts(target.processor)}\n{target}"
        facts = f"{depends}\n{self.is_instruction}\n{text}"
        return f"nf_{hashlib.sha256(facts.encode()).hexdigest()[:32]}"

    def text(self, target: Target) -> str:
        """The module that LLVM compiles, as it reads it."""
        source = self.source()
        inside = target.in_float64 if "in_float64" in source.marks else target
        translation = Translation(inside)
        entry = _entry_of_instruction if self.is_instruction else _entry_of_function
        entry(source, self.key(target), translation)
        return str(translation.module)


def _entry_of_function(source: Source, name: str, translation: Translation) -> None:
    """The entry of a function that is called as it is; its places in memory do not overlap."""
    target = translation.target
    entry = declared(translation.module, name, target, source.result, source.parameters)
    for argument, (_, kind) in zip(entry.args, source.parameters, strict=True):
        if kind in PLACES:
            argument.add_attribute("noalias")
    to = Builder.of(entry, target, source.is_exact)
    given = [Term(kind, x) for x, (_, kind) in zip(entry.args, source.parameters, strict=True)]
    to.give(to.call(translation.function(source), source.result, given), source.result)


def _entry_of_instruction(source: Source, name: str, translation: Translation) -> None:
    """The entry of an instruction: its operands lie behind its address in the code."""
    target = translation.target
    entry = declared(translation.module, name, target, "None", [*GIVEN.items(), CODE])
    for argument in entry.args:
        argument.add_attribute("noalias")
    to = Builder.of(entry, target, source.is_exact)
    *places, words = (
        Term(kind, x) for x, kind in zip(entry.args, [*GIVEN.values(), CODE[1]], strict=True)
    )
    given, k = dict(zip(GIVEN, places, strict=True)), 0
    operands = []
    for parameter, _ in source.parameters:
        if parameter in given:
            operands.append(given[parameter])
        else:
            k += 1
            operands.append(to.load("Int", to.place("Int", words, Term("literal", k))))
    to.give(to.call(translation.function(source), "None", operands), "None")


@cache
def _facts() -> str:
    """What machine code depends on beside its own text and its target: the compiler's text."""
    texts = [path.read_text() for path in sorted(Path(__file__).parent.glob("*.py"))]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


_ADDRESSES: dict[tuple[Unit, Target], int] = {}
"""Where functions lie in this process."""

_LOADING = lock(1)  # threads of one run need the same functions: they must be loaded once


def load(units: Iterable[Unit], target: Target) -> dict[Unit, int]:
    """The addresses of units: those at hand, from the cache on disk, or compiled now."""
    wanted = list(dict.fromkeys(units))
    with _LOADING:
        missing = [unit for unit in wanted if (unit, target) not in _ADDRESSES]
        names = [unit.key(target) for unit in missing]
        codes = kept(names, [_maker(unit, target) for unit in missing])
        for unit, address in zip(missing, compiler.addresses(codes, names), strict=True):
            _ADDRESSES[unit, target] = address
    return {unit: _ADDRESSES[unit, target] for unit in wanted}


def _maker(unit: Unit, target: Target) -> Callable[[], bytes]:
    return lambda: compiler.machine_code(unit.text(target), target.processor)


RUN, TRAIN = Unit(loop.run, False), Unit(loop.train, False)


def callable_unit(unit: Unit, target: Target) -> Any:
    """A unit as a function of Python; other threads go on while it runs."""
    kinds: dict[str, Any] = {"Int": ctypes.c_int64, "Double": ctypes.c_double}
    source = unit.source()
    given = [kinds.get(kind, ctypes.c_void_p) for _, kind in source.parameters]
    result = kinds.get(source.result)
    return ctypes.CFUNCTYPE(result, *given)(load([unit], target)[unit])
