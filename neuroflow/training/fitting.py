"""Fitting: a model takes from its data what only they know, and must answer as they need it."""

from __future__ import annotations

from typing import Any

from neuroflow.config import REQUIRED, Tree, settings_of
from neuroflow.core.module import evaluating
from neuroflow.core.no_grad import no_grad
from neuroflow.data.dataset import Dataset
from neuroflow.errors import ConfigurationError, InputError, NeuroflowError
from neuroflow.registry.entries import LossEntry
from neuroflow.registry.manager import get
from neuroflow.training.examples import name_of


def fill_in_from_data(table: Tree, data: Dataset) -> None:
    """What only the data knows of a model's table, such as how many tokens there are."""
    settings = {setting.name: setting for setting in settings_of(get("layer", table["use"]))}
    if "vocab_size" not in settings or "vocab_size" in table:
        return
    if data.vocab_size:
        table["vocab_size"] = data.vocab_size
    elif settings["vocab_size"].default is REQUIRED:
        raise ConfigurationError(
            f"missing, and {name_of(data)} has no vocabulary to take it from",
            remedy="train this model on text, or set it",
            path="model.vocab_size",
        )


def check_answers(model: Any, data: Dataset, loss: LossEntry) -> None:
    """Run the model once, to say early and clearly that it does not fit the data."""
    try:
        with evaluating(), no_grad():
            answer = model(data.inputs[0])
    except NeuroflowError as error:
        given = f"{data.n_inputs} numbers" if data.n_inputs else f"{len(data.inputs[0])} tokens"
        what = f"the model cannot take the inputs of {name_of(data)}, {given} each: {error.what}"
        raise InputError(what, **error.rest) from error
    if data.task == "sequence":
        answer = answer[0]
    got = len(answer) if isinstance(answer, (list, tuple)) else 1
    expected = 2 if data.task == "binary" and loss.index_target else data.n_outputs
    if got != expected:
        of = {"classes": ", one per class", "sequence": ", one per token of the vocabulary"}
        raise InputError(
            f"the model answers with {got} number(s), but {name_of(data)} needs"
            f" {expected}{of.get(data.task, '')}",
            remedy="change the size of its last layer",
            got=got,
        )
