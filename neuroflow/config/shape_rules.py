"""Shape rules: one line says what a layer takes and what it gives, ``"(n, size) -> (n, outputs)"``.

A shape is the lengths of lists in lists: ``(4,)`` is a list of 4 numbers, ``(n, 4)`` are n of such
lists, and ``()`` is a bare number. A rule is read with Python's grammar, and never run as Python:

- a name of a setting is its value: ``(inputs,)``, ``(sizes[-1],)``;
- any other name is a length that comes in, the same wherever it stands: ``(n, size)``;
- ``...`` are lengths before or after, as many as there are: ``(..., size)``;
- ``+ - * //`` and brackets compute with both: ``((n - kernel) // stride + 1,)``;
- ``ids (n,)`` are whole numbers that choose, such as tokens, in place of numbers;
- ``(a,), (b,) -> (a + b,)`` takes several inputs, in a tuple or by name;
- ``or`` stands between rules, of which the first that fits holds.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import add, floordiv, mul, sub
from typing import Any

from attrs import frozen

from neuroflow.errors import InputError, ShapeError

AUTO = "auto"
"""What a setting says in place of a length that what comes in will tell."""

Length = int | str
"""A number, or where it is not known the letter or the sum that stands for it."""


class Shape(tuple[Length, ...]):
    """The lengths of lists in lists; a text is a length that is not known before it runs.

    ``ids`` says that the numbers are whole and choose; ``origin`` is who gives them.

    >>> print(Shape((4,)), Shape(("n", 8)), Shape(()), Shape(("n",), ids=True))
    (4,) (n, 8) () ids (n,)
    """

    ids: bool
    origin: str

    def __new__(
        cls, lengths: Sequence[Length] = (), *, ids: bool = False, origin: str = ""
    ) -> Shape:
        """One of these lengths."""
        shape = super().__new__(cls, lengths)
        shape.ids, shape.origin = ids, origin
        return shape

    @classmethod
    def of(cls, numbers: Any) -> Any:
        """The shape of numbers in lists; in a tuple or a dict each by its key.

        >>> print(Shape.of([[1.0, 2.0], [3.0, 4.0]]), Shape.of([3, 1]), Shape.of(0.5))
        (2, 2) ids (2,) ()
        """
        if isinstance(numbers, (dict, tuple)):
            pairs = numbers.items() if isinstance(numbers, dict) else enumerate(numbers)
            return {key: cls.of(each) for key, each in pairs}
        if not isinstance(numbers, list):
            return cls((), ids=type(numbers) is int)
        inner = [*map(cls.of, numbers)]
        lengths = {len(shape) for shape in inner}
        if len(lengths) > 1 or any(isinstance(shape, dict) for shape in inner):
            return cls((len(numbers), "..."))
        lists = zip(*inner, strict=True)
        rest = [each[0] if len(set(each)) == 1 else "n" for each in lists]
        return cls([len(numbers), *rest], ids=all(shape.ids for shape in inner))

    @property
    def is_open(self) -> bool:
        """Whether nobody knows how many lengths there are."""
        return "..." in self

    def __str__(self) -> str:
        comma = "," if len(self) == 1 and not self.is_open else ""
        return f"{'ids ' * self.ids}({', '.join(map(str, self))}{comma})"


ANY = Shape(("...",))
"""The shape of anything."""

_SIGNS: dict[type[ast.operator], tuple[str, Callable[[int, int], int]]] = {
    ast.Add: ("+", add), ast.Sub: ("-", sub), ast.Mult: ("*", mul), ast.FloorDiv: ("//", floordiv),
}  # fmt: skip
GRAMMAR = (
    'a rule such as "(n, inputs) -> (n, outputs)": names of settings and letters, whole numbers,'
    " + - * //, brackets, and ... at most once"
)


@frozen
class Pattern:
    """One side of a rule: the lengths as expressions; None stands for ``...``."""

    lengths: tuple[ast.expr | None, ...]
    ids: bool

    @property
    def rank(self) -> int | None:
        """How many lengths there are; None for as many as come in."""
        return None if None in self.lengths else len(self.lengths)

    def evaluated(self, names: Mapping[str, Any]) -> Shape:
        """The shape with these settings and letters; ``...`` is what they say, else itself."""
        found: list[Length] = []
        for length in self.lengths:
            found += names.get("...", ("...",)) if length is None else [_value(length, names)]
        return Shape(found, ids=self.ids)


@frozen
class ShapeRule:
    """What a layer takes, of one input or several, and what it then gives."""

    takes: tuple[Pattern, ...]
    gives: Pattern

    def bound(self, settings: Mapping[str, Any], taken: Any) -> dict[str, Any] | None:
        """What settings and letters are where this shape comes in; None if it does not fit."""
        came = list(taken.values()) if isinstance(taken, Mapping) else [taken]
        if taken == ANY:
            came = [ANY] * len(self.takes)
        names = dict(settings)
        fits = len(came) == len(self.takes) and all(
            _fits(takes, shape, names) for takes, shape in zip(self.takes, came, strict=True)
        )
        return names if fits else None

    def taken(self, settings: Mapping[str, Any]) -> str:
        """What it takes with these settings, as a text."""
        return ", ".join(str(each.evaluated(settings)) for each in self.takes)


def _fits(takes: Pattern, taken: Any, names: dict[str, Any]) -> bool:
    """Whether one side of a rule takes a shape; ``names`` are completed."""
    if isinstance(taken, Mapping) or (takes.ids and not taken.ids and not taken.is_open):
        return False
    pairs = _beside(takes.lengths, taken, names)
    return pairs is not None and all(_agrees(length, came, names) for length, came in pairs)


def _beside(
    lengths: Sequence[ast.expr | None], taken: Shape, names: dict[str, Any]
) -> list[tuple[ast.expr, Length]] | None:
    """Each length of a rule beside the one that came; what is between them is ``...``."""
    dots = lengths.index(None) if None in lengths else None
    first = [each for each in lengths[:dots] if each is not None]
    last = first if dots is None else [each for each in lengths[dots:] if each is not None]
    if taken.is_open:
        at = taken.index("...")
        head, tail = taken[:at], taken[at + 1 :]
        names["..."] = ("...",)
        too_many = dots is None and len(head) + len(tail) > len(lengths)
        ends = zip(reversed(last), reversed(tail), strict=False)
        return None if too_many else [*zip(first, head, strict=False), *ends]
    if dots is None:
        return list(zip(first, taken, strict=True)) if len(first) == len(taken) else None
    end = len(taken) - len(last)
    names["..."] = tuple(taken[len(first) : end])
    both = [*zip(first, taken, strict=False), *zip(last, taken[end:], strict=False)]
    return both if len(first) <= end else None


def _agrees(length: ast.expr, came: Length, names: dict[str, Any]) -> bool:
    """Whether a length is the one that came; what is not known yet becomes it."""
    known = _value(length, names)
    if isinstance(known, int) or not _is_open(length, names):
        return not (isinstance(known, int) and isinstance(came, int)) or known == came
    _bind(length, came, names)
    return True


def _is_open(length: ast.expr, names: Mapping[str, Any]) -> bool:
    """Whether it is a letter or a setting that says "auto", not a sum of such."""
    if isinstance(length, ast.Name):
        return not isinstance(names.get(length.id), int)
    return isinstance(length, ast.Subscript)


def _bind(length: ast.expr, came: Length, names: dict[str, Any]) -> None:
    if isinstance(length, ast.Name):
        names[length.id] = came
    elif isinstance(length, ast.Subscript) and isinstance(length.value, ast.Name):
        sizes = list(names[length.value.id])
        sizes[_index(length)] = came
        names[length.value.id] = sizes


def _value(length: ast.expr, names: Mapping[str, Any]) -> Length:
    """The number, or what stands for it."""
    match length:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            known = names.get(name)
            return known if isinstance(known, (int, str)) and known != AUTO else name
        case ast.Subscript(value=ast.Name(id=name)):
            known = names[name][_index(length)]
            return known if isinstance(known, int) else f"{name}[{_index(length)}]"
        case ast.UnaryOp(operand=inner):
            return _computed(ast.Sub(), 0, _value(inner, names))
        case ast.BinOp(left=left, op=op, right=right):
            return _computed(op, _value(left, names), _value(right, names))
    raise InputError(f"{ast.unparse(length)} is no length", expected=GRAMMAR)


def _computed(op: ast.operator, left: Length, right: Length) -> Length:
    sign, compute = _SIGNS[type(op)]
    if isinstance(left, int) and isinstance(right, int):
        return compute(left, right)
    if (sign, right) in (("//", 1), ("*", 1), ("+", 0), ("-", 0)):
        return left
    return " ".join([_in_brackets(left), sign, _in_brackets(right)])


def _in_brackets(length: Length) -> str:
    return f"({length})" if isinstance(length, str) and " " in length else str(length)


def _index(length: ast.Subscript) -> int:
    return int(ast.literal_eval(length.slice))


_SEVERAL = re.compile(r"(?<=\)),(?=\s*(?:ids\s*)?\()")
"""The comma between the shapes of several inputs."""


@cache
def rules_of(text: str) -> tuple[ShapeRule, ...]:
    """The rules that a text declares. Raises :class:`InputError` for what is none.

    >>> len(rules_of("() -> (size,) or (n, size) -> (n, size)"))
    2
    >>> rules_of("(n,) -> (n / 2,)")
    Traceback (most recent call last):
    ...
    neuroflow.errors.InputError: cannot read the shape rule '(n,) -> (n / 2,)'; expected a rule ...
    """
    try:
        sides = [rule.split("->") for rule in text.split(" or ")]
        return tuple(
            ShapeRule(tuple(map(_pattern, _SEVERAL.split(takes))), _pattern(gives))
            for takes, gives in sides
        )
    except (SyntaxError, ValueError, AttributeError) as error:
        raise InputError(
            f"cannot read the shape rule {text!r}", expected=GRAMMAR, got=text
        ) from error


def _pattern(text: str) -> Pattern:
    ids = text.split()[:1] == ["ids"]
    body = ast.parse(text.strip().removeprefix("ids").strip(), mode="eval").body
    parts = [body] if _is_dots(body) else body.elts if isinstance(body, ast.Tuple) else None
    if parts is None:
        raise ValueError("a shape is a tuple")
    lengths = tuple(None if _is_dots(part) else part for part in parts)
    if lengths.count(None) > 1 or not all(map(_is_readable, filter(None, lengths))):
        raise ValueError("no lengths")
    return Pattern(lengths, ids)


def _is_dots(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) and part.value is Ellipsis


def _is_readable(part: ast.expr) -> bool:
    match part:
        case ast.Constant(value=value):
            return type(value) is int
        case ast.Name():
            return True
        case ast.Subscript(value=ast.Name(), slice=ast.Constant(value=int())):
            return True
        case ast.Subscript(value=ast.Name(), slice=ast.UnaryOp(ast.USub(), ast.Constant())):
            return True
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _is_readable(inner)
        case ast.BinOp(left=left, op=op, right=right):
            return type(op) in _SIGNS and _is_readable(left) and _is_readable(right)
    return False


def shape_after(rule: str, settings: dict[str, Any], taken: Shape) -> Shape:
    """The shape that a layer gives by its rule, for authors of layers whose rule is a function.

    A setting that says ``"auto"`` becomes the length that comes in. Raises :class:`ShapeError` for
    a shape that the rule does not take.

    >>> settings = {"inputs": "auto", "outputs": 3}
    >>> print(shape_after("(inputs,) -> (outputs,)", settings, Shape((4,))), settings["inputs"])
    (3,) 4
    """
    rules = rules_of(rule)
    bound = [(each, each.bound(settings, taken)) for each in rules]
    fitting = [(each, names) for each, names in bound if names is not None]
    if not fitting:
        takes, got = taken_by(rule, settings), shown_shape(taken)
        raise ShapeError(f"takes {takes}, but got {got}", expected=takes, got=got)
    given = [each.gives.evaluated(names) for each, names in fitting]
    if (
        not isinstance(taken, Mapping)
        and taken.is_open
        and any(shape != given[0] for shape in given)
    ):
        return ANY
    settings.update({name: fitting[0][1][name] for name in settings})
    return _possible(given[0], taken)


def _possible(given: Shape, taken: Shape) -> Shape:
    """A shape that has at least one number in each list."""
    if any(isinstance(length, int) and length < 1 for length in given):
        remedy = "make its windows smaller, or let more come in"
        giver = f", which {taken.origin} gives" if taken.origin else ""
        raise ShapeError(f"would make {given} of {taken}{giver}", remedy=remedy, got=given)
    return given


def shown_shape(shape: Any) -> str:
    """A shape in a message; several by name are told one by one.

    >>> shown_shape({"left": Shape((2,)), "right": Shape(())})
    '{left: (2,), right: ()}'
    """
    if isinstance(shape, Mapping):
        return f"{{{', '.join(f'{key}: {shown_shape(each)}' for key, each in shape.items())}}}"
    return str(shape)


def taken_by(rule: str, settings: Mapping[str, Any]) -> str:
    """The shapes that a rule takes with these settings, as a text.

    >>> taken_by("(inputs,) -> (outputs,)", {"inputs": 4, "outputs": 3})
    '(4,)'
    """
    return " or ".join(each.taken(settings) for each in rules_of(rule))
