"""What can be chosen on a page: names from the registry, numbers within bounds, one tree.

A *setup* is a flat dict such as ``{"dataset": "moons", "hidden": [8, 8]}``; it stands in the
page's address. With the page's own tree it makes a configuration for :func:`neuroflow.train`.
"""

from __future__ import annotations

import functools
import itertools
import math
import typing
import warnings
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from neuroflow.config import (
    REQUIRED,
    SECTIONS,
    Tree,
    configure,
    read,
    resolve,
    scale_schedule,
    settings_of,
)
from neuroflow.core.random import SplitMix32
from neuroflow.core.settings import Setting
from neuroflow.data.dataset import Dataset
from neuroflow.errors import InputError, NeuroflowError, did_you_mean
from neuroflow.live import messages
from neuroflow.registry.entries import ActivationEntry, Entry, LossEntry
from neuroflow.registry.manager import get, manager
from neuroflow.training import encoded, load_data
from neuroflow.view.outcome import sight_of

MOST_PARAMETERS = 5000
"""A page trains no larger network: nobody could follow it."""
MOST_LAYERS, LARGEST_LAYER = 6, 48


@frozen
class Choice:
    """One thing to choose: where it stands in the tree, and how far a page lets it go.

    Its kind, its meaning and its bounds are those of the setting that is declared there;
    ``least`` and ``most`` are closer bounds, within which a page can be followed by eye.
    """

    name: str
    path: str
    least: float = -math.inf
    most: float = math.inf
    in_other_words: str = ""

    @property
    def kind(self) -> str:
        """What is chosen: a number, a whole number, a text ..., or the kind of an entry."""
        setting = setting_at(self.path)
        kinds = {int: "whole", float: "number", str: "text", list[int]: "sizes", list[Any]: "rows"}
        options = (setting.type, *typing.get_args(setting.type))
        return setting.part or next(kinds[hint] for hint in options if hint in kinds)

    @property
    def meaning(self) -> str:
        """What it means, in words."""
        return self.in_other_words or setting_at(self.path).meaning

    @property
    def low(self) -> float:
        """The smallest number that a page takes; 0 for what is no number."""
        return max(setting_at(self.path).low, self.least) if self._is_number else 0.0

    @property
    def high(self) -> float:
        """The largest number that a page takes; 0 for what is no number."""
        return min(setting_at(self.path).high, self.most) if self._is_number else 0.0

    @property
    def _is_number(self) -> bool:
        return self.kind in ("number", "whole")

    def check(self, value: Any) -> Any:
        """The value, or an :class:`InputError` that says what was expected."""
        if self.kind == "number":
            return messages.number(value, self.name, self.low, self.high)
        if self.kind == "whole":
            return messages.whole(value, self.name, int(self.low), int(self.high))
        if self.kind == "sizes":
            return messages.sizes(value, self.name, MOST_LAYERS, LARGEST_LAYER)
        if self.kind == "rows":
            return messages.rows(value, self.name)
        return messages.text(value, self.name)


@functools.cache
def setting_at(path: str) -> Setting:
    """The setting that is declared for a path, by its section or by an entry that pages train."""
    name, key, *_ = path.split(".")
    (section,) = [section for section in SECTIONS if section.name == name]
    known = {setting.name: setting for setting in section.settings}
    for entry in EXAMPLES.get(name, ()):
        known |= {setting.name: setting for setting in settings_of(get(section.kind, entry))}
    if key == "use":
        return Setting(section.meaning, part=section.kind)
    return known[key]


EXAMPLES = {"data": ("rows", "function", "gauss"), "model": ("mlp", "gpt")}
"""The entries in whose settings pages offer a choice."""

CHOICES = {
    choice.name: choice
    for choice in (
        Choice("f", "data.f"),
        Choice("dataset", "data.use"),
        Choice("points", "data.points", most=400),
        Choice("noise", "data.noise", most=2),
        Choice("classes", "data.classes", most=6),
        Choice("rows", "data.rows", in_other_words="points made by hand"),
        Choice("hidden", "model.sizes", in_other_words="neurons of hidden layers, such as 16, 16"),
        Choice("layers", "model.n_layer", most=3),
        Choice("width", "model.n_embd", least=4, most=32),
        Choice("heads", "model.n_head", most=8),
        Choice("activation", "model.activation"),
        Choice("loss", "loss.use"),
        Choice("optimizer", "optimizer.use"),
        Choice("learning_rate", "optimizer.learning_rate", least=1e-6, most=100),
        Choice("schedule", "optimizer.schedule.use"),
        Choice("l2", "train.l2", most=10),
        Choice("batch", "train.batch", most=400),
        Choice("epochs", "train.epochs", most=5000),
        Choice("seed", "train.seed"),
    )
}
LIVE = ("learning_rate", "l2", "epochs")
"""What can change while a run goes on; everything else starts it anew."""

PAGES = {
    "function": "Watch a network learn the curve of f(x).",
    "classification": "Watch a network tell points of the plane apart.",
    "gpt": "Watch a small GPT learn to invent names, and see where it looks.",
}
EAGER: dict[str, Any] = {"train.backend": "eager", "train.report_every": 1}


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
    return configure(tree, EAGER)


