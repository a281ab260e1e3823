"""Completed: the table of a model as the data will have it, before anything is built."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from neuroflow.config import Tree, settings_of
from neuroflow.registry.manager import get
from neuroflow.training.fitting import fill_in_from_data, tables_of
from neuroflow.training.given import NOTHING
from neuroflow.training.loading import GENERATORS, load_data, speaking_of
from neuroflow.training.shapes import fit_shapes


def needs_data(model: Mapping[str, Any]) -> bool:
    """Whether a checked table leaves something to the data: what it lacks, or says a word for.

    >>> [needs_data({"use": "mlp", "sizes": sizes}) for sizes in ([2, 1], ["data", 1])]
    [False, True]
    """
    return any(
        setting.required and setting.name not in table
        if setting.name not in table
        else setting.problem(table[setting.name]) is not None
        for _, table, _ in tables_of(model, "model")
        for setting in settings_of(get("layer", table["use"]))
    )


def completed_model(tree: Tree) -> Tree:
    """The model's table of a checked tree with what its data know; they are read for that.

    Raises what :func:`~neuroflow.training.train` raises for data, and a model that does not fit.
    """
    options = tree["train"]
    with speaking_of("data"):
        data = load_data(tree["data"], GENERATORS[options["generator"]](options["seed"]),
                         NOTHING.datasets).train  # fmt: skip
    model: Tree = copy.deepcopy(tree["model"])
    loss: Any = get("loss", tree["loss"]["use"])
    fill_in_from_data(model, data, loss)
    fit_shapes(model, data, loss)
    return model
