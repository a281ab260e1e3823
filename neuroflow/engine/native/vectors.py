"""Vectors: several numbers that one processor instruction handles together, as LLVM has them.

A compiler often cannot find such instructions in plain loops, because it must assume that slices
overlap. Here the code says it: ``load`` eight numbers, compute with ``+ - * /``, comparisons and
``where``, ``store`` them. Slices may be overrun by less than a vector: buffers are whole vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from neuroflow.engine.native.builder import Builder
from neuroflow.engine.native.language import (
    DOUBLE,
    INT,
    NOTHING,
    PLACES,
    Intrinsic,
    Term,
)

intrinsic = Intrinsic


# Memory


@intrinsic
def load(to: Builder, memory: Term, i: Term) -> Term:
    """The vector at ``memory[i:]``."""
    return to.vector_at(to.place("Stored", memory, i))


@intrinsic
def store(to: Builder, memory: Term, i: Term, x: Term) -> Term:
    """Put a vector, or one number repeated, at ``memory[i:]``."""
    to.store_vector(to.place("Stored", memory, i), x)
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
    return store.emit(to, memory, i, _sum(to, old, more))


@intrinsic
def spread(to: Builder, memory: Term, i: Term) -> Term:
    """The number ``memory[i]``, repeated."""
    return to.spread(to.load("Number", to.place("Number", memory, i)))


@intrinsic
def at(to: Builder, memory: Term, i: Term) -> Term:
    """The places from ``memory[i]`` on."""
    return Term(memory.kind, to.place(PLACES[memory.kind], memory, i))


@intrinsic
def room(to: Builder, n: Term) -> Term:
    """Room for n numbers, a constant, as long as the function runs."""
    return to.room(n.value)


# Parts of vectors


def _sum(to: Builder, x: Term, y: Term) -> Term:
    return Term("Vector", to.llvm.fadd(x.value, y.value, flags=to.target.flags()))


def _inside(to: Builder, n: Term) -> Term:
    """Which places of a vector are among the first n."""
    whole = ir.VectorType(INT, to.target.width)
    places = ir.Constant(whole, [ir.Constant(INT, k) for k in range(to.target.width)])
    all_n = to.repeated(to.to(n, "Int").value, whole)
    return Term("Mask", to.llvm.icmp_signed("<", places, all_n))


@intrinsic
def first(to: Builder, x: Term, n: Term) -> Term:
    """The vector with all but its first n numbers set to zero."""
    return to.select(_inside(to, n), x, Term("literal", 0.0))


@intrinsic
def part(to: Builder, x: Term, n: Term, other: Term) -> Term:
    """The first n numbers of a vector, and those of another behind them."""
    return to.select(_inside(to, n), x, other)


@intrinsic
def zeros(to: Builder) -> Term:
    """A vector of zeros."""
    return Term("Vector", to.target.constant(0.0, "Vector"))


@intrinsic
def element(to: Builder, x: Term, k: Term) -> Term:
    """Number k of a vector."""
    return Term("Number", to.llvm.extract_element(x.value, to.to(k, "Int").value))


def _by_halves(to: Builder, x: Term, join: Callable[[Builder, Term, Term], Term]) -> Term:
    """One number of a vector's, joined by halves: always in the same order."""
    width = n = to.target.width
    while n > 1:
        n //= 2
        order = to.order([k + n if k < n else k for k in range(width)])
        x = join(to, x, Term("Vector", to.llvm.shuffle_vector(x.value, x.value, order)))
    return element.emit(to, x, Term("literal", 0))


@intrinsic
def total(to: Builder, x: Term) -> Term:
    """The sum of a vector's numbers."""
    return _by_halves(to, x, _sum)


@intrinsic
def transpose_tile(
    to: Builder, memory: Term, a: Term, row: Term, target: Term, out: Term, out_row: Term
) -> Term:
    """Copy as many rows of a matrix as a vector has numbers, a vector of each, as columns.

    Rows change places of half a vector, of a quarter and so on with the row as far away.
    """
    width, llvm = to.target.width, to.llvm

    def at(first: Term, step: Term, k: int) -> Term:
        return to.arithmetic("add", first, to.arithmetic("mul", step, Term("literal", k)))

    rows = [load.emit(to, memory, at(a, row, k)).value for k in range(width)]
    far = width // 2
    while far:
        low = to.order([k if not k & far else width + k - far for k in range(width)])
        high = to.order([k + far if not k & far else width + k for k in range(width)])
        for k in [k for k in range(width) if not k & far]:
            x, y = rows[k], rows[k + far]
            rows[k], rows[k + far] = llvm.shuffle_vector(x, y, low), llvm.shuffle_vector(x, y, high)
        far //= 2
    for k, x in enumerate(rows):
        store.emit(to, target, at(out, out_row, k), Term("Vector", x))
    return NOTHING


@intrinsic
def where(to: Builder, condition: Term, a: Term, b: Term) -> Term:
    """For each number: a where the condition holds, else b."""
    return to.select(condition, a, b)


