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
from llvmlite import ir

from neuroflow.engine.native.builder import Builder, declared
from neuroflow.engine.native.language import (
    NOTHING,
    PLACES,
    Intrinsic,
    LanguageError,
    Source,
    Target,
    Term,
    source_of,
)

_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("add", operator.add), ast.Sub: ("sub", operator.sub),
    ast.Mult: ("mul", operator.mul), ast.Div: ("div", operator.truediv),
    ast.FloorDiv: ("floordiv", operator.floordiv),
}  # fmt: skip
_COMPARISONS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


@define(eq=False)
class Translation:
    """A module of LLVM: functions that are translated, each once, and those that they call.

    >>> translation = Translation(Target("float64", 8))
    >>> twice = "def twice(x: Number) -> Number:\\n    return x + x"
    >>> function = translation.function(Source.of_text(twice, {}))
    >>> "fadd reassoc nsz contract double" in str(translation.module)
    True
    """

    target: Target
    module: Any = field(factory=ir.Module)

    def function(self, source: Source) -> Any:
        """The function of a source; translated when it is first asked for."""
        name = source.tree.name
        if name not in self.module.globals:
            function = declared(self.module, name, self.target, source.result, source.parameters)
            function.linkage = "internal"
            function.attributes.add("nounwind")
            to = Builder.of(function, self.target, source.is_exact)
            Translator(self, source, to).translate()
        return self.module.globals[name]


@define(eq=False)
class Translator:
    """Translates one function; ``fixed`` are its parameters that stay what they are."""

    translation: Translation
    source: Source
    to: Builder
    fixed: dict[str, Term] = field(factory=dict)
    variables: dict[str, Term] = field(factory=dict)

    def translate(self) -> None:
        """The body; parameters that nothing is assigned to need no place."""
        for argument, (name, kind) in zip(
            self.to.function.args, self.source.parameters, strict=True
        ):
            if name in self.source.assigned:
                self._assign_name(name, Term(kind, argument))
            else:
                self.fixed[name] = Term(kind, argument)
        self._block(self.source.tree.body)
        if not self.to.ended:
            self.to.give(NOTHING, "None")

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
        result = self.value(node.value) if node.value else NOTHING
        self.to.give(result, self.source.result)

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
                value = self.to.to(value, "Int" if isinstance(value.value, int) else "Number")
            self.variables[name] = self.to.variable(name, value.kind)
        variable = self.variables[name]
        self.to.store(variable.kind, variable.value, value)

    def _place(self, node: ast.Subscript) -> tuple[str, Any]:
        """The type and the address of ``memory[i]``."""
        memory = self.value(node.value)
        if memory.kind not in PLACES:
            raise self._not_understood(node)
        kind = PLACES[memory.kind]
        return kind, self.to.place(kind, memory, self.value(node.slice))

    def _if(self, node: ast.If) -> None:
        then, other, end = (self.to.block(name) for name in ("then", "else", "end"))
        self.to.branch(self.value(node.test), then, other)
        for block, body in ((then, node.body), (other, node.orelse)):
            self.to.llvm.position_at_end(block)
            self._block(body)
            self.to.go(end)
        self.to.llvm.position_at_end(end)

    def _for(self, node: ast.For) -> None:
        """``for i in range(...)``, of positive steps; i itself counts, so nobody may change it."""
        if not (isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Call)):
            raise self._not_understood(node)
        name, given = node.target.id, [self.value(x) for x in node.iter.args]
        given = [Term("literal", 0), *given] if len(given) == 1 else given
        first, last, step = (self.to.to(x, "Int") for x in (*given, Term("literal", 1))[:3])
        turn, body, end = (self.to.block(name) for name in ("for", "body", "end"))
        self._assign_name(name, first)
        self.to.begin(turn)
        self.to.branch(self.to.compare("<", self._named(name), last), body, end)
        self.to.llvm.position_at_end(body)
        self._block(node.body)
        if not self.to.ended:
            self._assign_name(name, self.to.arithmetic("add", self._named(name), step))
        self.to.go(turn)
        self.to.llvm.position_at_end(end)

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
                join = to.llvm.and_ if isinstance(node.op, ast.And) else to.llvm.or_
                return to.joined(join, [to.flag(self.value(x)) for x in node.values])
            case ast.IfExp():
                return to.select(*[self.value(x) for x in (node.test, node.body, node.orelse)])
            case ast.Call(func=ast.Name(id=name)):
                return self._call(name, [self.value(x) for x in node.args])
        raise self._not_understood(node)

    def _named(self, name: str) -> Term:
        if name in self.fixed:
            return self.fixed[name]
        if name in self.variables:
            return self.to.load(self.variables[name].kind, self.variables[name].value)
        number = self.to.target.constants.get(name, self.source.names.get(name))
        if not isinstance(number, (int, float)):
            raise LanguageError(f"{self.to.name}: nothing is called {name}")
        return Term("literal", number)

    def _arithmetic(self, op: ast.operator, a: Term, b: Term) -> Term:
        name, compute = _ARITHMETIC[type(op)]
        if a.kind == b.kind == "literal":
            return Term("literal", compute(a.value, b.value))
        return self.to.arithmetic(name, a, b)

    def _compared(self, node: ast.Compare) -> Term:
        """A comparison, or a chain of them."""
        values = [self.value(x) for x in (node.left, *node.comparators)]
        flags = [
            self.to.compare(_COMPARISONS[type(op)], a, b)
            for op, (a, b) in zip(node.ops, pairwise(values), strict=True)
        ]
        return self.to.joined(self.to.llvm.and_, flags)

    def _call(self, name: str, given: list[Term]) -> Term:
        function = self.source.names.get(name)
        if isinstance(function, Intrinsic):
            return function.emit(self.to, *given)
        if not isinstance(function, FunctionType):
            raise LanguageError(f"{self.to.name}: nothing is called {name}")
        source = source_of(function)
        kinds = [kind for _, kind in source.parameters]
        given = [self.to.to(x, kind) for x, kind in zip(given, kinds, strict=True)]
        return self.to.call(self.translation.function(source), source.result, given)
