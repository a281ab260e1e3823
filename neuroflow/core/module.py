"""Module: a part of a network, which finds its parameters by walking its own fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from neuroflow.core.configured import Configured, fields
from neuroflow.core.protocols.calls import Call, OverseenCall, Oversight, run_overseen
from neuroflow.core.protocols.frozen import Freezable
from neuroflow.core.protocols.modes import note_question
from neuroflow.core.protocols.shown import Shown
from neuroflow.core.value import Value, here
from neuroflow.errors import StateError
from neuroflow.pythonic import pythonic_input

is_evaluating: ContextVar[bool] = ContextVar("evaluating", default=False)


@contextmanager
def evaluating() -> Iterator[None]:
    """Every module is in evaluation mode for a while, in this thread or task alone.

    What :meth:`Module.train` said holds again afterwards, and meanwhile for everybody else.

    >>> model = Module()
    >>> with evaluating():
    ...     print(model.training)
    False
    >>> model.training
    True
    """
    token = is_evaluating.set(True)
    try:
        yield
    finally:
        is_evaluating.reset(token)


_bare = object.__new__


def current_scope() -> str:
    """The dotted path of the module that runs now, for messages; empty outside of any."""
    return str(here.get())


class Module(Freezable, Configured, Shown):
    """The base class of layers and models: assign parameters and submodules, write ``forward``.

    Fields may be Values, modules, and lists, tuples or dicts of them; names are dotted paths
    such as ``layers.0.neurons.3.weights.1``. Fields whose name starts with an underscore are
    not walked. Each argument of ``__init__`` (but ``rng``) becomes a field of the same name,
    see :class:`~neuroflow.core.configured.Configured`; so ``repr`` shows how to rebuild it.

    >>> class Scale(Module):
    ...     def __init__(self, factor=2.0):
    ...         self.weight = Value(factor)
    ...     def forward(self, x):
    ...         return self.weight * x
    >>> scale = Scale()
    >>> scale(3.0), dict(scale.named_parameters()), scale
    (Value(6.0, mul), {'weight': Value(2.0)}, Scale(factor=2.0))
    """

    trained_on: Any = None
    """What a model knows of its data, and is saved with: neuroflow.data.facts.DataFacts."""

    @property
    def training(self) -> bool:
        """Whether random parts such as dropout are at work; never within :func:`evaluating`."""
        note_question(self)
        return bool(self.__dict__.get("training", True)) and not is_evaluating.get()

    @training.setter
    def training(self, mode: bool) -> None:
        self.__dict__["training"] = mode

    def forward(self, *inputs: Any) -> Any:
        """What the module computes; subclasses define it."""
        raise TypeError(f"{type(self).__name__} defines no forward(); write one")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Run ``forward``; the nodes that it makes know this call."""
        call = _bare(Call)  # without __init__: modules are called by the million
        call.module, call.outer = self, here.get()
        if type(call.outer) is not Call:
            if isinstance(call.outer, (Oversight, OverseenCall)):
                return run_overseen(self, call.outer, inputs, options)
            inputs = tuple(map(pythonic_input, inputs))  # the outermost one takes arrays, as lists
        token = here.set(call)
        try:
            return self.forward(*inputs, **options) if options else self.forward(*inputs)
        finally:
            here.reset(token)

    def named_values(self) -> Iterator[tuple[str, Value]]:
        """Each parameter and buffer once with its dotted name, in the order fields were set."""
        seen: set[Value] = set()
        for name, part in _walk("", self):
            if isinstance(part, Value) and part.op is None and part not in seen:
                seen.add(part)
                yield name, part

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter once with its dotted name: what training moves."""
        return ((name, x) for name, x in self.named_values() if not _is_kept(x))

    def named_buffers(self) -> Iterator[tuple[str, Value]]:
        """Each buffer once with its dotted name: saved like parameters, never moved."""
        return ((name, x) for name, x in self.named_values() if _is_kept(x))

    def parameters(self) -> list[Value]:
        """Each parameter once."""
        return [parameter for _, parameter in self.named_parameters()]

    def buffers(self) -> list[Value]:
        """Each buffer once."""
        return [buffer for _, buffer in self.named_buffers()]

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """This module (named ``""``) and all modules inside it, with their dotted names."""
        seen: set[int] = set()
        for name, part in [("", self), *_walk("", self, numbers=False)]:
            if isinstance(part, Module) and id(part) not in seen:
                seen.add(id(part))
                yield name, part

    def zero_grad(self) -> None:
        """Set the gradient of every parameter and buffer to zero."""
        for _, value in self.named_values():
            value.grad = 0.0

    def train(self, mode: bool = True) -> Module:
        """Switch this module and all inside it to training (dropout drops) or back."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Switch to evaluation: the same inputs give the same outputs."""
        return self.train(False)

    def state_dict(self) -> dict[str, float]:
        """The number that each parameter and each buffer holds, by name."""
        return {name: value.data for name, value in self.named_values()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Take over the numbers of a :meth:`state_dict`; all of them or, on an error, none."""
        if not isinstance(state, Mapping):
            raise StateError(f"a state is a dict of numbers by name, but got {state!r}", got=state)
        values = dict(self.named_values())
        missing = [name for name in values if name not in state]
        unknown = [name for name in state if name not in values]
        if missing or unknown:
            raise StateError(
                f"the state does not fit this {type(self).__name__}: it holds {len(state)} numbers"
                f" and the model has {len(values)} parameters",
                remedy=f"missing: {_some(missing)}; unknown: {_some(unknown)};"
                " build the model with the configuration that it was saved with",
            )
        for name, number in {name: Value(state[name]).data for name in values}.items():
            values[name].data = number

    def name_of(self, inner: Module) -> str:
        """The dotted name of a module inside this one; remembered, for it is asked often."""
        names: dict[Module, str] = self.__dict__.setdefault("_names", {})
        if inner not in names:
            names.update({module: name for name, module in self.named_modules()})
        return names.get(inner, type(inner).__name__)


def _walk(path: str, part: Any, numbers: bool = True) -> Iterator[tuple[str, Any]]:
    """Everything inside ``part``, depth first, with dotted names; rows of Values if asked for."""
    stack = _children(path, part)[::-1]
    while stack:
        name, inner = stack.pop()
        yield name, inner
        if are_values(inner):  # at once: nearly all there is stands in long rows
            yield from [(f"{name}.{k}", x) for k, x in enumerate(inner)] if numbers else ()
        elif not isinstance(inner, Value):
            stack += reversed(_children(name, inner))


def _children(path: str, part: Any) -> list[tuple[str, Any]]:
    named: Iterable[tuple[Any, Any]] = ()
    if isinstance(part, Module):
        named = ((name, field) for name, field in fields(part) if name[0] != "_")
    elif isinstance(part, (list, tuple)):
        named = enumerate(part)
    elif isinstance(part, dict):
        named = part.items()
    return [(f"{path}.{name}" if path else str(name), inner) for name, inner in named]


def are_values(part: Any) -> bool:
    """Whether it is a list of Values and nothing else; quick, for there are long ones."""
    return type(part) is list and all(issubclass(kind, Value) for kind in {*map(type, part)})


def _is_kept(value: Value) -> bool:
    return getattr(type(value), "kept", False)  # as :class:`neuroflow.Buffer` says


def _some(names: list[str]) -> str:
    return (", ".join(names[:5]) or "none") + (
        f" and {len(names) - 5} more" if len(names) > 5 else ""
    )
