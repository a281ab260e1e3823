"""What can be chosen on a page: where it stands in a configuration, and within which bounds."""

from __future__ import annotations

import functools
import math
import typing
from typing import Any

from attrs import frozen

from neuroflow.config import SECTIONS, settings_of
from neuroflow.core.settings import Setting
from neuroflow.live import messages
from neuroflow.registry.manager import get

MOST_LAYERS, LARGEST_LAYER = 6, 48


@frozen
class Choice:
    """One thing to choose: where it stands in the tree, and how far a page lets it go.

    What it takes, its meaning and its bounds are those of the setting that is declared there;
    ``least`` and ``most`` are closer bounds, within which a page can be followed by eye.
    """

    name: str
    path: str
    least: float = -math.inf
    most: float = math.inf
    in_other_words: str = ""

    @property
    def takes(self) -> str:
        """What is chosen: a number, a whole number, a text ..., or the kind of an entry."""
        setting = setting_at(self.path)
        names = {int: "whole", float: "number", str: "text", list[int]: "sizes", list[Any]: "rows"}
        options = (setting.type, *typing.get_args(setting.type))
        return setting.part or next(names[hint] for hint in options if hint in names)

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
        return self.takes in ("number", "whole")

    def check(self, value: Any) -> Any:
        """The value, or an :class:`InputError` that says what was expected."""
        if self.takes == "number":
            return messages.number(value, self.name, self.low, self.high)
        if self.takes == "whole":
            return messages.whole(value, self.name, int(self.low), int(self.high))
        if self.takes == "sizes":
            return messages.sizes(value, self.name, MOST_LAYERS, LARGEST_LAYER)
        if self.takes == "rows":
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
        Choice("low", "data.low", least=-1000, most=1000),
        Choice("high", "data.high", least=-1000, most=1000),
        Choice("dataset", "data.use"),
        Choice("points", "data.points", most=400),
        Choice("noise", "data.noise", most=2),
        Choice("test", "data.test", most=0.5),
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
