"""A layer called with other inputs: each of them counts, but for later ones if it is causal."""

from __future__ import annotations

import copy
from typing import Any

from neuroflow.checks.layers.parameters import spread
from neuroflow.checks.layers.rebuilding import numbers_of
from neuroflow.checks.layers.trials import Trial, flat
from neuroflow.checks.shared.messages import listed
from neuroflow.checks.shared.report import Results

WIDTHS = ("inputs", "in_features", "features", "n_embd", "sizes")
"""Settings that say how many numbers come in."""


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


def check_inputs(trial: Trial, results: Results) -> None:
    """Each number that comes in changes something that goes out, far away if not nearby."""
    if not trial.entry.example_inputs and not {*WIDTHS} & {*trial.settings}:
        return  # how many come in was guessed
    module = trial.build()
    spread(module.parameters())
    before = numbers_of(trial.outputs(module))
    columns = trial.inputs[0] if len(trial.inputs) == 1 else None
    if not isinstance(columns, list):
        return
    rows = columns if isinstance(columns[0], list) else [columns]
    if not all(isinstance(x, float) for row in rows for x in row):
        return
    for k in range(len(rows[0])):
        seen = any(
            numbers_of(trial.outputs(module, [_moved(columns, k, by)])) != before
            for by in (0.7, -0.7, 30.0, -30.0)
        )
        results.expect("inputs", seen, (
            f"the output does not depend on number {k} of {len(rows[0])} that come in, whatever it"
            " is: does a loop end too early, or zip cut it off?"
        ))  # fmt: skip
        if not seen:
            return


def _moved(rows: list[Any], column: int, by: float) -> list[Any]:
    """The inputs with one column moved."""
    if isinstance(rows[0], list):
        return [_moved(row, column, by) for row in rows]
    return [x + by * (k == column) for k, x in enumerate(rows)]


def _other(row: Any) -> Any:
    if isinstance(row, int):
        return row - 1 if row else 1
    return [x + 0.9 for x in row] if isinstance(row, list) else row + 0.9
