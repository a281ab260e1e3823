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
from neuroflow.engine.lower.steps import CONDITIONS, OPERATORS, UNBOUNDED, step_of
from neuroflow.errors import BackendError

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


class Symbol(Value):
    """A number in a rule that is being written down: its data is not known."""

    __slots__ = ("condition", "uniform")

    def __init__(self, name: str, uniform: bool = False, condition: bool = False) -> None:
        self.name = name
        self.grad = 0.0
        self.op = None
        self.inputs = ()
        self.call = ""
        self.uniform = uniform
        self.condition = condition

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
    """Records the steps of a rule; equal steps once, and nothing for ``x * 1`` or ``x + 0``."""

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
        if step == "where" and not getattr(values[0], "condition", False):
            values = (self.step("nonzero", values[:1]), *values[1:])
        if step in ("maximum", "minimum") and len(values) > 2:
            first = self._write(op, values[:2])
            return self._write(op, (first, *values[2:]))
        return self._simpler(step, values)

    def _simpler(self, step: str, values: tuple[Value, ...]) -> Any:
        """The step, unless it changes nothing."""
        a, b = (*values, *values)[:2]
        if step == "add" and 0.0 in (number := (_number(a), _number(b))):
            return b if number[0] == 0.0 else a
        if step == "mul" and 0.0 in (number := (_number(a), _number(b))):
            return Value(0.0)
        if step == "mul" and 1.0 in (number := (_number(a), _number(b))):
            return b if number[0] == 1.0 else a
        if step == "mul" and -1.0 in (number := (_number(a), _number(b))):
            return self.step("neg", (b if number[0] == -1.0 else a,))
        if step == "div" and getattr(b, "uniform", False) and not getattr(a, "uniform", False):
            return self.step("mul", (a, self.step("div", (Value(1.0), b))))
        return self.step(step, values)

    def step(self, function: str, values: Sequence[Value]) -> Symbol:
        """The symbol of one elementary step."""
        operands = tuple([x.name if isinstance(x, Symbol) else x.data for x in values])
        key = (function, operands)
        if key not in self.steps:
            uniform = all(getattr(x, "uniform", True) for x in values)
            condition = function in CONDITIONS
            self.steps[key] = Symbol(f"t{len(self.steps)}", uniform, condition)
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
    recorder = Recorder()
    xs = [Symbol(f"x{k}") for k in range(arity)]
    result = _run(op, recorder, lambda: recorder.build(op, tuple(xs)))
    return recorder.kernel([x.name for x in xs], [result])


def backward_kernel(op: Op, arity: int) -> Kernel:
    """What each input's gradient grows by: ``g`` times the partials rule.

    A result that is the number 0.0 sends no gradient. As in the eager chain rule, a ``g`` of
    exactly 0 sends nothing on either, though the partial be infinite. Raises :class:`RuleError`.
    """
    recorder = Recorder()
    xs = [Symbol(f"x{k}") for k in range(arity)]
    g, out = Symbol("g"), Symbol("out")
    partials = _run(op, recorder, lambda: op.partials_at(out, *xs))
    with building(recorder.build):
        results = [mul(g, partial) for partial in partials]
        if op.step != "div" and any(step in UNBOUNDED for step, _ in recorder.steps):
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
        what = f"the rule of {op.name} cannot be compiled: {type(error).__name__}: {error}"
        raise RuleError(what, op=op.name) from error
