"""One function as the text of LLVM: each statement and expression of Python's syntax in turn.

Variables are places on the stack, which LLVM turns into registers; so no place in the text needs
to know what a variable was before.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import pairwise
from types import FunctionType
from typing import Any

from attrs import define, field

from neuroflow.engine.native.language import (
    NOTHING,
    ORDER,
    PLACES,
    Intrinsic,
    LanguageError,
    Source,
    Target,
    Term,
)

_ARITHMETIC = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
_COMPARISONS = {
    ast.Lt: ("slt", "olt"), ast.LtE: ("sle", "ole"), ast.Gt: ("sgt", "ogt"),
    ast.GtE: ("sge", "oge"), ast.Eq: ("eq", "oeq"), ast.NotEq: ("ne", "une"),
}  # fmt: skip
_CASTS = {
    ("Flag", "Int"): "zext", ("Flag", "Number"): "uitofp", ("Flag", "Double"): "uitofp",
    ("Int", "Number"): "sitofp", ("Int", "Double"): "sitofp", ("Mask", "Vector"): "uitofp",
}  # fmt: skip


@define(eq=False)
class Writer:
    """Writes one function. ``variables`` are types and places; ``loops`` where to go from inside:
    (the next turn, the end)."""

    module: Module
    source: Source
    lines: list[str] = field(factory=list)
    places: list[str] = field(factory=list)
    variables: dict[str, Term] = field(factory=dict)
    loops: list[tuple[str, str]] = field(factory=list)
    count: int = 0
    ended: bool = False

    def text(self) -> str:
        """The function, as LLVM reads it."""
        kinds, tree = self.module.target, self.source.tree
        for name, kind in self.source.parameters:
            self.assign(name, Term(kind, f"%{name}.in"))
        self.block(tree.body)
        if not self.ended:
            self.do("ret void")
        given = [f"{kinds.written(kind)} %{name}.in" for name, kind in self.source.parameters]
        head = f"define internal {kinds.written(self.source.result)} @{tree.name}"
        body = "\n".join([*self.places, *self.lines])
        return f"{head}({', '.join(given)}) #0 {{\n{body}\n}}"

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
        return self.module.target.written(kind)

    def typed(self, term: Term) -> str:
        """A value with its type before it."""
        return f"{self.written(term.kind)} {term.name}"

    def declare(self, line: str) -> None:
        """Name a function that lies elsewhere."""
        self.module.declarations[f"declare {line}"] = None

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

    def branch(self, condition: ast.expr, then: str, other: str) -> None:
        """Go on at one of two blocks."""
        flag = self.flag(self.value(condition))
        self.do(f"br i1 {flag.name}, label %{then}, label %{other}")
        self.ended = True

    # Types

    def to(self, term: Term, kind: str) -> Term:
        """A value as one of another type, if that loses nothing but digits."""
        if term.kind == kind:
            return term
        if term.kind == "literal":
            return Term(kind, self.module.target.constant(term.name, kind))
        if kind == "Flag":
            return self.flag(term)
        if kind == "Vector" and term.kind != "Mask":
            return self.spread(self.to(term, "Number"))
        if {term.kind, kind} == {"Number", "Double"}:
            return self._other_precision(term, kind)
        if (term.kind, kind) not in _CASTS:
            raise LanguageError(f"{self.source.tree.name}: a {term.kind} is no {kind}")
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
        return self.compare("une" if term.kind != "Int" else "ne", term, Term("literal", 0))

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
        kind, flat = self.written("Vector"), f"<{self.module.target.width} x i32>"
        line = f"insertelement {kind} poison, {self.typed(number)}, i32 0"
        first = self.emit("Vector", line)
        line = f"shufflevector {kind} {first.name}, {kind} poison, {flat} zeroinitializer"
        return self.emit("Vector", line)

    # Statements

    def block(self, statements: Sequence[ast.stmt]) -> None:
        """Statements in order; what can not be reached is left out."""
        for statement in statements:
            if not self.ended:
                getattr(self, f"_{type(statement).__name__.lower()}")(statement)

    def _pass(self, node: ast.Pass) -> None: ...

    def _expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # not the sentence that says what it does
            self.value(node.value)

    def _return(self, node: ast.Return) -> None:
        if node.value is None:
            self.do("ret void")
        else:
            result = self.to(self.value(node.value), self.source.result)
            self.do(f"ret {self.typed(result)}")
        self.ended = True

    def _assign(self, node: ast.Assign) -> None:
        if isinstance(node.targets[0], ast.Tuple):
            assert isinstance(node.value, ast.Tuple)
            values = [self.value(x) for x in node.value.elts]
            for target, value in zip(node.targets[0].elts, values, strict=True):
                self._put(target, value)
            return
        value = self.value(node.value)
        for target in node.targets:
            self._put(target, value)

    def _annassign(self, node: ast.AnnAssign) -> None:
        assert node.value is not None
        self._put(node.target, self.to(self.value(node.value), ast.unparse(node.annotation)))

    def _augassign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            old = self.value(ast.Name(node.target.id))
            self.assign(node.target.id, self.arithmetic(node.op, old, self.value(node.value)))
            return
        assert isinstance(node.target, ast.Subscript)
        kind, place = self.place(node.target)
        value = self.value(node.value)
        self._store(kind, place, self.arithmetic(node.op, self._load(kind, place), value))

    def _put(self, target: ast.expr, value: Term) -> None:
        if isinstance(target, ast.Name):
            self.assign(target.id, value)
        else:
            assert isinstance(target, ast.Subscript)
            self._store(*self.place(target), value)

    def assign(self, name: str, value: Term) -> None:
        """Give a variable a value; the first decides its type."""
        if name not in self.variables:
            if value.kind == "literal":
                value = self.to(value, "Int" if isinstance(value.name, int) else "Number")
            self.variables[name] = Term(value.kind, f"%{name}")
            self.places.append(f"  %{name} = alloca {self.written(value.kind)}")
        variable = self.variables[name]
        self._store(variable.kind, variable.name, value)

    def place(self, node: ast.Subscript) -> tuple[str, str]:
        """The type and the address of ``memory[i]``."""
        memory, index = self.value(node.value), self.to(self.value(node.slice), "Int")
        kind = PLACES[memory.kind]
        line = f"getelementptr {self.written(kind)}, ptr {memory.name}, i64 {index.name}"
        return kind, self.emit("place", line).name

    def _load(self, kind: str, place: str) -> Term:
        return self.emit(kind, f"load {self.written(kind)}, ptr {place}")

    def _store(self, kind: str, place: str, value: Term) -> None:
        self.do(f"store {self.typed(self.to(value, kind))}, ptr {place}")

    def _if(self, node: ast.If) -> None:
        then, other, end = self.label("then"), self.label("else"), self.label("end")
        self.branch(node.test, then, other)
        for label, body in ((then, node.body), (other, node.orelse)):
            self.begin(label)
            self.block(body)
            self.go(end)
        self.begin(end)

    def _while(self, node: ast.While) -> None:
        turn, body, end = self.label("while"), self.label("body"), self.label("end")
        self.begin(turn)
        self.branch(node.test, body, end)
        self._loop(body, node.body, turn, end)
        self.go(turn)
        self.begin(end)

    def _for(self, node: ast.For) -> None:
        """``for i in range(...)``: i itself counts, so a loop must not change it."""
        assert isinstance(node.target, ast.Name)
        assert isinstance(node.iter, ast.Call)
        given = node.iter.args
        first, last, step = (
            given if len(given) == 3 else
            (*given, ast.Constant(1)) if len(given) == 2 else
            (ast.Constant(0), given[0], ast.Constant(1))
        )  # fmt: skip
        test, body, more, end = (self.label(x) for x in ("for", "body", "more", "end"))
        self.assign(node.target.id, self.to(self.value(first), "Int"))
        stop = self.to(self.value(last), "Int")
        by = self.to(self.value(step), "Int")
        self.begin(test)
        i = self.value(ast.Name(node.target.id))
        going = self.compare("slt", i, stop)
        self.do(f"br i1 {going.name}, label %{body}, label %{end}")
        self.ended = True
        self._loop(body, node.body, more, end)
        self.begin(more)
        i = self.value(ast.Name(node.target.id))
        self.assign(node.target.id, self.emit("Int", f"add nsw i64 {i.name}, {by.name}"))
        self.go(test)
        self.begin(end)

    def _loop(self, label: str, body: Sequence[ast.stmt], more: str, end: str) -> None:
        self.begin(label)
        self.loops.append((more, end))
        self.block(body)
        self.loops.pop()

    def _break(self, node: ast.Break) -> None:
        self.go(self.loops[-1][1])

    def _continue(self, node: ast.Continue) -> None:
        self.go(self.loops[-1][0])

    # Expressions

    def value(self, node: ast.expr) -> Term:
        """The value of an expression."""
        if isinstance(node, ast.Constant):
            return Term("literal", node.value)
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if isinstance(node, ast.Subscript):
            return self._load(*self.place(node))
        if isinstance(node, ast.BinOp):
            return self.arithmetic(node.op, self.value(node.left), self.value(node.right))
        if isinstance(node, ast.UnaryOp):
            return self._unary(node.op, self.value(node.operand))
        if isinstance(node, ast.Compare):
            return self._compared(node)
        if isinstance(node, ast.BoolOp):
            name = "and" if isinstance(node.op, ast.And) else "or"
            return self.joined(name, [self.flag(self.value(x)) for x in node.values])
        if isinstance(node, ast.IfExp):
            return self.select(*[self.value(x) for x in (node.test, node.body, node.orelse)])
        if isinstance(node, ast.Call):
            return self._call(node)
        raise LanguageError(f"{self.source.tree.name}: {ast.unparse(node)} is not understood")

    def _named(self, name: str) -> Term:
        if name in self.variables:
            variable = self.variables[name]
            return self._load(variable.kind, variable.name)
        number = self.module.target.constants.get(name, self.source.names.get(name))
        if not isinstance(number, (int, float)):
            raise LanguageError(f"{self.source.tree.name}: nothing is called {name}")
        return Term("literal", number)

    def arithmetic(self, op: ast.operator, a: Term, b: Term) -> Term:
        """``a + b``, and so on; ``//`` is for whole numbers that are not negative."""
        if a.kind == b.kind == "literal":
            expression = ast.Expression(ast.BinOp(ast.Constant(a.name), op, ast.Constant(b.name)))
            code = compile(ast.fix_missing_locations(expression), "constants", "eval")
            return Term("literal", eval(code))
        kind, (a, b) = self.together([a, b])
        if isinstance(op, ast.FloorDiv):
            return self.emit(kind, f"sdiv i64 {a.name}, {b.name}")
        kind = "Number" if isinstance(op, ast.Div) and kind == "Int" else kind
        name = _ARITHMETIC[type(op)]
        name = f"{name} nsw" if kind == "Int" else f"f{name}{self.source.flags}"
        a, b = self.to(a, kind), self.to(b, kind)
        return self.emit(kind, f"{name} {self.typed(a)}, {b.name}")

    def _unary(self, op: ast.unaryop, x: Term) -> Term:
        if isinstance(op, ast.Not):
            return self.emit("Flag", f"xor i1 {self.flag(x).name}, true")
        assert isinstance(op, ast.USub)
        if x.kind == "literal":
            return Term("literal", -x.name)
        if x.kind == "Int":
            return self.emit("Int", f"sub i64 0, {x.name}")
        return self.emit(x.kind, f"fneg {self.typed(x)}")

    def _compared(self, node: ast.Compare) -> Term:
        """A comparison, or a chain of them."""
        values = [self.value(x) for x in (node.left, *node.comparators)]
        flags = [
            self.compare(_COMPARISONS[type(op)], a, b)
            for op, (a, b) in zip(node.ops, pairwise(values), strict=True)
        ]
        return self.joined("and", flags)

    def compare(self, how: Any, a: Term, b: Term) -> Term:
        """Whether a is so to b; ``how`` is LLVM's word, or its words for integers and floats."""
        kind, (a, b) = self.together([a, b])
        whole = kind in ("Int", "Flag")
        word = how if isinstance(how, str) else how[0 if whole else 1]
        line = f"{'icmp' if whole else 'fcmp'} {word} {self.typed(a)}, {b.name}"
        return self.emit("Mask" if kind == "Vector" else "Flag", line)

    def joined(self, name: str, flags: Sequence[Term]) -> Term:
        """Flags joined by and, or by or; all are computed."""
        result = flags[0]
        for other in flags[1:]:
            result = self.emit("Flag", f"{name} i1 {result.name}, {other.name}")
        return result

    def select(self, condition: Term, a: Term, b: Term) -> Term:
        """a where the condition holds, else b; both are computed."""
        if condition.kind in ("Mask", "Vector"):
            a, b = self.to(a, "Vector"), self.to(b, "Vector")
        kind, (a, b) = self.together([a, b])
        condition = condition if condition.kind == "Mask" else self.flag(condition)
        line = f"select {self.typed(condition)}, {self.typed(a)}, {self.typed(b)}"
        return self.emit(kind, line)

    def _call(self, node: ast.Call) -> Term:
        assert isinstance(node.func, ast.Name)
        function = self.source.names.get(node.func.id)
        given = [self.value(x) for x in node.args]
        if isinstance(function, Intrinsic):
            return function.emit(self, *given)
        if not isinstance(function, FunctionType):
            raise LanguageError(f"{self.source.tree.name}: nothing is called {node.func.id}")
        source = Source.of(function)
        self.module.add(source)
        kinds = [kind for _, kind in source.parameters]
        passed = [self.typed(self.to(x, kind)) for x, kind in zip(given, kinds, strict=True)]
        result = source.result
        line = f"call {self.written(result)} @{source.tree.name}({', '.join(passed)})"
        if result == "None":
            self.do(line)
            return NOTHING
        return self.emit(result, line)


@define(eq=False)
class Module:
    """Functions that are written, each once, and the names that they use from elsewhere.

    >>> module = Module(Target("float64", 8))
    >>> module.add(Source.of_text("def twice(x: Number) -> Number:\\n    return x + x", {}))
    >>> print(module.text().splitlines()[0])
    define internal double @twice(double %x.in) #0 {
    """

    target: Target
    functions: dict[str, str] = field(factory=dict)
    declarations: dict[str, None] = field(factory=dict)

    def add(self, source: Source) -> None:
        """Write a function, unless it is there."""
        name = source.tree.name
        if name not in self.functions:
            self.functions[name] = ""  # its place: before those that it calls
            self.functions[name] = Writer(self, source).text()

    def text(self) -> str:
        """All of it."""
        rest = "attributes #0 = { nounwind }\n"
        return "\n\n".join([*self.functions.values(), *self.declarations, rest])
