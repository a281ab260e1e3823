"""Vectors: several numbers that one processor instruction handles together, as LLVM writes them.

A compiler often cannot find such instructions in plain loops, because it must assume that slices
overlap. Here the text says it: ``load`` eight numbers, compute with ``+ - * /``, comparisons and
``where``, ``store`` them. Slices may be overrun by less than a vector: rooms are whole vectors.
"""

from __future__ import annotations

from collections.abc import Callable

from neuroflow.engine.native.builder import Builder
from neuroflow.engine.native.language import NOTHING, PLACES, RELAXED, Intrinsic, Term

intrinsic = Intrinsic


def _address(to: Builder, kind: str, memory: Term, i: Term) -> str:
    index = to.to(i, "Int").name
    line = f"getelementptr {to.written(kind)}, ptr {memory.name}, i64 {index}"
    place: str = to.emit("place", line).name
    return place


def _aligned(to: Builder) -> str:
    return f"align {to.target.size}"


# Memory


@intrinsic
def load(to: Builder, memory: Term, i: Term) -> Term:
    """The vector at ``memory[i:]``."""
    place = _address(to, "Number", memory, i)
    return to.emit("Vector", f"load {to.written('Vector')}, ptr {place}, {_aligned(to)}")


@intrinsic
def store(to: Builder, memory: Term, i: Term, x: Term) -> Term:
    """Put a vector, or one number repeated, at ``memory[i:]``."""
    place = _address(to, "Number", memory, i)
    to.do(f"store {to.typed(to.to(x, 'Vector'))}, ptr {place}, {_aligned(to)}")
    return NOTHING


@intrinsic
def put(to: Builder, memory: Term, i: Term, x: Term, n: Term) -> Term:
    """Store the first n numbers of a vector at ``memory[i:]``; the rest stays as it was."""
    old = load.emit(to, memory, i)
    new = to.select(_inside(to, n), x, old)
    return store.emit(to, memory, i, new)


@intrinsic
def add(to: Builder, memory: Term, i: Term, x: Term, n: Term) -> Term:
    """Add the first n numbers of a vector to ``memory[i:]``."""
    old, more = load.emit(to, memory, i), first.emit(to, x, n)
    line = f"fadd{RELAXED} {to.typed(old)}, {more.name}"
    return store.emit(to, memory, i, to.emit("Vector", line))


@intrinsic
def spread(to: Builder, memory: Term, i: Term) -> Term:
    """The number ``memory[i]``, repeated."""
    place = _address(to, "Number", memory, i)
    return to.spread(to.emit("Number", f"load {to.written('Number')}, ptr {place}"))


@intrinsic
def at(to: Builder, memory: Term, i: Term) -> Term:
    """The places from ``memory[i]`` on."""
    return Term(memory.kind, _address(to, PLACES[memory.kind], memory, i))


# Parts of vectors


def _inside(to: Builder, n: Term) -> Term:
    """Which places of a vector are among the first n."""
    width = to.target.width
    flat, indices = f"<{width} x i64>", f"<{width} x i32>"
    count = to.to(n, "Int").name
    one = to.emit("places", f"insertelement {flat} poison, i64 {count}, i32 0").name
    line = f"shufflevector {flat} {one}, {flat} poison, {indices} zeroinitializer"
    all_n = to.emit("places", line).name
    places = ", ".join(f"i64 {k}" for k in range(width))
    return to.emit("Mask", f"icmp slt {flat} <{places}>, {all_n}")


@intrinsic
def first(to: Builder, x: Term, n: Term) -> Term:
    """The vector with all but its first n numbers set to zero."""
    return to.select(_inside(to, n), x, Term("literal", 0.0))


@intrinsic
def zeros(to: Builder) -> Term:
    """A vector of zeros."""
    return Term("Vector", "zeroinitializer")


@intrinsic
def element(to: Builder, x: Term, k: Term) -> Term:
    """Number k of a vector."""
    return to.emit("Number", f"extractelement {to.typed(x)}, i64 {to.to(k, 'Int').name}")


@intrinsic
def total(to: Builder, x: Term) -> Term:
    """The sum of a vector's numbers, by halves: always in the same order."""
    width = n = to.target.width
    kind = to.written("Vector")
    while n > 1:
        n //= 2
        order = ", ".join(f"i32 {k + n if k < n else k}" for k in range(width))
        line = f"shufflevector {kind} {x.name}, {kind} poison, <{width} x i32> <{order}>"
        other = to.emit("Vector", line)
        x = to.emit("Vector", f"fadd{RELAXED} {to.typed(x)}, {other.name}")
    return element.emit(to, x, Term("literal", 0))


