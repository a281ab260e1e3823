"""A small language: Python functions over memory and vectors, translated for LLVM.

The machine is written in Python's syntax, with a type at each parameter: ``Int, Number, Double``
and ``Flag``; ``Vector`` and ``Mask``, several numbers or flags that one processor instruction
handles together; ``Numbers, Integers, Doubles``, places in memory. ``Number`` is what the machine
computes with, float64 or float32. There are assignments, ``if``, ``for ... in range``, arithmetic,
comparisons, ``memory[i]``, calls. A constant takes the type of what it meets. A local
variable keeps the type of its first value. Indices are not checked.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from attrs import evolve, frozen
from llvmlite import ir

from neuroflow.errors import NeuroflowError

PLACES = {"Numbers": "Number", "Integers": "Int", "Doubles": "Double"}
"""Places in memory, and what lies there."""

ORDER = ("literal", "Flag", "Int", "Number", "Double", "Mask", "Vector")
"""What meets what follows becomes that."""

INT, FLAG, LANE, DOUBLE = ir.IntType(64), ir.IntType(1), ir.IntType(32), ir.DoubleType()
PLACE = ir.PointerType()
"""LLVM's types of single things; a lane is the number of a place in a vector."""

RELAXED, EXACT = ("reassoc", "nsz", "contract"), ("contract",)
"""Sums may be taken in another order; or only a product and a sum be rounded once."""


class LanguageError(NeuroflowError):
    """The text is not of this language; says where."""


@frozen
class Processor:
    """What machine code is made for: the name and the features that LLVM knows it by."""

    name: str
    features: str


@frozen(slots=False)
class Target:
    """The kind of number, how many of them a vector has, and the processor; None for this one.

    Where numbers are computed with in float64, ``stored`` may be the smaller kind in memory.

    ``exact`` code takes each sum in the order in which it is written and rounds each product, so
    its bits depend on the width of the vectors and not on the processor.
    """

    dtype: str
    width: int
    exact: bool = False
    processor: Processor | None = None
    stored: str = ""

    @property
    def size(self) -> int:
        """Bytes of a number."""
        return 8 if self.dtype == "float64" else 4

    @property
    def stored_size(self) -> int:
        """Bytes of a number in memory."""
        return 8 if (self.stored or self.dtype) == "float64" else 4

    @property
    def in_float64(self) -> Target:
        """The same, but numbers of float32 are computed with in float64 and only stored so."""
        return evolve(self, dtype="float64", stored=self.dtype)

    @property
    def constants(self) -> dict[str, Any]:
        """What the text may name: the width, and numbers that differ between float64 and 32."""
        return {"W": self.width, **_LIMITS[self.dtype]}

    @cached_property
    def types(self) -> dict[str, Any]:
        """What LLVM calls the types that are no places."""
        number, stored = [
            DOUBLE if dtype == "float64" else ir.FloatType()
            for dtype in (self.dtype, self.stored or self.dtype)
        ]
        return {
            "Int": INT, "Flag": FLAG, "Double": DOUBLE, "Number": number, "None": ir.VoidType(),
            "Vector": ir.VectorType(number, self.width), "Mask": ir.VectorType(FLAG, self.width),
            "Stored": stored, "Stored vector": ir.VectorType(stored, self.width),
        }  # fmt: skip

    def flags(self, marked_exact: bool = False) -> tuple[str, ...]:
        """How exact arithmetic is: relaxed, unless a function is marked, or all of them are."""
        return () if self.exact else EXACT if marked_exact else RELAXED

    def type(self, kind: str) -> Any:
        """What LLVM calls a type."""
        return self.types.get(kind, PLACE)

    def constant(self, number: float, kind: str) -> Any:
        """A number of a type; a vector repeats it."""
        if kind in ("Int", "Flag"):
            return ir.Constant(self.type(kind), int(number))
        one = self.type("Double" if kind == "Double" else "Number")
        if kind == "Vector":
            return ir.Constant(self.type(kind), [ir.Constant(one, float(number))] * self.width)
        return ir.Constant(one, float(number))


_LIMITS = {
    "float64": {
        "LOWEST": -746.0, "HIGHEST": 710.0,
        "LN2": 0.6931471803691238, "LN2_REST": 1.9082149292705877e-10,
    },
    "float32": {
        "LOWEST": -104.0, "HIGHEST": 89.0,
        "LN2": 0.693359375, "LN2_REST": -2.12194440e-4,
    },
}  # fmt: skip


@frozen
class Term:
    """A value: its type, and what LLVM has for it; a plain number is of type "literal"."""

    kind: str
    value: Any


NOTHING = Term("None", None)
"""What an instruction gives that gives nothing."""


@frozen(eq=False)
class Intrinsic:
    """A function that is written as instructions of LLVM."""

    emit: Callable[..., Term]


@frozen(eq=False, slots=False)
class Source:
    """A function of this language, and what its text may name."""

    tree: ast.FunctionDef
    names: dict[str, Any]

    @classmethod
    def of_text(cls, text: str, names: dict[str, Any]) -> Source:
        """The function that a text defines."""
        tree = ast.parse(text).body[0]
        assert isinstance(tree, ast.FunctionDef)
        return cls(tree, names)

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """Names and types."""
        return [(a.arg, ast.unparse(a.annotation or ast.Name("?"))) for a in self.tree.args.args]

    @cached_property
    def result(self) -> str:
        """The type of what it returns."""
        return ast.unparse(self.tree.returns) if self.tree.returns else "None"

    @cached_property
    def is_exact(self) -> bool:
        """Whether it is marked ``@exact``."""
        return "exact" in self.marks

    @cached_property
    def marks(self) -> set[str]:
        """What stands above it: ``exact``, ``in_float64``."""
        return {ast.unparse(mark) for mark in self.tree.decorator_list}

    @cached_property
    def assigned(self) -> set[str]:
        """Names that a statement gives a value to."""
        named = [node for node in ast.walk(self.tree) if isinstance(node, ast.Name)]
        return {node.id for node in named if isinstance(node.ctx, ast.Store)}


@cache
def source_of(function: Any) -> Source:
    """The source of a function that stands in a file."""
    return Source(_functions_of(inspect.getfile(function))[function.__name__], function.__globals__)


@cache
def _functions_of(file: str) -> dict[str, ast.FunctionDef]:
    """The syntax of all functions of a file; read once, for each of them is asked for."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def exact(function: Any) -> Any:
    """Mark a function whose sums must be taken as they are written."""
    return function
