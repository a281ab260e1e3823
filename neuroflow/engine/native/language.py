"""A small language: Python functions over memory and vectors, written as the text of LLVM.

The machine is written in Python's syntax, with a type at each parameter: ``Int, Number, Double``
and ``Flag``; ``Vector`` and ``Mask``, several numbers or flags that one processor instruction
handles together; ``Numbers, Integers, Doubles``, places in memory. ``Number`` is what the machine
computes with, float64 or float32. There are assignments, ``if``, ``while``, ``for ... in range``,
arithmetic, comparisons, ``memory[i]``, calls. A constant takes the type of what it meets. A local
variable keeps the type of its first value. Indices are not checked.
"""

from __future__ import annotations

import ast
import inspect
import math
import struct
from collections.abc import Callable
from typing import Any

from attrs import frozen

from neuroflow.errors import NeuroflowError

PLACES = {"Numbers": "Number", "Integers": "Int", "Doubles": "Double"}
"""Places in memory, and what lies there."""

ORDER = ("literal", "Flag", "Int", "Number", "Double", "Mask", "Vector")
"""What meets what follows becomes that."""

RELAXED, EXACT = " reassoc nsz contract", " contract"
"""Sums may be taken in another order; or only a product and a sum be rounded once."""


class LanguageError(NeuroflowError):
    """The text is not of this language; says where."""


@frozen
class Target:
    """The kind of number, and how many of them a vector has."""

    dtype: str
    width: int

    @property
    def size(self) -> int:
        """Bytes of a number."""
        return 8 if self.dtype == "float64" else 4

    @property
    def constants(self) -> dict[str, Any]:
        """What the text may name: the width, and numbers that differ between float64 and 32."""
        return {"W": self.width, **_LIMITS[self.dtype]}

    def written(self, kind: str) -> str:
        """What LLVM calls a type."""
        number = "double" if self.dtype == "float64" else "float"
        return {
            "Int": "i64", "Flag": "i1", "Double": "double", "Number": number, "None": "void",
            "Vector": f"<{self.width} x {number}>", "Mask": f"<{self.width} x i1>",
        }.get(kind, "ptr")  # fmt: skip

    def constant(self, number: float, kind: str) -> str:
        """A number as LLVM writes it: floats by their bits."""
        if kind in ("Int", "Flag"):
            return str(int(number))
        if kind == "Vector":
            one = f"{self.written('Number')} {self.constant(number, 'Number')}"
            return f"<{', '.join([one] * self.width)}>"
        if kind == "Number" and self.size == 4 and math.isfinite(number):
            (number,) = struct.unpack("f", struct.pack("f", number))
        return f"0x{struct.pack('>d', number).hex().upper()}"


_LIMITS = {
    "float64": {
        "LARGEST": 709.78, "SMALLEST": -708.0, "HIGHEST": 1023.0, "LOWEST": -1022.0,
        "LN2": 0.6931471803691238, "LN2_REST": 1.9082149292705877e-10,
    },
    "float32": {
        "LARGEST": 88.72, "SMALLEST": -87.3, "HIGHEST": 127.0, "LOWEST": -126.0,
        "LN2": 0.693359375, "LN2_REST": -2.12194440e-4,
    },
}  # fmt: skip


@frozen
class Term:
    """A value in the text: its type and its name there; a constant is of type "literal"."""

    kind: str
    name: Any


NOTHING = Term("None", "")
"""What an instruction gives that gives nothing."""


@frozen(eq=False)
class Intrinsic:
    """A function that is written as instructions of LLVM."""

    emit: Callable[..., Term]


@frozen(eq=False)
class Source:
    """A function of this language, and what its text may name."""

    tree: ast.FunctionDef
    names: dict[str, Any]

    @classmethod
    def of(cls, function: Any) -> Source:
        """The text of a function that stands in a file."""
        return cls.of_text(inspect.getsource(function), function.__globals__)

    @classmethod
    def of_text(cls, text: str, names: dict[str, Any]) -> Source:
        """The function that a text defines."""
        tree = ast.parse(text).body[0]
        assert isinstance(tree, ast.FunctionDef)
        return cls(tree, names)

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Names and types."""
        return [(a.arg, ast.unparse(a.annotation or ast.Name("?"))) for a in self.tree.args.args]

    @property
    def result(self) -> str:
        """The type of what it returns."""
        return ast.unparse(self.tree.returns) if self.tree.returns else "None"

    @property
    def flags(self) -> str:
        """How exact its arithmetic is: relaxed, unless it is marked ``@exact``."""
        marks = [ast.unparse(mark) for mark in self.tree.decorator_list]
        return EXACT if "exact" in marks else RELAXED


def exact(function: Any) -> Any:
    """Mark a function whose sums must be taken as they are written."""
    return function