@intrinsic
def where(to: Builder, condition: Term, a: Term, b: Term) -> Term:
    """For each number: a where the condition holds, else b."""
    return to.select(condition, a, b)


@intrinsic
def power_of_two(to: Builder, x: Term) -> Term:
    """2 to the power of each number, which must be whole: made from its exponent's bits."""
    width = to.target.width
    bits, bias, shift = (64, 1023, 52) if to.target.size == 8 else (32, 127, 23)
    whole = f"<{width} x i{bits}>"

    def repeated(number: int) -> str:
        return f"<{', '.join([f'i{bits} {number}'] * width)}>"

    exponent = to.emit("whole", f"fptosi {to.typed(x)} to {whole}").name
    biased = to.emit("whole", f"add {whole} {exponent}, {repeated(bias)}").name
    shifted = to.emit("whole", f"shl {whole} {biased}, {repeated(shift)}").name
    return to.emit("Vector", f"bitcast {whole} {shifted} to {to.written('Vector')}")


def _whole(name: str) -> Intrinsic:
    """One of LLVM's functions of whole vectors."""

    def emit(to: Builder, x: Term) -> Term:
        kind, target = to.written("Vector"), to.target
        called = f"@llvm.{name}.v{target.width}f{8 * target.size}"
        to.declare(f"{kind} {called}({kind})")
        return to.emit("Vector", f"call {kind} {called}({to.typed(to.to(x, 'Vector'))})")

    return Intrinsic(emit)


sqrt, abs, rounded = _whole("sqrt"), _whole("fabs"), _whole("rint")


# Functions of the C library


def _called(to: Builder, name: str, kind: str, given: list[Term]) -> Term:
    """Call a function of single numbers; those of float32 end in f there."""
    written = to.written(kind)
    name = f"{name}f" if written == "float" else name
    to.declare(f"{written} @{name}({', '.join([written] * len(given))})")
    return to.call(f"@{name}", kind, [to.to(x, kind) for x in given])


def _by_number(name: str) -> Intrinsic:
    """A function of the C library, number by number."""

    def emit(to: Builder, *given: Term) -> Term:
        vectors = [to.to(x, "Vector") for x in given]
        kind, result = to.written("Vector"), Term("Vector", "poison")
        for k in range(to.target.width):
            numbers = [element.emit(to, x, Term("literal", k)) for x in vectors]
            one = _called(to, name, "Number", numbers)
            line = f"insertelement {kind} {result.name}, {to.typed(one)}, i32 {k}"
            result = to.emit("Vector", line)
        return result

    return Intrinsic(emit)


log, log1p, expm1, pow = (_by_number(name) for name in ("log", "log1p", "expm1", "pow"))
sin, cos, tanh, erf = (_by_number(name) for name in ("sin", "cos", "tanh", "erf"))


def _single(name: str) -> Intrinsic:
    """A function of the C library, of single numbers in float64."""
    return Intrinsic(lambda to, *given: _called(to, name, "Double", list(given)))


scalar_exp, scalar_log, scalar_sqrt = _single("exp"), _single("log"), _single("sqrt")
scalar_log1p, scalar_expm1, scalar_pow = _single("log1p"), _single("expm1"), _single("pow")
scalar_sin, scalar_cos, scalar_tanh = _single("sin"), _single("cos"), _single("tanh")
scalar_erf, scalar_abs = _single("erf"), _single("fabs")
scalar_where = where

LIBRARY = ("exp", "log", "log1p", "expm1", "pow", "sin", "cos", "tanh", "erf", "fabs", "sqrt")
"""The functions that come from the C library, in float64; those of float32 end in f."""


# Whole numbers, and single ones


def _better(word: str) -> Callable[[Builder, Term, Term], Term]:
    def emit(to: Builder, a: Term, b: Term) -> Term:
        return to.select(to.compare((f"s{word}", f"o{word}"), a, b), a, b)

    return emit


maximum, minimum = Intrinsic(_better("gt")), Intrinsic(_better("lt"))
scalar_maximum, scalar_minimum = maximum, minimum


# Instructions


@intrinsic
def call(to: Builder, address: Term, *given: Term) -> Term:
    """Call the function at an address: an instruction of the machine, or an update rule."""
    pointer = to.emit("place", f"inttoptr i64 {address.name} to ptr").name
    return to.call(pointer, "None", given)
