"""Groups of parameters: some move at a rate, or shrink by a decay, of their own.

A group is a factor of the learning rate, and maybe a decay, that each of its parameters keeps
beside the numbers of the optimizer. So an update rule stays the rule of one parameter, on every
backend.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from attrs import frozen

from neuroflow.core.protocols.frozen import is_within, no_such_parameter
from neuroflow.core.update_rule import UpdateRule
from neuroflow.engine.runner import Runner
from neuroflow.errors import ConfigurationError

RATE, DECAY = "group_rate", "group_decay"
"""The numbers that each parameter keeps: the factor of its rate, and its decay."""


@frozen
class ParameterGroup:
    """The parameters that patterns name, how many times the rate they move at, and their decay."""

    parameters: tuple[str, ...]
    factor: float
    weight_decay: float | None

    @classmethod
    def of(cls, table: Mapping[str, Any], learning_rate: float) -> ParameterGroup:
        """That of a checked table; a rate of its own is one at the begin of the schedule."""
        factor = table.get("factor", 1.0)
        if "learning_rate" in table:
            factor = table["learning_rate"] / learning_rate
        return cls(tuple(table["parameters"]), factor, table.get("weight_decay"))


def grouped(rule: UpdateRule, groups: Sequence[ParameterGroup]) -> UpdateRule:
    """The rule of an optimizer for parameters of several groups.

    Raises :class:`ConfigurationError` for a decay that the rule does not know.
    """
    decays = any(group.weight_decay is not None for group in groups)
    if decays and "weight_decay" not in rule.settings:
        raise ConfigurationError(
            f"optimizer {rule.name!r} has no weight_decay",
            expected="one that has, such as adamw or sgd",
            path="optimizer.groups",
        )
    n_state, own = len(rule.state), (RATE, DECAY) if decays else (RATE,)

    def moved(w: Any, g: Any, *numbers: Any, **settings: Any) -> tuple[Any, ...]:
        state, mine = numbers[:n_state], numbers[n_state:]
        if "learning_rate" in settings:
            settings["learning_rate"] = settings["learning_rate"] * mine[0]
        if decays:
            settings["weight_decay"] = mine[1]
        return (*rule.rule(w, g, *state, **settings), *mine)

    moved.__signature__ = _with_state(rule, own)  # type: ignore[attr-defined]
    moved.__annotations__ = rule.rule.__annotations__
    return UpdateRule(moved, rule.name, settings=rule.settings)


def _with_state(rule: UpdateRule, names: Sequence[str]) -> inspect.Signature:
    """The signature of a rule whose parameters keep more numbers."""
    parameters = list(inspect.signature(rule.rule).parameters.values())
    kept = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    more = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    return inspect.Signature([*kept, *more, *parameters[len(kept) :]])


def set_groups(runner: Runner, groups: Sequence[ParameterGroup]) -> None:
    """Give the parameters of a runner the numbers of their groups; the first that fits counts.

    Raises :class:`ConfigurationError` for a pattern that names no parameter.
    """
    every = [name for name, _ in runner.model.named_parameters()]
    for pattern in [pattern for group in groups for pattern in group.parameters]:
        if not any(is_within(name, pattern) for name in every):
            error = no_such_parameter(pattern, every)
            error.locate(path="optimizer.groups")
            raise error
    usual = {RATE: 1.0, DECAY: runner.settings.get("weight_decay", 0.0)}

    def number(state: str, name: str) -> float:
        group = next((g for g in groups if any(is_within(name, p) for p in g.parameters)), None)
        own = (group.factor if state == RATE else group.weight_decay) if group else None
        return usual[state] if own is None else own

    rows = {}
    for state in (RATE, DECAY):
        if state in runner.rule.state:
            runner.starts[state] = partial(number, state)
            rows[state] = [number(state, name) for name in runner.names]
    runner.load_state_dict({**runner.state_dict(), **rows})
