"""The parameters of a layer: all of them are found, and the gradient reaches them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from neuroflow.checks.layers.inputs import drawn, of_other_tokens
from neuroflow.checks.layers.trials import Trial
from neuroflow.checks.shared.messages import short
from neuroflow.checks.shared.numeric import between_sides, slope
from neuroflow.checks.shared.report import Results
from neuroflow.core.gradient import topological_order
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.core.value import Value
from neuroflow.errors import NeuroflowError


def check_discovered(trial: Trial, results: Results) -> None:
    """Every leaf that lives longer than one call is a parameter with a name."""
    module = trial.build()
    known = {value for _, value in module.named_values()}
    first, second = _leaves(trial.outputs(module)), _leaves(trial.outputs(module))
    hidden = [leaf for leaf in first if leaf in set(second) and leaf not in known]
    results.expect(
        "parameters",
        not hidden,
        f"{len(hidden)} Values live in the module but are no parameters or buffers ({hidden[:3]}):"
        " keep them in fields without an underscore, or in lists, tuples or dicts in such fields",
    )
    names = [name for name, _ in module.named_values()]
    results.expect("parameters", len(set(names)) == len(names), f"names are used twice: {names}")
    results.passed("parameters", len(names))


def _leaves(outputs: Sequence[Any]) -> list[Value]:
    """The leaves of all outputs, each once, in order."""
    found: dict[Value, None] = {}
    for output in outputs:
        if isinstance(output, Value):
            found.update((v, None) for v in topological_order(output) if v.op is None)
    return list(found)


def check_reached(trial: Trial, results: Results) -> None:
    """The gradient reaches every parameter, and is what small steps say."""
    module = trial.build()
    parameters = dict(module.named_parameters())
    if not parameters:
        return
    spread(parameters.values())
    reached = set(_leaves(trial.outputs(module)))
    module.zero_grad()
    weighted(trial.outputs(module)).backward()
    grads = {name: p.grad for name, p in parameters.items()}
    few = 16 if len(parameters) < 100 else 5  # large modules take long to run
    chosen = list(parameters)[:: max(1, len(parameters) // few)]
    silent = [name for name, p in parameters.items() if p not in reached]
    at_all = _reached_at_all(trial, module) if silent else set()
    unused = [name for name in silent if parameters[name] not in at_all]
    for name in dict.fromkeys([*unused[:2], *silent[:2], *chosen]):
        moved = partial(_moved, trial, module, parameters[name])
        numeric = slope(moved, 0.0)
        if numeric is None:
            continue
        if name in silent:
            moves = abs(numeric.value) > 1e-9
            reason = (
                f"but the output moves with it (numeric {short(round(numeric.value, 7))}): is it"
                " read through .data or float()?"
                if moves
                else "and the output does not depend on it: use it in forward or remove it"
            )
            if moves or name in unused:
                results.failed("gradient reaches", f"no gradient reaches {name!r}, {reason}")
            continue
        holds = numeric.agrees(grads[name], 1e-5) or between_sides(moved, 0.0, grads[name])
        results.expect(
            "gradient reaches",
            holds,
            f"the gradient of {name!r} is {short(grads[name])}, numeric"
            f" {short(round(numeric.value, 7))}; is a part of its influence cut off?",
        )


def _reached_at_all(trial: Trial, module: Module) -> set[Value]:
    """The leaves of what goes out for other numbers and tokens: not every one uses every row."""
    found: set[Value] = set()
    for inputs in [*drawn(trial, 12), *of_other_tokens(trial)]:
        try:
            found |= {*_leaves(trial.outputs(module, inputs))}
        except (NeuroflowError, ArithmeticError, LookupError):  # there is no such token
            continue
    return found


def spread(parameters: Any) -> None:
    """Move parameters apart from each other: zeros and ones hide mistakes."""
    rng = SplitMix32(99)
    for parameter in parameters:
        parameter.data += 0.2 * (rng.random() - 0.3)


def weighted(outputs: Sequence[Any]) -> Value:
    total = Value(0.0)
    for k, output in enumerate(outputs):
        total = total + output * (1.0 + 0.37 * k) + output * output * (0.21 + 0.05 * k)
    return total


def _moved(trial: Trial, module: Module, parameter: Value, by: float) -> float:
    before = parameter.data
    parameter.data = before + by
    try:
        return weighted(trial.outputs(module)).data
    finally:
        parameter.data = before
