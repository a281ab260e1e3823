"""Checks of recipes: each is a configuration that can be read, and a run that can begin."""

from __future__ import annotations

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Results
from neuroflow.config import Tree, configure
from neuroflow.config.recipe import tree_of
from neuroflow.errors import ConfigurationError, NeuroflowError
from neuroflow.registry.entries import Entry
from neuroflow.training import train


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
        train(tree, {"train.backend": "eager", "train.observers": []})
    except (NeuroflowError, ImportError) as error:
        if isinstance(error.__cause__ or error, ImportError):  # a package is missing here
            results.skipped("begins", str(error))
        else:
            results.failed("begins", str(error))
        return
    results.passed("begins")
