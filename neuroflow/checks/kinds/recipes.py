"""Checks of recipes: each is a configuration that can be read, and a run that can begin."""

from __future__ import annotations

import math
from statistics import fmean
from time import process_time

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.messages import short
from neuroflow.checks.shared.report import Results
from neuroflow.config import Tree, configure
from neuroflow.config.recipe import tree_of
from neuroflow.errors import ConfigurationError, DomainError, NeuroflowError
from neuroflow.registry.entries import Entry
from neuroflow.training import Training, train

CHANGES = {
    "train.backend": "eager", "train.observers": [], "train.report_every": 1, "train.batch": 4,
    "train.evaluate_every": 1_000_000,
}  # fmt: skip
"""Few examples, plainly, and no evaluation: what costs time and says nothing here."""


def check_recipe(entry: Entry, results: Results) -> None:
    """A configuration without a problem, and a model that takes the data."""
    with guarded(results, "configuration"):
        tree = tree_of(entry)
        try:
            configure(tree)
            problem = ""
        except ConfigurationError as error:
            problem = str(error)
        results.expect("configuration", not problem, problem)
        if not problem:
            with guarded(results, "begins"):
                _check_begins(tree, results)


def _check_begins(tree: Tree, results: Results) -> None:
    """The data is there, the model takes it, and the loss takes what the model says."""
    try:
        training = train(tree, CHANGES)
    except (NeuroflowError, ImportError) as error:
        if isinstance(error.__cause__ or error, ImportError):  # a package is missing here
            results.skipped("begins", str(error))
        else:
            results.failed("begins", str(error))
        return
    results.passed("begins")
    _check_learns(training, results)


STEPS, SECONDS = 30, 0.5
"""So many steps are made, or as many as come in that time."""

ENOUGH = 9
"""After fewer steps nothing is said."""


def _check_learns(training: Training, results: Results) -> None:
    """The loss stays a number, and is not larger after the first steps than at the start."""
    losses, started = list[float](), process_time()
    try:
        for step in training:
            losses += step.losses
            if len(losses) >= STEPS or process_time() - started > SECONDS:
                break
    except DomainError as error:
        results.failed("learns", str(error))
        return
    wrong = next((k for k, loss in enumerate(losses) if not math.isfinite(loss)), None)
    results.expect("learns", wrong is None, (
        f"the loss is no finite number any more at step {wrong}; is the learning rate too large?"
    ))  # fmt: skip
    if wrong is not None or len(losses) < ENOUGH:
        return
    third = len(losses) // 3
    first, last = fmean(losses[:third]), fmean(losses[-third:])
    results.expect("learns", last <= 1.5 * max(first, losses[0]), (
        f"the loss is {short(losses[0])} at the first step and on average {short(last)} in steps"
        f" {len(losses) - third + 1} to {len(losses)}: it grows; is the learning rate too large?"
    ))  # fmt: skip
