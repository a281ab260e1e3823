"""A layer called again: the same outputs, inputs left alone, nothing seen of what comes later."""

from __future__ import annotations

import copy
from typing import Any

from neuroflow.checks.layer_parameters import spread
from neuroflow.checks.layer_rebuilding import numbers_of
from neuroflow.checks.layer_trials import Trial, flat
from neuroflow.checks.messages import listed
from neuroflow.checks.report import Results


def check_repeatable(trial: Trial, results: Results) -> None:
    """In evaluation mode the same inputs give the same outputs and stay as they were."""
    module = trial.build()
    inputs = copy.deepcopy(list(trial.inputs))
    first = numbers_of(list(flat(module(*inputs))))
    results.expect(
        "no mutation",
        inputs == list(trial.inputs),
        f"the inputs were {list(trial.inputs)} and are {inputs} afterwards; build new lists",
    )
    second = numbers_of(trial.outputs(module))
    results.expect(
        "determinism",
        first == second,
        f"in evaluation mode the same inputs gave {listed(first[:3])}, then {listed(second[:3])}",
    )


def check_causal(trial: Trial, results: Results) -> None:
    """A causal layer does not see what comes later."""
    module = trial.build()
    rows = trial.inputs[0]
    told = [getattr(part, "causal", None) for _, part in module.named_modules()]
    if {causal for causal in told if causal is not None} != {True}:
        return
    if not isinstance(rows, list) or len(rows) < 2:
        return
    spread(module.parameters())
    for last in range(1, len(rows)):
        changed = copy.deepcopy(rows)
        changed[last] = _other(rows[last])
        before, after = module(rows, *trial.inputs[1:]), module(changed, *trial.inputs[1:])
        for k in range(last):
            mine, its = numbers_of(list(flat(before[k]))), numbers_of(list(flat(after[k])))
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
