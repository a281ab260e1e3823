"""An op: one forward rule and its partial derivatives, written once for every kind of number.

    @op(formula=r"\\frac{1}{1 + e^{-x}}")
    def sigmoid(x):
        '''Logistic sigmoid, a smooth step from 0 to 1.'''
        return 1 / (1 + exp(-x))

    @sigmoid.partials
    def _(out, x):
        return (out * (1 - out),)

Fed with floats the rules give values and gradients; with Values, gradients that are graphs
themselves; with traced values, native code; with symbols, the formula in the documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial, update_wrapper
from itertools import chain
from typing import Any, overload

from attrs import define, evolve, field

from neuroflow.core.domain import REALS, Domain
from neuroflow.core.value import Value, context
from neuroflow.core.vectors import (
    Rule,
    Split,
    check_settings,
    flatten,
    refuse_what_is_no_number,
    signature,
    splitter,
    wrong_inputs,
)
from neuroflow.errors import DomainError


@define(eq=False, repr=False, slots=False)
class Op:
    """One differentiable function of scalars, or of equally long vectors of scalars.

    ``rule`` takes its differentiable inputs by position and its *settings*, plain numbers
    fixed before the run, by keyword only. ``partials`` registers the rule of the derivatives,
    which gets the output first and returns one derivative per input; without it they are
    found by differentiating through ``rule``.

    ``forward(*inputs)`` and ``partials_at(out, *inputs)`` evaluate the rules; their inputs are
    flat, one vector behind the other (``split`` takes them apart), and may be any kind of number.

    ``domain`` has one :class:`Domain` per parameter; ``kinks`` are the inputs at which the
    derivative jumps, and ``convention`` says in words which derivative is taken there.
    ``step`` names the elementary step that the rule is, such as ``exp`` or ``dot``, if it is just
    one: compiled code then takes that step and does not look into the rule.
    ``origin`` names the plugin of an op that is not bundled; the registry fills it in.
    """

    rule: Rule
    name: str
    formula: str = ""
    domain: tuple[Domain, ...] = ()
    kinks: tuple[float | str, ...] = ()
    convention: str = ""
    vectors: bool = False
    step: str = ""
    settings: dict[str, float] = field(factory=dict)
    partials_rule: Rule | None = None
    origin: str = ""
    parameters: tuple[str, ...] = field(init=False)
    split: Split = field(init=False)
    forward: Rule = field(init=False)
    partials_at: Rule = field(init=False)
    _bound: dict[tuple[tuple[str, float], ...], Op] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self.parameters, defaults = signature(self.rule)
        self.settings = {**defaults, **self.settings}
        self.domain = self.domain or (REALS,) * len(self.parameters)
        update_wrapper(self, self.rule)
        self.__name__ = self.name
        self.split = splitter(len(self.parameters))
        self.forward = _flat_forward(self)
        self.partials_at = partial(_derived_partials, self)
        if self.partials_rule is not None:
            self.partials(self.partials_rule)

    def __repr__(self) -> str:
        settings = "".join(f", {key}={value!r}" for key, value in self.settings.items())
        return f"<op {self.name}({', '.join(self.parameters)}{settings})>"

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.rule) or "").split("\n", 1)[0]

    @property
    def arity(self) -> int | None:
        """How many scalars the op takes; None for an op on vectors of any length."""
        return None if self.vectors else len(self.parameters)

    def partials(self, rule: Rule) -> Rule:
        """Decorator: the partial derivatives, as a rule ``(out, *inputs) -> tuple``."""
        self.partials_rule = rule
        self.partials_at = _flat_partials(self, rule)
        return rule

    def bind(self, **settings: float) -> Op:
        """This op with other settings; equal settings give the very same op."""
        key = tuple(sorted(settings.items()))
        if key not in self._bound:
            check_settings(self.name, self.settings, settings)
            self._bound[key] = evolve(self, settings={**self.settings, **settings})
        return self._bound[key]

    def __call__(self, *inputs: Any, **settings: float) -> Any:
        """A new node if any input is a Value, else just the number."""
        if settings:
            return self.bind(**settings)(*inputs)
        if self.vectors:
            inputs = flatten(self.name, self.parameters, inputs)
        elif len(inputs) != len(self.parameters):
            raise wrong_inputs(self.name, "number", self.parameters, len(inputs))
        for x in inputs:
            if isinstance(x, Value):
                return context.get().build(self, inputs)
        try:
            return self.forward(*inputs)
        except (TypeError, AttributeError):
            refuse_what_is_no_number(self.name, inputs)
            raise

    def failure(self, node: Value, problem: object) -> DomainError:
        """The error for a node outside the op's domain; names its inputs and its scope."""
        numbers = [f"{x.data:g}" for x in node.inputs]
        shown = ", ".join(numbers[:8] + ["..."] * (len(numbers) > 8))
        where = f" in {node.scope}" if node.scope else ""
        where += f" (from {self.origin})" if self.origin else ""
        sets = {name: d.text for name, d in zip(self.parameters, self.domain, strict=True)}
        domain = ", ".join(f"{name} in {text}" for name, text in sets.items())
        return DomainError(
            f"{self.name}({shown}){where} has no finite value: {problem};"
            f" {self.name} is defined for {domain}, within the range of float64;"
            " keep its inputs there, for example with maximum(x, 1e-12) or a smaller step"
        )


