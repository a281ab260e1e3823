r"""Reads the formulas of entries, so that a formula can be compared with what the rule computes.

It understands the LaTeX that formulas of scalar functions are written in: fractions, powers,
roots, named functions, cases, Iverson brackets, sums and extrema over an index.

>>> formula = read(r"\frac{1}{1 + e^{-x}}")
>>> formula({"x": 0.0})
0.5
>>> read(r"\sum_i a_i b_i")({"a": [1.0, 2.0], "b": [3.0, 4.0]})
11.0
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from attrs import define, field, frozen

from neuroflow.errors import InputError

Scope = dict[str, Any]
Node = Callable[[Scope], Any]


class UnreadableFormulaError(InputError):
    """A formula uses something that the reader does not know; says what."""


@frozen(eq=False)
class Formula:
    """A formula that has been read; call it with numbers for its symbols.

    ``symbols`` are the names it uses, in order: ``x``, ``alpha``; vectors without their index.
    """

    text: str
    symbols: tuple[str, ...]
    node: Node

    def __call__(self, numbers: Mapping[str, Any]) -> float:
        """The value; raises :class:`UnreadableFormulaError` for a symbol without a number."""
        return float(self.node(dict(numbers)))


def read(text: str) -> Formula:
    """Read a formula; of ``f(x) = ... = ...`` the last part counts.

    Raises :class:`UnreadableFormulaError`, which names what could not be read.
    """
    tokens = [t for t in _TOKEN.findall(_tidy(text)) if not t.isspace()]
    reader = _Reader(text, _right_side(tokens))
    node = reader.everything()
    return Formula(text, tuple(dict.fromkeys(reader.symbols)), node)


_TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|\d+\.?\d*|\.\d+|[a-zA-Z]|'|\S|\s+")
_SPACING = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|quad|qquad|displaystyle|limits|nolimits|,|;|!|:)(?![a-zA-Z])|~"
)


def _tidy(text: str) -> str:
    """Without what only changes the look."""
    text = re.sub(r"\\left\s*\.|\\right\s*\.", " ", text)
    return re.sub(r"(?<!\\)\\ ", " ", _SPACING.sub(" ", text))


def _right_side(tokens: list[str]) -> list[str]:
    """What stands behind the last equals sign that is not inside of anything."""
    depth, start = 0, 0
    for k, token in enumerate(tokens):
        depth += (token in ("{", "(", "[", r"\begin")) - (token in ("}", ")", "]", r"\end"))
        if token == "=" and depth == 0:
            start = k + 1
    return tokens[start:]


_CONSTANTS = {"e": math.e, r"\pi": math.pi, r"\infty": math.inf}


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700.0 else 0.0


def _normal_cdf(x: float) -> float:
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f: getattr(math, f) for f in ("exp", "sin", "cos", "tan", "tanh", "sinh", "cosh", "erf")},
    **{f"arc{f}": getattr(math, f"a{f}") for f in ("sin", "cos", "tan")},
    "ln": math.log, "log": math.log, "erfc": math.erfc, "sigma": _sigmoid, "sigmoid": _sigmoid,
    "Phi": _normal_cdf, "phi": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "sgn": lambda x: (x > 0) - (x < 0), "sign": lambda x: (x > 0) - (x < 0),
    "stop": lambda x: x, "relu": lambda x: max(0.0, x), "ReLU": lambda x: max(0.0, x),
    "softplus": lambda x: math.log1p(math.exp(-abs(x))) + max(x, 0.0),
    "max": max, "min": min, "clip": lambda x, low, high: min(max(x, low), high),
    "abs": abs, "expm1": math.expm1, "log1p": math.log1p, "sqrt": math.sqrt,
}  # fmt: skip
_FOLDS: dict[str, Callable[[list[Any]], Any]] = {
    r"\sum": math.fsum, r"\prod": math.prod, r"\max": max, r"\min": min,
}  # fmt: skip
_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b), "<": lambda a, b: bool(a < b), ">": lambda a, b: bool(a > b),
    **dict.fromkeys((r"\le", r"\leq", r"\leqslant"), lambda a, b: bool(a <= b)),
    **dict.fromkeys((r"\ge", r"\geq", r"\geqslant"), lambda a, b: bool(a >= b)),
    **dict.fromkeys((r"\ne", r"\neq"), lambda a, b: bool(a != b)),
}  # fmt: skip
_NAMING = {r"\operatorname", r"\mathrm", r"\text", r"\mathit", r"\textrm"}
_GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "eta", "theta", "kappa", "lambda",
    "mu", "nu", "rho", "sigma", "tau", "phi", "varphi", "omega", "Phi", "Delta",
}  # fmt: skip
_ENDS = {
    "}",
    ")",
    "]",
    "&",
    r"\\",
    ",",
    "",
    "|",
    r"\rvert",
    r"\rangle",
    r"\rfloor",
    r"\end",
    *_RELATIONS,
}
_DOTS = {"*", r"\cdot", r"\times", r"\odot"}


@define
class _Reader:
    """Recursive descent over the tokens; every rule of the grammar is one method."""

    text: str
    tokens: list[str]
    position: int = 0
    bars: int = 0
    symbols: list[str] = field(factory=list)
    bound: list[str] = field(factory=list)

    def everything(self) -> Node:
        node = self.sum()
        if self.now in (",", ".") and self.position + 1 >= len(self.tokens):
            self.next()
        if self.now:
            raise self.problem(f"{self.now!r} was not expected")
        return node

    @property
    def now(self) -> str:
        """The token to be read next; empty at the end."""
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def next(self) -> str:
        self.position += 1
        return self.tokens[self.position - 1] if self.position <= len(self.tokens) else ""

    def need(self, token: str) -> None:
        if self.next() != token:
            self.position -= 1
            raise self.problem(f"{token!r} was expected, but {self.now or 'the end'!r} came")

    def problem(self, what: str) -> UnreadableFormulaError:
        return UnreadableFormulaError(
            f"the formula {self.text!r} cannot be read: {what}", got=self.text
        )

    def sum(self) -> Node:
        """``a + b - c``."""
        sign = -1.0 if self.now == "-" else 1.0
        if self.now in ("-", "+"):
            self.next()
        first = self.product()
        parts = [(sign, first)]
        while self.now in ("+", "-"):
            sign = -1.0 if self.next() == "-" else 1.0
            parts.append((sign, self.product()))
        if len(parts) == 1 and sign == 1.0:
            return first
        return lambda s: reduce(lambda a, b: a + b, [sign * node(s) for sign, node in parts])

    def product(self) -> Node:
        """``a b``, ``a \\cdot b``, ``a / b``."""
        node = self.signed()
        while True:
            if self.now in _DOTS:
                self.next()
                node = _binary(lambda a, b: a * b, node, self.signed())
            elif self.now == "/":
                self.next()
                node = _binary(lambda a, b: a / b, node, self.signed())
            elif self.begins():
                node = _binary(lambda a, b: a * b, node, self.power())
            else:
                return node

    def signed(self) -> Node:
        if self.now == "-":
            self.next()
            node = self.power()
            return lambda s: -node(s)
        return self.power()

    def begins(self) -> bool:
        """Whether another factor follows."""
        if self.now in ("|", r"\lvert"):
            return self.bars == 0
        return self.now not in _ENDS and self.now not in ("+", "-", "^", "_", "'", ".", ":")

    def power(self) -> Node:
        """``base^{exponent}``."""
        node = self.base()
        while self.now == "^":
            self.next()
            exponent = self.argument()
            node = _binary(_power, node, exponent)
        return node

    def argument(self) -> Node:
        """``{...}`` or one token, as LaTeX takes it."""
        if self.now == "{":
            return self.group("{", "}")
        if self.now == "-":
            self.next()
            node = self.argument()
            return lambda s: -node(s)
        if self.now[:1].isdigit() and len(self.now) > 1:
            digit, rest = self.now[0], self.now[1:]
            self.tokens[self.position : self.position + 1] = [digit, rest]
        return self.base()

    def group(self, left: str, right: str) -> Node:
        self.need(left)
        bars, self.bars = self.bars, 0
        node = self.sum()
        self.bars = bars
        self.need(right)
        return node

    def base(self) -> Node:
        token = self.next()
        if token[:1].isdigit() or (token[:1] == "." and len(token) > 1):
            value = float(token)
            return lambda s: value
        if token in ("(", "{"):
            self.position -= 1
            return self.group(token, {"(": ")", "{": "}"}[token])
        if token == "[":
            return self.iverson()
        if token in ("|", r"\lvert"):
            return self.absolute("|" if token == "|" else r"\rvert")
        if token in (r"\frac", r"\tfrac", r"\dfrac"):
            return _binary(lambda a, b: a / b, self.argument(), self.argument())
        if token == r"\sqrt":
            return self.root()
        if token == r"\begin":
            return self.cases()
        if token in _FOLDS and self.now == "_":
            return self.fold(_FOLDS[token])
        if token == r"\mathbb" or token == r"\mathbf":
            self.argument()  # an indicator function: the bracket that follows says it all
            return self.base()
        return self.named(token)

    def iverson(self) -> Node:
        """``[a > b]``: 1 where it holds, else 0; without a relation an ordinary bracket."""
        holds = self.condition()
        self.need("]")
        return lambda s: 1.0 * holds(s)

    def absolute(self, end: str) -> Node:
        self.bars += 1
        node = self.sum()
        self.need(end)
        self.bars -= 1
        return lambda s: abs(node(s))

    def root(self) -> Node:
        degree: Node = lambda s: 2.0  # noqa: E731  a constant node
        if self.now == "[":
            degree = self.group("[", "]")
        return _binary(lambda d, x: x ** (1.0 / d), degree, self.argument())

    def cases(self) -> Node:
        r"""``\begin{cases} a & \text{if } x > 0 \\ b & \text{otherwise} \end{cases}``."""
        self.braced()
        rows: list[tuple[Node, Node]] = []
        while self.now != r"\end":
            value = self.sum()
            if self.now == ",":
                self.next()
            if self.now == "&":
                self.next()
            rows.append((self.condition(), value))
            if self.now in (",", "."):
                self.next()
            if self.now == r"\\":
                self.next()
        self.next()
        self.braced()
        return lambda s: next((value(s) for holds, value in rows if holds(s)), math.nan)

    def condition(self) -> Node:
        """``if a < b <= c``, or ``otherwise``, or a number that stands for a truth."""
        while self.now in _NAMING:
            self.next()
            if self.braced().strip(".,") in ("otherwise", "else"):
                return lambda s: True
        if self.now in ("]", r"\\", r"\end"):
            return lambda s: True
        sides, relations = [self.sum()], []
        while self.now in _RELATIONS:
            relations.append(_RELATIONS[self.next()])
            sides.append(self.sum())
        if not relations:
            return sides[0]
        pairs = list(zip(relations, sides, sides[1:], strict=False))
        return lambda s: all(holds(a(s), b(s)) for holds, a, b in pairs)

    def fold(self, combine: Callable[[list[Any]], Any]) -> Node:
        r"""``\sum_{i=1}^{n} ...``, ``\max_i ...``, ``\sum_{j \neq i} ...``."""
        self.next()
        index, keep = self.index()
        if self.now == "^":
            self.next()
            self.argument()  # the upper end is the length of the vectors
        self.bound.append(index)
        start = len(self.symbols)
        body = self.product()
        vectors = self.symbols[start:]
        self.bound.pop()

        def value(s: Scope) -> Any:
            lengths = [len(s[v]) for v in vectors if isinstance(s.get(v), (list, tuple))]
            inner = [{**s, index: k} for k in range(max(lengths, default=0))]
            return combine([body(scope) for scope in inner if keep(scope)])

        return value

    def index(self) -> tuple[str, Node]:
        """The name of an index, and which of its values count."""
        always: Node = lambda s: True  # noqa: E731  a constant node
        if self.now != "{":
            return self.next(), always
        self.next()
        name = self.next()
        if self.now in _RELATIONS and self.now != "=":
            relation = _RELATIONS[self.next()]
            other = self.next()
            self.need("}")
            return name, lambda s: relation(s[name], s[other])
        while self.next() != "}":  # {i=1}: vectors are counted from their first entry anyway
            continue
        return name, always

    def braced(self) -> str:
        """The plain words in ``{...}``."""
        self.need("{")
        words = []
        while self.now != "}":
            words.append(self.next())
        self.next()
        return "".join(words).strip().replace("\\_", "_")

    def named(self, token: str) -> Node:
        """A constant, a function or a symbol."""
        name = self.braced() if token in _NAMING else token.lstrip("\\")
        if name in _FUNCTIONS and self.applies(name):
            return self.function(name)
        if self.now == "_":
            return self.indexed(name)
        if token in _CONSTANTS and self.now != "'":
            value = _CONSTANTS[token]
            return lambda s: s.get(token, value)
        if token.startswith("\\") and token not in _NAMING and name not in _GREEK:
            raise self.problem(f"{token!r} is not known")
        if token in _NAMING and self.now == "(":
            return self.registered(name)
        if not token[:1].isalpha() and not token.startswith("\\"):
            raise self.problem(f"{token or 'the end'!r} was not expected")
        return self.symbol(name)

    def applies(self, name: str) -> bool:
        """Greek letters are functions only in front of a parenthesis."""
        return name not in _GREEK or self.now == "("

    def symbol(self, name: str) -> Node:
        if name not in self.bound:
            self.symbols.append(name)
        return lambda s: self.look_up(s, name)

    def look_up(self, scope: Scope, name: str) -> Any:
        if name not in scope:
            raise self.problem(f"{name!r} is neither an input nor a setting")
        return scope[name]

    def indexed(self, name: str) -> Node:
        """``x_i``: an entry of a vector; any other subscript belongs to the name."""
        self.next()
        index = self.braced() if self.now == "{" else self.next().lstrip("\\")
        if index in self.bound or name in ("x", "a", "b", "z", "q", "k", "v", "p", "y"):
            self.symbols.append(name)
            if index.isdigit():
                return lambda s: self.look_up(s, name)[int(index) - 1]
            return lambda s: self.look_up(s, name)[self.look_up(s, index)]
        return self.symbol(f"{name}_{index}")

    def function(self, name: str) -> Node:
        call = _FUNCTIONS[name]
        exponent: Node | None = None
        if self.now == "^":
            self.next()
            exponent = self.argument()
        arguments = self.arguments()

        def value(s: Scope) -> Any:
            result = call(*[a(s) for a in arguments])
            return result if exponent is None else result ** exponent(s)

        return value

    def arguments(self) -> list[Node]:
        """``(a, b)``, or without parentheses what stands close: ``\\sin 2x``."""
        if self.now in ("(", "{", "["):
            right = {"(": ")", "{": "}", "[": "]"}[self.next()]
            bars, self.bars = self.bars, 0
            found = [self.sum()]
            while self.now == ",":
                self.next()
                found.append(self.sum())
            self.need(right)
            self.bars = bars
            return found
        node = self.signed()
        while self.begins() and (self.now[0].isalnum() or self.now.startswith(r"\frac")):
            node = _binary(lambda a, b: a * b, node, self.power())
        return [node]

    def registered(self, name: str) -> Node:
        """A function that is an op or activation of its own."""
        from neuroflow.registry.manager import manager

        for kind in ("op", "activation"):
            for entry in manager().registry.entries(kind, name):
                target = entry.load()
                arguments = self.arguments()
                return lambda s: target(*[a(s) for a in arguments])
        raise self.problem(f"no op or activation is named {name!r}")


def _binary(combine: Callable[[Any, Any], Any], a: Node, b: Node) -> Node:
    return lambda s: combine(a(s), b(s))


def _power(base: Any, exponent: Any) -> Any:
    try:
        return base**exponent
    except OverflowError:
        return math.inf


def symbols_for(
    formula: Formula, inputs: Mapping[str, Any], settings: Mapping[str, float]
) -> Scope:
    """Numbers for the symbols of a formula, from an op's inputs and settings.

    A vector ``xs`` is ``x`` in the formula, ``n`` and ``d`` are its length. A setting has its own
    name, or a Greek letter: settings without a symbol of their own take the others in order.
    """
    scope: Scope = {**settings, **inputs}
    for name, value in inputs.items():
        if isinstance(value, (list, tuple)):
            scope.setdefault(name.removesuffix("s"), value)
            for length in ("n", "d"):
                scope.setdefault(length, len(value))
    free = [s for s in formula.symbols if s not in scope]
    spare = [name for name in settings if name not in formula.symbols]
    scope.update({symbol: settings[name] for symbol, name in zip(free, spare, strict=False)})
    return scope
