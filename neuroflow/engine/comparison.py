"""One example held against plain Values before the first compiled step: loss and gradient.

A trace is of one call of the model. A layer that does something else in every call (it draws from a
generator of its own, asks for the time, keeps a counter or a cache, branches on a number) trains
differently when it is compiled, and nothing would tell. This does, and names the layer.

The cost, once for a run: a pass forward and backward of one example on plain Values, which is less
than tracing it took.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from attrs import define, field

from neuroflow.buffer import StepWrites, kept_by
from neuroflow.core import vectors
from neuroflow.core.derivatives import gradients
from neuroflow.core.no_grad import forget
from neuroflow.core.protocols.calls import OverseenCall, overseen
from neuroflow.core.random_input import RandomInputs
from neuroflow.core.value import Op, Value, building, div, evaluate, here
from neuroflow.engine.plan.stretch_numbers import StretchNumbers
from neuroflow.engine.trace.stamp import CopiedCall, Template, TracedCalls
from neuroflow.engine.trace.structure import flatten, rebuild
from neuroflow.engine.trace.tracer import (
    TracedIndex,
    TracedValue,
    TracedWrites,
    Tracer,
    tracing,
)
from neuroflow.errors import DomainError, TraceError

MOST_EXAMPLES = 8
"""Examples that are looked at until one tells something; nearly always the first does."""

MOST_NODES = 300_000
"""From so many nodes on, the loss alone is compared: a graph of Values would take much memory."""

TOLERANCES = {"float64": (1e-7, 1e-5), "float32": (2e-3, 2e-2)}
"""How far the loss, and the gradient, may be off: relative to the loss and to the gradient's norm.
Rounding stays far below, and what a layer does differently far above."""


@define(eq=False)
class ComparedExample:
    """One example of a run: its inputs, the random numbers drawn for it, and its place."""

    number: int
    inputs: Sequence[Any]
    drawn: Sequence[float]
    calls: TracedCalls | None = None
    """Which calls of its trace are copies of others."""


@define
class LossAndGradient:
    """The loss of one example and its gradient; no gradient where none was asked for."""

    loss: float
    gradient: list[float]

    @property
    def tells(self) -> bool:
        """Whether anything was computed that could differ."""
        return self.loss != 0.0 or any(self.gradient)

    def penalised(self, l2: float, parameters: Sequence[Value]) -> LossAndGradient:
        """The same with the penalty that a step adds."""
        w = [p.data for p in parameters]
        gradient = [g + 2.0 * l2 * x for g, x in zip(self.gradient, w, strict=False)]
        return LossAndGradient(self.loss + l2 * sum(x * x for x in w), gradient)

    def is_close(self, other: LossAndGradient, dtype: str) -> bool:
        """Whether both are the same but for rounding."""
        of_loss, of_gradient = TOLERANCES[dtype]
        if abs(self.loss - other.loss) > of_loss * max(1.0, abs(self.loss)):
            return False
        if not self.gradient:
            return True
        pairs = zip(self.gradient, other.gradient, strict=True)
        norm = math.hypot(*self.gradient)
        return math.dist(*zip(*pairs, strict=True)) <= of_gradient * max(norm, of_gradient)


class Replayed(RandomInputs):
    """Makes nodes as usual, or forgets them, with the random numbers that were drawn before."""

    def __init__(self, drawn: Sequence[float], make: Callable[..., Value] = evaluate) -> None:
        self._drawn = iter(drawn)
        self._make = make

    def build(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        """A node."""
        return self._make(op, inputs)

    def random_input(self, number: Callable[[], float]) -> float:
        """The next of the numbers that were drawn; another once those are used up."""
        return next(self._drawn, math.nan)


class Parted(Exception):
    """A run on plain Values makes other calls than its trace."""


class ReplayedCalls:
    """Runs the calls of modules as they are, but for those that are copies in the trace.

    Of these the distinct call has run before them; what they give is computed from the tape.
    """

    def __init__(self, calls: TracedCalls) -> None:
        self._forms = calls.forms
        self._calls = iter(calls.calls)
        self._stretches: dict[Template, StretchNumbers] = {}
        self._parameters: dict[int, Any] = {}

    def run(self, call: OverseenCall, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """What takes the place of ``forward``."""
        traced = next(self._calls, None)
        if traced is None or traced.module is not call.module:
            raise Parted
        if isinstance(traced, CopiedCall):
            given: list[Any] = []
            _add_given(traced.given, (inputs, options), given)
            return self._copied(traced, given)
        return call.forward(*inputs, **options)

    def _copied(self, traced: CopiedCall, given: list[Any]) -> Any:
        """What a copy gives."""
        template, values = traced.template, traced.seen.values
        if template not in self._stretches:
            self._stretches[template] = StretchNumbers(template, self._forms)
        if id(traced.seen) not in self._parameters:
            self._parameters[id(traced.seen)] = _numbers(values)
        outside = np.zeros(len(template.outside))
        outside[template.of_given] = _numbers(given)
        outside[template.of_module] = self._parameters[id(traced.seen)]
        found = self._stretches[template].computed(outside)
        if not np.isfinite(found).all():
            raise Parted  # plain Values tell where
        return _as_values(template.result(0, (given, values)), found.tolist())


def _numbers(values: Sequence[Any]) -> Any:
    return np.array([_data(x) if isinstance(x, Value) else x for x in values], dtype=float)


def _add_given(traced: Any, now: Any, given: list[Any]) -> None:
    """Add what stands now where a trace had a number that was not known."""
    if isinstance(traced, Value):
        given.append(now)
    elif isinstance(traced, (list, tuple, dict)):
        if not isinstance(now, type(traced)) or len(now) != len(traced):
            raise Parted
        if set(map(type, traced)) == {TracedValue}:  # a row of numbers, as most are
            given += now
            return
        entries = traced.values() if isinstance(traced, dict) else traced
        for a, b in zip(entries, now.values() if isinstance(now, dict) else now, strict=True):
            _add_given(a, b, given)


def _as_values(result: Any, numbers: Any) -> Any:
    """The nodes of a copy as plain Values."""
    if isinstance(result, TracedValue):
        return Value(numbers[result.cell])
    if isinstance(result, (list, tuple)):
        return type(result)([_as_values(entry, numbers) for entry in result])
    if isinstance(result, dict):
        return {key: _as_values(entry, numbers) for key, entry in result.items()}
    return result


def _loss_alone(
    loss_of: Callable[..., Any], model: Any, parameters: Sequence[Value], example: ComparedExample
) -> LossAndGradient:
    """The loss on plain Values, without running again what the trace copied."""
    if example.calls is not None:
        with suppress(Parted), overseen(ReplayedCalls(example.calls).run, functions=True):
            return eager_outcome(loss_of, model, parameters, example, False)
    return eager_outcome(loss_of, model, parameters, example, False)


def eager_outcome(
    loss_of: Callable[..., Any], model: Any, parameters: Sequence[Value], example: ComparedExample,
    with_gradient: bool,
) -> LossAndGradient:  # fmt: skip
    """Loss and gradient on plain Values; no ``grad`` changes."""
    make = Replayed(example.drawn, evaluate if with_gradient else forget).build
    with building(make), kept_by(StepWrites()):
        loss = loss_of(model, *example.inputs)
        if not isinstance(loss, Value):
            return LossAndGradient(float(loss), [])
        return LossAndGradient(loss.data, gradients(loss, parameters) if with_gradient else [])


# Where they part


@define
class MadeNode:
    """A node: its op, its number, and the module in which it was made."""

    op: str
    number: float
    scope: str

    def is_like(self, other: MadeNode) -> bool:
        """Whether it is the same step with the same result, but for rounding."""
        same = self.number == other.number or abs(self.number - other.number) <= 1e-6 * max(
            1.0, abs(self.number)
        )
        return self.op == other.op and (same or self.number != self.number)


class RecordedValues(Replayed):
    """Plain Values, all of which are written down."""

    def __init__(self, drawn: Sequence[float]) -> None:
        super().__init__(drawn)
        self.made: list[MadeNode] = []

    def build(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        if op is vectors.mean:  # as a trace does it
            return div(vectors.sum(list(inputs)), len(inputs))
        node = evaluate(op, inputs)
        self.made.append(MadeNode(op.name, node.data, str(here.get())))
        return node


@define(eq=False)
class NumberedTracer(Tracer):
    """A trace that knows, for one example, the number of each node that it writes down."""

    given: Sequence[float] = ()
    made: list[MadeNode] = field(factory=list)
    _numbers: dict[int, float] = field(factory=dict)
    _chosen: dict[TracedIndex, int] = field(factory=dict)

    def build(self, op: Op, inputs: tuple[Any, ...]) -> Any:
        node = super().build(op, inputs)
        if op is not vectors.mean:
            numbers = [self._number(x) for x in inputs]
            try:
                number = float(op.forward(*numbers))
            except (ArithmeticError, ValueError):
                number = math.nan
            self._numbers[node.cell] = number
            self.made.append(MadeNode(op.name, number, str(here.get())))
        return node

    def input(self) -> TracedValue:
        node = super().input()
        self._numbers[node.cell] = self.given[self.n_inputs - 1]
        return node

    def index(self) -> TracedIndex:
        node = super().index()
        self._chosen[node] = self.n_inputs - 1
        return node

    def choose(self, values: Sequence[Any], number: int) -> Any:
        node = super().choose(values, number)
        if isinstance(node, TracedValue):
            self._numbers[node.cell] = self._number(values[int(self.given[number])])
        return node

    def _number(self, x: Any) -> float:
        if isinstance(x, TracedIndex):
            return self.given[self._chosen[x]]
        if isinstance(x, TracedValue):
            return self._numbers[x.cell]
        return _data(x) if isinstance(x, Value) else float(x)


_data: Any = vars(Value)["data"].__get__


def difference(
    loss_of: Callable[..., Any], model: Any, parameters: Sequence[Value], example: ComparedExample
) -> TraceError | None:
    """Where a trace and plain Values part, as an error; None if they do not: the backend is it."""
    runs = [_recorded(loss_of, model, example) for _ in range(2)]
    traced = _traced(loss_of, model, parameters, example)
    if (found := _parted(*runs)) is not None:
        return _error(model, example, *found, "gives another result in every call", _CHANGES)
    if (found := _parted(runs[0], traced)) is not None:
        return _error(model, example, *found, "does something else when it is traced", _BRANCHES)
    return None


_CHANGES = (
    "it draws from a generator of its own, asks for the time, or keeps a counter or a cache; write"
    " nf.random_input(rng.random) for random numbers, and keep numbers that change in an nf.Buffer"
)
_BRANCHES = (
    "it branches on a number, or reads something that its last call left behind; write"
    " nf.where(condition, a, b), and keep numbers that change in an nf.Buffer"
)


def backend_error(
    backend: str, example: ComparedExample, eager: LossAndGradient, compiled: LossAndGradient
) -> TraceError:
    """The error for a backend that computes something else from a tape that is right."""
    return TraceError(
        f"the backend {backend} gives example {example.number} the loss {compiled.loss}, with a"
        f" gradient of norm {math.hypot(*compiled.gradient)}",
        expected=f"{eager.loss} and {math.hypot(*eager.gradient)}, as plain Values give",
        remedy="check the ops that the model uses, with nf.check(op), or use another backend",
        got=compiled.loss,
    )


def _recorded(loss_of: Callable[..., Any], model: Any, example: ComparedExample) -> list[MadeNode]:
    numbers, structure = flatten(tuple(example.inputs))
    given = iter(numbers)
    recorder = RecordedValues(example.drawn)
    inputs = [rebuild(part, lambda kind: _stand_in(kind, next(given))) for part in structure]
    with building(recorder.build), kept_by(StepWrites()):
        loss_of(model, *inputs)
    return recorder.made


def _stand_in(kind: str, number: float) -> Any:
    """A Value for each number, so that every step with it is a node, as it is in a trace."""
    return Value(number) if kind == "f" else int(number)


def _traced(
    loss_of: Callable[..., Any], model: Any, parameters: Sequence[Value], example: ComparedExample
) -> list[MadeNode]:
    numbers, structure = flatten(tuple(example.inputs))
    tracer = NumberedTracer(given=[*numbers, *example.drawn])
    with tracing(parameters, tracer), kept_by(TracedWrites("the loss", allowed=True)):
        inputs = [
            rebuild(part, lambda kind: tracer.input() if kind == "f" else tracer.index())
            for part in structure
        ]
        loss_of(model, *inputs)
    return tracer.made


def _parted(a: Sequence[MadeNode], b: Sequence[MadeNode]) -> tuple[MadeNode, MadeNode] | None:
    """The first two nodes that should be the same and are not."""
    pairs: Iterator[tuple[MadeNode, MadeNode]] = zip(a, b, strict=False)
    found = next((pair for pair in pairs if not pair[0].is_like(pair[1])), None)
    if found is None and len(a) != len(b):
        last = max(a, b, key=len)[min(len(a), len(b))]
        found = last, last
    return found


def _error(
    model: Any, example: ComparedExample, eager: MadeNode, traced: MadeNode, what: str, cause: str
) -> TraceError:
    module = dict(model.named_modules()).get(eager.scope)
    who = type(module or model).__name__ + (f" ({eager.scope})" if eager.scope else "")
    steps = f"{eager.op} = {eager.number}, and {traced.op} = {traced.number}"
    return TraceError(
        f"{who} {what}, on example {example.number}: {steps}",
        expected="the same compiled as on plain Values",
        remedy=f"{cause}. Train with backend eager as it is, or leave this comparison out with"
        " compare = false",
        got=traced.number,
        scope=eager.scope,
    )


def hold_against_eager(
    runner: Any,
    examples: Sequence[ComparedExample],
    compiled: Callable[[ComparedExample], LossAndGradient],
    nodes: int,
) -> None:
    """Hold a compiled runner against plain Values; raises :class:`TraceError` for a difference.

    The first example that tells anything decides; one with a loss and gradient of zero does not,
    nor does a difference without a step at which they part, which may be a kink that rounding fell
    on either side of: if another example has one too, it is the backend.
    """
    of = runner.example_loss, runner.model, runner.parameters
    doubt: TraceError | None = None
    for example in examples:
        try:
            small = nodes < MOST_NODES
            eager = eager_outcome(*of, example, True) if small else _loss_alone(*of, example)
        except DomainError:  # the step itself reports what is not finite
            return
        found = compiled(example)
        if not math.isfinite(found.loss):
            return
        if not eager.penalised(runner.l2, runner.parameters).is_close(found, runner.dtype):
            error = difference(*of, example)
            if error or doubt:
                raise error or doubt  # type: ignore[misc]
            doubt = backend_error(runner.backend, example, eager, found)
        elif eager.tells:
            return
    if doubt:
        raise doubt
