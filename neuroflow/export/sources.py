"""Sources: the text of functions, classes and ops, with all that they need, for a file of its own.

Every name that a text reads from its module is followed to what it means, and what that is comes
into the file too, under a name that nothing else there has. So a formula is not written again: it
is the one that the model runs.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import math
import re
import sys
import textwrap
from collections.abc import Iterator
from importlib.resources import files
from types import FunctionType, ModuleType
from typing import Any

import neuroflow.errors as errors
from neuroflow.core import functions, module
from neuroflow.core.functions import Elementary
from neuroflow.core.protocols.chaining import core_ops
from neuroflow.core.random_input import random_input
from neuroflow.core.settings import unchecked
from neuroflow.core.update_rule import UpdateRule
from neuroflow.core.value import Op, Value, add, div, mul, neg, sub
from neuroflow.errors import InputError, one_line

GIVEN: dict[Any, str] = {
    Value: "Value", module.Module: "Module",
    add: "add", sub: "sub", mul: "mul", div: "div", neg: "neg",
}  # fmt: skip
"""What stands in every file."""

SMALL: dict[Any, tuple[str, str]] = {
    functions.take: ("take", "def take(values, index):\n"
                     '    """The entry of a list at an index."""\n'
                     "    if not 0 <= index < len(values):\n"
                     '        raise ValueError(f"{index} is not from 0 to {len(values) - 1}")\n'
                     "    return values[index]"),
    random_input: ("random_input", "def random_input(draw):\n"
                   '    """A random number, drawn now."""\n    return draw()'),
    module.current_scope: ("current_scope", "def current_scope():\n"
                           '    """Where in the model we are, for messages."""\n    return ""'),
    errors.InputError: ("InputError", "class InputError(ValueError):\n"
                        '    """What the model was given is not what it takes."""\n\n'
                        "    def __init__(self, what, **facts):\n"
                        "        super().__init__(what)"),
}  # fmt: skip
"""What is said shorter in a file of its own."""

BY_NAME = {
    "neuroflow.generation.attention.show_attention": "def show_attention(*_):\n"
    '    """Nobody watches here."""',
}
"""The same, of parts that are not imported here."""

WITHOUT_LAMBDAS: dict[Any, str] = {
    core_ops[name]: f"{name} = Op({rule})\n{name}.partials({partials})"
    for name, rule, partials in (
        ("identity", "lambda x: x", "lambda out, x: (1.0,)"),
        ("stop_gradient", "lambda x: x", "lambda out, x: (0.0,)"),
        ("greater", "lambda a, b: float(a > b)", "lambda out, a, b: (0.0, 0.0)"),
        ("greater_equal", "lambda a, b: float(a >= b)", "lambda out, a, b: (0.0, 0.0)"),
        ("less", "lambda a, b: float(a < b)", "lambda out, a, b: (0.0, 0.0)"),
        ("less_equal", "lambda a, b: float(a <= b)", "lambda out, a, b: (0.0, 0.0)"),
    )
}
"""Ops whose derivatives are constants, which stand within a call and not on lines of their own."""

OPS, PARTS = "ops", "parts"


def template(name: str) -> str:
    """A piece that stands in every file."""
    return files("neuroflow.export").joinpath("templates", f"{name}.txt").read_text("utf-8")


@functools.cache
def names_of_templates() -> frozenset[str]:
    """What the pieces that stand in every file call theirs: an op called ``load`` is another."""
    found = {"csv", "json", "math", "random", "sys", "Path", "partial"}
    for name in ("prelude", "columns", "ask", "train"):
        for node in ast.walk(ast.parse(template(name))):
            if isinstance(node, ast.Name):
                found |= {node.id} if _is_store(node) else set()
            elif isinstance(node, ast.arg):
                found.add(node.arg)
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.add(node.name)
    return frozenset(found)


class Sources:
    """The pieces of a file, each once, those that others need first."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.pieces: dict[str, list[str]] = {OPS: [], PARTS: []}
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []
        self._parts: set[type] = set()
        self._aliases: dict[str, str] = {}
        self._section = PARTS  # what an op needs stands with the ops
        self._taken = {*GIVEN.values(), *dir(builtins), "model", *names_of_templates()}

    def name(self, thing: Any, wanted: str = "") -> str:
        """The name that a thing has in the file; it comes in if it is not there."""
        thing = _itself(thing)
        if _hashable(thing) and thing in GIVEN:
            return GIVEN[thing]
        if thing is type(None):
            return "type(None)"
        own = getattr(thing, "__name__", "")
        if own and getattr(builtins, own, None) is thing:
            return str(own)
        if id(thing) not in self._names:
            self._kept.append(thing)  # so that no other thing gets its id
            named = own if own and isinstance(thing, (FunctionType, type, Op)) else wanted or own
            self._names[id(thing)] = self._free(named)
            self._bring_in(thing, self._names[id(thing)])
        return self._names[id(thing)]

    def part(self, cls: type) -> str:
        """The name of a class whose objects are made from their fields, not by ``__init__``."""
        self._parts.add(cls)
        return self.name(cls)

    def _free(self, wanted: str) -> str:
        wanted = wanted if wanted.isidentifier() else "value"
        while wanted in self._taken:
            wanted += "_"
        self._taken.add(wanted)
        return wanted

    def _bring_in(self, thing: Any, name: str) -> None:
        if _hashable(thing) and thing in SMALL:
            self.pieces[self._section].append(SMALL[thing][1])
        elif _place(thing) in BY_NAME:
            self.pieces[self._section].append(BY_NAME[_place(thing)])
        elif isinstance(thing, Op):
            section, self._section = self._section, OPS
            self._op(thing, name)
            self._section = section
        elif isinstance(thing, functools.partial):
            text = self.expression(thing)
            self.pieces[self._section].append(f"{name} = {text}")
        elif inspect.isbuiltin(thing) or _is_standard(thing):
            self.imports.add(_import(thing, name))
        elif isinstance(thing, FunctionType):
            text = self.function(thing, name)
            self.pieces[self._section].append(text)
        elif inspect.isclass(thing):
            text = self.class_(thing, name)
            self.pieces[self._section].append(text)
        elif isinstance(thing, (bool, int, float, str, tuple, list, dict, type(None))):
            self.pieces[self._section].append(f"{name} = {self.literal(thing)}")
        else:
            raise self.refusal(f"{thing!r} of type {type(thing).__name__}")

    def refusal(self, what: str) -> InputError:
        """The error for what cannot be in a file of its own."""
        return InputError(
            f"{what} cannot be written into a file of its own",
            expected="functions, classes and ops whose source can be read, and plain values",
            remedy="export the model with --to onnx or --to safetensors",
        )

    def literal(self, x: Any) -> str:
        """A plain value as Python writes it; functions and ops by name."""
        if isinstance(x, (list, tuple)):
            inside = ", ".join(map(self.literal, x))
            ends = "[]" if isinstance(x, list) else "()"
            return f"{ends[0]}{inside}{',' if len(x) == 1 and ends == '()' else ''}{ends[1]}"
        if isinstance(x, dict):
            return f"{{{', '.join(f'{self.literal(k)}: {self.literal(v)}' for k, v in x.items())}}}"
        if isinstance(x, float) and not math.isfinite(x):
            return f'float("{x!r}")'
        if x is None or isinstance(x, (bool, int, float, str)):
            return repr(x)
        return self.expression(x)

    def expression(self, thing: Any) -> str:
        """A function, an op with its settings, or a partial of one."""
        if isinstance(thing, functools.partial):
            self.imports.add("from functools import partial")
            given = [self.literal(x) for x in thing.args]
            given += [f"{key}={self.literal(x)}" for key, x in thing.keywords.items()]
            return f"partial({', '.join([self.expression(thing.func), *given])})"
        if isinstance(thing, Op) and thing.base is not None:
            settings = ", ".join(f"{k}={self.literal(x)}" for k, x in thing.settings.items())
            return f"{self.name(thing.base)}.bind({settings})"
        return self.name(thing)

    # Ops

    def _op(self, op: Op, name: str) -> None:
        if op in WITHOUT_LAMBDAS:
            text = WITHOUT_LAMBDAS[op]
            self.pieces[OPS].append(text.replace(f"{op.name} =", f"{name} =").replace(
                f"{op.name}.", f"{name}."))  # fmt: skip
            return
        kind = "VectorOp" if op.vectors else "Op"
        if isinstance(op, Elementary) and not op.vectors:
            lines = [f"{name} = Op({self.name(op.on_floats)})  # {one_line(op.summary)}"]
        else:
            rule = self.function(op.rule, name)
            lines = [f"@{kind}", rule]
        at = len(self.pieces[OPS])
        self.pieces[OPS].append("")
        if op.partials_rule is not None:
            slopes = self.function(op.partials_rule, "_")
            lines += ["", "", f"@{name}.partials", slopes]
        self.pieces[OPS][at] = "\n".join(lines)

    # Texts

    def function(self, function: Any, name: str) -> str:
        """The source of a function under a new name, without decorators and annotations."""
        plain = inspect.unwrap(function)
        text, tree = _parsed(plain, self)
        node = tree.body[0]
        if not isinstance(node, ast.FunctionDef):
            raise self.refusal(f"the function {name}, a lambda,")
        edits = [*self._edits(text, node, plain.__globals__, _closure(plain))]
        start = text.index(f"def {node.name}", _offset(text, node.lineno, 0))
        edits.append((start, start + len(f"def {node.name}"), f"def {name}"))
        return _edited(text, edits, start)

    def class_(self, cls: type, name: str) -> str:
        """The source of a class; of a part, what its ``forward`` needs and not what builds it."""
        text, tree = _parsed(cls, self)
        node = tree.body[0]
        assert isinstance(node, ast.ClassDef)
        is_part = cls in self._parts
        above = [base for base in cls.__bases__ if base is not object]
        bases = [self.part(base) if is_part else self.name(base) for base in above]
        bases = bases or (["Module"] if is_part else [])
        scope = vars(sys.modules[cls.__module__])
        lines = [f"class {name}({', '.join(bases)}):" if bases else f"class {name}:"]
        kept = methods_needed(cls) if is_part else set(vars(cls))
        for part in node.body:
            if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)) and part.name not in kept:
                continue
            if isinstance(part, ast.AnnAssign) and part.value is None:
                continue
            first = min([part.lineno, *[d.lineno for d in getattr(part, "decorator_list", ())]])
            start, end = _offset(text, first, 0), _end(text, part)
            lines += [
                "",
                _edited(text[:end], [*self._edits(text, part, scope, {})], start).rstrip(),
            ]
        if len(lines) == 1:
            lines.append("    pass")
        return "\n".join([lines[0], *lines[2:]])

    def _edits(
        self, text: str, node: Any, scope: dict[str, Any], closure: dict[str, Any]
    ) -> Iterator[tuple[int, int, str]]:
        """What to replace in a text: names of other modules, and annotations by nothing."""
        local = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _is_store(n)}
        local |= {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
        for part in ast.walk(node):
            if isinstance(part, (ast.Import, ast.ImportFrom)):
                raise self.refusal(f"{scope.get('__name__')}, which imports within a function,")
            if isinstance(part, ast.arg) and part.annotation is not None:
                end = _end(text, part.annotation)
                yield _offset(text, part.lineno, part.col_offset) + len(part.arg), end, ""
            if isinstance(part, ast.FunctionDef) and part.returns is not None:
                start = text.rindex("->", 0, _start(text, part.returns))
                yield len(text[:start].rstrip()), _end(text, part.returns), ""
        hidden = [p for n in ast.walk(node) for p in _annotations(n)]
        skip = {id(n) for p in hidden for n in ast.walk(p)}
        found = _Reads(local, skip)
        found.visit(node)
        for read in found.reads:
            new = self._replaced(read, scope, closure)
            if new is not None and new.partition(".")[0] in local:
                new = self._alias(new)
            if new is not None and new != text[_start(text, read) : _end(text, read)]:
                yield _start(text, read), _end(text, read), new

    def _alias(self, name: str) -> str:
        """A second name, for code that has a variable of the first."""
        first, dot, rest = name.partition(".")
        again = self._aliases.get(first)
        if again is None:
            again = self._aliases[first] = self._free(f"{first}_")
            self.pieces[self._section].append(f"{again} = {first}")
        return f"{again}{dot}{rest}"

    def _replaced(self, read: Any, scope: dict[str, Any], closure: dict[str, Any]) -> str | None:
        """What a name, or a name with attributes, is called in the file."""
        words: list[str] = []
        while isinstance(read, ast.Attribute):
            words.insert(0, read.attr)
            read = read.value
        known = {**scope, **closure}
        if read.id not in known:
            return None  # a builtin
        thing, wanted = known[read.id], read.id
        while isinstance(thing, ModuleType) and words and not _is_standard(thing):
            package, wanted = thing, words.pop(0)
            thing = getattr(package, wanted, package)
            if thing is package:
                raise self.refusal(f"{package.__name__}.{wanted}, which is not there,")
        if isinstance(thing, ModuleType):
            if thing is builtins:
                return ".".join(words)
            if not _is_standard(thing):
                raise self.refusal(f"the package {thing.__name__}")
            self.imports.add(f"import {thing.__name__}")
            return ".".join([thing.__name__, *words])
        if isinstance(thing, UpdateRule) and words[:1] == ["rule"]:
            thing = getattr(thing, words.pop(0))
        if isinstance(thing, Op) and thing.base is not None:
            return ".".join([self.expression(thing), *words])
        return ".".join([self.name(thing, wanted), *words])


class _Reads(ast.NodeVisitor):
    """The names that a piece of code reads from outside, with their attributes."""

    def __init__(self, local: set[str], skip: set[int]) -> None:
        self.local, self.skip, self.reads = local, skip, []  # type: ignore[var-annotated]

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """``a.b.c`` as a whole, if it begins with a name."""
        root: Any = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name):
            self.generic_visit(node)
        elif root.id not in self.local and id(node) not in self.skip:
            self.reads.append(node)

    def visit_Name(self, node: ast.Name) -> None:
        """A name alone."""
        if node.id not in self.local and id(node) not in self.skip:
            self.reads.append(node)


