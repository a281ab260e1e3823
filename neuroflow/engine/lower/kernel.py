"""Rules as straight-line code: run an op's own rule on symbols and write down what it did.

A kernel is a list of elementary steps. Backends print it: ``t0 = exp(-x0)`` means the same to
arrays in numpy and to vectors in native code. So a third-party op compiles unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, field, frozen

from neuroflow.core.functions import greater, greater_equal, less, less_equal
from neuroflow.core.update_rule import UpdateRule
from neuroflow.core.value import Op, Value, building, mul
from neuroflow.engine.lower.steps import (
    BOUNDED,
    CONDITIONS,
    CURVES,
    OPERATORS,
    OPPOSITES,
    UNBOUNDED,
    step_of,
)
from neuroflow.errors import BackendError, raised

Operand = str | float
"""The name of an input or of an earlier step, or a number."""


class RuleError(BackendError):
    """A rule cannot be written as straight-line code; says why."""


@frozen
class KernelStep:
    """``name = function(*operands)``; ``uniform`` if it is one number for all elements."""

    name: str
    function: str
    operands: tuple[Operand, ...]
    uniform: bool = False

    def __str__(self) -> str:
        shown = [repr(x) if isinstance(x, float) else x for x in self.operands]
        pattern = OPERATORS.get(self.function)
        text = pattern.format(*shown) if pattern else f"{self.function}({', '.join(shown)})"
        return f"{self.name} = {text}"


@frozen
class Kernel:
    """Steps from named inputs to results."""

    inputs: tuple[str, ...]
    steps: tuple[KernelStep, ...]
    results: tuple[Operand, ...]

    @property
    def used(self) -> set[str]:
        """The names that a step or a result reads."""
        names = {x for step in self.steps for x in step.operands if isinstance(x, str)}
        return names | {x for x in self.results if isinstance(x, str)}

    @property
    def needs_float64(self) -> bool:
        """Whether rounding between its steps to float32 would cost digits: then it is not done."""
        return len(self.steps) > 1 and any(step.function in CURVES for step in self.steps)


class Symbol(Value):
    """A number in a rule that is being written down: its data is not known.

    ``carries`` names the symbols whose nan makes it nan. A condition is no number yet, but the
    truth of a comparison of what it has ``compared``.
    """

    __slots__ = ("carries", "compared", "made_by", "uniform")

    def __init__(
        self, name: str, uniform: bool = False, step: str = "", operands: Sequence[Value] = ()
    ) -> None:
        self.name = name
        symbols = [x for x in operands if isinstance(x, Symbol)]
        self.made_by = step, tuple(operands)
        self.compared = symbols if step in CONDITIONS else []
        self.carries: set[str] = {name}.union(*[x.carries for x in symbols if step != "where"])
        self.grad = 0.0
        self.op = None
        self.inputs = ()
        self.call = ""
        self.uniform = uniform

    def __repr__(self) -> str:
        return self.name

    @property
    def data(self) -> float:  # type: ignore[override]
        raise RuleError("it reads .data, which depends on the input")

    def __float__(self) -> float:
        raise RuleError("it calls a function that needs a plain float, such as math.sin")

    def __bool__(self) -> bool:
        raise RuleError("it branches on its input", remedy="where(condition, a, b) does not")

    def __int__(self) -> int:
        raise RuleError("it needs an integer, which depends on the input")

    __index__ = __int__

    def __lt__(self, other: Any) -> Any:
        return less(self, other)

    def __le__(self, other: Any) -> Any:
        return less_equal(self, other)

    def __gt__(self, other: Any) -> Any:
        return greater(self, other)

    def __ge__(self, other: Any) -> Any:
        return greater_equal(self, other)


@define
class Recorder:
    """Records the steps of a rule; equal steps once, and nothing for ``x * 1`` or ``x + 0``.

    With ``keeps_nan`` a condition that compares a nan gives nan, and so does ``0 * x``.
    """

    keeps_nan: bool = False
    steps: dict[tuple[str, tuple[Operand, ...]], Symbol] = field(factory=dict)

    def build(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """What an op inside a rule becomes: one step, or the steps of its own rule."""
        values = tuple([x if isinstance(x, Value) else Value(x) for x in inputs])
        if not any(isinstance(x, Symbol) for x in values):
            return Value(op.forward(*[x.data for x in values]))
        out = self._write(op, values)
        if isinstance(out, Symbol) and not any(out is x for x in values):
            out.op, out.inputs = op, values  # so that the rule can be differentiated
        return out

    def _write(self, op: Op, values: tuple[Value, ...]) -> Any:
        step = step_of(op)
        if not step:
            return op.forward(*values)
        if step == "where":
            return self._where(*values)
        values = tuple(map(self.number, values))
        if step in ("maximum", "minimum") and len(values) > 2:
            first = self._write(op, values[:2])
            return self._write(op, (first, *values[2:]))
        return self._simpler(step, values)

    def _where(self, condition: Value, a: Value, b: Value) -> Symbol:
        """A choice. A comparison with nan does not hold, so it chooses b: if that is nan too, all
        is well; if a is, the opposite is asked; else what was compared is looked at."""
        if not _is_condition(condition):
            condition = self.step("nonzero", (condition,))
        if not self.keeps_nan:
            return self.step("where", (condition, a, b))
        assert isinstance(condition, Symbol)
        chosen = self._chosen(condition, a, b)
        chosen.carries.update(_carried(a) & _carried(b), *[x.carries for x in condition.compared])
        return chosen

    def _chosen(self, condition: Symbol, a: Value, b: Value) -> Symbol:
        missing = [x for x in condition.compared if x.name not in _carried(b)]
        if missing and all(x.name in _carried(a) for x in condition.compared):
            return self.step("where", (self._opposite(condition), b, a))
        chosen = self.step("where", (condition, a, b))
        for x in missing:
            chosen = self.step("where", (self.step("equal", (x, x)), chosen, x))
        return chosen

    def _opposite(self, condition: Symbol) -> Symbol:
        function, operands = condition.made_by
        if function == "nonzero":
            return self.step("equal", (*operands, Value(0.0)))
        return self.step(OPPOSITES[function], operands)

    def number(self, x: Any) -> Any:
        """A condition as the number 1 or 0; numbers as they are."""
        if self.keeps_nan and _is_condition(x):
            return self._where(x, Value(1.0), Value(0.0))
        return x

    def _simpler(self, step: str, values: tuple[Value, ...]) -> Any:
        """The step, unless it changes nothing."""
        a, b = (*values, *values)[:2]
        if step == "add" and 0.0 in (number := (_number(a), _number(b))):
            return b if number[0] == 0.0 else a
        if step == "mul" and not self.keeps_nan and 0.0 in (_number(a), _number(b)):
            return Value(0.0)
        if step == "mul" and 1.0 in (number := (_number(a), _number(b))):
            return b if number[0] == 1.0 else a
        if step == "mul" and -1.0 in (number := (_number(a), _number(b))):
            return self.step("neg", (b if number[0] == -1.0 else a,))
        if step == "div" and _is_uniform(b) and not _is_uniform(a):
            return self.step("mul", (a, self.step("div", (Value(1.0), b))))
        return self.step(step, values)

    def step(self, function: str, values: Sequence[Value]) -> Symbol:
        """The symbol of one elementary step."""
        operands = tuple([x.name if isinstance(x, Symbol) else x.data for x in values])
        key = (function, operands)
        if key not in self.steps:
            uniform = all(_is_uniform(x) for x in values if isinstance(x, Symbol))
            self.steps[key] = Symbol(f"t{len(self.steps)}", uniform, function, values)
        return self.steps[key]

    def kernel(self, inputs: Sequence[str], results: Sequence[Any]) -> Kernel:
        """The steps that the results need, with names for identities resolved."""
        alias: dict[str, Operand] = {}
        steps = []
        for (function, operands), symbol in self.steps.items():
            operands = tuple([alias.get(x, x) if isinstance(x, str) else x for x in operands])
            if function == "identity":
                alias[symbol.name] = operands[0]
            else:
                steps.append(KernelStep(symbol.name, function, operands, symbol.uniform))
        named = [x.name if isinstance(x, Symbol) else _plain(x) for x in results]
        named = [alias.get(x, x) if isinstance(x, str) else x for x in named]
        needed = {x for x in named if isinstance(x, str)}
        kept: list[KernelStep] = []
        for step in reversed(steps):
            if step.name in needed:
                needed.update(x for x in step.operands if isinstance(x, str))
                kept.append(step)
        return Kernel(tuple(inputs), tuple(reversed(kept)), tuple(named))


def _carried(x: Value) -> set[str]:
    return x.carries if isinstance(x, Symbol) else set()


def _is_condition(x: Any) -> bool:
    return isinstance(x, Symbol) and bool(x.compared)


def _is_uniform(x: Any) -> bool:
    return isinstance(x, Symbol) and x.uniform


def _number(x: Value) -> float | None:
    return None if isinstance(x, Symbol) else x.data


def _plain(x: Any) -> float:
    number = x.data if isinstance(x, Value) else float(x)
    if not math.isfinite(number):
        raise RuleError(f"it gives the constant {number}", got=number)
    return float(number)


def forward_kernel(op: Op, arity: int) -> Kernel:
    """An op's step, or else its forward rule: from ``x0, x1, ...`` to one result.

    >>> from neuroflow.core.value import div
    >>> [str(step) for step in forward_kernel(div, 2).steps]
    ['t0 = x0 / x1']

    Raises :class:`RuleError` if the rule is no straight line of elementary functions.
    """
    return _twice(_forward_kernel, op, arity)


def _forward_kernel(op: Op, arity: int) -> Kernel:
    recorder = Recorder(keeps_nan=True)
    xs = [Symbol(f"x{k}") for k in range(arity)]
    result = _run(op, recorder, lambda: recorder.number(recorder.build(op, tuple(xs))))
    return recorder.kernel([x.name for x in xs], [result])


def rule_kernel(op: Op, arity: int) -> Kernel:
    """An op's forward rule as it is written, also where the op declares a step that is run for it.

    >>> from neuroflow.core.value import div
    >>> rule_kernel(div, 2) == forward_kernel(div, 2)
    True
    """
    recorder = Recorder()
    xs = [Symbol(f"x{k}") for k in range(arity)]
    result = _run(op, recorder, lambda: op.forward(*xs))
    return recorder.kernel([x.name for x in xs], [result])


def _twice(write: Callable[..., Kernel], op: Op, arity: int) -> Kernel:
    """The kernel, if the rule does the same again: one that draws or counts would be frozen."""
    kernel = write(op, arity)
    if not op.step and write(op, arity) != kernel:
        what = f"the rule of {op.name} cannot be compiled: it does something else every time"
        raise RuleError(what, remedy="draw random numbers outside of it, and keep nothing in it")
    return kernel


def backward_kernel(op: Op, arity: int) -> Kernel:
    """What each input's gradient grows by: ``g`` times the partials rule.

    A result that is the number 0.0 sends no gradient. As in the eager chain rule, a ``g`` of
    exactly 0 sends nothing on either, though the partial be infinite. No step has to keep a nan:
    if it counts, the op's value is nan too, and nobody reads these. Raises :class:`RuleError`.
    """
    return _twice(_backward_kernel, op, arity)


def _backward_kernel(op: Op, arity: int) -> Kernel:
    recorder = Recorder()
    xs = [Symbol(f"x{k}") for k in range(arity)]
    g, out = Symbol("g"), Symbol("out")
    partials = _run(op, recorder, lambda: op.partials_at(out, *xs))
    steps = [step for step, _ in recorder.steps]
    unbounded = any(x in UNBOUNDED or not (op.step or x in BOUNDED) for x in steps)
    with building(recorder.build):
        results = [mul(g, partial) for partial in partials]
        if unbounded:
            flows = recorder.step("nonzero", [g])
            results = [recorder.step("where", (flows, result, Value(0.0))) for result in results]
    return recorder.kernel([g.name, out.name, *[x.name for x in xs]], results)


def update_kernel(rule: UpdateRule, settings: dict[str, float]) -> Kernel:
    """An optimizer's rule: from ``w, g``, its state, ``learning_rate`` and ``step``."""
    recorder = Recorder()
    names = ["w", "g", *rule.state]
    rate, step = Symbol("learning_rate", uniform=True), Symbol("step", uniform=True)
    numbers = [Symbol(name) for name in names]

    def run() -> Any:
        return rule(*numbers, learning_rate=rate, step=step, **settings)

    results = _run(rule, recorder, run)
    return recorder.kernel([*names, rate.name, step.name], results)


def _run(op: Op | UpdateRule, recorder: Recorder, rule: Callable[[], Any]) -> Any:
    try:
        with building(recorder.build):
            return rule()
    except RuleError as error:
        what = f"the rule of {op.name} cannot be compiled: {error.what}"
        raise RuleError(what, **{**error.rest, "op": op.name}) from error
    except Exception as error:
        what = f"the rule of {op.name} cannot be compiled: {raised(error)}"
        raise RuleError(what, op=op.name) from error
