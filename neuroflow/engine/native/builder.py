"""Instructions of LLVM, one by one, with values turned into the types that they meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define
from llvmlite import ir

from neuroflow.engine.native.language import (
    LANE,
    NOTHING,
    ORDER,
    LanguageError,
    Target,
    Term,
)

_CASTS = {
    ("Flag", "Int"): "zext", ("Flag", "Number"): "uitofp", ("Flag", "Double"): "uitofp",
    ("Int", "Number"): "sitofp", ("Int", "Double"): "sitofp", ("Mask", "Vector"): "uitofp",
}  # fmt: skip

ZERO = Term("literal", 0)


@define(eq=False)
class Builder:
    """Builds the body of one function with llvmlite's own builder, ``llvm``.

    ``flags`` say how exact its arithmetic is (see ``Target.flags``).
    """

    function: Any
    target: Target
    flags: tuple[str, ...]
    llvm: Any

    @classmethod
    def of(cls, function: Any, target: Target, is_exact: bool) -> Builder:
        """A builder at the beginning of a function."""
        entry = ir.IRBuilder(function.append_basic_block("entry"))
        return cls(function, target, target.flags(is_exact), entry)

    @property
    def name(self) -> str:
        """The function's name."""
        return str(self.function.name)

    @property
    def ended(self) -> bool:
        """Whether the block went elsewhere: what follows cannot be reached."""
        return bool(self.llvm.block.is_terminated)

    def type(self, kind: str) -> Any:
        """What LLVM calls a type."""
        return self.target.type(kind)

    # Memory

    def variable(self, name: str, kind: str) -> Term:
        """A place for a variable, which LLVM turns into a register."""
        with self.llvm.goto_entry_block():
            return Term(kind, self.llvm.alloca(self.type(kind), name=name))

    def room(self, n: int) -> Term:
        """Places for n numbers that the function has for itself."""
        with self.llvm.goto_entry_block():
            numbers = self.llvm.alloca(self.type("Stored"), size=n, name="room")
        numbers.align = 64
        return Term("Numbers", numbers)

    def place(self, kind: str, memory: Term, index: Term) -> Any:
        """The address of ``memory[index]``."""
        at = self.to(index, "Int").value
        return self.llvm.gep(memory.value, [at], source_etype=self.type(kind))

    def load(self, kind: str, place: Any, align: int | None = None) -> Term:
        """What lies at a place."""
        return Term(kind, self.llvm.load(place, typ=self.type(kind), align=align))

    def store(self, kind: str, place: Any, value: Term, align: int | None = None) -> None:
        """Put a value at a place."""
        self.llvm.store(self.to(value, kind).value, place, align=align)

    def vector_at(self, place: Any) -> Term:
        """The vector at a place, widened if numbers lie there in float32."""
        kind = self.type("Stored vector")
        stored = self.llvm.load(place, typ=kind, align=self.target.stored_size)
        return Term("Vector", self.llvm.fpext(stored, self.type("Vector")))

    def store_vector(self, place: Any, x: Term) -> None:
        """Put a vector at a place, rounded to the numbers that lie there."""
        kind = self.type("Stored vector")
        stored = self.llvm.fptrunc(self.to(x, "Vector").value, kind)
        self.llvm.store(stored, place, align=self.target.stored_size)

    # Blocks

    def block(self, name: str) -> Any:
        """A block to come."""
        return self.function.append_basic_block(name)

    def begin(self, block: Any) -> None:
        """Begin a block; what came before goes on there, unless it went elsewhere."""
        self.go(block)
        self.llvm.position_at_end(block)

    def go(self, block: Any) -> None:
        """Go on at a block."""
        if not self.ended:
            self.llvm.branch(block)

    def branch(self, condition: Term, then: Any, other: Any) -> None:
        """Go on at one of two blocks."""
        self.llvm.cbranch(self.flag(condition).value, then, other)

    def give(self, result: Term, kind: str) -> None:
        """Return from the function, with a result or with nothing."""
        if result is NOTHING:
            self.llvm.ret_void()
        else:
            self.llvm.ret(self.to(result, kind).value)

    # Types

    def to(self, term: Term, kind: str) -> Term:
        """A value as one of another type, if that loses nothing but digits."""
        if term.kind == kind:
            return term
        if term.kind == "literal":
            return Term(kind, self.target.constant(term.value, kind))
        if kind == "Flag":
            return self.flag(term)
        if kind == "Vector" and term.kind != "Mask":
            return self.spread(self.to(term, "Number"))
        if {term.kind, kind} == {"Number", "Double"}:
            return self._other_precision(term, kind)
        if (term.kind, kind) not in _CASTS:
            raise LanguageError(
                f"{self.name} gives a {term.kind} where a {kind} must be",
                remedy="a variable keeps the type of its first value: use another name",
            )
        cast = getattr(self.llvm, _CASTS[term.kind, kind])
        return Term(kind, cast(term.value, self.type(kind)))

    def _other_precision(self, term: Term, kind: str) -> Term:
        cast = self.llvm.fpext if kind == "Double" else self.llvm.fptrunc
        return Term(kind, cast(term.value, self.type(kind)))

    def flag(self, term: Term) -> Term:
        """A value as a condition: whether it is not zero."""
        if term.kind in ("Flag", "literal"):
            return self.to(term, "Flag")
        return self.compare("!=", term, ZERO)

    def together(self, terms: Sequence[Term]) -> tuple[str, list[Term]]:
        """Values as one type that holds all."""
        kind = max((term.kind for term in terms), key=ORDER.index)
        if kind == "literal":
            kind = "Int" if all(isinstance(term.value, int) for term in terms) else "Number"
        if kind in ("Flag", "Int") and any(isinstance(term.value, float) for term in terms):
            kind = "Number"
        return kind, [self.to(term, kind) for term in terms]

    def spread(self, number: Term) -> Term:
        """A vector that repeats one number."""
        return Term("Vector", self.repeated(number.value, self.type("Vector")))

    def repeated(self, value: Any, vector: Any) -> Any:
        """A value in each place of a vector."""
        empty = ir.Constant(vector, ir.Undefined)
        one = self.llvm.insert_element(empty, value, ir.Constant(LANE, 0))
        return self.llvm.shuffle_vector(one, empty, self.order([0] * self.target.width))

    def order(self, places: Sequence[int]) -> Any:
        """Which place each number of a shuffled vector comes from."""
        return ir.Constant(ir.VectorType(LANE, len(places)), [ir.Constant(LANE, k) for k in places])

    # Arithmetic

    def arithmetic(self, operation: str, a: Term, b: Term) -> Term:
        """``add, sub, mul, div``, or ``floordiv`` of whole numbers that are not negative."""
        kind, (a, b) = self.together([a, b])
        if kind == "Flag":  # a sum of flags counts them
            kind = "Int"
        if operation == "floordiv":
            return Term(kind, self.llvm.sdiv(a.value, b.value))
        kind = "Number" if operation == "div" and kind == "Int" else kind
        whole = kind == "Int"
        compute = getattr(self.llvm, operation if whole else f"f{operation}")
        a, b = self.to(a, kind), self.to(b, kind)
        return Term(kind, compute(a.value, b.value, flags=("nsw",) if whole else self.flags))

    def negative(self, x: Term) -> Term:
        """``-x``."""
        if x.kind == "literal":
            return Term("literal", -x.value)
        return Term(x.kind, (self.llvm.neg if x.kind == "Int" else self.llvm.fneg)(x.value))

    def compare(self, how: str, a: Term, b: Term) -> Term:
        """Whether a is so to b: ``<, <=, >, >=, ==`` or ``!=``, which alone holds for nan."""
        kind, (a, b) = self.together([a, b])
        llvm = self.llvm
        of_floats = llvm.fcmp_unordered if how == "!=" else llvm.fcmp_ordered
        compare = llvm.icmp_signed if kind in ("Int", "Flag") else of_floats
        return Term("Mask" if kind == "Vector" else "Flag", compare(how, a.value, b.value))

    def with_nan(self, a: Term, b: Term) -> Term:
        """Whether one of two numbers is nan."""
        kind, (a, b) = self.together([a, b])
        compared = self.llvm.fcmp_unordered("uno", a.value, b.value)
        return Term("Mask" if kind == "Vector" else "Flag", compared)

    def joined(self, join: Any, flags: Sequence[Term]) -> Term:
        """Flags joined by and, or by or; all are computed."""
        result = flags[0]
        for other in flags[1:]:
            result = Term(result.kind, join(result.value, other.value))
        return result

    def opposite(self, flag: Term) -> Term:
        """``not`` a flag."""
        return Term("Flag", self.llvm.not_(self.flag(flag).value))

    def select(self, condition: Term, a: Term, b: Term) -> Term:
        """a where the condition holds, else b; both are computed."""
        if condition.kind == "Vector":
            condition = self.compare("!=", condition, ZERO)
        if condition.kind == "Mask":
            a, b = self.to(a, "Vector"), self.to(b, "Vector")
        else:
            condition = self.flag(condition)
        kind, (a, b) = self.together([a, b])
        return Term(kind, self.llvm.select(condition.value, a.value, b.value))

    # Calls

    def call(self, function: Any, result: str, given: Sequence[Term]) -> Term:
        """Call a function of LLVM."""
        value = self.llvm.call(function, [x.value for x in given])
        return NOTHING if result == "None" else Term(result, value)

    def call_address(self, address: Term, given: Sequence[Term]) -> Term:
        """Call the function at an address; it gives nothing."""
        kinds = [self.type(x.kind) for x in given]
        function = ir.FunctionType(self.type("None"), kinds).as_pointer()
        return self.call(self.llvm.inttoptr(address.value, function), "None", given)

    def elsewhere(self, name: str, result: Any, given: Sequence[Any]) -> Any:
        """A function of these types that lies elsewhere: in the C library, or LLVM's own."""
        module = self.function.module
        known = module.globals.get(name)
        return known or ir.Function(module, ir.FunctionType(result, given), name)


def declared(
    module: Any, name: str, target: Target, result: str, parameters: Sequence[tuple[str, str]]
) -> Any:
    """A function with these parameters, (name, type) each; its body is still to come."""
    types = [target.type(kind) for _, kind in parameters]
    function = ir.Function(module, ir.FunctionType(target.type(result), types), name)
    for argument, (given, _) in zip(function.args, parameters, strict=True):
        argument.name = given
    return function
