"""Rules run step by step, so that no comparison loses a nan and nothing raises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite, isnan, nan
from typing import Any

from neuroflow.core.domain import undefined
from neuroflow.core.ieee import unraised
from neuroflow.core.kinds import library
from neuroflow.core.protocols.chaining import core_ops
from neuroflow.core.protocols.floats import ordered
from neuroflow.core.rules import Rule, tell_mistake
from neuroflow.core.value import Op, Value, building, computed, lift
from neuroflow.errors import InputError


class Watched(Value):
    """A number inside a rule that is run step by step: its comparisons are nodes too.

    A comparison of floats makes a truth value of nan, and the rule goes on with a number. As a
    node it is nan, and so is a ``where`` with that condition. Nothing raises: where Python does,
    a step gives what IEEE 754 says.
    """

    __slots__ = ()

    def __lt__(self, other: Value | float) -> Any:
        return core_ops["less"](self, other)

    def __le__(self, other: Value | float) -> Any:
        return core_ops["less_equal"](self, other)

    def __gt__(self, other: Value | float) -> Any:
        return core_ops["greater"](self, other)

    def __ge__(self, other: Value | float) -> Any:
        return core_ops["greater_equal"](self, other)

    def __bool__(self) -> bool:
        return ordered(self) != 0.0


def _step(op: Op, inputs: tuple[Any, ...]) -> Any:
    """One step of a rule: a nan gives a nan, except where ``where`` chooses another number."""
    if not op.step:
        return op.forward(*inputs)
    values = tuple(map(lift, inputs))
    numbers = [x.data for x in values]
    lost = op.step != "where" and any(map(isnan, numbers))
    node = Watched(nan if lost else unraised(op.step, op.forward, numbers))
    node.op, node.inputs = op, values
    return node


def by_steps(rule: Rule, inputs: Sequence[Any]) -> Any:
    """What a rule gives if it is run step by step, on floats or on Values.

    >>> by_steps(lambda x: core_ops["where"](x > 0.0, 1.0, 0.0), [nan]).data
    nan
    """
    with building(_step):
        return rule(*[core_ops["identity"](lift(x)) for x in inputs])


def number_of(x: Any) -> float:
    """The number in a Value, or the number itself."""
    return x.data if isinstance(x, Value) else float(x)


def with_nan_kept(op: Op, numbers: Sequence[Any], result: Any) -> Any:
    """The result of a rule; nan if it compared with one and went on with a number.

    Asked for where a number is not finite, or may hold several, as arrays do.
    """
    for x in numbers:
        if type(x) is float and isnan(x - x):  # nan, or an infinity
            return number_of(by_steps(op.forward, numbers))
        if getattr(x, "ndim", 0) and x.dtype.kind == "f" and (x != x).any():
            return each_value(op, numbers).astype(x.dtype)
    return result


def value_at(op: Op, numbers: Sequence[float]) -> float:
    """An op's value for floats; infinity or nan where its rule raises."""
    try:
        return float(computed(op, tuple(numbers)))
    except InputError:
        raise  # the rule is wrong, whatever the numbers
    except (ArithmeticError, ValueError):
        return number_of(by_steps(op.forward, numbers))


def each_value(op: Op, arrays: Sequence[Any]) -> Any:
    """An op's value for each number of arrays."""
    np = library("numpy")
    with np.errstate(invalid="ignore"):
        return np.vectorize(lambda *numbers: value_at(op, numbers), otypes=[float])(*arrays)


def slopes_at(op: Op, out: float, numbers: Sequence[float]) -> list[float]:
    """An op's partials for floats; infinite or nan where its rule raises, or the value is nan."""
    try:
        if isfinite(out):
            return list(op.partials_at(out, *numbers))
    except Exception as error:
        tell_mistake(op, numbers, error)
    return list(map(number_of, by_steps(op.partials_at, [out, *numbers])))


def finite_partials(
    node: Value,
    upstream: Any,
    read: Callable[[Value], Any],
    asked: Callable[[Value], bool],
    problem: str,
) -> list[Any]:
    """The partials, each apart: 0 where nobody needs one that is not finite, or else an error.

    Only a nan among the numbers stays what it is.
    """
    assert node.op is not None
    partials = by_steps(node.op.partials_at, [read(node), *map(read, node.inputs)])
    known = all(isfinite(x.data) for x in (node, *node.inputs)) and isfinite(number_of(upstream))
    kept = []
    for x, partial in zip(node.inputs, partials, strict=True):
        slope = number_of(partial) * number_of(upstream)
        if isfinite(slope):
            kept.append(partial if read is lift else number_of(partial))
            continue
        useless = number_of(upstream) == 0.0 or not _counts(x, asked)
        if known and not useless:
            problem = problem or f"it is {slope:g}"
            raise undefined(node.op, node.inputs, f"in its derivative, {problem}", node.call)
        kept.append(0.0 if useless else number_of(partial))
    return kept


def _counts(x: Value, asked: Callable[[Value], bool]) -> bool:
    """Whether a gradient at x gets to a value that was asked for.

    It does not where a partial is 0 by definition: through ``stop_gradient``, a comparison, or
    the condition of ``where``.
    """
    waiting, seen = [x], set()
    while waiting:
        node = waiting.pop()
        if asked(node):
            return True
        if node.op is not None and node not in seen:
            seen.add(node)
            partials = by_steps(node.op.partials_at, [node.data, *[i.data for i in node.inputs]])
            pairs = zip(node.inputs, partials, strict=True)
            waiting += [i for i, p in pairs if isinstance(p, Value) or p != 0.0]
    return False
