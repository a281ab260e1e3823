"""Checks of layers: parameters found and reached, rebuilt from a configuration, saved, seeded."""

from __future__ import annotations

import copy
import inspect
import random
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from neuroflow.checks.layer_trials import (
    CannotTryError,
    Trial,
    flat,
    parameters_of,
    trial_of,
)
from neuroflow.checks.messages import listed, short
from neuroflow.checks.numeric import between_sides, slope
from neuroflow.checks.ops import guarded
from neuroflow.checks.report import Results
from neuroflow.core.gradient import topological_order
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.core.value import Value
from neuroflow.errors import NeuroflowError
from neuroflow.registry.entries import LayerEntry


def check_layer(entry: LayerEntry, results: Results) -> None:
    """All checks of a layer; a skip if no small one can be built and called."""
    results.expect("declared", bool(entry.summary), "there is no summary; say what it computes")
    target = entry.load()
    if not (inspect.isclass(target) and issubclass(target, Module)):
        results.failed("declared", f"{target!r} is no class derived from neuroflow.Module")
        return
    try:
        trial = trial_of(entry, target)
    except CannotTryError as error:
        results.failed("builds", str(error)) if entry.example else results.skipped(
            "layer", str(error)
        )
        return
    results.passed("builds")
    for name, check in _CHECKS.items():
        with guarded(results, name):
            check(trial, results)


def _check_discovered(trial: Trial, results: Results) -> None:
    """Every leaf that lives longer than one call is a parameter with a name."""
    module = trial.build()
    known = set(module.parameters())
    first, second = _leaves(trial.outputs(module)), _leaves(trial.outputs(module))
    hidden = [leaf for leaf in first if leaf in set(second) and leaf not in known]
    results.expect(
        "parameters",
        not hidden,
        f"{len(hidden)} Values live in the module but are no parameters ({hidden[:3]}): keep them"
        " in fields without an underscore, or in lists, tuples or dicts in such fields",
    )
    names = [name for name, _ in module.named_parameters()]
    results.expect("parameters", len(set(names)) == len(names), f"names are used twice: {names}")
    results.passed("parameters", len(names))


def _leaves(outputs: Sequence[Any]) -> list[Value]:
    """The leaves of all outputs, each once, in order."""
    found: dict[Value, None] = {}
    for output in outputs:
        if isinstance(output, Value):
            found.update((v, None) for v in topological_order(output) if v.op is None)
    return list(found)


