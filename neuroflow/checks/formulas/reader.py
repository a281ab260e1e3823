"""The grammar of formulas: recursive descent over the tokens, into functions of the symbols."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

from attrs import define, field

from neuroflow.checks.formulas.algebra import algebra_of
from neuroflow.checks.formulas.tokens import Tokens
from neuroflow.checks.formulas.words import (
    ACCENTS,
    BOLD,
    CLOSING,
    CONSTANTS,
    DOTS,
    ENDS,
    FOLDS,
    FUNCTIONS,
    GREEK,
    LENGTHS,
    NAMING,
    NORMS,
    OLD,
    RELATIONS,
    ROUNDED,
    TARGET,
    TRANSPOSED,
    VECTORS,
    WITH_BASIS,
    integrated,
)

Scope = dict[str, Any]
Node = Callable[[Scope], Any]


@define
class Reader:
    """Recursive descent over the tokens; every rule of the grammar is one method."""

    tokens: Tokens
    bars: int = 0
    symbols: list[str] = field(factory=list)
    bound: list[str] = field(factory=list)
    defined: list[str] = field(factory=list)
    """What is defined behind the formula: ``z_t`` is then a name as a whole."""
    counts: bool = False
    """Whether an index may be computed: ``x_{2t + 1}``."""
    uses: list[tuple[str, str, str]] = field(factory=list)
    """An index, the vector that it counts, and the index of its row, in a list of lists."""

    def everything(self) -> Node:
        node = self.sum()
        if self.tokens.now in (",", ".") and self.tokens.is_last:
            self.tokens.next()
        if self.tokens.now:
            raise self.tokens.unexpected(self.tokens.now)
        return node

    def sum(self) -> Node:
        """``a + b - c``."""
        sign = -1.0 if self.tokens.now == "-" else 1.0
        if self.tokens.now in ("-", "+"):
            self.tokens.next()
        first = self.product()
        parts = [(sign, first)]
        while self.tokens.now in ("+", "-"):
            sign = -1.0 if self.tokens.next() == "-" else 1.0
            parts.append((sign, self.product()))
        if len(parts) == 1 and sign == 1.0:
            return first
        return lambda s: reduce(lambda a, b: a + b, [sign * node(s) for sign, node in parts])

    def product(self) -> Node:
        """``a b``, ``a \\cdot b``, ``a / b``."""
        node = self.signed()
        while True:
            if self.tokens.now in DOTS:
                sign = self.tokens.next()
                node = _product(node, self.signed(), sign)
            elif self.tokens.now == "/":
                self.tokens.next()
                node = _binary(lambda a, b: a / b, node, self.signed())
            elif self.tokens.now in (r"\bmod", r"\mod"):
                self.tokens.next()
                node = _binary(lambda a, b: a % b, node, self.signed())
            elif self.begins():
                node = _product(node, self.power())
            else:
                return node

    def signed(self) -> Node:
        if self.tokens.now == "-":
            self.tokens.next()
            node = self.power()
            return lambda s: -node(s)
        return self.power()

    def begins(self) -> bool:
        """Whether another factor follows."""
        if self.tokens.now in ("|", r"\lvert", *NORMS):
            return self.bars == 0
        return self.tokens.now not in ENDS and self.tokens.now not in (
            "+",
            "-",
            "^",
            "_",
            "'",
            ".",
            ":",
        )

    def power(self) -> Node:
        """``base^{exponent}``."""
        node = self.base()
        while self.tokens.now == "^":
            self.tokens.next()
            if self.transposes():
                node = _transposed(node)
                continue
            exponent = self.argument()
            node = _binary(_power, node, exponent)
        return node

    def transposes(self) -> bool:
        r"""Whether ``\top`` stands in the exponent, alone or in braces; then it is read."""
        marks = TRANSPOSED if self.capital() else TRANSPOSED[1:]
        if self.tokens.now in marks:
            self.tokens.next()
            return True
        inside = self.tokens.tokens[self.tokens.position + 1 : self.tokens.position + 3]
        if self.tokens.now == "{" and len(inside) == 2 and inside[0] in marks and inside[1] == "}":
            self.tokens.position += 3
            return True
        return False

    def capital(self) -> bool:
        """Whether the letter before an exponent is a capital: ``K^T`` is a transpose."""
        before = self.tokens.tokens[self.tokens.position - 2 : self.tokens.position - 1]
        return bool(before) and before[0].isupper()

    def argument(self) -> Node:
        """``{...}`` or one token, as LaTeX takes it."""
        if self.tokens.now == "{":
            return self.group("{", "}")
        if self.tokens.now == "-":
            self.tokens.next()
            node = self.argument()
            return lambda s: -node(s)
        self.tokens.split_digit()
        return self.base()

    def group(self, left: str, right: str) -> Node:
        self.tokens.need(left)
        bars, self.bars = self.bars, 0
        node = self.sum()
        self.bars = bars
        self.tokens.need(right)
        return node

    def base(self) -> Node:
        token = self.tokens.next()
        if token[:1].isdigit() or (token[:1] == "." and len(token) > 1):
            value = float(token)
            return lambda s: algebra_of(s).number(value)
        if token in ("(", "{"):
            self.tokens.back()
            return self.group(token, {"(": ")", "{": "}"}[token])
        if token in ("[", r"\{"):
            return self.iverson(CLOSING[token])
        if token in ROUNDED:
            return self.rounded(token)
        if token in NORMS:
            return self.norm(NORMS[token])
        if token in ("|", r"\lvert"):
            return self.absolute("|" if token == "|" else r"\rvert")
        if token in (r"\frac", r"\tfrac", r"\dfrac"):
            return _binary(lambda a, b: a / b, self.argument(), self.argument())
        if token == r"\sqrt":
            return self.root()
        if token == r"\begin":
            return self.cases()
        if token in FOLDS and self.tokens.now == "_":
            return self.fold(token)
        if token == r"\int":
            return self.integral()
        if token in ACCENTS or token in BOLD:
            return self.accented(token)
        return self.named(token)

    def accented(self, token: str) -> Node:
        r"""``\hat y``, ``\bar x`` (the mean of a vector x), ``\mathbf x``, ``\mathbb{1}[...]``."""
        inner = self.tokens.plain()
        if token in BOLD and inner == "1":
            return self.base()  # an indicator function: the bracket that follows says it all
        name = f"{ACCENTS[token]}_{inner}" if token in ACCENTS else inner
        if self.tokens.now == "_":
            return self.indexed(name)
        if token != r"\bar" and token != r"\overline":
            return self.symbol(name)
        self.symbols.append(inner)

        def value(s: Scope) -> Any:
            if name in s:
                return s[name]
            numbers = self.look_up(s, inner)
            return (
                math.fsum(numbers) / len(numbers) if isinstance(numbers, (list, tuple)) else numbers
            )

        return value

    def iverson(self, end: str) -> Node:
        """``[a > b]``: 1 where it holds, else 0; without a relation an ordinary bracket."""
        holds = self.condition()
        self.tokens.need(end)
        return lambda s: algebra_of(s).choose(
            s, [(holds, lambda s: 1.0), (lambda s: True, lambda s: 0.0)]
        )

    def rounded(self, token: str) -> Node:
        r"""``\lfloor x \rfloor``, ``\lceil x \rceil``."""
        end, whole = ROUNDED[token]
        node = self.sum()
        self.tokens.need(end)
        name = whole.__name__
        return lambda s: algebra_of(s).call(lambda x: float(whole(x)), name, [node(s)])

    def norm(self, end: str) -> Node:
        r"""``\|x - y\|``: over all entries of its vectors; ``\|x\|_1`` the sum of their sizes."""
        start = len(self.symbols)
        self.bars += 1
        node = self.sum()
        self.tokens.need(end)
        self.bars -= 1
        vectors, kind = self.symbols[start:], "2"
        if self.tokens.now == "_":
            self.tokens.next()
            kind = self.tokens.plain()
        if kind not in LENGTHS:
            raise self.tokens.problem(f"a norm of kind {kind!r} is not known")

        def value(s: Scope) -> Any:
            lists = {v: s[v] for v in vectors if isinstance(s.get(v), (list, tuple))}
            count = max(map(len, lists.values()), default=0)
            rows = [{**s, **{v: xs[k] for v, xs in lists.items()}} for k in range(count)]
            return LENGTHS[kind]([abs(node(row)) for row in rows or [s]])

        return value

    def integral(self) -> Node:
        r"""``\int_a^b f(t) \, dt``, with both bounds."""
        self.tokens.need("_")
        low = self.argument()
        self.tokens.need("^")
        high = self.argument()
        end = self.tokens.find("d")
        body = Reader(Tokens(self.tokens.text, self.tokens.tokens[self.tokens.position : end]))
        name = self.tokens.tokens[end + 1].lstrip("\\") if end + 1 < len(self.tokens.tokens) else ""
        self.tokens.position = end + 2
        node = body.everything()
        self.symbols += [symbol for symbol in body.symbols if symbol != name]
        return lambda s: integrated(lambda t: node({**s, name: t}), low(s), high(s))

    def absolute(self, end: str) -> Node:
        self.bars += 1
        node = self.sum()
        self.tokens.need(end)
        self.bars -= 1
        return lambda s: abs(node(s))

    def root(self) -> Node:
        degree: Node = lambda s: algebra_of(s).number(2.0)  # noqa: E731  a constant node
        if self.tokens.now == "[":
            degree = self.group("[", "]")
        return _binary(lambda d, x: x ** (1 / d), degree, self.argument())

    def cases(self) -> Node:
        r"""``\begin{cases} a & \text{if } x > 0 \\ b & \text{otherwise} \end{cases}``."""
        self.tokens.braced()
        rows: list[tuple[Node, Node]] = []
        while self.tokens.now != r"\end":
            value = self.sum()
            if self.tokens.now == ",":
                self.tokens.next()
            if self.tokens.now == "&":
                self.tokens.next()
            rows.append((self.condition(), value))
            if self.tokens.now in (",", "."):
                self.tokens.next()
            if self.tokens.now == r"\\":
                self.tokens.next()
        self.tokens.next()
        self.tokens.braced()
        return lambda s: algebra_of(s).choose(s, rows)

    def condition(self) -> Node:
        """``if a < b <= c``, or ``otherwise``, or a number that stands for a truth."""
        while self.tokens.now in NAMING:
            self.tokens.next()
            if self.tokens.braced().strip(".,") in ("otherwise", "else"):
                return lambda s: True
        if self.tokens.now in ("]", r"\\", r"\end"):
            return lambda s: True
        sides, relations = [self.sum()], []
        while self.tokens.now in RELATIONS:
            relations.append(self.tokens.next())
            sides.append(self.sum())
        if not relations:
            return sides[0]
        pairs = list(zip(relations, sides, sides[1:], strict=False))
        return lambda s: algebra_of(s).all_hold([(sign, a(s), b(s)) for sign, a, b in pairs])

    def fold(self, sign: str) -> Node:
        r"""``\sum_{i=1}^{n} ...``, ``\max_i ...``, ``\sum_{j \neq i} ...``."""
        self.tokens.next()
        index, first, keep = self.index()
        last: Node | None = None
        if self.tokens.now == "^":
            self.tokens.next()
            last = self.argument()
        self.bound.append(index)
        start, uses = len(self.symbols), len(self.uses)
        body = self.product()
        counted = [(v, outer) for i, v, outer in self.uses[uses:] if i == index]
        vectors = counted or [(v, "") for v in self.symbols[start:]]
        self.bound.pop()

        def value(s: Scope) -> Any:
            if first is not None and last is not None:  # as it is written: entries from there on
                numbers = range(int(first(s)), int(last(s)) + 1)
                inner = [{**s, index: k, _first(index): min(numbers.start, 1)} for k in numbers]
            else:
                rows = [s[v][s.get(outer, 0)] if outer else s.get(v) for v, outer in vectors]
                lengths = [len(row) for row in rows if isinstance(row, (list, tuple))]
                inner = [{**s, index: k} for k in range(max(lengths, default=0))]
            return algebra_of(s).fold(sign, [body(scope) for scope in inner if keep(scope)])

        return value

    def index(self) -> tuple[str, Node | None, Node]:
        """The name of an index, where it starts if that is said, and which of its values count."""
        always: Node = lambda s: True  # noqa: E731  a constant node
        if self.tokens.now != "{":
            return self.tokens.next(), None, always
        self.tokens.next()
        name = self.tokens.next()
        if self.tokens.now == r"\in":
            self.tokens.next()
            members = f"set {self.tokens.next()}"
            self.tokens.need("}")
            return name, None, lambda s: s[name] in self.look_up(s, members)
        if self.tokens.now in RELATIONS and self.tokens.now != "=":
            relation = RELATIONS[self.tokens.next()]
            other = self.tokens.next()
            self.tokens.need("}")
            return name, None, lambda s: relation(s[name], s[other])
        first: Node | None = None
        if self.tokens.now == "=":
            self.tokens.next()
            first = self.sum()
        self.tokens.need("}")
        return name, first, always

    def named(self, token: str) -> Node:
        """A constant, a function or a symbol."""
        name = self.tokens.braced() if token in NAMING else token.lstrip("\\")
        if name in FUNCTIONS and self.applies(name):
            return self.function(name)
        if self.tokens.now == "_":
            return self.indexed(name)
        if token in CONSTANTS and self.tokens.now != "'":
            value = CONSTANTS[token]
            return lambda s: s.get(token, value)
        if token.startswith("\\") and token not in NAMING and name not in GREEK:
            raise self.tokens.problem(f"{token!r} is not known")
        if token in NAMING and self.tokens.now == "(":
            return self.registered(name)
        if not token[:1].isalpha() and not token.startswith("\\"):
            raise self.tokens.unexpected(token)
        return self.symbol(name)

    def applies(self, name: str) -> bool:
        """Greek letters are functions only in front of a parenthesis."""
        return name not in GREEK or self.tokens.now == "("

    def symbol(self, name: str) -> Node:
        if name not in self.bound:
            self.symbols.append(name)
        return lambda s: self.look_up(s, name)

    def look_up(self, scope: Scope, name: str) -> Any:
        if name not in scope:
            raise self.tokens.problem(f"{name!r} is neither an input nor a setting")
        return scope[name]

    def indexed(self, name: str) -> Node:
        """``x_i``, ``p_{ik}``, ``p_{i, t_i}``: an entry; any other index belongs to the name."""
        self.tokens.next()
        places = self.tokens.indices(self.bound, self.counts)
        if len(places) > 1 or (places and len(places[0]) > 1):
            return self.entry_at(name, places)
        index = self.tokens.plain()
        if f"{name}_{index}" in self.defined:
            return self.symbol(f"{name}_{index}")
        if index != OLD and (index in self.bound or name in VECTORS or index == TARGET):
            self.symbols.append(name)
            self.uses.append((index, name, ""))
            return lambda s: self.entry(s, name, index)
        return self.symbol(f"{name}_{index}")

    def entry_at(self, name: str, places: list[list[str]]) -> Node:
        """An entry of a list of lists."""
        self.tokens.plain()
        self.symbols.append(name)
        nodes, outer = list[Node](), ""
        for tokens in places:
            self.uses.append(("".join(tokens), name, outer))
            outer = "".join(tokens)
            within = Reader(Tokens(self.tokens.text, tokens), bound=self.bound)
            nodes.append(within.everything())
            self.symbols += [symbol for symbol in within.symbols if symbol not in self.bound]

        def value(s: Scope) -> Any:
            numbers = self.look_up(s, name)
            for node in nodes:
                numbers = algebra_of(s).entry(numbers, int(node(s)))
            return numbers

        return value

    def entry(self, scope: Scope, name: str, index: str) -> Any:
        """An entry of a vector; of a plain number, the subscript is only a part of its name."""
        numbers = self.look_up(scope, name)
        if not isinstance(numbers, (list, tuple)):
            return numbers
        if index.isdigit():
            return numbers[int(index) - 1]
        k = self.look_up(scope, index)
        if not isinstance(k, int) or not 0 <= k - scope.get(_first(index), 0) < len(numbers):
            raise self.tokens.problem(f"{name}_{index} is no entry where {index} = {k!r}")
        return numbers[k - scope.get(_first(index), 0)]

    def function(self, name: str) -> Node:
        call = FUNCTIONS[name]
        exponent: Node | None = None
        if name in WITH_BASIS and self.tokens.now == "_":
            self.tokens.next()
            basis = float(self.tokens.plain())
            call = lambda x: math.log(x, basis)  # noqa: E731  as the functions of the table
        if self.tokens.now == "^":
            self.tokens.next()
            exponent = self.argument()
        arguments = self.arguments()

        def value(s: Scope) -> Any:
            result = algebra_of(s).call(call, name, [a(s) for a in arguments])
            return result if exponent is None else result ** exponent(s)

        return value

    def arguments(self) -> list[Node]:
        """``(a, b)``, or without parentheses what stands close: ``\\sin 2x``."""
        if self.tokens.now in CLOSING:
            right = CLOSING[self.tokens.next()]
            bars, self.bars = self.bars, 0
            found = [self.sum()]
            while self.tokens.now == ",":
                self.tokens.next()
                found.append(self.sum())
            self.tokens.need(right)
            self.bars = bars
            return found
        node = self.signed()
        while self.begins() and (
            self.tokens.now[0].isalnum() or self.tokens.now.startswith(r"\frac")
        ):
            node = _product(node, self.power())
        return [node]

    def registered(self, name: str) -> Node:
        """A function that is an op or activation of its own."""
        from neuroflow.registry.manager import manager

        for kind in ("op", "activation"):
            for entry in manager().registry.entries(kind, name):
                target = entry.load()
                arguments = self.arguments()
                return lambda s: algebra_of(s).apply(target, [a(s) for a in arguments])
        raise self.tokens.problem(f"no op or activation is named {name!r}")


def _first(index: str) -> str:
    """Under which name a scope keeps what the first entry is counted as: 0 or 1."""
    return f"first {index}"


def _binary(combine: Callable[[Any, Any], Any], a: Node, b: Node) -> Node:
    return lambda s: combine(a(s), b(s))


def _product(a: Node, b: Node, sign: str = "") -> Node:
    return lambda s: algebra_of(s).product(a(s), b(s), sign)


def _transposed(node: Node) -> Node:
    return lambda s: algebra_of(s).transposed(node(s))


def _power(base: Any, exponent: Any) -> Any:
    try:
        return base**exponent
    except OverflowError:
        return math.inf