def setup_of(tree: Tree) -> dict[str, Any]:
    """What is chosen in a tree, as far as the page offers it."""
    found: dict[str, Any] = {}
    for choice in CHOICES.values():
        here = _used(tree, choice)
        if choice.kind == "sizes" and here:
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
    if "dataset" in given or "rows" in given:
        _change_data(tree, given)
    for name, value in given.items():
        if name not in ("dataset", "rows"):
            _change(tree, CHOICES[name], value)
    tree = configure(tree)
    _fit(tree, "loss" in given)
    return tree


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
    if choice.kind in OFFERED and _used(tree, choice) == value:
        return  # with its settings as they are
    if choice.kind in OFFERED:
        _check_offered(choice, value)
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
    elif section != "data" or key in _data_settings(tree["data"]["use"]):
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
        _check_offered(CHOICES["dataset"], given["dataset"])
    if dataset_of(tree).n_inputs != 2:
        raise InputError(
            "the data of this page cannot be exchanged", expected="points of the plane"
        )
    beside = {k: before[k] for k in ("test", "standardize") if k in before}
    if "rows" in given:
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
    return load_data(tree["data"], SplitMix32(tree["train"]["seed"]))[0]


def outputs_for(data: Dataset, loss: str) -> int:
    """How many numbers the model should answer."""
    entry = get("loss", loss)
    assert isinstance(entry, LossEntry)
    return 2 if data.task == "binary" and entry.index_target else data.n_outputs


def losses_for(data: Dataset) -> list[LossEntry]:
    """The registered losses that give a number for these data."""
    return [entry for entry in _entries("loss") if _loss_fits(entry, data)]  # type: ignore[misc]


def _loss_fits(entry: Any, data: Dataset) -> bool:
    if data.task == "regression" and not _takes(entry, 0.37):
        return False
    if data.task == "sequence":
        return bool(entry.index_target)
    try:
        _, target = encoded(data.take([0]), entry)[0]
        outputs = outputs_for(data, entry.shortest_name)
        prediction: Any = [0.25] * outputs if outputs > 1 else 0.25
        return float(resolve("loss", entry.shortest_name)(prediction, target)) >= 0.0
    except (NeuroflowError, ArithmeticError, TypeError, ValueError):
        return False


def _takes(entry: LossEntry, target: float) -> bool:
    return entry.allows is None or bool(entry.allows(target) and entry.allows(-4.0))


# What is offered -----------------------------------------------------------------------------

OFFERED = ("activation", "optimizer", "schedule", "dataset", "loss")


def offers(page: str, data: Dataset) -> dict[str, list[dict[str, Any]]]:
    """The names to choose from, with what they mean and who offers them."""
    found: dict[str, list[Entry]] = {
        "activation": _activations(),
        "optimizer": _complete("optimizer"),
        "schedule": _complete("schedule"),
        "loss": list(losses_for(data)),
    }
    if page == "classification":
        found["dataset"] = list(_planes())
    return {kind: list(map(_described, entries)) for kind, entries in found.items() if entries}


def _described(entry: Entry) -> dict[str, Any]:
    by = entry.provider
    return {
        "name": entry.shortest_name,
        "summary": entry.summary,
        "from": by.distribution if by and entry.credit else "",
    }


def _check_offered(choice: Choice, name: str) -> None:
    if choice.kind == "activation":
        entries = _activations()
    elif choice.kind == "dataset":
        entries = list(_planes())
    else:
        entries = _entries("loss") if choice.kind == "loss" else _complete(choice.kind)
    known = [entry.shortest_name for entry in entries]
    if name not in known:
        raise InputError(
            f"unknown {choice.kind} {name[:60]!r}",
            remedy=did_you_mean(name[:60], known, f"choose one of: {', '.join(known)}"),
            got=name,
        )


def _entries(kind: str) -> list[Entry]:
    return [entry for entry in manager().registry.entries(kind) if not entry.deprecated]


def _complete(kind: str) -> list[Entry]:
    """The entries that work with default settings."""
    return [
        entry
        for entry in _entries(kind)
        if all(setting.default is not REQUIRED for setting in settings_of(entry))
    ]


def _activations() -> list[Entry]:
    """The activations of single numbers that need no settings."""
    return [
        entry
        for entry in _complete("activation")
        if isinstance(entry, ActivationEntry) and entry.elementwise
    ]


@functools.cache
def _planes() -> tuple[Entry, ...]:
    """The data sets of points in the plane: those that give some when asked."""
    return tuple(entry for entry in _entries("dataset") if _is_plane(entry))


def _is_plane(entry: Entry) -> bool:
    try:
        known = settings_of(entry)
        if "points" not in {setting.name for setting in known}:
            return False
        if any(setting.default is REQUIRED for setting in known):
            return False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = entry.load()(SplitMix32(0), points=12)
        return sight_of(data) == "plane"
    except Exception:  # a plugin's data set may fail in any way: then it is not offered
        return False
