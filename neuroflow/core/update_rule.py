"""Update rules: how an optimizer moves one parameter, as mathematics.

A rule is written for one scalar parameter, branch-free, like the rule of an op: the same text
moves floats in an eager run, whole arrays with numpy, and compiles to native code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from attrs import evolve, field, frozen

from neuroflow.core.protocols.definitions import Definition
from neuroflow.core.settings import check, of_rule
from neuroflow.core.types import REQUIRED
from neuroflow.errors import DomainError, InputError, NeuroflowError, did_you_mean, reason, require
from neuroflow.pythonic import pythonic_settings


@frozen(eq=False, repr=False)
class UpdateRule(Definition):
    """``rule(w, g, *state, learning_rate, step, **settings) -> (w, *state)``.

    ``w`` is the parameter and ``g`` its gradient; the names of further positional parameters
    are the optimizer's state, which starts at zero. ``step`` counts from 1. All other
    keyword-only parameters are settings, with their defaults; one whose default is a truth
    value is a flag, which the rule gets as 0 or 1.

    A state named ``no_decay`` does not start at zero but says which parameters weight decay leaves
    alone: 1 for those that the setting ``no_decay`` of a configuration names, else 0.
    """

    rule: Callable[..., Any]
    name: str
    state: tuple[str, ...] = field(init=False)
    settings: dict[str, float] = field(factory=dict)
    required: tuple[str, ...] = field(init=False)
    _given: tuple[str, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        parameters = inspect.signature(self.rule).parameters.values()
        positional = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
        settings = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        given = tuple(name for name in ("learning_rate", "step") if name in settings)
        settings = {name: default for name, default in settings.items() if name not in given}
        settings.update(self.settings)
        object.__setattr__(self, "_given", given)
        object.__setattr__(self, "state", tuple(positional[2:]))
        object.__setattr__(self, "settings", settings)
        unset = tuple(name for name, value in settings.items() if value is REQUIRED)
        object.__setattr__(self, "required", unset)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.rule.__doc__

    def __repr__(self) -> str:
        return f"<update rule {self.name}>"

    def check(self, settings: dict[str, float]) -> dict[str, float]:
        """All settings, with defaults for those not given; raises :class:`InputError`."""
        for name in settings:
            if name not in self.settings:
                known = f"its settings: learning_rate, {', '.join(self.settings) or 'nothing else'}"
                remedy = did_you_mean(name, self.settings, known)
                what = f"{self.name} has no setting {name!r}"
                raise InputError(what, remedy=remedy, got=name)
        check(self.name, of_rule(self.rule), pythonic_settings(settings))
        if missing := [word for word in self.required if word not in settings]:
            what = f"{self.name} needs its setting {', '.join(missing)}, which has no default"
            raise InputError(what, remedy=f"give it: {missing[0]}=...")
        return {name: float(value) for name, value in {**self.settings, **settings}.items()}

    def bind(self, **settings: float) -> UpdateRule:
        """This rule with other settings, which are checked once, here, and not in every step."""
        return evolve(self, settings=self.check(settings))

    def __call__(
        self, w: Any, g: Any, *state: Any, learning_rate: Any, step: Any, **settings: Any
    ) -> Sequence[Any]:
        """One update: the new parameter and the new state."""
        settings = self.check(settings) if settings or self.required else self.settings
        given = {"learning_rate": learning_rate, "step": step}
        wanted = {name: given[name] for name in self._given}
        try:
            return self.rule(w, g, *state, **{**settings, **wanted})  # type: ignore[no-any-return]
        except NeuroflowError:
            raise
        except (ArithmeticError, ValueError, TypeError) as error:
            raise DomainError(
                f"{self.name} cannot move a parameter: {reason(error)}",
                expected="finite numbers, and steps counted from 1",
            ) from error


def update_rule(rule: Callable[..., Any]) -> UpdateRule:
    """Decorator: turn a function into an :class:`UpdateRule`.

    >>> @update_rule
    ... def sgd(w, g, *, learning_rate):
    ...     '''Gradient descent: a step against the gradient.'''
    ...     return (w - learning_rate * g,)
    >>> sgd(1.0, 0.5, learning_rate=0.1, step=1)
    (0.95,)
    """
    require(rule, FunctionType, "the update rule", "a function (w, g, *state, learning_rate, ...)")
    return UpdateRule(rule, rule.__name__)