def _flat_forward(op: Op) -> Rule:
    """The rule on flat inputs of any kind of number: floats, arrays, Values, symbols."""
    rule, split = partial(op.rule, **op.settings) if op.settings else op.rule, op.split
    return (lambda *flat: rule(*split(flat))) if op.vectors else rule


def _flat_partials(op: Op, rule: Rule) -> Rule:
    """``(out, *flat inputs) -> flat partials``, with the settings that the rule asks for."""
    settings = {name: op.settings[name] for name in signature(rule)[1]}
    rule = partial(rule, **settings) if settings else rule
    if op.vectors:
        return lambda out, *flat: tuple(chain.from_iterable(rule(out, *op.split(flat))))
    return rule


def _derived_partials(op: Op, out: Any, *inputs: Any) -> Sequence[Any]:
    """Differentiate through the forward rule, run on stand-ins for the inputs."""
    from neuroflow.core.arithmetic import identity
    from neuroflow.core.gradient import gradients

    symbolic = any(isinstance(x, Value) for x in inputs)
    leaves = [identity(x) if isinstance(x, Value) else Value(x) for x in inputs]
    return gradients(op.forward(*leaves), leaves, create_graph=symbolic)


@overload
def op(rule: Rule, /) -> Op: ...
@overload
def op(
    *, name: str = "", formula: str = "", domain: str | tuple[str, ...] = (),
    kinks: tuple[float | str, ...] = (), convention: str = "", vectors: bool = False,
    step: str = "",
) -> Callable[[Rule], Op]: ...  # fmt: skip
def op(rule: Rule | None = None, /, **declared: Any) -> Op | Callable[[Rule], Op]:
    """Turn a rule into an :class:`Op`; the mathematics is declared beside it.

    ``formula`` is LaTeX, ``domain`` an interval such as ``"(0, inf)"`` (or one per input),
    ``kinks`` the points where the derivative jumps, ``convention`` the derivative there, ``step``
    the elementary step that the rule is, if it is one.

    >>> @op(formula="x^3")
    ... def cube(x):
    ...     '''The cube of x.'''
    ...     return x * x * x
    >>> cube(2.0), cube(Value(2.0))
    (8.0, Value(8.0, cube))
    """
    if rule is not None:
        return Op(rule, getattr(rule, "__name__", ""))

    def decorate(rule: Rule) -> Op:
        texts = declared.pop("domain", ())
        domain = tuple(map(Domain.parse, (texts,) if isinstance(texts, str) else texts))
        name = declared.pop("name", "") or rule.__name__
        return Op(rule, name, domain=domain, **declared)

    return decorate