def methods_needed(cls: type) -> set[str]:
    """The methods that ``forward`` or ``__call__`` reach, by name, over all bases."""
    methods: dict[str, set[str]] = {}
    for base in cls.__mro__:
        if base is not object and base is not module.Module:
            for name, thing in vars(base).items():
                methods.setdefault(name, set()).update(_names_in(thing))
    reached, waiting = set(), ["forward"] if issubclass(cls, module.Module) else ["__call__"]
    while waiting:
        name = waiting.pop()
        if name in methods and name not in reached:
            reached.add(name)
            waiting += methods[name]
    return reached - {"__init__", "configuration"}


def fields_needed(cls: type) -> set[str]:
    """The attributes that the methods of a class read, in functions that they call too."""
    needed = methods_needed(cls)
    found: set[str] = set()
    waiting = [x for base in cls.__mro__ for name, x in vars(base).items() if name in needed]
    seen: set[int] = set()
    while waiting:
        thing = waiting.pop()
        if id(thing) not in seen:
            seen.add(id(thing))
            names = _names_in(thing)
            found |= names
            waiting += _functions_beside(thing, names)
    return found


def _functions_beside(thing: Any, names: set[str]) -> list[Any]:
    """The functions by these names that a method may hand its object to."""
    beside = getattr(inspect.unwrap(thing), "__globals__", {}) if callable(thing) else {}
    return [beside[name] for name in names if isinstance(beside.get(name), FunctionType)]


