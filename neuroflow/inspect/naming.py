"""What to call a value: its name, its path in the model, or the expression that made it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from neuroflow.core.value import Value
from neuroflow.core.vectors import VectorOp
from neuroflow.errors import one_line

Names = Mapping[Value, str]
NO_NAMES: Names = {}


class Nearby(Mapping[Value, str]):
    """Names as they are seen from inside a module: its own path need not be repeated."""

    def __init__(self, names: Names, start: str) -> None:
        self.names, self.start = names, start

    def __getitem__(self, value: Value) -> str:
        return self.names[value].removeprefix(self.start)

    def __iter__(self) -> Iterator[Value]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


_DEPTH = 3
"""Expressions are written out this deep; what lies below is an ellipsis."""


def number(x: float) -> str:
    """A number to read: six digits, and a true minus sign is not needed.

    >>> number(138.83381924198252), number(1e-9), number(2.0)
    ('138.834', '1e-09', '2')
    """
    return f"{x:.6g}"


@frozen
class Notation:
    """How to write expressions: as text or as LaTeX."""

    infix: dict[str, tuple[int, str]]
    """The step that an op is to (precedence, pattern)."""
    name: Callable[[str], str]
    call: str
    more: str
    parentheses: str
    unnamed: str
    """What to call input k of a node that has no name."""

    def write(self, value: Value, names: Names = NO_NAMES, depth: int = _DEPTH) -> str:
        """The value as an expression of named values and numbers."""
        return self._write(value, names, depth)[0]

    def _write(self, value: Value, names: Names, depth: int) -> tuple[str, int]:
        """The text, and its precedence, by which the outside decides on parentheses."""
        named = names.get(value) or value.name
        if named:
            return self.name(named), 9
        if value.op is None:
            return number(value.data), 9 if value.data >= 0 else 3
        return self.write_op(value, names, depth)

    def write_op(self, value: Value, names: Names, depth: int) -> tuple[str, int]:
        """The op of a node applied to its inputs, even if the node has a name."""
        assert value.op is not None
        step, inputs = value.op.step, value.inputs
        if step == "where" and inputs[0].op is None:
            return self._write(inputs[1] if inputs[0].data else inputs[2], names, depth)
        if depth == 0:
            return self.more, 9
        if step in self.infix and len(inputs) <= 2:
            precedence, pattern = self.infix[step]
            parts = [self._write(x, names, depth - 1) for x in inputs]
            needed = [precedence, precedence + (step in ("sub", "div", "pow", "mul"))]
            if self.infix["div"][0] == 9 and step in ("div", "pow"):  # LaTeX sets its own bounds
                needed = [0, 0] if step == "div" else [5, 0]
            texts = [
                text if own >= bound else self.parentheses % text
                for (text, own), bound in zip(parts, needed, strict=False)
            ]
            return pattern % tuple(texts), precedence
        vectors = value.op.split(inputs) if isinstance(value.op, VectorOp) else (inputs,)
        shown = [self._list(vector, names, depth - 1) for vector in vectors]
        if len(shown) > 1:
            shown = [f"[{text}]" for text in shown]
        return self.call % (value.op.name, ", ".join(shown)), 9

    def _list(self, values: Sequence[Value], names: Names, depth: int) -> str:
        """Up to three values; of more, the first two."""
        listed = values if len(values) <= 3 else values[:2]
        shown = [self._write(x, names, depth)[0] for x in listed]
        return ", ".join(shown + [self.more] * (len(values) > 3))


def _latex_name(name: str) -> str:
    """One letter with an optional index is mathematics; everything else is a word.

    >>> _latex_name("x"), _latex_name("w_12"), _latex_name("layers.0.bias")
    ('x', 'w_{12}', '\\\\text{layers.0.bias}')
    """
    match = re.fullmatch(r"([A-Za-z])_?(\d*)", name)
    if match:
        return match[1] + (f"_{{{match[2]}}}" if match[2] else "")
    special = {"\\": r"\backslash{}", "^": r"\^{}", "~": r"\~{}"}
    escaped = "".join(special.get(c) or (f"\\{c}" if c in "&%$#_{}" else c) for c in one_line(name))
    return rf"\text{{{escaped}}}"


_TEXT = {
    "add": (1, "%s + %s"), "sub": (1, "%s - %s"), "mul": (2, "%s * %s"), "div": (2, "%s / %s"),
    "neg": (3, "-%s"), "pow": (4, "%s ** %s"),
}  # fmt: skip
_LATEX = {
    "add": (1, "%s + %s"), "sub": (1, "%s - %s"), "mul": (2, r"%s \cdot %s"),
    "div": (9, r"\frac{%s}{%s}"), "neg": (3, "-%s"), "pow": (4, "{%s}^{%s}"),
    "exp": (9, "e^{%s}"), "sqrt": (9, r"\sqrt{%s}"), "abs": (9, "|%s|"),
}  # fmt: skip

TEXT = Notation(_TEXT, one_line, "%s(%s)", "...", "(%s)", "x%d")
LATEX = Notation(
    _LATEX, _latex_name, r"\operatorname{%s}\left(%s\right)", r"\dots", r"\left(%s\right)", "x_%d"
)


def label(value: Value, names: Names = NO_NAMES, limit: int = 48) -> str:
    """What to call a value in one short line.

    >>> import neuroflow as nf
    >>> a, b = nf.Value(2.0, "a"), nf.Value(-3.0, "b")
    >>> label(a * b - (a - b) ** 2)
    'a * b - (a - b) ** 2'
    """
    text = TEXT.write(value, names)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def local_derivative(node: Value, position: int, notation: Notation, names: Names) -> str:
    """The partial derivative of a node by one of its inputs, as an expression.

    The op's own rule is run on Values that carry the names, and the graph is read back.

    >>> import neuroflow as nf
    >>> a, b = nf.Value(2.0, "a"), nf.Value(3.0, "b")
    >>> local_derivative(a * b, 0, TEXT, NO_NAMES)
    'b'
    """
    assert node.op is not None
    inputs = [
        _stand_in(x, names, _expression(x, names, notation) or notation.unnamed % k)
        for k, x in enumerate(node.inputs)
    ]
    out = _stand_in(node, names, "out")
    partial: Any = node.op.partials_at(out, *inputs)[position]
    return notation.write(partial) if isinstance(partial, Value) else number(partial)


def _expression(value: Value, names: Names, notation: Notation) -> str:
    """A short expression in brackets, where that is clearer than a letter."""
    text = notation.write(value, names) if notation is TEXT else ""
    return f"({text})" if 0 < len(text) <= 20 and notation.more not in text else ""


def _stand_in(value: Value, names: Names, default: str) -> Value:
    """A leaf with the value's number, named; so the rule's own working stays visible."""
    constant = value.op is None and not (names.get(value) or value.name)
    named = names.get(value) or value.name or ("" if constant else default)
    return Value(value.data, named)
