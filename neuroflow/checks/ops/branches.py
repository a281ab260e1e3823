"""Reads the source of a rule: is it free of branches, of ``math``, and of side effects?

A rule has to mean the same for floats, arrays, symbols and native code. A Python ``if`` on an
input, or ``math.exp``, works for floats alone; each is reported with its line and with what to
write instead.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

_SAME = {
    *("exp", "log", "log1p", "expm1", "log2", "log10", "sqrt", "sin", "cos", "atan", "tanh", "erf"),
    "floor",
}
_OF_OPS = {
    *("tan", "asin", "acos", "atan2", "sinh", "cosh", "asinh", "acosh", "atanh", "exp2", "hypot"),
    *("sign", "ceil", "clip", "logsumexp"),
}
_INSTEAD = {
    **{name: f"nf.ops.{name}" for name in _OF_OPS},
    **{f"arc{name[1:]}": f"nf.ops.{name}" for name in _OF_OPS if name.startswith("a")},
    "arctan": "nf.atan", "fmod": "nf.mod", "remainder": "nf.mod", "mod": "nf.mod",
    **{name: f"nf.{name}" for name in _SAME},
    "pow": "nf.pow", "fabs": "nf.abs", "abs": "nf.abs", "where": "nf.where",
    "max": "nf.maximum", "min": "nf.minimum", "maximum": "nf.maximum", "minimum": "nf.minimum",
    "fmax": "nf.maximum", "fmin": "nf.minimum", "fsum": "nf.sum", "dot": "nf.dot",
}  # fmt: skip
_LIBRARIES = {"math", "cmath", "np", "numpy", "torch", "jnp", "scipy"}
_FREEZE = {"float", "int", "bool", "round", "complex"}
_CHANGING = {"sort", "append", "reverse", "pop", "insert", "remove", "extend", "clear", "update"}


@frozen
class Remark:
    """One line of a rule that does not suit every kind of number."""

    check: str
    line: str
    problem: str

    def __str__(self) -> str:
        return f"{self.line}: {self.problem}"


def read_rule(rule: Callable[..., Any]) -> list[Remark]:
    """All remarks about one rule; raises OSError if its source cannot be read."""
    lines, first = inspect.getsourcelines(rule)
    source = textwrap.dedent("".join(lines))
    try:
        tree = ast.parse(source)
    except SyntaxError as error:  # a lambda in the middle of an expression
        raise OSError("the source is no complete statement") from error
    function = next((n for n in ast.walk(tree) if isinstance(n, _FUNCTIONS)), None)
    if function is None:
        raise OSError("no function was found in the source")
    file = Path(inspect.getsourcefile(inspect.unwrap(rule)) or "?").name
    return list(_Reader(f"{file}:", first - 1, _inputs(function)).read(function))


_FUNCTIONS = (ast.FunctionDef, ast.Lambda)


def _inputs(function: ast.FunctionDef | ast.Lambda) -> set[str]:
    """The differentiable inputs: what is given by position."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    star = [function.args.vararg] if function.args.vararg else []
    return {argument.arg for argument in [*arguments, *star]}


