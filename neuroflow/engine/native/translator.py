"""From Python's syntax to instructions: each statement and each expression in turn.

Variables are places on the stack, which LLVM turns into registers; so no line needs to know what
a variable was before.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from itertools import pairwise
from types import FunctionType
from typing import Any

from attrs import define, field

from neuroflow.engine.native.builder import Builder
from neuroflow.engine.native.language import (
    PLACES,
    Intrinsic,
    LanguageError,
    Source,
    Target,
    Term,
)

_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("add", operator.add), ast.Sub: ("sub", operator.sub),
    ast.Mult: ("mul", operator.mul), ast.Div: ("div", operator.truediv),
    ast.FloorDiv: ("floordiv", operator.floordiv),
}  # fmt: skip
_COMPARISONS = {
    ast.Lt: ("slt", "olt"), ast.LtE: ("sle", "ole"), ast.Gt: ("sgt", "ogt"),
    ast.GtE: ("sge", "oge"), ast.Eq: ("eq", "oeq"), ast.NotEq: ("ne", "une"),
}  # fmt: skip


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
            to = Builder(name, self.target, source.flags, self.declarations)
            self.functions[name] = Translator(self, source, to).text()

    def text(self) -> str:
        """All of it."""
        rest = "attributes #0 = { nounwind }\n"
        return "\n\n".join([*self.functions.values(), *self.declarations, rest])


@define(eq=False)
class Translator:
    """Writes one function. ``loops`` has where to go from inside: (the next turn, the end)."""

    module: Module
    source: Source
    to: Builder
    variables: dict[str, Term] = field(factory=dict)
    loops: list[tuple[str, str]] = field(factory=list)

    def text(self) -> str:
        """The function, as LLVM reads it."""
        to, source = self.to, self.source
        for name, kind in source.parameters:
            self._assign_name(name, Term(kind, f"%{name}.in"))
        self._block(source.tree.body)
        if not to.ended:
            to.do("ret void")
        given = ", ".join(f"{to.written(kind)} %{name}.in" for name, kind in source.parameters)
        head = f"define internal {to.written(source.result)} @{to.name}({given}) #0"
        body = "\n".join([*to.places, *to.lines])
        return f"{head} {{\n{body}\n}}"

    # Statements

    def _block(self, statements: Sequence[ast.stmt]) -> None:
        """Statements in order; what can not be reached is left out."""
        for statement in statements:
            if self.to.ended:
                return
            write = getattr(self, f"_{type(statement).__name__.lower()}", None)
            if write is None:
                raise self._not_understood(statement)
            write(statement)

    def _not_understood(self, node: ast.AST) -> LanguageError:
        return LanguageError(f"{self.to.name}: {ast.unparse(node)!r} is not of this language")

    def _pass(self, node: ast.Pass) -> None: ...

    def _expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # not the sentence that says what it does
            self.value(node.value)

    def _return(self, node: ast.Return) -> None:
        if node.value is None:
            self.to.do("ret void")
        else:
            result = self.to.to(self.value(node.value), self.source.result)
            self.to.do(f"ret {self.to.typed(result)}")
        self.to.ended = True

    def _assign(self, node: ast.Assign) -> None:
        first = node.targets[0]
        if isinstance(first, ast.Tuple) and isinstance(node.value, ast.Tuple):
            values = [self.value(x) for x in node.value.elts]
            for target, value in zip(first.elts, values, strict=True):
                self._put(target, value)
            return
        value = self.value(node.value)
        for target in node.targets:
            self._put(target, value)

    def _annassign(self, node: ast.AnnAssign) -> None:
        assert node.value is not None
        self._put(node.target, self.to.to(self.value(node.value), ast.unparse(node.annotation)))

    def _augassign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Subscript):
            kind, place = self._place(node.target)
            value = self.value(node.value)
            new = self._arithmetic(node.op, self.to.load(kind, place), value)
            self.to.store(kind, place, new)
        else:
            assert isinstance(node.target, ast.Name)
            old = self._named(node.target.id)
            self._put(node.target, self._arithmetic(node.op, old, self.value(node.value)))

    def _put(self, target: ast.expr, value: Term) -> None:
        if isinstance(target, ast.Subscript):
            self.to.store(*self._place(target), value)
        elif isinstance(target, ast.Name):
            self._assign_name(target.id, value)
        else:
            raise self._not_understood(target)

    def _assign_name(self, name: str, value: Term) -> None:
        """Give a variable a value; the first decides its type."""
        if name not in self.variables:
            if value.kind == "literal":
                value = self.to.to(value, "Int" if isinstance(value.name, int) else "Number")
            self.variables[name] = self.to.place(name, value.kind)
        variable = self.variables[name]
        self.to.store(variable.kind, variable.name, value)

    def _place(self, node: ast.Subscript) -> tuple[str, str]:
        """The type and the address of ``memory[i]``."""
        memory, index = self.value(node.value), self.to.to(self.value(node.slice), "Int")
        if memory.kind not in PLACES:
            raise self._not_understood(node)
        kind = PLACES[memory.kind]
        line = f"getelementptr {self.to.written(kind)}, ptr {memory.name}, i64 {index.name}"
        return kind, self.to.emit("place", line).name

    def _if(self, node: ast.If) -> None:
        then, other, end = (self.to.label(x) for x in ("then", "else", "end"))
        self.to.branch(self.value(node.test), then, other)
        for label, body in ((then, node.body), (other, node.orelse)):
            self.to.begin(label)
            self._block(body)
            self.to.go(end)
        self.to.begin(end)

    def _while(self, node: ast.While) -> None:
        turn, body, end = (self.to.label(x) for x in ("while", "body", "end"))
        self.to.begin(turn)
        self.to.branch(self.value(node.test), body, end)
        self._loop(body, node.body, turn, end)
        self.to.go(turn)
        self.to.begin(end)

    def _for(self, node: ast.For) -> None:
        """``for i in range(...)``, of positive steps; i itself counts, so nobody may change it."""
        if not (isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Call)):
            raise self._not_understood(node)
        name, given = node.target.id, [self.value(x) for x in node.iter.args]
        given = [Term("literal", 0), *given] if len(given) == 1 else given
        first, last, step = (self.to.to(x, "Int") for x in (*given, Term("literal", 1))[:3])
        turn, body, more, end = (self.to.label(x) for x in ("for", "body", "more", "end"))
        self._assign_name(name, first)
        self.to.begin(turn)
        self.to.branch(self.to.compare(("slt", ""), self._named(name), last), body, end)
        self._loop(body, node.body, more, end)
        self.to.begin(more)
        self._assign_name(name, self.to.arithmetic("add", self._named(name), step))
        self.to.go(turn)
        self.to.begin(end)

    def _loop(self, label: str, body: Sequence[ast.stmt], more: str, end: str) -> None:
        self.to.begin(label)
        self.loops.append((more, end))
        self._block(body)
        self.loops.pop()

    def _break(self, node: ast.Break) -> None:
        self.to.go(self.loops[-1][1])

    def _continue(self, node: ast.Continue) -> None:
        self.to.go(self.loops[-1][0])

    # Expressions

    def value(self, node: ast.expr) -> Term:
        """The value of an expression."""
        to = self.to
        match node:
            case ast.Constant():
                return Term("literal", node.value)
            case ast.Name():
                return self._named(node.id)
            case ast.Subscript():
                return to.load(*self._place(node))
            case ast.BinOp():
                return self._arithmetic(node.op, self.value(node.left), self.value(node.right))
            case ast.UnaryOp(op=ast.Not()):
                return to.opposite(self.value(node.operand))
            case ast.UnaryOp(op=ast.USub()):
                return to.negative(self.value(node.operand))
            case ast.Compare():
                return self._compared(node)
            case ast.BoolOp():
                name = "and" if isinstance(node.op, ast.And) else "or"
                return to.joined(name, [to.flag(self.value(x)) for x in node.values])
            case ast.IfExp():
                return to.select(*[self.value(x) for x in (node.test, node.body, node.orelse)])
            case ast.Call(func=ast.Name(id=name)):
                return self._call(name, [self.value(x) for x in node.args])
        raise self._not_understood(node)

    def _named(self, name: str) -> Term:
        if name in self.variables:
            return self.to.load(self.variables[name].kind, self.variables[name].name)
        number = self.to.target.constants.get(name, self.source.names.get(name))
        if not isinstance(number, (int, float)):
            raise LanguageError(f"{self.to.name}: nothing is called {name}")
        return Term("literal", number)

    def _arithmetic(self, op: ast.operator, a: Term, b: Term) -> Term:
        name, compute = _ARITHMETIC[type(op)]
        if a.kind == b.kind == "literal":
            return Term("literal", compute(a.name, b.name))
        return self.to.arithmetic(name, a, b)

    def _compared(self, node: ast.Compare) -> Term:
        """A comparison, or a chain of them."""
        values = [self.value(x) for x in (node.left, *node.comparators)]
        flags = [
            self.to.compare(_COMPARISONS[type(op)], a, b)
            for op, (a, b) in zip(node.ops, pairwise(values), strict=True)
        ]
        return self.to.joined("and", flags)

    def _call(self, name: str, given: list[Term]) -> Term:
        function = self.source.names.get(name)
        if isinstance(function, Intrinsic):
            return function.emit(self.to, *given)
        if not isinstance(function, FunctionType):
            raise LanguageError(f"{self.to.name}: nothing is called {name}")
        source = Source.of(function)
        self.module.add(source)
        kinds = [kind for _, kind in source.parameters]
        given = [self.to.to(x, kind) for x, kind in zip(given, kinds, strict=True)]
        return self.to.call(f"@{source.tree.name}", source.result, given)
