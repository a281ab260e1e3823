"""A layer built again: from its configuration, its state, a file, a seed."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neuroflow.checks.layers.parameters import spread
from neuroflow.checks.layers.trials import Trial, parameters_of
from neuroflow.checks.shared.messages import listed
from neuroflow.checks.shared.report import Results
from neuroflow.config.settings import settings_of
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.errors import NeuroflowError


def check_configuration(trial: Trial, results: Results) -> None:
    """The configuration builds the module again: same parameters, same outputs."""
    module = trial.build()
    configuration = module.configuration()
    told_by_others = {setting.unless for setting in settings_of(trial.entry)}
    for name, parameter in parameters_of(trial.target).items():
        if name in ("rng", *told_by_others) or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
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
    names = [list(m.state_dict()) for m in (module, again)]
    results.expect(
        "configuration",
        names[0] == names[1],
        f"built again from its configuration it has the parameters {names[1][:4]}...;"
        f" expected {names[0][:4]}...",
    )


def _same(kept: Any, given: Any) -> bool:
    inner = list(kept.values()) if isinstance(kept, dict) else kept
    first = inner[0] if isinstance(inner, list) and inner else kept
    if isinstance(first, Module):
        return True  # parts are built from their own configurations
    return bool(kept == given) or (isinstance(kept, tuple) and list(kept) == given)


def check_state(trial: Trial, results: Results) -> None:
    """Another module with the state of this one gives the same outputs."""
    module, other = trial.build(seed=1), trial.build(seed=2)
    spread(value for _, value in module.named_values())
    trial.outputs(module.train())  # what training changes belongs to the state too
    module.eval()
    other.load_state_dict(module.state_dict())
    mine, its = numbers_of(trial.outputs(module)), numbers_of(trial.outputs(other))
    results.expect(
        "state",
        mine == its,
        f"a second module with the same state gives {listed(its[:3])}, not {listed(mine[:3])}; does"
        " something that is drawn or learned live outside of the parameters and buffers?",
    )


def check_saved(trial: Trial, results: Results) -> None:
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
    mine, its = numbers_of(trial.outputs(module)), numbers_of(trial.outputs(loaded))
    results.expect(
        "save and load",
        mine == its,
        f"after saving and loading, the outputs are {listed(its[:3])}, not {listed(mine[:3])}",
    )


def check_seeds(trial: Trial, results: Results) -> None:
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


def numbers_of(outputs: Sequence[Any]) -> list[float]:
    return [float(x) for x in outputs]
