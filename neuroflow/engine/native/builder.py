"""Instructions of LLVM, line by line, with values turned into the types that they meet."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from neuroflow.engine.native.language import ORDER, LanguageError, Target, Term

_CASTS = {
    ("Flag", "Int"): "zext", ("Flag", "Number"): "uitofp", ("Flag", "Double"): "uitofp",
    ("Int", "Number"): "sitofp", ("Int", "Double"): "sitofp", ("Mask", "Vector"): "uitofp",
}  # fmt: skip

ZERO = Term("literal", 0)


@define(eq=False)
class Builder:
    """The body of one function. ``flags`` says how exact its arithmetic is, ``places`` are its
    variables, ``declarations`` what it names from elsewhere."""

    name: str
    target: Target
    flags: str
    declarations: dict[str, None]
    lines: list[str] = field(factory=list)
    places: list[str] = field(factory=list)
    count: int = 0
    ended: bool = False

    # Lines of the text

    def do(self, line: str) -> None:
        """Write an instruction that gives nothing."""
        self.lines.append(f"  {line}")

    def emit(self, kind: str, line: str) -> Term:
        """Write an instruction; its result."""
        self.count += 1
        self.lines.append(f"  %.{self.count} = {line}")
        return Term(kind, f"%.{self.count}")

    def written(self, kind: str) -> str:
        """What LLVM calls a type."""
        return self.target.written(kind)

    def typed(self, term: Term) -> str:
        """A value with its type before it."""
        return f"{self.written(term.kind)} {term.name}"

    def declare(self, line: str) -> None:
        """Name a function that lies elsewhere."""
        self.declarations[f"declare {line}"] = None

    def place(self, name: str, kind: str) -> Term:
        """Make room for a variable."""
        self.places.append(f"  %{name} = alloca {self.written(kind)}")
        return Term(kind, f"%{name}")

    def load(self, kind: str, place: str) -> Term:
        """What lies at a place."""
        return self.emit(kind, f"load {self.written(kind)}, ptr {place}")

    def store(self, kind: str, place: str, value: Term) -> None:
        """Put a value at a place."""
        self.do(f"store {self.typed(self.to(value, kind))}, ptr {place}")

    # Blocks

    def label(self, name: str) -> str:
        """The name of a block to come."""
        self.count += 1
        return f"{name}{self.count}"

    def begin(self, label: str) -> None:
        """Begin a block; what came before goes on there, unless it went elsewhere."""
        self.go(label)
        self.lines.append(f"{label}:")
        self.ended = False

    def go(self, label: str) -> None:
        """Go on at a block."""
        if not self.ended:
            self.do(f"br label %{label}")
        self.ended = True

    def branch(self, condition: Term, then: str, other: str) -> None:
        """Go on at one of two blocks."""
        flag = self.flag(condition)
        self.do(f"br i1 {flag.name}, label %{then}, label %{other}")
        self.ended = True

    # Types

    def to(self, term: Term, kind: str) -> Term:
        """A value as one of another type, if that loses nothing but digits."""
        if term.kind == kind:
            return term
        if term.kind == "literal":
            return Term(kind, self.target.constant(term.name, kind))
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
        line = f"{_CASTS[term.kind, kind]} {self.typed(term)} to {self.written(kind)}"
        return self.emit(kind, line)

    def _other_precision(self, term: Term, kind: str) -> Term:
        if self.written(term.kind) == self.written(kind):
            return Term(kind, term.name)
        cast = "fpext" if kind == "Double" else "fptrunc"
        return self.emit(kind, f"{cast} {self.typed(term)} to {self.written(kind)}")

    def flag(self, term: Term) -> Term:
        """A value as a condition: whether it is not zero."""
        if term.kind in ("Flag", "literal"):
            return self.to(term, "Flag")
        return self.compare(("ne", "une"), term, ZERO)

    def together(self, terms: Sequence[Term]) -> tuple[str, list[Term]]:
        """Values as one type that holds all."""
        kind = max((term.kind for term in terms), key=ORDER.index)
        if kind == "literal":
            kind = "Int" if all(isinstance(term.name, int) for term in terms) else "Number"
        if kind in ("Flag", "Int") and any(isinstance(term.name, float) for term in terms):
            kind = "Number"
        return kind, [self.to(term, kind) for term in terms]

    def spread(self, number: Term) -> Term:
        """A vector that repeats one number."""
        kind, flat = self.written("Vector"), f"<{self.target.width} x i32>"
        line = f"insertelement {kind} poison, {self.typed(number)}, i32 0"
        first = self.emit("Vector", line)
        line = f"shufflevector {kind} {first.name}, {kind} poison, {flat} zeroinitializer"
        return self.emit("Vector", line)

    # Arithmetic

    def arithmetic(self, operation: str, a: Term, b: Term) -> Term:
        """``add, sub, mul, div``, or ``floordiv`` of whole numbers that are not negative."""
        kind, (a, b) = self.together([a, b])
        if kind == "Flag":  # a sum of flags counts them
            kind = "Int"
        if operation == "floordiv":
            return self.emit(kind, f"sdiv i64 {a.name}, {b.name}")
        kind = "Number" if operation == "div" and kind == "Int" else kind
        word = f"{operation} nsw" if kind == "Int" else f"f{operation}{self.flags}"
        a, b = self.to(a, kind), self.to(b, kind)
        return self.emit(kind, f"{word} {self.typed(a)}, {b.name}")

    def negative(self, x: Term) -> Term:
        """``-x``."""
        if x.kind == "literal":
            return Term("literal", -x.name)
        if x.kind == "Int":
            return self.emit("Int", f"sub i64 0, {x.name}")
        return self.emit(x.kind, f"fneg {self.typed(x)}")

    def compare(self, how: tuple[str, str], a: Term, b: Term) -> Term:
        """Whether a is so to b; ``how`` are LLVM's words for whole numbers and for others."""
        kind, (a, b) = self.together([a, b])
        whole = kind in ("Int", "Flag")
        line = f"{'icmp' if whole else 'fcmp'} {how[not whole]} {self.typed(a)}, {b.name}"
        return self.emit("Mask" if kind == "Vector" else "Flag", line)

    def joined(self, name: str, flags: Sequence[Term]) -> Term:
        """Flags joined by and, or by or; all are computed."""
        result = flags[0]
        for other in flags[1:]:
            result = self.emit("Flag", f"{name} i1 {result.name}, {other.name}")
        return result

    def opposite(self, flag: Term) -> Term:
        """``not`` a flag."""
        return self.emit("Flag", f"xor i1 {self.flag(flag).name}, true")

    def select(self, condition: Term, a: Term, b: Term) -> Term:
        """a where the condition holds, else b; both are computed."""
        if condition.kind == "Vector":
            condition = self.compare(("ne", "une"), condition, ZERO)
        if condition.kind == "Mask":
            a, b = self.to(a, "Vector"), self.to(b, "Vector")
        else:
            condition = self.flag(condition)
        kind, (a, b) = self.together([a, b])
        line = f"select {self.typed(condition)}, {self.typed(a)}, {self.typed(b)}"
        return self.emit(kind, line)

    def call(self, name: str, result: str, given: Sequence[Term]) -> Term:
        """Call a function by its name, or by the name of what holds its address."""
        line = f"call {self.written(result)} {name}({', '.join(self.typed(x) for x in given)})"
        if result != "None":
            return self.emit(result, line)
        self.do(line)
        return Term("None", "")
