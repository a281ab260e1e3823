"""A number that remembers how it was computed: the node of every graph.

Operators are at the bottom: each is one op of :mod:`neuroflow.core.arithmetic`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import isfinite
from types import MethodType
from typing import TYPE_CHECKING, Any

from neuroflow.core.resolver import resolver
from neuroflow.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from neuroflow.core.module import Module
    from neuroflow.core.op import Op


class Value:
    """A scalar, the op that made it and that op's inputs; a *leaf* has neither.

    ``grad`` is the derivative of whatever ``backward()`` was last called on with respect to
    this value, zero until then. ``name`` is yours to set; ``scope`` is the dotted path of the
    module in which the node was made. Values compare by identity; ``<`` and its relatives
    compare their data.

    Raises :class:`InputError` for data that is not a real number.

    >>> x = Value(3.0, name="x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> y, x
    (Value(10.0, add, grad=1.0), Value(3.0, name='x', grad=6.0))
    """

    __slots__ = ("data", "grad", "inputs", "name", "op", "scope")

    data: float
    grad: float

    def __init__(self, data: float, name: str = "") -> None:
        self.data = data if type(data) is float else _real(data)
        self.grad = 0.0
        self.op: Op | None = None
        self.inputs: tuple[Value, ...] = ()
        self.name = name
        self.scope = ""

    def __repr__(self) -> str:
        facts = [repr(self.data)]
        if self.op is not None:
            facts.append(self.op.name)
        if self.name:
            facts.append(f"name={self.name!r}")
        if self.grad:
            facts.append(f"grad={self.grad!r}")
        return f"Value({', '.join(facts)})"

    def backward(self) -> None:
        """Add d(self)/d(leaf) to every leaf's ``grad``; see :func:`neuroflow.core.gradient`."""
        from neuroflow.core.gradient import backward

        backward(self)

    def explain(self, other: Value | None = None, **options: Any) -> Any:
        """Why a gradient is what it is; see :func:`neuroflow.explain`."""
        from neuroflow import explain

        return explain(self, other, **options)

    def __getattr__(self, name: str) -> Any:
        """Chaining: every registered op is a method, ``x.relu().tanh()``."""
        if name.startswith("__"):
            raise AttributeError(name)
        op = resolver.find(name)
        if op is None:
            known = resolver.names()
            raise AttributeError(
                f"Value has no attribute and no op named {name!r}{did_you_mean(name, known)}"
                " see: neuroflow list ops"
            )
        return MethodType(op, self)

    def __dir__(self) -> Iterable[str]:
        return sorted({*super().__dir__(), *resolver.names()})

    def __lt__(self, other: Value | float) -> bool:
        return self.data < lift(other).data

    def __le__(self, other: Value | float) -> bool:
        return self.data <= lift(other).data

    def __gt__(self, other: Value | float) -> bool:
        return self.data > lift(other).data

    def __ge__(self, other: Value | float) -> bool:
        return self.data >= lift(other).data

    def __float__(self) -> float:
        return self.data

    # Arithmetic: filled in by neuroflow.core.arithmetic, where the ops are defined.
    if TYPE_CHECKING:

        def __add__(self, other: Value | float) -> Value: ...
        def __radd__(self, other: Value | float) -> Value: ...
        def __sub__(self, other: Value | float) -> Value: ...
        def __rsub__(self, other: Value | float) -> Value: ...
        def __mul__(self, other: Value | float) -> Value: ...
        def __rmul__(self, other: Value | float) -> Value: ...
        def __truediv__(self, other: Value | float) -> Value: ...
        def __rtruediv__(self, other: Value | float) -> Value: ...
        def __pow__(self, other: Value | float) -> Value: ...
        def __rpow__(self, other: Value | float) -> Value: ...
        def __neg__(self) -> Value: ...
        def __abs__(self) -> Value: ...


_data = vars(Value)["data"].__get__  # the slot itself: it refuses what is no Value
_bare = object.__new__


def _real(data: object) -> float:
    """A real number as a float; strings, complex numbers and nothing at all are refused."""
    if isinstance(data, (str, bytes)) or not hasattr(type(data), "__float__"):
        raise InputError(
            f"a Value holds one real number, but got {data!r} of type {type(data).__name__};"
            " convert it first, for example with float(...)"
        )
    return float(data)  # type: ignore[arg-type]  # checked on the line above


class Context:
    """What surrounds the making of a node: how to build it, and in which module.

    ``build(op, inputs)`` is what a tracer or :func:`no_grad` replaces.
    """

    __slots__ = ("build", "inner", "module", "scope")

    def __init__(
        self, build: Callable[[Op, tuple[Any, ...]], Value], scope: str, module: Module | None
    ) -> None:
        self.build = build
        self.scope = scope
        self.module = module
        self.inner: dict[Module, Context] = {}  # contexts of modules called from this one


def build_node(op: Op, inputs: tuple[Any, ...]) -> Value:
    """A new node of the graph: the eager way, and the specification of all others."""
    try:
        numbers = [*map(_data, inputs)]
    except TypeError:  # a plain number is among them
        inputs = tuple(map(lift, inputs))
        numbers = [*map(_data, inputs)]
    node = _bare(Value)  # without __init__: nodes are made by the million
    node.op = op
    node.inputs = inputs
    node.grad = 0.0
    node.name = ""
    node.scope = context.get().scope
    try:
        data = op.forward(*numbers)
    except (ArithmeticError, ValueError) as error:
        raise op.failure(node, error) from error
    node.data = data = data if type(data) is float else _real(data)
    if not isfinite(data) and all(map(isfinite, numbers)):
        raise op.failure(node, data)
    return node


def build_leaf(op: Op, inputs: tuple[Any, ...]) -> Value:
    """What an op gives, without its history: how :func:`no_grad` builds."""
    node = build_node(op, inputs)
    node.op, node.inputs = None, ()
    return node


def current_scope() -> str:
    """The dotted path of the module that runs now, for messages; empty outside of any."""
    return context.get().scope


def lift(number: Any) -> Value:
    """The number as a Value; Values stay themselves."""
    return number if isinstance(number, Value) else Value(number)


_EAGER = Context(build_node, "", None)
context: ContextVar[Context] = ContextVar("context", default=_EAGER)


@contextmanager
def building(build: Callable[[Op, tuple[Any, ...]], Value]) -> Iterator[None]:
    """Make nodes with another ``build`` for a while, in this thread or task alone."""
    now = context.get()
    token = context.set(Context(build, now.scope, now.module))
    try:
        yield
    finally:
        context.reset(token)


def no_grad() -> Any:
    """Compute without building a graph: results are leaves.

    >>> with no_grad():
    ...     y = Value(2.0) * 3
    >>> y.inputs
    ()
    """
    return building(build_leaf)