@intrinsic
def power_of_two(to: Builder, x: Term) -> Term:
    """2 to the power of each number, which must be whole: made from its exponent's bits."""
    bits, bias, shift = (64, 1023, 52) if to.target.size == 8 else (32, 127, 23)
    one = ir.IntType(bits)
    whole = ir.VectorType(one, to.target.width)

    def repeated(number: int) -> Any:
        return ir.Constant(whole, [ir.Constant(one, number)] * to.target.width)

    biased = to.llvm.add(to.llvm.fptosi(x.value, whole), repeated(bias))
    shifted = to.llvm.shl(biased, repeated(shift))
    return Term("Vector", to.llvm.bitcast(shifted, to.type("Vector")))


def _whole(name: str) -> Intrinsic:
    """One of LLVM's functions of whole vectors."""

    def emit(to: Builder, x: Term) -> Term:
        kind, target = to.type("Vector"), to.target
        called = f"llvm.{name}.v{target.width}f{8 * target.size}"
        function = to.elsewhere(called, kind, [kind])
        return to.call(function, "Vector", [to.to(x, "Vector")])

    return Intrinsic(emit)


sqrt, abs, rounded, floor = (_whole(name) for name in ("sqrt", "fabs", "rint", "floor"))


# Functions of the C library


def _called(to: Builder, name: str, kind: str, given: list[Term]) -> Term:
    """Call a function of single numbers; those of float32 end in f there."""
    number = to.type(kind)
    name = f"{name}f" if number != DOUBLE else name
    function = to.elsewhere(name, number, [number] * len(given))
    return to.call(function, kind, [to.to(x, kind) for x in given])


def _by_number(name: str) -> Intrinsic:
    """A function of the C library, number by number."""

    def emit(to: Builder, *given: Term) -> Term:
        vectors = [to.to(x, "Vector") for x in given]
        result = ir.Constant(to.type("Vector"), ir.Undefined)
        for k in range(to.target.width):
            numbers = [element.emit(to, x, Term("literal", k)) for x in vectors]
            one = _called(to, name, "Number", numbers)
            result = to.llvm.insert_element(result, one.value, ir.Constant(INT, k))
        return Term("Vector", result)

    return Intrinsic(emit)


log, log1p, expm1 = (_by_number(name) for name in ("log", "log1p", "expm1"))
log2, log10, fmod = (_by_number(name) for name in ("log2", "log10", "fmod"))
sin, cos, tanh, erf = (_by_number(name) for name in ("sin", "cos", "tanh", "erf"))


@intrinsic
def pow(to: Builder, x: Term, y: Term) -> Term:
    """x^y; the library takes 1 for it where the base is 1 or the exponent 0, nan or not."""
    x, y = to.to(x, "Vector"), to.to(y, "Vector")
    power = _by_number("pow").emit(to, x, y)
    return to.select(to.with_nan(x, y), to.arithmetic("add", x, y), power)


def _single(name: str) -> Intrinsic:
    """A function of the C library, of single numbers in float64."""
    return Intrinsic(lambda to, *given: _called(to, name, "Double", list(given)))


scalar_exp, scalar_log, scalar_sqrt = _single("exp"), _single("log"), _single("sqrt")
scalar_log1p, scalar_expm1, scalar_pow = _single("log1p"), _single("expm1"), _single("pow")
scalar_sin, scalar_cos, scalar_tanh = _single("sin"), _single("cos"), _single("tanh")
scalar_erf, scalar_abs, scalar_atan = _single("erf"), _single("fabs"), _single("atan")
scalar_log2, scalar_log10, scalar_floor = _single("log2"), _single("log10"), _single("floor")
scalar_fmod = _single("fmod")
scalar_where = where

LIBRARY = (
    "exp", "log", "log1p", "expm1", "log2", "log10", "pow", "sin", "cos", "atan", "tanh", "erf",
    "fabs", "floor", "fmod", "sqrt",
)  # fmt: skip
"""The functions that come from the C library, in float64; those of float32 end in f."""


# Whole numbers, and single ones


def _better(how: str) -> Callable[[Builder, Term, Term], Term]:
    def emit(to: Builder, a: Term, b: Term) -> Term:
        """The better of two, or nan: where a comparison does not hold, b is taken, so a constant
        comes first, and of two others a is looked at."""
        if b.kind == "literal":
            a, b = b, a
        better = to.select(to.compare(how, a, b), a, b)
        whole = a.kind == "literal" or better.kind == "Int"
        return better if whole else to.select(to.with_nan(a, a), a, better)

    return emit


maximum, minimum = Intrinsic(_better(">")), Intrinsic(_better("<"))
highest = Intrinsic(lambda to, x: _by_halves(to, x, maximum.emit))
lowest = Intrinsic(lambda to, x: _by_halves(to, x, minimum.emit))
scalar_maximum, scalar_minimum = maximum, minimum


# Instructions


@intrinsic
def call(to: Builder, address: Term, *given: Term) -> Term:
    """Call the function at an address: an instruction of the machine, or an update rule."""
    return to.call_address(address, given)
