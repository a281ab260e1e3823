"""Find what went wrong: the first nan or infinity, units that are dead, softmax that is saturated.

Works on graphs that exist (:func:`find_anomalies`), on code that still has to run
(:func:`detect_anomalies`), and on a compiled run, one step of which is done again eagerly
(:func:`replay`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import takewhile
from operator import attrgetter
from typing import Any

from attrs import evolve, field, frozen

from neuroflow.core.gradient import chain_rule, topological_order
from neuroflow.core.module import Module, current_scope
from neuroflow.core.value import Op, Value, builder, building
from neuroflow.errors import DomainError, require
from neuroflow.inspect.naming import NO_NAMES, Names, label, number
from neuroflow.inspect.sources import (
    record_sources,
    short_source,
    source_of,
    source_text,
    users_line,
)
from neuroflow.registry.manager import find

REMEDIES = {
    "nan": "look where the first nan comes from: an input that is nan, or inf - inf",
    "infinity": "make the numbers smaller: a lower learning rate, clip_norm, or scaled inputs",
    "domain": "keep the input inside the op's domain, for example with maximum(x, 1e-12)",
    "dead unit": "lower the learning rate, initialise it anew, or use an activation that has a"
    " slope on both sides, such as leaky_relu or gelu",
    "saturated unit": "make its inputs smaller: scale the data, lower the learning rate, or"
    " initialise with smaller weights",
    "saturated softmax": "make the logits smaller: scale them by 1/sqrt(size) in attention,"
    " normalise before, or lower the learning rate",
}

SATURATED = 0.9999
"""A softmax with a probability above this passes next to no gradient on."""
FLAT = 1e-4
"""A unit whose slope is below this on every example is saturated."""


@frozen(eq=False)
class Anomaly:
    """One thing that went wrong: what, where, with which numbers, and what to do about it."""

    fault: str
    """One of the keys of :data:`REMEDIES`."""
    phase: str
    """``forward`` or ``backward``."""
    op: str
    what: str
    inputs: tuple[tuple[str, float], ...] = ()
    scope: str = ""
    source: str = ""
    example: int | None = None
    node: Value | None = field(default=None, repr=False)

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDIES[self.fault]

    def __str__(self) -> str:
        where = [f"in {self.scope}"] if self.scope else []
        if self.source:
            code = source_text(self.source)
            where.append(f"at {short_source(self.source)}" + (f": {code}" if code else ""))
        if self.example is not None:
            where.append(f"in example {self.example}")
        inputs = ", ".join(
            number(x) if name == number(x) else f"{name} = {number(x)}"
            for name, x in self.inputs[:6]
        ) + (f" and {len(self.inputs) - 6} more" if len(self.inputs) > 6 else "")
        lines = [f"{self.fault} ({self.phase}): {self.what}"]
        lines += [f"  {part}" for part in where]
        lines += [f"  inputs: {inputs}"] if inputs else []
        return "\n".join([*lines, f"  remedy: {self.remedy}"])

    def to_dict(self) -> dict[str, Any]:
        """All facts, for JSON; numbers that JSON lacks are words."""
        return {
            "fault": self.fault,
            "phase": self.phase,
            "op": self.op,
            "what": self.what,
            "inputs": {name: x if math.isfinite(x) else str(x) for name, x in self.inputs},
            "scope": self.scope,
            "source": self.source,
            "example": self.example,
            "remedy": self.remedy,
        }


def find_anomalies(outputs: Value | Sequence[Value], model: Module | None = None) -> list[Anomaly]:
    """What is wrong in the graphs of one output, or of one per example; worst first.

    First the first number that is not finite, forward and then backward. Then units of
    ``model`` that are dead or saturated on all examples, and softmaxes that are saturated.
    No number and no gradient changes.

    >>> import neuroflow as nf
    >>> x = nf.Value(-2.0, "x")
    >>> print(find_anomalies(x.relu() * 3)[0])
    dead unit (forward): relu has slope 0 for all 1 inputs seen, -2 to -2
      inputs: x = -2
      remedy: lower the learning rate, initialise it anew, or use an activation that has a slope
      on both sides, such as leaky_relu or gelu
    """
    several = isinstance(outputs, (list, tuple))
    outputs = list(outputs) if several else [outputs]  # type: ignore[list-item]
    for y in outputs:
        require(y, Value, "an output", "a neuroflow.Value, such as a loss")
    names = _names(model)
    orders = [topological_order(y) for y in outputs]
    found = _first(_not_finite(order, names) for order in orders)
    found = found or _first(_backward(order, names) for order in orders)
    parameters = model.parameters() if model is not None else []
    return [*found, *_flat_units(orders, set(parameters), names), *_saturated(orders, names)]


@contextmanager
def detect_anomalies(model: Module | None = None) -> Iterator[list[Anomaly]]:
    """Watch the nodes made inside: the list fills with the first anomaly, sources recorded.

    The error that an op raises outside its domain is raised as ever; afterwards the list tells
    which node it was. ``model`` lends its parameters' names.

    >>> import neuroflow as nf
    >>> with nf.detect_anomalies() as anomalies:
    ...     try:
    ...         (nf.Value(1.0) - 2.0).log()
    ...     except nf.DomainError:
    ...         pass
    >>> anomalies[0].fault, anomalies[0].op, anomalies[0].inputs
    ('domain', 'log', (('1 - 2', -1.0),))
    """
    found: list[Anomaly] = []
    names = _names(model)
    with record_sources():
        recording = builder.get()

        def build(op: Op, inputs: tuple[Any, ...]) -> Value:
            try:
                node = recording(op, inputs)
            except DomainError as error:
                if not found:
                    found.append(_refused(op, inputs, error, names))
                raise
            if not found and not math.isfinite(node.data):
                found.append(_wrong_number(node, names))
            return node

        with building(build):
            yield found


def replay(
    model: Module,
    example_loss: Callable[..., Value],
    examples: Sequence[Sequence[Any]],
    batch: Sequence[int] | None = None,
) -> list[Anomaly]:
    """Do one step of a run again, eagerly and watched: how a compiled run is searched.

    ``example_loss(model, *example)`` is the loss of one example and ``batch`` lists the
    examples of the step, all by default. The model's numbers stay as they are.
    """
    losses: list[Value] = []
    chosen = list(range(len(examples)) if batch is None else batch)
    with detect_anomalies(model) as found:
        for k in chosen:
            with suppress(DomainError):
                losses.append(example_loss(model, *examples[k]))
            if found:
                node = found[0].node
                if node is not None and math.isfinite(node.data):
                    break
                return [evolve(found[0], example=k)]
    return [
        evolve(a, example=chosen[a.example]) if a.example is not None else a
        for a in find_anomalies(losses, model)
    ]


def watched(training: Any) -> Iterator[Any]:
    """The steps of a :class:`neuroflow.Training` or a :class:`neuroflow.Run`.

    Iterate instead of over the run itself. Before each report the state is kept. If the
    run then fails, the step that failed is found and replayed eagerly from the numbers it
    started with, whatever backend ran it. Raises :class:`DivergedError`.
    """
    from neuroflow.training import Run, Training

    require(training, (Training, Run), "the run", "a Training or a Run, as neuroflow.train gives")
    steps = iter(training)
    training = getattr(training, "training", training)
    while True:
        before = training.model.state_dict(), training.state_dict()
        try:
            step = next(steps, None)
        except DomainError as error:
            number, anomalies = _failed_step(training, *before)
            raise DivergedError(number, anomalies) from error
        if step is None:
            return
        yield step


def survey(training: Any, most: int = 200) -> list[Anomaly]:
    """What is wrong with a run as it stands: its first ``most`` examples, replayed eagerly."""
    runner = training.runner
    batch = range(min(most, len(training.dataset)))
    return replay(training.model, runner.example_loss, runner.examples, batch)


class DivergedError(DomainError):
    """A run failed; ``step`` is the first step that did, ``anomalies`` what was found in it."""

    def __init__(self, step: int, anomalies: Sequence[Anomaly]) -> None:
        self.step = step
        self.anomalies = list(anomalies)
        found = "\n".join(map(str, anomalies)) or (
            "nothing is wrong before the update: the step is too long;"
            " lower optimizer.learning_rate or set train.clip_norm"
        )
        super().__init__(f"the run failed at step {step}:\n{found}")


def _failed_step(
    training: Any, numbers: dict[str, float], state: dict[str, Any]
) -> tuple[int, list[Anomaly]]:
    """Go on from a state step by step, and search the first step that fails."""
    runner, model = training.runner, training.model
    model.load_state_dict(numbers)
    training.load_state_dict(state)
    while training.step < training.steps:
        step, batch = training.step, training.batches.at(training.step)
        numbers = model.state_dict()
        try:
            (loss,) = runner.run([batch], [training.learning_rate(step)])
            failed = not math.isfinite(loss)
        except DomainError:
            failed = True
        if failed:
            model.load_state_dict(numbers)
            worst = replay(model, runner.example_loss, runner.examples, batch)
            return step + 1, [a for a in worst if a.fault in ("nan", "infinity", "domain")]
    return training.step, []


def _names(model: Module | None) -> Names:
    return {p: name for name, p in model.named_parameters()} if model is not None else NO_NAMES


def _first(each: Iterator[Anomaly | None]) -> list[Anomaly]:
    """The first anomaly, with the number of the example that shows it."""
    for k, anomaly in enumerate(each):
        if anomaly is not None:
            return [evolve(anomaly, example=k)]
    return []


def _not_finite(order: Sequence[Value], names: Names) -> Anomaly | None:
    for node in order:
        if not math.isfinite(node.data):
            return _wrong_number(node, names)
    return None


def _wrong_number(node: Value, names: Names, phase: str = "forward", what: str = "") -> Anomaly:
    """An anomaly for a node whose number, or derivative, is not finite."""
    op = node.op.name if node.op else "leaf"
    for x in node.inputs if not what else ():
        if x.op is None and not math.isfinite(x.data):
            return _wrong_number(x, names)
    name = label(node, names) if node.op is None else f"{op} = {label(node, names)}"
    what = what or f"{name} is {node.data}"
    fault = "nan" if "nan" in what.rpartition(" is ")[2] else "infinity"
    return Anomaly(
        fault, phase, op, what, _inputs(node.inputs, names), str(node.scope), source_of(node),
        node=node,
    )  # fmt: skip


def _refused(op: Op, inputs: Sequence[Any], error: DomainError, names: Names) -> Anomaly:
    """An anomaly for a node that could not be made."""
    values = [x if isinstance(x, Value) else Value(x) for x in inputs]
    problem = str(error).partition(" has no finite value: ")[2].partition(";")[0]
    overflow = isinstance(error.__cause__, OverflowError) or "inf" in problem
    return Anomaly(
        "infinity" if overflow else "domain", "forward", op.name,
        f"{op.name} has no finite value: {problem}",
        _inputs(values, names), current_scope(), users_line(),
    )  # fmt: skip


def _inputs(values: Sequence[Value], names: Names) -> tuple[tuple[str, float], ...]:
    return tuple((label(x, names, 40), x.data) for x in values)


_data = attrgetter("data")


def _backward(order: Sequence[Value], names: Names) -> Anomaly | None:
    """The first node, going back from the output, that sends on a gradient not finite."""
    before = [node.grad for node in order]
    for node in order:
        node.grad = 0.0
    order[-1].grad = 1.0
    try:
        for node in reversed(order):
            found = _one_step_back(node, names)
            if found is not None:
                return found
    finally:
        for node, grad in zip(order, before, strict=True):
            node.grad = grad
    return None


def _one_step_back(node: Value, names: Names) -> Anomaly | None:
    if node.op is None:
        return None
    try:
        chain_rule([node], _data)
    except DomainError as error:
        problem = str(error).partition("in its derivative, ")[2].partition(";")[0]
        found = _wrong_number(node, names, "backward", f"{node.op.name} has no derivative here")
        return evolve(found, fault="domain", what=f"{found.what}: {problem}")
    for x in node.inputs:
        if not math.isfinite(x.grad):
            what = f"the gradient that {node.op.name} sends to {label(x, names)} is {x.grad}"
            return _wrong_number(node, names, "backward", what)
    return None


def _flat_units(
    orders: Sequence[Sequence[Value]], parameters: set[Value], names: Names
) -> Iterator[Anomaly]:
    """Units, each the same op behind the same parameters, whose slope is zero on all examples."""
    units: dict[Any, list[Value]] = {}
    for order in orders:
        for node in order:
            if _is_activation(node):
                units.setdefault(_unit(node, parameters), []).append(node)
    for unit, nodes in units.items():
        assert nodes[0].op is not None
        slopes = [abs(n.op.partials_at(n.data, n.inputs[0].data)[0]) for n in nodes if n.op]
        if max(slopes) < FLAT:
            fault = "dead unit" if max(slopes) == 0.0 else "saturated unit"
            steepest = "slope 0" if max(slopes) == 0.0 else f"no slope above {number(max(slopes))}"
            op, inputs = nodes[0].op.name, [n.inputs[0] for n in nodes]
            low, high = min(x.data for x in inputs), max(x.data for x in inputs)
            span = f"all {len(nodes)} inputs seen, {number(low)} to {number(high)}"
            yield Anomaly(
                fault, "forward", op, f"{op} has {steepest} for {span}", _inputs(inputs[:3], names),
                _path(unit[-1], names) or str(nodes[0].scope), source_of(nodes[0]), node=nodes[0],
            )  # fmt: skip


@cache
def _activations() -> frozenset[str]:
    """The names of the activations that map one number to one, installed ones included."""
    entries = [entry for entry in find("*", "activation") if getattr(entry, "elementwise", True)]
    return frozenset(name for entry in entries for name in (entry.name, *entry.aliases))


def _is_activation(node: Value) -> bool:
    return node.op is not None and len(node.inputs) == 1 and node.op.name in _activations()


def _unit(node: Value, parameters: set[Value]) -> Any:
    """What makes two nodes the same unit on different examples: op, scope and own parameters.

    Its own are those between it and the activations before it.
    """
    own: set[Value] = set()
    seen: set[Value] = set()
    waiting = list(node.inputs)
    while waiting and len(seen) < 1000:
        x = waiting.pop()
        if x in parameters:
            own.add(x)
        elif x not in seen and not _is_activation(x):
            seen.add(x)
            waiting += x.inputs
    return (node.op, str(node.scope), frozenset(own))


def _path(parameters: frozenset[Value], names: Names) -> str:
    """The path of the module that some parameters have in common."""
    paths = [names[p].split(".")[:-1] for p in parameters]
    shared = takewhile(lambda words: len(set(words)) == 1, zip(*paths, strict=False))
    words = [words[0] for words in shared]
    return ".".join(words[:-1] if words and words[-1] == "weights" else words)


def _saturated(orders: Sequence[Sequence[Value]], names: Names) -> Iterator[Anomaly]:
    """Softmaxes, recognised as ``exp(..) / sum of them``, one per scope, the most extreme."""
    worst: dict[str, tuple[float, int, Value, int]] = {}
    for k, order in enumerate(orders):
        for node in order:
            if _is_softmax(node) and node.data > SATURATED:
                key = str(node.scope)
                count = worst[key][3] + 1 if key in worst else 1
                first = worst[key][:3] if key in worst and worst[key][0] >= node.data else None
                worst[key] = (*(first or (node.data, k, node)), count)
    for scope, (probability, k, node, count) in worst.items():
        what = f"softmax gives one entry {probability:.7g} and the others next to nothing"
        what += f", {count} times" if count > 1 else ""
        exponentials = node.inputs[1].inputs
        logits = [e.inputs[0] for e in exponentials if e.inputs]
        yield Anomaly(
            "saturated softmax", "forward", "div", what, _inputs(logits, names), scope,
            source_of(node), k, node,
        )  # fmt: skip


def _is_softmax(node: Value) -> bool:
    """An exponential divided by a sum of more than one that it is part of."""
    if node.op is None or node.op.step != "div":
        return False
    top, bottom = node.inputs
    return (
        top.op is not None and top.op.step == "exp"
        and bottom.op is not None and bottom.op.step in ("sum", "add")
        and len(bottom.inputs) > 1
        and (bottom.op.step == "add" or top in bottom.inputs)
    )  # fmt: skip