def _names_in(thing: Any) -> set[str]:
    """All names that a method's code spells, inside functions too."""
    thing = thing.fget if isinstance(thing, property) else thing
    codes, names = (
        [getattr(inspect.unwrap(thing), "__code__", None)] if callable(thing) else [],
        set(),
    )
    while codes:
        code = codes.pop()
        if code is not None:
            names.update(code.co_names)
            codes += [x for x in code.co_consts if inspect.iscode(x)]
    return names


def _itself(thing: Any) -> Any:
    """A function without what checks its settings; the one on floats of several kinds."""
    thing = unchecked(thing)
    if isinstance(thing, FunctionType) and thing.__qualname__.startswith("of_any_kind."):
        return _closure(thing)["on_floats"]
    return thing


def _closure(function: Any) -> dict[str, Any]:
    names = function.__code__.co_freevars
    return dict(zip(names, [c.cell_contents for c in function.__closure__ or ()], strict=True))


def _parsed(thing: Any, sources: Sources) -> tuple[str, ast.Module]:
    try:
        text = textwrap.dedent(inspect.getsource(thing))
        tree = ast.parse(text)
    except (OSError, TypeError, SyntaxError) as error:
        raise sources.refusal(f"{thing!r}, whose source cannot be read,") from error
    return text, tree


