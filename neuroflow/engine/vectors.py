"""Vectors for numba: several numbers that one processor instruction handles together.

Numba's own loops leave it to the compiler to find such instructions, and it often cannot, because
it must assume that slices overlap. Here kernels say it: ``load`` eight numbers, compute with
``+ - * /``, comparisons and ``select``, ``store`` them. All is inlined to plain machine code.
"""

# mypy: ignore-errors
# numba and llvmlite carry no types

from __future__ import annotations

import operator
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

_I32 = ir.IntType(32)
_RELAXED = ("contract", "reassoc", "nsz")


def width_of(dtype: Any) -> int:
    """How many numbers fit into the widest vector of this processor."""
    features = llvm.get_host_cpu_features()
    n_bytes = 64 if features.get("avx512f") else 32 if features.get("avx2") else 16
    return n_bytes // int(np.dtype(dtype).itemsize)


class Vector(types.Type):
    """The type of a vector of numbers of one kind."""

    def __init__(self, number: Any) -> None:
        self.number = number
        self.n = width_of(str(number))
        super().__init__(name=f"Vector({number} x {self.n})")


class Mask(types.Type):
    """The type of a comparison of vectors: one bit for each number."""

    def __init__(self, number: Any) -> None:
        self.number = number
        self.n = width_of(str(number))
        super().__init__(name=f"Mask({number} x {self.n})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        element = manager.lookup(kind.number).get_value_type()
        super().__init__(manager, kind, ir.VectorType(element, kind.n))


@register_model(Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Mask) -> None:
        super().__init__(manager, kind, ir.VectorType(ir.IntType(1), kind.n))


def _spread(builder: Any, number: Any, kind: Vector) -> Any:
    """A vector that repeats one number."""
    target = ir.VectorType(number.type, kind.n)
    empty = ir.Constant(target, ir.Undefined)
    first = builder.insert_element(empty, number, ir.Constant(_I32, 0))
    zeros = ir.Constant(ir.VectorType(_I32, kind.n), [0] * kind.n)
    return builder.shuffle_vector(first, empty, zeros)


def _lifted(context: Any, builder: Any, value: Any, kind: Any, to: Vector) -> Any:
    """A vector, whatever the operand was: a vector, or a number to repeat."""
    if isinstance(kind, Vector):
        return value
    return _spread(builder, context.cast(builder, value, kind, to.number), to)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, i: Any, kind: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    place = builder.gep(data, [i])
    return builder.bitcast(place, context.get_value_type(kind).as_pointer())


@intrinsic
def load(typing: Any, memory: Any, i: Any) -> Any:
    """The vector at ``memory[i:]``."""
    kind = Vector(memory.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = _pointer(context, builder, memory, args[0], args[1], kind)
        return builder.load(place, align=memory.dtype.bitwidth // 8)

    return kind(memory, types.intp), generate


@intrinsic
def store(typing: Any, memory: Any, i: Any, x: Any) -> Any:
    """Put a vector, or one number repeated, at ``memory[i:]``."""
    kind = Vector(memory.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = _pointer(context, builder, memory, args[0], args[1], kind)
        value = _lifted(context, builder, args[2], x, kind)
        builder.store(value, place, align=memory.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(memory, types.intp, x), generate


@intrinsic
def spread(typing: Any, memory: Any, i: Any) -> Any:
    """The number ``memory[i]``, repeated."""
    kind = Vector(memory.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(memory)(context, builder, args[0]).data
        return _spread(builder, builder.load(builder.gep(data, [args[1]])), kind)

    return kind(memory, types.intp), generate


@intrinsic
def word(typing: Any, code: Any, at: Any, k: Any) -> Any:
    """Entry ``at + k`` of an array of integers, which must not be negative."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        data = context.make_array(code)(context, builder, args[0]).data
        return builder.load(builder.gep(data, [builder.add(args[1], args[2])]))

    return types.intp(code, types.intp, types.intp), generate


@intrinsic
def zeros(typing: Any, memory: Any) -> Any:
    """A vector of zeros, of the memory's kind of number."""
    kind = Vector(memory.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(context.get_value_type(kind), [0.0] * kind.n)

    return kind(memory), generate


@intrinsic
def width(typing: Any, memory: Any) -> Any:
    """How many numbers a vector of this memory has."""
    n = Vector(memory.dtype).n

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(ir.IntType(types.intp.bitwidth), n)

    return types.intp(memory), generate


@intrinsic
def total(typing: Any, x: Any) -> Any:
    """The sum of a vector's numbers, by halves."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        (vector,), n = args, x.n
        empty = ir.Constant(vector.type, ir.Undefined)
        while n > 1:
            n //= 2
            order = [k + n if k < n else k for k in range(x.n)]
            other = builder.shuffle_vector(
                vector, empty, ir.Constant(ir.VectorType(_I32, x.n), order)
            )
            vector = builder.fadd(vector, other, flags=_RELAXED)
        return builder.extract_element(vector, ir.Constant(_I32, 0))

    return x.number(x), generate


@intrinsic
def element(typing: Any, x: Any, k: Any) -> Any:
    """Number k of a vector."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.extract_element(args[0], builder.trunc(args[1], _I32))

    return x.number(x, types.intp), generate


@intrinsic
def with_element(typing: Any, x: Any, k: Any, number: Any) -> Any:
    """The vector with number k replaced."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        value = context.cast(builder, args[2], number, x.number)
        return builder.insert_element(args[0], value, builder.trunc(args[1], _I32))

    return x(x, types.intp, number), generate


def _inside(builder: Any, n: Any, kind: Vector) -> Any:
    """Which places of a vector are among the first n."""
    places = ir.Constant(ir.VectorType(n.type, kind.n), list(range(kind.n)))
    return builder.icmp_signed("<", places, _spread(builder, n, kind))


@intrinsic
def first(typing: Any, x: Any, n: Any) -> Any:
    """The vector with all but its first n numbers set to zero."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        nothing = ir.Constant(args[0].type, [0.0] * x.n)
        return builder.select(_inside(builder, args[1], x), args[0], nothing)

    return x(x, types.intp), generate


@intrinsic
def put(typing: Any, memory: Any, i: Any, x: Any, n: Any) -> Any:
    """Store the first n numbers of a vector at ``memory[i:]``; the rest stays as it was."""
    kind = Vector(memory.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = _pointer(context, builder, memory, args[0], args[1], kind)
        align = memory.dtype.bitwidth // 8
        old = builder.load(place, align=align)
        builder.store(builder.select(_inside(builder, args[3], kind), args[2], old), place, align)
        return context.get_dummy_value()

    return types.void(memory, types.intp, kind, types.intp), generate


@intrinsic
def add(typing: Any, memory: Any, i: Any, x: Any, n: Any) -> Any:
    """Add the first n numbers of a vector to ``memory[i:]``."""
    kind = Vector(memory.dtype)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        place = _pointer(context, builder, memory, args[0], args[1], kind)
        align = memory.dtype.bitwidth // 8
        nothing = ir.Constant(context.get_value_type(kind), [0.0] * kind.n)
        more = builder.select(_inside(builder, args[3], kind), args[2], nothing)
        builder.store(builder.fadd(builder.load(place, align=align), more), place, align)
        return context.get_dummy_value()

    return types.void(memory, types.intp, kind, types.intp), generate


@intrinsic
def select(typing: Any, condition: Any, a: Any, b: Any) -> Any:
    """For each number: a where the condition holds, else b."""
    kind = Vector(condition.number)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        left = _lifted(context, builder, args[1], a, kind)
        right = _lifted(context, builder, args[2], b, kind)
        return builder.select(args[0], left, right)

    return kind(condition, a, b), generate


@intrinsic
def power_of_two(typing: Any, x: Any) -> Any:
    """2 to the power of each number; they must be whole."""
    wide = x.number.bitwidth == 64
    bits, bias, shift = (64, 1023, 52) if wide else (32, 127, 23)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        integers = ir.VectorType(ir.IntType(bits), x.n)
        exponent = builder.add(
            builder.fptosi(args[0], integers), ir.Constant(integers, [bias] * x.n)
        )
        shifted = builder.shl(exponent, ir.Constant(integers, [shift] * x.n))
        return builder.bitcast(shifted, args[0].type)

    return x(x), generate


def _unary(name: str) -> Any:
    """An LLVM intrinsic on whole vectors."""

    @intrinsic
    def call(typing: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            kind = args[0].type
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(kind, [kind]), f"{name}.v{x.n}f{x.number.bitwidth}"
            )
            return builder.call(function, args)

        return x(x), generate

    return call


square_root, magnitude, rounded = _unary("llvm.sqrt"), _unary("llvm.fabs"), _unary("llvm.rint")


def _kind_of(args: tuple[Any, ...]) -> Any:
    vectors = [a for a in args if isinstance(a, Vector)]
    numbers = all(isinstance(a, (Vector, types.Float, types.Integer)) for a in args)
    return vectors[0] if vectors and numbers else None


def _register(function: Any, emit: Any, compares: bool = False) -> None:
    """Teach numba an operator on vectors, and on a vector and a number."""

    @infer_global(function)
    class _Typing(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            kind = _kind_of(args)
            if kind is not None:
                return signature(Mask(kind.number) if compares else kind, *args)
            return None

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = _kind_of(sig.args)
        lifted = [
            _lifted(context, builder, value, given, kind)
            for value, given in zip(args, sig.args, strict=True)
        ]
        return emit(builder, *lifted)

    numbers = (types.Float, types.Integer)
    if function is operator.neg:
        lower_builtin(function, Vector)(generate)
        return
    lower_builtin(function, Vector, Vector)(generate)
    for number in numbers:
        lower_builtin(function, Vector, number)(generate)
        lower_builtin(function, number, Vector)(generate)


for _function, _name in {
    operator.add: "fadd", operator.sub: "fsub", operator.mul: "fmul", operator.truediv: "fdiv",
}.items():  # fmt: skip
    _register(_function, lambda b, x, y, name=_name: getattr(b, name)(x, y, flags=_RELAXED))
_register(operator.neg, lambda b, x: b.fneg(x))
for _function, _name in {
    operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">=",
}.items():  # fmt: skip
    _register(_function, lambda b, x, y, sign=_name: b.fcmp_ordered(sign, x, y), compares=True)
_register(operator.ne, lambda b, x, y: b.fcmp_unordered("!=", x, y), compares=True)
_register(operator.eq, lambda b, x, y: b.fcmp_ordered("==", x, y), compares=True)
