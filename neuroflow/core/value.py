"""Numbers that remember how they were computed, and the ops that compute them.

``a * b`` asks the op ``mul`` for a new :class:`Value`, which keeps that op and its inputs; the
chain rule, in :mod:`neuroflow.core.gradient`, walks the way back. All else stands on this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import update_wrapper
from math import isfinite
from typing import Any, ClassVar

from attrs import define, evolve, field

from neuroflow.core import rules
from neuroflow.core.domain import REALS, Domain, domains, undefined
from neuroflow.core.inputs import Number, real
from neuroflow.core.kinds import PLAIN
from neuroflow.core.protocols.chaining import Chaining, core_ops
from neuroflow.core.protocols.floats import FloatLike, no_modulus


class Value(Chaining, FloatLike):
    """A scalar, the op that made it and that op's inputs; a *leaf* has neither.

    ``grad`` is the derivative of whatever ``backward()`` was last called on with respect to
    this value, zero until then. ``name`` is yours to set; ``call`` is the call of the module in
    which the value was made. Values compare by identity, so ``v == 3.0`` is False (write
    ``v.data == 3.0``); ``<`` and its relatives compare data, and ``bool(v)`` compares it with 0.

    Raises :class:`InputError` for data that is not a real number, and :class:`DomainError` where
    a nan is compared: it is neither less nor greater than anything.

    >>> x = Value(3.0, name="x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> y, x
    (Value(10.0, add, grad=1.0), Value(3.0, name='x', grad=6.0))
    """

    __slots__ = ("call", "data", "grad", "inputs", "name", "op")

    def __init__(self, data: float, name: str = "") -> None:
        self.data = data if type(data) is float else real(data)
        self.grad = 0.0
        self.op: Op | None = None
        self.inputs: tuple[Value, ...] = ()
        self.name = name
        self.call: object = ""

    def __repr__(self) -> str:
        facts = [repr(self.data)]
        facts += [self.op.name] if self.op is not None else []
        facts += [f"name={self.name!r}"] if self.name else []
        facts += [f"grad={self.grad!r}"] if self.grad else []
        return f"Value({', '.join(facts)})"

    @property
    def scope(self) -> str:
        """The dotted path of the module in which the value was made."""
        return str(self.call)

    def backward(self) -> None:
        """Add d(self)/d(leaf) to every leaf's ``grad``; see :mod:`neuroflow.core.gradient`."""
        from neuroflow.core.gradient import backward

        backward(self)

    # fmt: off
    def __add__(self, other: Value | float) -> Value: return build(add, (self, other))
    def __radd__(self, other: Value | float) -> Value: return build(add, (other, self))
    def __sub__(self, other: Value | float) -> Value: return build(sub, (self, other))
    def __rsub__(self, other: Value | float) -> Value: return build(sub, (other, self))
    def __mul__(self, other: Value | float) -> Value: return build(mul, (self, other))
    def __rmul__(self, other: Value | float) -> Value: return build(mul, (other, self))
    def __truediv__(self, other: Value | float) -> Value: return build(div, (self, other))
    def __rtruediv__(self, other: Value | float) -> Value: return build(div, (other, self))
    def __pow__(self, other: Value | float, modulus: None = None) -> Value:
        return build(core_ops["pow"], (self, other) if modulus is None else no_modulus(modulus))
    def __rpow__(self, other: Value | float) -> Value: return build(core_ops["pow"], (other, self))
    def __neg__(self) -> Value: return build(neg, (self,))
    def __abs__(self) -> Value: return build(core_ops["abs"], (self,))
    # fmt: on


def lift(number: Any) -> Value:
    """The number as a Value, a constant that nobody else holds; Values stay themselves."""
    if isinstance(number, Value):
        return number
    constant = Value(number)
    constant.call = LIFTED
    return constant


LIFTED = type("Lifted", (str,), {"__reduce__": lambda self: "LIFTED"})()
"""The empty ``call`` of the constants that :func:`lift` makes: nobody asks for their gradients."""


# How a node is made

Builder = Callable[["Op", tuple[Any, ...]], Value]

_data = vars(Value)["data"].__get__  # the slot itself: it refuses what is no Value
_bare = object.__new__


def evaluate(op: Op, inputs: tuple[Any, ...]) -> Value:
    """Run the op's rule now: the eager way, and the specification of all others."""
    if type(inputs[0]) is not Value or type(inputs[-1]) is not Value:
        inputs = tuple(map(lift, inputs))  # asked first: an exception costs as much as a node
    try:
        numbers = [*map(_data, inputs)]
    except TypeError:  # a plain number is in the middle
        inputs = tuple(map(lift, inputs))
        numbers = [*map(_data, inputs)]
    try:
        data = op.forward(*numbers)
    except Exception as error:
        raise undefined(op, inputs, rules.tell_mistake(op, inputs, error), here.get()) from error
    data = data if type(data) is float else rules.number_of(op, numbers, data)
    if not (op.keeps_nan and isfinite(data)):
        data = _seen_to(op, inputs, numbers, data)
    node = _bare(Value)  # without __init__: nodes are made by the million
    node.data, node.grad, node.op = data, 0.0, op
    node.inputs, node.name, node.call = inputs, "", here.get()
    return node


def _seen_to(op: Op, inputs: tuple[Value, ...], numbers: Sequence[float], data: float) -> float:
    """A result that is not finite, or that of a rule which may have lost a nan, as it is to be."""
    for x in numbers:
        if not isfinite(x):
            return data if op.keeps_nan else _with_nan_kept(op, numbers, data)
    if not isfinite(data):
        raise undefined(op, inputs, data, here.get())
    return data


def computed(op: Op, inputs: tuple[Any, ...]) -> Any:
    """What an op's rule makes of numbers that are no Values."""
    try:
        result = op.forward(*inputs)
    except Exception as error:
        rules.tell_failure(op, inputs, error)
        raise
    if type(result) is not float:
        rules.check_one_number(op, inputs, result)
    if not op.keeps_nan:
        for x in inputs:
            if type(x) not in PLAIN or x - x != 0.0:  # nan, or an infinity, less itself is nan
                return _with_nan_kept(op, inputs, result)
    return result


def _with_nan_kept(op: Op, numbers: Sequence[Any], result: Any) -> Any:
    from neuroflow.core.careful import with_nan_kept

    return with_nan_kept(op, numbers, result)


builder: ContextVar[Builder] = ContextVar("builder", default=evaluate)
here: ContextVar[object] = ContextVar("here", default="")
"""The call of the module that runs now; as text, its dotted path."""


def build(op: Op, inputs: tuple[Any, ...]) -> Value:
    """A new node, made by whoever builds nodes now."""
    return builder.get()(op, inputs)


@contextmanager
def building(build: Builder) -> Iterator[None]:
    """Let another make the nodes for a while, in this thread or task alone: a tracer, a watcher."""
    token = builder.set(build)
    try:
        yield
    finally:
        builder.reset(token)


# Ops

LOSES_NAN = ("", "greater", "greater_equal", "less", "less_equal")
"""The steps whose rules, on floats, may make a number of nan; without a step, any rule may."""


@define(eq=False, repr=False, slots=False)
class Op:
    """One differentiable function of scalars: a rule, and the rule of its partial derivatives.

    A rule takes numbers by position, and by keyword only its *settings*, plain numbers fixed before
    the run. It has no branches, so that it means the same for any kind of number: fed with floats
    it gives values, with Values graphs, with symbols a formula.

    ``domain`` has one :class:`Domain` per parameter; ``kinks`` are where the derivative jumps, and
    ``convention`` says which one is taken there. ``step`` names the engine's step that computes
    the same, if any; ``origin`` the plugin, unless it is bundled; ``beside`` is for the checks.
    ``keeps_nan``: the rule gives nan for nan by itself; of all other rules it is seen to.
    """

    rule: rules.Rule
    name: str
    formula: str = ""
    domain: tuple[Domain, ...] = field(default=(), converter=domains)
    kinks: tuple[float | str, ...] = ()
    convention: str = ""
    step: str = ""
    settings: dict[str, float] = field(factory=dict)
    partials_rule: rules.Rule | None = None
    origin: Any = None
    beside: dict[str, Any] = field(factory=dict)
    base: Any = None  # the op that this one is, with other settings
    summary: str = field(init=False)
    parameters: tuple[str, ...] = field(init=False)
    required: tuple[str, ...] = field(init=False)
    arity: int | None = field(init=False)
    keeps_nan: bool = field(init=False)
    forward: rules.Rule = field(init=False)
    partials_at: rules.Rule = field(init=False)
    _bound: dict[tuple[Any, ...], Op] = field(init=False, factory=dict)
    vectors: ClassVar[bool] = False

    def __attrs_post_init__(self) -> None:
        self.summary = (self.rule.__doc__ or "").strip().partition("\n")[0]
        self.parameters, defaults, unset = rules.signature(self.rule, self.name)
        self.arity = None if self.vectors else len(self.parameters)
        self.keeps_nan = self.step not in LOSES_NAN
        self.settings = {**defaults, **self.settings}
        self.required = tuple(sorted(unset.difference(self.settings)))
        self.domain = self.domain or (REALS,) * len(self.parameters)
        self.kinks = rules.kinks_of(self)
        rules.check_declared(self)
        update_wrapper(self, self.rule)
        self.__name__ = self.name
        self.forward = rules.prepared(self, "forward")
        self.partials_at = self._differentiated
        if self.partials_rule is not None:
            self.partials(self.partials_rule)

    def __repr__(self) -> str:
        settings = [f"{key}={value!r}" for key, value in self.settings.items()]
        return f"<op {self.name}({', '.join([*self.parameters, *self.required, *settings])})>"

    def partials(self, rule: rules.Rule) -> rules.Rule:
        """Decorator: the partial derivatives, as a rule ``(out, *inputs) -> tuple``."""
        rules.check_partials(self, rule)
        self.partials_rule = rule
        self.partials_at = rules.prepared(self, "partials_at")
        self._bound.clear()
        return rule

    def _differentiated(self, out: Number, *inputs: Number) -> Sequence[Number]:
        """The partials of an op that declares none."""
        from neuroflow.core.derivatives import through

        return through(self, inputs)

    def bind(self, **settings: float) -> Op:
        """This op with other settings; equal settings give the very same op."""
        base, settings = self.base or self, {**self.settings, **settings}
        key = rules.checked_settings(base, settings, base._bound)
        if key not in base._bound:
            base._bound.setdefault(key, evolve(self, base=base, settings=settings))
        return base._bound[key]

    def __call__(self, *inputs: Any, **settings: float) -> Any:
        """A new node if any input is a Value, else just the number."""
        if settings:
            return self.bind(**settings)(*inputs)
        if len(inputs) != len(self.parameters) or self.required:
            raise rules.wrong_inputs(self, "number", len(inputs))
        for x in inputs:
            if isinstance(x, Value):
                return build(self, inputs)
        return computed(self, inputs)


def core_op(kind: type[Op] = Op, **declared: Any) -> Callable[[rules.Rule], Op]:
    """Decorator: an op of the core; everybody else writes :func:`neuroflow.op`."""

    def define(rule: rules.Rule) -> Op:
        made = core_ops[rule.__name__] = kind(rule, rule.__name__, **declared)
        return made

    return define


@core_op(formula="a + b", step="add", partials_rule=lambda out, a, b: (1.0, 1.0))
def add(a: Number, b: Number) -> Number:
    """The sum of two numbers."""
    return a + b


@core_op(formula="a - b", step="sub", partials_rule=lambda out, a, b: (1.0, -1.0))
def sub(a: Number, b: Number) -> Number:
    """The difference of two numbers."""
    return a - b


@core_op(formula=r"a \, b", step="mul", partials_rule=lambda out, a, b: (b, a))
def mul(a: Number, b: Number) -> Number:
    """The product of two numbers."""
    return a * b


@core_op(
    formula=r"\frac{a}{b}",
    domain=("(-inf, inf)", "(-inf, 0) | (0, inf)"),
    step="div",
    partials_rule=lambda out, a, b: (1.0 / b, -out / b),
)
def div(a: Number, b: Number) -> Number:
    """The quotient of two numbers."""
    return a / b


@core_op(formula="-x", step="neg", partials_rule=lambda out, x: (-1.0,))
def neg(x: Number) -> Number:
    """The number with its sign turned."""
    return -x
