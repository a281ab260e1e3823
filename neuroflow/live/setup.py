"""A setup: what was chosen on a page, as a flat dict that stands in its address.

It is such as ``{"dataset": "moons", "hidden": [8, 8]}``; with the page's own tree it makes a
configuration for :func:`neuroflow.train`.
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Mapping
from typing import Any

from neuroflow.config import Tree, configure, read, scale_schedule, settings_of
from neuroflow.core.random import SplitMix32
from neuroflow.data.dataset import Dataset
from neuroflow.errors import InputError, did_you_mean
from neuroflow.live.choices import CHOICES, Choice
from neuroflow.live.offers import OFFERED, check_offered, losses_for, outputs_for
from neuroflow.registry.manager import get
from neuroflow.training import Training, load_data

MOST_PARAMETERS = 5000
"""A page trains no larger network: nobody could follow it."""
PAGES = {
    "function": "Watch a network learn the curve of f(x).",
    "classification": "Watch a network tell points of the plane apart.",
    "gpt": "Watch a small GPT learn to invent names, and see where it looks.",
}
EACH_STEP: dict[str, Any] = {"train.report_every": 1}


def fastest() -> str:
    """The backend of a page: compiled where numpy is, eager in the browser."""
    return "auto" if importlib.util.find_spec("numpy") else "eager"


def tree_of(page: str) -> Tree:
    """What a page trains before anything is chosen."""
    if page not in PAGES:
        raise InputError(
            f"there is no live page {page!r}",
            remedy=did_you_mean(page, PAGES, f"pages: {', '.join(PAGES)}"),
            got=page,
        )
    recipe = {"function": "function", "classification": "moons", "gpt": "names"}[page]
    tree, _ = read(recipe)
    tree["train"].pop("steps", None)
    tree["train"].setdefault("epochs", 100)
    if page == "function":
        tree["data"]["points"] = 80
        tree["train"].update(batch=20, epochs=400)
    if page == "gpt":
        tree["model"].update(n_embd=16)
        tree["data"].update(most_lines=600, test=0.02)
        tree["train"].update(batch=4, epochs=6, evaluate_every=10**6)
    return configure(tree, {**EACH_STEP, "train.backend": fastest()})


def setup_of(tree: Tree) -> dict[str, Any]:
    """What is chosen in a tree, as far as the page offers it."""
    found: dict[str, Any] = {}
    for choice in CHOICES.values():
        here = _used(tree, choice)
        if choice.takes == "sizes" and here:
            here = here[1:-1]
        if here is not None:
            found[choice.name] = here
    return found


def with_setup(tree: Tree, setup: Any) -> Tree:
    """The tree with what was chosen; checked, and the ends of the network fitted to the data.

    Raises :class:`InputError` or :class:`ConfigurationError`.
    """
    if not isinstance(setup, Mapping):
        raise InputError("setup is no object", expected='one such as {"hidden": [8, 8]}', got=setup)
    tree = configure(tree)
    given = {name: _choice(name).check(value) for name, value in setup.items()}
    changed = {name for name, value in given.items() if _used(tree, CHOICES[name]) != value}
    if "dataset" in given or "rows" in given:
        _change_data(tree, given)
    for name, value in given.items():
        if name not in ("dataset", "rows"):
            _change(tree, CHOICES[name], value)
    tree = configure(tree)
    before = tree["loss"]["use"]
    _fit(tree, "loss" in given)
    if "learning_rate" not in given and (
        {"loss", "optimizer"} & changed or tree["loss"]["use"] != before
    ):
        _choose_rate(tree)
    return tree


RATES = {"hinge": 1.0, "squared_hinge": 0.1, "mse": 0.05, "huber": 0.1, "mae": 0.05}
"""Learning rates with which plain gradient descent learns the data of the pages."""
BY_SIZE = {"sgd": 1.0, "momentum": 0.1, "nesterov": 0.1}
"""Optimizers whose steps are as large as the gradient is, and what is left of such a rate."""
OTHERWISE = 0.01
"""The learning rate of optimizers that scale their steps themselves, as adam does."""


def _choose_rate(tree: Tree) -> None:
    """A learning rate that suits the optimizer and the loss, which were chosen without one."""
    table = tree["optimizer"]
    share = BY_SIZE.get(table["use"])
    rate = OTHERWISE if share is None else share * RATES.get(tree["loss"]["use"], 0.3)
    scale_schedule(table, rate / table["learning_rate"])
    table["learning_rate"] = rate


def _choice(name: Any) -> Choice:
    if name not in CHOICES:
        raise InputError(
            f"nothing named {str(name)[:60]!r} can be chosen",
            remedy=did_you_mean(str(name)[:60], CHOICES, f"choices: {', '.join(CHOICES)}"),
            got=name,
        )
    return CHOICES[name]


def _change(tree: Tree, choice: Choice, value: Any) -> None:
    section, key, *below = choice.path.split(".")
    table = tree[section]
    if choice.takes in OFFERED and _used(tree, choice) == value:
        return  # with its settings as they are
    if choice.takes in OFFERED:
        check_offered(choice, value)
    if choice.name == "hidden" and "sizes" not in table:
        raise InputError("this network has no hidden layers to choose")
    if choice.name == "hidden":
        table["sizes"] = [table["sizes"][0], *value, table["sizes"][-1]]
    elif choice.name in ("activation", "schedule") or below:
        table[key] = {"use": value}
    elif section == "model" and key not in table:
        raise InputError(f"this network has no {choice.name}", remedy=choice.meaning)
    elif choice.name == "optimizer":
        kept = {k: table[k] for k in ("learning_rate", "schedule")}
        tree[section] = {"use": value, **kept}
    elif choice.name == "loss":
        tree[section] = {"use": value}
    elif choice.name == "learning_rate":
        scale_schedule(table, value / table[key])
        table[key] = value
    elif section != "data" or key == "test" or key in _data_settings(tree["data"]["use"]):
        table[key] = value
    if choice.name == "epochs":
        table.pop("steps", None)


def _used(tree: Tree, choice: Choice) -> Any:
    """The name that stands in a tree where something is to be chosen."""
    here: Any = tree
    for key in choice.path.split("."):
        here = here.get(key) if isinstance(here, Mapping) else None
    return here.get("use") if isinstance(here, Mapping) else here


def _change_data(tree: Tree, given: Mapping[str, Any]) -> None:
    """Another data set keeps the settings that both have."""
    before = tree["data"]
    if given.get("dataset") == before["use"] and "rows" not in given:
        return
    if "rows" not in given:
        check_offered(CHOICES["dataset"], given["dataset"])
    if dataset_of(tree).n_inputs != 2:
        raise InputError(
            "the data of this page cannot be exchanged", expected="points of the plane"
        )
    beside = {k: before[k] for k in ("test", "standardize") if k in before}
    if "rows" in given:
        beside.pop("test", None)  # the points on the page are those that are left for training
        points = given["rows"]
        classes = max([2, *(int(row[2]) + 1 for row in points)])
        if len({row[2] for row in points}) < 2:
            raise InputError("the points are all of one class", remedy="add some of another class")
        tree["data"] = {"use": "rows", "rows": points, "classes": classes, **beside}
        return
    name = given["dataset"]
    known = _data_settings(name)
    kept = {k: v for k, v in before.items() if k in known and k not in ("noise", "factor", "rows")}
    tree["data"] = {"use": name, **kept, **beside}


def held_out_of(training: Training) -> Dataset | None:
    """The held-out examples of a run on the scale that they had before standardization."""
    test = training.test
    if test is None:
        return None
    rows = [list(row) for row in test.raw_inputs]
    return Dataset(rows, list(test.targets), test.task, labels=test.labels, name=test.name)


def _data_settings(name: str) -> dict[str, Any]:
    return {setting.name: setting for setting in settings_of(get("dataset", name))}


def _fit(tree: Tree, loss_was_chosen: bool) -> None:
    """Give the network as many inputs and outputs as the data need, and a loss that fits them."""
    model = tree["model"]
    if "sizes" not in model:
        return
    data = dataset_of(tree)
    fitting = [entry.shortest_name for entry in losses_for(data)]
    other_task = (data.task == "classes") != (model["sizes"][-1] > 2)
    unfit = tree["loss"]["use"] not in fitting or (data.task != "regression" and other_task)
    if unfit and not loss_was_chosen:
        best = {"binary": "hinge", "classes": "cross_entropy", "regression": "mse"}
        tree["loss"] = configure({**tree, "loss": best[data.task]})["loss"]
    if tree["loss"]["use"] not in fitting:
        raise InputError(
            f"the loss {tree['loss']['use']!r} does not fit these data",
            remedy=f"choose one of: {', '.join(fitting)}",
            got=tree["loss"]["use"],
        )
    model["sizes"] = [data.n_inputs, *model["sizes"][1:-1], outputs_for(data, tree["loss"]["use"])]
    sizes = model["sizes"]
    count = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    if count > MOST_PARAMETERS:
        raise InputError(
            f"this network would have {count} parameters",
            expected=f"at most {MOST_PARAMETERS}, which a page can train",
            remedy="choose fewer or smaller hidden layers",
            got=count,
        )


def dataset_of(tree: Tree) -> Dataset:
    """The training examples of a tree, drawn from its seed as the run draws them."""
    return load_data(tree["data"], SplitMix32(tree["train"]["seed"])).train