def _check_reached(trial: Trial, results: Results) -> None:
    """The gradient reaches every parameter, and is what small steps say."""
    module = trial.build()
    parameters = dict(module.named_parameters())
    if not parameters:
        return
    _spread(parameters.values())
    reached = set(_leaves(trial.outputs(module)))
    module.zero_grad()
    _weighted(trial.outputs(module)).backward()
    grads = {name: p.grad for name, p in parameters.items()}
    few = 16 if len(parameters) < 100 else 5  # large modules take long to run
    chosen = list(parameters)[:: max(1, len(parameters) // few)]
    silent = [name for name, p in parameters.items() if p not in reached]
    for name in dict.fromkeys([*silent[:2], *chosen]):
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
            if moves or not trial.entry.example_inputs:
                results.failed("gradient reaches", f"no gradient reaches {name!r}, {reason}")
            continue
        holds = numeric.agrees(grads[name], 1e-5) or between_sides(moved, 0.0, grads[name])
        results.expect(
            "gradient reaches",
            holds,
            f"the gradient of {name!r} is {short(grads[name])}, numeric"
            f" {short(round(numeric.value, 7))}; is a part of its influence cut off?",
        )


def _spread(parameters: Any) -> None:
    """Move parameters apart from each other: zeros and ones hide mistakes."""
    rng = SplitMix32(99)
    for parameter in parameters:
        parameter.data += 0.2 * (rng.random() - 0.3)


def _weighted(outputs: Sequence[Any]) -> Value:
    total = Value(0.0)
    for k, output in enumerate(outputs):
        total = total + output * (1.0 + 0.37 * k) + output * output * (0.21 + 0.05 * k)
    return total


def _moved(trial: Trial, module: Module, parameter: Value, by: float) -> float:
    before = parameter.data
    parameter.data = before + by
    try:
        return _weighted(trial.outputs(module)).data
    finally:
        parameter.data = before


def _check_configuration(trial: Trial, results: Results) -> None:
    """The configuration builds the module again: same parameters, same outputs."""
    module = trial.build()
    configuration = module.configuration()
    for name, parameter in parameters_of(trial.target).items():
        if name == "rng" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        results.expect(
            "configuration",
            name in configuration,
            f"configuration() lacks the argument {name!r}, so a saved model forgets it;"
            " leave that method to nf.Module, or add the argument",
        )
        given = trial.settings.get(name, parameter.default)
        if name in configuration and given is not parameter.empty:
            kept = configuration[name]
            same = _same(kept, given)
            results.expect(
                "configuration",
                same,
                f"it was built with {name} = {given!r}, and configuration() says"
                f" {kept!r}; keep the argument as it was given",
            )
    rng = {"rng": SplitMix32(1)} if trial.seeded else {}
    again = trial.target(**{**configuration, **rng}).eval()
    names = [list(dict(m.named_parameters())) for m in (module, again)]
    results.expect(
        "configuration",
        names[0] == names[1],
        f"built again from its configuration it has the parameters {names[1][:4]}...;"
        f" expected {names[0][:4]}...",
    )


def _same(kept: Any, given: Any) -> bool:
    first = kept[0] if isinstance(kept, list) and kept else kept
    if isinstance(first, Module):
        return True  # parts are built from their own configurations
    return bool(kept == given) or (isinstance(kept, tuple) and list(kept) == given)


def _check_state(trial: Trial, results: Results) -> None:
    """Another module with the state of this one gives the same outputs."""
    module, other = trial.build(seed=1), trial.build(seed=2)
    _spread(module.parameters())
    other.load_state_dict(module.state_dict())
    mine, its = _numbers(trial.outputs(module)), _numbers(trial.outputs(other))
    results.expect(
        "state",
        mine == its,
        f"a second module with the same state gives {listed(its[:3])}, not {listed(mine[:3])}; does"
        " something that is drawn or learned live outside of the parameters?",
    )


def _check_saved(trial: Trial, results: Results) -> None:
    """Saved to a file and loaded, it gives the same outputs."""
    try:
        from neuroflow.checkpoint import load, save
        from neuroflow.config import configuration_of
    except ImportError:
        results.skipped("save and load", "saving is not installed")
        return
    module = trial.build()
    try:
        configuration_of(module)
    except NeuroflowError:
        results.skipped("save and load", "the layer is not installed as a plugin")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save(module, path)
        loaded = load(path)
    mine, its = _numbers(trial.outputs(module)), _numbers(trial.outputs(loaded))
    results.expect(
        "save and load",
        mine == its,
        f"after saving and loading, the outputs are {listed(its[:3])}, not {listed(mine[:3])}",
    )


def _check_seeds(trial: Trial, results: Results) -> None:
    """Equal seeds give equal parameters, others do not; the global generator is left alone."""
    before = random.getstate()
    states = [list(trial.build(seed).state_dict().values()) for seed in (1, 1, 2)]
    results.expect(
        "seeds",
        random.getstate() == before,
        "building it drew from the global generator of `random`; draw from the argument rng",
    )
    if random.getstate() != before:
        random.setstate(before)
        return
    results.expect(
        "seeds",
        states[0] == states[1],
        "two modules built with the same seed have different parameters; draw from rng alone",
    )
    if not trial.seeded or not states[0]:
        return
    results.expect(
        "seeds",
        states[0] != states[2] or len(set(states[0])) <= 2,
        "two seeds give the same parameters; rng is taken but not used",
    )
    drawn = [x for x in states[0] if x not in (0.0, 1.0)]
    results.expect(
        "seeds",
        len(set(drawn)) == len(drawn) or len(set(drawn)) <= 1,
        f"of {len(drawn)} drawn parameters only {len(set(drawn))} differ: units that start equal"
        " stay equal; draw all of them from the one rng that is given",
    )


def _check_repeatable(trial: Trial, results: Results) -> None:
    """In evaluation mode the same inputs give the same outputs and stay as they were."""
    module = trial.build()
    inputs = copy.deepcopy(list(trial.inputs))
    first = _numbers(list(flat(module(*inputs))))
    results.expect(
        "no mutation",
        inputs == list(trial.inputs),
        f"the inputs were {list(trial.inputs)} and are {inputs} afterwards; build new lists",
    )
    second = _numbers(trial.outputs(module))
    results.expect(
        "determinism",
        first == second,
        f"in evaluation mode the same inputs gave {listed(first[:3])}, then {listed(second[:3])}",
    )


def _check_causal(trial: Trial, results: Results) -> None:
    """A causal layer does not see what comes later."""
    module = trial.build()
    rows = trial.inputs[0]
    told = [getattr(part, "causal", None) for _, part in module.named_modules()]
    if {causal for causal in told if causal is not None} != {True}:
        return
    if not isinstance(rows, list) or len(rows) < 2:
        return
    _spread(module.parameters())
    for last in range(1, len(rows)):
        changed = copy.deepcopy(rows)
        changed[last] = _other(rows[last])
        before, after = module(rows, *trial.inputs[1:]), module(changed, *trial.inputs[1:])
        for k in range(last):
            mine, its = _numbers(list(flat(before[k]))), _numbers(list(flat(after[k])))
            results.expect(
                "causal",
                mine == its,
                f"changing token {last} changes the output at token {k} from {listed(mine[:2])} to"
                f" {listed(its[:2])}: it sees the future; is the mask off by one?",
            )
            if mine != its:
                return


def _other(row: Any) -> Any:
    if isinstance(row, int):
        return row - 1 if row else 1
    return [x + 0.9 for x in row] if isinstance(row, list) else row + 0.9


def _numbers(outputs: Sequence[Any]) -> list[float]:
    return [float(x) for x in outputs]


_CHECKS: dict[str, Callable[[Trial, Results], None]] = {
    "parameters": _check_discovered,
    "gradient reaches": _check_reached,
    "configuration": _check_configuration,
    "state": _check_state,
    "save and load": _check_saved,
    "seeds": _check_seeds,
    "determinism": _check_repeatable,
    "causal": _check_causal,
}
