"""Checks of recipes: each is a configuration that can be read, and names what is there."""

from __future__ import annotations

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.report import Results
from neuroflow.config import configure
from neuroflow.config.recipe import tree_of
from neuroflow.errors import ConfigurationError
from neuroflow.registry.entries import Entry


def check_recipe(entry: Entry, results: Results) -> None:
    """A summary, and a configuration without a problem."""
    results.expect("declared", bool(entry.summary), "there is no summary; say what it shows")
    with guarded(results, "configuration"):
        try:
            configure(tree_of(entry))
            problem = ""
        except ConfigurationError as error:
            problem = str(error)
        results.expect("configuration", not problem, problem)