def _annotations(node: Any) -> list[Any]:
    found = [getattr(node, "annotation", None), getattr(node, "returns", None)]
    return [x for x in found if x is not None] + list(getattr(node, "decorator_list", ()))


def _is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, (ast.Store, ast.Del))


def _offset(text: str, line: int, column: int) -> int:
    """Where a place of the syntax tree, whose columns are bytes, lies in the text."""
    lines = text.splitlines(keepends=True)
    before = sum(map(len, lines[: line - 1]))
    return before + len(lines[line - 1].encode()[:column].decode())


def _start(text: str, node: Any) -> int:
    return _offset(text, node.lineno, node.col_offset)


def _end(text: str, node: Any) -> int:
    return _offset(text, node.end_lineno, node.end_col_offset)


def _edited(text: str, edits: list[tuple[int, int, str]], start: int) -> str:
    """The text from ``start`` on, with parts replaced."""
    for first, end, new in sorted(edits, reverse=True):
        if first >= start:
            text = text[:first] + new + text[end:]
    return _without_examples(text[start:]).rstrip()


EXAMPLES = re.compile(r"\n\s*\n\s*>>> .*?(?=\n?\s*\"\"\")", re.S)


def _without_examples(text: str) -> str:
    """The text without the examples in its docstrings, which call the package."""
    return EXAMPLES.sub("", text)


def _hashable(thing: Any) -> bool:
    return type(thing).__hash__ is not None and not isinstance(thing, tuple)


def _place(thing: Any) -> str:
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '')}"


def _is_standard(thing: Any) -> bool:
    """Whether it belongs to the standard library."""
    name = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
    return isinstance(name, str) and name.partition(".")[0] in sys.stdlib_module_names


def _import(thing: Any, name: str) -> str:
    package, own = thing.__module__.lstrip("_"), thing.__name__
    return f"from {package} import {own}" + (f" as {name}" if own != name else "")