@define
class _Reader:
    """Knows which names depend on an input, and looks at what is done with them."""

    file: str
    offset: int
    unknown: set[str]
    blocks: list[list[Any]] = field(factory=list)

    def read(self, function: ast.FunctionDef | ast.Lambda) -> Iterator[Remark]:
        body = function.body if isinstance(function.body, list) else [function.body]
        bodies = [getattr(node, "body", None) for node in ast.walk(function)]
        self.blocks = [block for block in bodies if isinstance(block, list)]
        for _ in range(2):  # twice: a loop may use what is assigned below
            for statement in body:
                self._spread(statement)
        for statement in body:
            for node in ast.walk(statement):
                yield from self._look(node)

    def _spread(self, statement: ast.AST) -> None:
        """Whatever is computed from an input depends on it too."""
        for node in ast.walk(statement):
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if node.value is not None and self.depends(node.value):
                    self.unknown |= {n for t in targets for n in _names(t)}
            elif isinstance(node, (ast.For, ast.comprehension)) and self._varies(node.iter):
                self.unknown |= set(_names(node.target))

    def _varies(self, iterable: ast.AST) -> bool:
        return self.depends(iterable) and not _counts(iterable)

    def depends(self, node: ast.AST) -> bool:
        """Whether an expression depends on an input; a length does not."""
        if isinstance(node, ast.Call) and _called(node.func) in ("len", "isinstance"):
            return False
        if isinstance(node, ast.Name):
            return node.id in self.unknown
        return any(self.depends(child) for child in ast.iter_child_nodes(node))

    def _look(self, node: ast.AST) -> Iterator[Remark]:
        for node_type, look in _LOOKS.items():
            if isinstance(node, node_type):
                for check, problem in look(self, node):
                    line = self.offset + getattr(node, "lineno", 1)
                    yield Remark(check, f"{self.file}{line}", problem)

    def _if(self, node: ast.If) -> Iterator[tuple[str, str]]:
        if self.depends(node.test):
            test = ast.unparse(node.test)
            yes, no = _returned(node.body), _returned(node.orelse or self._after(node))
            yield (
                "branch-free",
                (f"`if {test}:` chooses once for all; write `nf.where({test}, {yes}, {no})`"),
            )

    def _after(self, node: ast.If) -> list[ast.stmt]:
        """What runs where the test does not hold and there is no else."""
        for block in self.blocks:
            if node in block:
                return block[block.index(node) + 1 :]
        return []

    def _if_expression(self, node: ast.IfExp) -> Iterator[tuple[str, str]]:
        if self.depends(node.test):
            parts = ", ".join(map(ast.unparse, (node.test, node.body, node.orelse)))
            yield "branch-free", f"`{ast.unparse(node)}` is a branch; write `nf.where({parts})`"

    def _while(self, node: ast.While) -> Iterator[tuple[str, str]]:
        if self.depends(node.test):
            yield (
                "branch-free",
                (
                    f"`while {ast.unparse(node.test)}` loops as long as the numbers of one run say;"
                    " write a fixed number of rounds"
                ),
            )

    def _logic(self, node: ast.BoolOp | ast.UnaryOp) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
            return
        if self.depends(node):
            yield (
                "branch-free",
                (f"`{ast.unparse(node)}` asks for one truth value; nest two `nf.where` instead"),
            )

    def _comparison(self, node: ast.Compare) -> Iterator[tuple[str, str]]:
        if len(node.ops) > 1 and self.depends(node):
            yield (
                "branch-free",
                (f"`{ast.unparse(node)}` hides an `and`; nest two `nf.where`"),
            )
        elif isinstance(node.ops[0], (ast.Eq, ast.NotEq)) and self.depends(node):
            yield (
                "branch-free",
                (f"`{ast.unparse(node)}` compares Values by identity; write it with < or <="),
            )

    def _call(self, node: ast.Call) -> Iterator[tuple[str, str]]:
        name = _called(node.func)
        arguments = any(map(self.depends, node.args))
        if isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value)
            if owner in ("random", "time", "np.random", "numpy.random"):
                yield (
                    "determinism",
                    (f"`{ast.unparse(node)}` differs from call to call; make it an input"),
                )
            elif owner.split(".")[0] in _LIBRARIES and arguments:
                instead = _INSTEAD.get(name, "the functions of neuroflow")
                yield (
                    "branch-free",
                    (f"`{owner}.{name}` knows one kind of number; write `{instead}`"),
                )
            elif name in _CHANGING and self.depends(node.func.value):
                yield "no mutation", f"`{ast.unparse(node)}` changes its input; work on a copy"
        elif name in ("max", "min") and arguments:
            yield "branch-free", f"`{name}(...)` compares; write `{_INSTEAD[name]}(...)`"
        elif name in _FREEZE and arguments:
            yield (
                "branch-free",
                (
                    f"`{ast.unparse(node)}` makes the input a plain number and cuts its history;"
                    " leave it as it is"
                ),
            )

    def _attribute(self, node: ast.Attribute) -> Iterator[tuple[str, str]]:
        if node.attr in ("data", "grad") and self.depends(node.value):
            if isinstance(node.ctx, ast.Store):
                yield "no mutation", f"`{ast.unparse(node)} = ...` changes an input; return numbers"
            else:
                yield (
                    "branch-free",
                    (f"`{ast.unparse(node)}` reads a number out of the graph; use the input"),
                )

    def _subscript(self, node: ast.Subscript) -> Iterator[tuple[str, str]]:
        if isinstance(node.ctx, ast.Store) and self.depends(node.value):
            yield "no mutation", f"`{ast.unparse(node)} = ...` changes an input; build a new list"

    def _in_place(self, node: ast.AugAssign) -> Iterator[tuple[str, str]]:
        if isinstance(node.target, ast.Name) and node.target.id in self.unknown:
            sign = ast.unparse(node).split(" ", 2)[1].rstrip("=")
            name, value = node.target.id, ast.unparse(node.value)
            yield (
                "no mutation",
                (
                    f"`{ast.unparse(node)}` changes an array in place;"
                    f" write `{name} = {name} {sign} {value}`"
                ),
            )

    def _outside(self, node: ast.Global | ast.Nonlocal) -> Iterator[tuple[str, str]]:
        yield (
            "determinism",
            (f"`{ast.unparse(node)}` keeps state between calls; depend on inputs alone"),
        )


_LOOKS: dict[Any, Callable[[_Reader, Any], Iterator[tuple[str, str]]]] = {
    ast.If: _Reader._if,
    ast.IfExp: _Reader._if_expression,
    ast.While: _Reader._while,
    ast.BoolOp: _Reader._logic,
    ast.UnaryOp: _Reader._logic,
    ast.Compare: _Reader._comparison,
    ast.Call: _Reader._call,
    ast.Attribute: _Reader._attribute,
    ast.Subscript: _Reader._subscript,
    ast.AugAssign: _Reader._in_place,
    ast.Global: _Reader._outside,
    ast.Nonlocal: _Reader._outside,
}


def _names(target: ast.AST) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _called(function: ast.AST) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _counts(iterable: ast.AST) -> bool:
    """Whether a loop runs over ``range(...)``: its variable is a position, not an input."""
    return isinstance(iterable, ast.Call) and _called(iterable.func) == "range"


def _returned(body: list[ast.stmt]) -> str:
    """What a branch gives, for the suggestion."""
    for statement in body:
        if isinstance(statement, (ast.Return, ast.Assign)) and statement.value is not None:
            return ast.unparse(statement.value)
    return "..."
