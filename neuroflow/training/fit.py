"""``neuroflow.fit``: a model and data of your own, trained to the end in one call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuroflow.config import DATA, SECTIONS, Tree, configure, read, settings_of
from neuroflow.errors import InputError, did_you_mean, require
from neuroflow.pythonic import pythonic
from neuroflow.registry.manager import get
from neuroflow.training.fitting import SIZES_OF_DATA
from neuroflow.training.given import Given, given_dataset, separated
from neuroflow.training.run import Run
from neuroflow.training.steps import Training

DEFAULTS: dict[str, Any] = {
    "optimizer": {"use": "adam"},
    "train": {"epochs": 100, "batch": 32},
}
"""What a run does where neither a configuration nor a keyword says otherwise."""

HIDDEN = (16,)
"""The hidden layers of a model whose sizes nobody says."""

LOSSES = {
    "regression": "mse",
    "binary": "binary_cross_entropy",
    "classes": "cross_entropy",
    "sequence": "cross_entropy",
}
"""The loss of each task, where none is chosen."""


def fit(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    loss: Any = None,
    optimizer: Any = None,
    task: str = "",
    weights: Any = None,
    test: Any = None,
    validation: Any = None,
    folder: str | Path | None = None,
    **settings: Any,
) -> Training | Run:
    """Train a model on data, to the end; gives the run, which predicts, evaluates and saves.

    ``model`` is a module, which is trained in place; the name of a layer such as "mlp", a table,
    or the path of a TOML or JSON file with more of the run. ``X`` and ``y`` are arrays, frames,
    lists or generators, ``X`` alone a :class:`Dataset` or pairs. ``loss`` and ``optimizer`` are
    names, tables, entries, functions; ``weights``, a number for each example, say how much its
    loss counts; ``test`` and ``validation`` are fractions to hold out, or
    examples as a pair ``(X, y)`` or a dataset. With a ``folder`` the run is saved there, and can
    be resumed.

    All other keywords are settings: those of the tables ``train``, ``optimizer`` and ``data``
    (``epochs``, ``learning_rate``, ``schedule``, ``standardize``, ...), and those of the model,
    the optimizer and the loss. A number of inputs or outputs that the data know is the word
    "data": ``sizes=["data", 16, "data"]``; ``hidden=[16]`` says the same. What follows from the
    data, the ``task`` too, is told in the run's ``note``.

    Raises :class:`ConfigurationError` that lists every problem, and :class:`InputError` that tells
    the shapes of data that do not go together.

    >>> run = fit("mlp", [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0], hidden=[],
    ...           optimizer="sgd", learning_rate=0.1, epochs=200, backend="eager")
    >>> [round(answer, 2) for answer in run.predict([[10.0]])]
    [21.0]
    """
    run = prepared(
        model, X, y, loss=loss, optimizer=optimizer, task=task, weights=weights, test=test,
        validation=validation, **settings,
    )  # fmt: skip
    return (run if folder is None else Run.begun(run, folder)).run()


def prepared(
    model: Any, X: Any, y: Any = None, *, loss: Any = None, optimizer: Any = None, task: str = "",
    weights: Any = None, test: Any = None, validation: Any = None, **settings: Any,
) -> Training:  # fmt: skip
    """The run of :func:`fit` before its first step."""
    tree = _begun(model)
    tree.update({k: x for k, x in (("loss", loss), ("optimizer", optimizer)) if x is not None})
    known = {"loss": tree.get("loss"), "model": tree.get("model")}
    data = given_dataset(X, y, task=task, weights=weights, **known)
    tree.setdefault("loss", LOSSES[data.task])
    tree.setdefault("optimizer", DEFAULTS["optimizer"])
    tree["train"] = {**DEFAULTS["train"], **tree.get("train", {})}
    if "steps" in {**tree["train"], **settings}:
        tree["train"].pop("epochs", None)
    parts: dict[str, Any] = {"data": data}
    for name, held_out in (("test", test), ("validation", validation)):
        (settings if isinstance(held_out, (int, float)) else parts)[name] = held_out
    others = {name: settings.pop(name, None) for name in ("schedule", "metrics")}
    source, given = separated(tree, **parts, **others)
    tree = _as_tables(source)
    _leave_sizes(tree["model"], settings)
    _place(tree, settings, given)
    return Training(configure(tree), given)


def _begun(model: Any) -> Tree:
    """What is known of the run from its model: all that stands in a file, or in a tree."""
    if isinstance(model, Path) or (isinstance(model, str) and model.endswith((".toml", ".json"))):
        return read(model)[0]
    if isinstance(model, Mapping) and "model" in model:
        return dict(model)
    return {"model": model}


def _as_tables(source: Any) -> Tree:
    """Each section as a table of its own, to put settings into."""
    return {
        name: {"use": part} if isinstance(part, str) else dict(part)
        for name, part in source.items()
        if isinstance(part, (str, Mapping))
    }


def _leave_sizes(model: Tree, settings: Tree) -> None:
    """Let the data say how many inputs and outputs there are, where nobody does."""
    if not isinstance(model.get("use"), str):
        return
    known = {setting.name: setting for setting in settings_of(get("layer", model["use"]))}
    if takes_hidden_sizes(model["use"]) and not {"sizes"} & {*model, *settings}:
        hidden = pythonic(settings.pop("hidden", HIDDEN))
        hidden = [hidden] if isinstance(hidden, int) else hidden
        require(hidden, (list, tuple), "hidden", "the sizes of the hidden layers, such as [16, 16]")
        model["sizes"] = [DATA, *hidden, DATA]
    for name in SIZES_OF_DATA:
        if name in known and known[name].required and name not in {*model, *settings}:
            model[name] = DATA


def takes_hidden_sizes(layer: str) -> bool:
    """Whether a layer has one list of sizes, so that those between its ends can be said alone."""
    known = {setting.name for setting in settings_of(get("layer", layer))}
    return "sizes" in known and "hidden" not in known


def _place(tree: Tree, settings: Mapping[str, Any], given: Given) -> None:
    """Put each setting into the table that has one of its name.

    Raises :class:`InputError` for one that none has.
    """
    places = {}
    kinds = {"loss": "loss", "optimizer": "optimizer", "model": "layer"}
    if given.model is not None:
        del kinds["model"]  # it is made already
    for name, kind in kinds.items():
        places.update(dict.fromkeys(_settings_named(kind, tree[name]), name))
    if given.optimizer is not None:
        places.update(dict.fromkeys(given.optimizer.settings, "optimizer"))
    for section in SECTIONS:
        places.update({setting.name: section.name for setting in section.settings})
    for name, value in settings.items():
        if name not in places:
            what = f"nothing of this run has a setting {name!r}"
            remedy = did_you_mean(name, [*places, "weights"], _known(places))
            raise InputError(what, remedy=remedy, got=value)
        tree[places[name]][name] = value


def _settings_named(kind: str, table: Tree) -> list[str]:
    if not isinstance(table.get("use"), str):
        return []
    return [setting.name for setting in settings_of(get(kind, table["use"]))]


def _known(places: Mapping[str, str]) -> str:
    told = [
        f"{section}: {', '.join(name for name, at in places.items() if at == section)}"
        for section in dict.fromkeys(places.values())
    ]
    return "; ".join(told)
