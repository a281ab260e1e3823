"""The tables of a configuration: which keys each has, and how far their values may go."""

from __future__ import annotations

import math
import sys
from typing import Any, Literal

from attrs import frozen

from neuroflow.config.types import REQUIRED, a, in_words, plain_number

SCHEMA = 1
Tree = dict[str, Any]


@frozen
class Setting:
    """One key of a table: its type, its default, what it means and how far it may go."""

    name: str
    type: Any
    default: Any = REQUIRED
    meaning: str = ""
    low: float = -math.inf
    high: float = math.inf
    exclusive: bool = False

    @property
    def type_name(self) -> str:
        """The type in words: ``a whole number``, ``a list of numbers``."""
        return in_words(self.type)

    @property
    def range(self) -> str:
        """The allowed range in words; empty if there is no bound."""
        above, below = ("above", "below") if self.exclusive else ("at least", "at most")
        ends = [(above, self.low), (below, self.high)]
        return " and ".join(
            f"{word} {plain_number(end)}" for word, end in ends if math.isfinite(end)
        )


def in_range(value: float, setting: Setting) -> bool:
    if abs(value) > sys.float_info.max:
        return False  # a whole number that no float can hold, or infinity
    if setting.exclusive:
        return setting.low < value < setting.high
    return setting.low <= value <= setting.high


OF_OPTIMIZER = (
    Setting("learning_rate", float, 0.01, "the size of a step", low=0.0, exclusive=True),
    Setting("schedule", Any, "constant", "how the learning rate changes over the steps"),
)
OF_DATA = (
    Setting("test", float, 0.0, "the fraction of examples held out to test on", 0.0, 1.0),
    Setting("standardize", bool, False, "give each input column mean 0 and deviation 1"),
)
OF_TRAIN = (
    Setting("epochs", int | None, None, "passes over the training data; or give steps", low=1),
    Setting("steps", int | None, None, "updates of the parameters; or give epochs", low=1),
    Setting("batch", int | None, None, "examples per step; all of them if left out", low=1),
    Setting("accumulation", int, 1, "batches whose gradients are averaged for one step", low=1),
    Setting("shuffle", bool, True, "draw a new order of the examples for each epoch"),
    Setting("seed", int, 0, "the start of every random number of the run", 0, 2**32 - 1),
    Setting(
        "generator", Literal["splitmix32", "python"], "splitmix32",
        "where random numbers come from: SplitMix32, or Python's Mersenne Twister",
    ),
    Setting("l2", float, 0.0, "the penalty on the sum of all squared parameters", low=0.0),
    Setting(
        "clip_norm", float | None, None, "the longest gradient that is not shortened",
        low=0.0, exclusive=True,
    ),
    Setting(
        "evaluate_every", int | None, None,
        "steps between evaluations; a tenth of the run if left out", low=1,
    ),
    Setting(
        "report_every", int | None, None,
        "steps between reports; a hundredth of the run if left out", low=1,
    ),
    Setting("backend", str, "auto", "what runs the steps: auto, eager, or a backend"),
    Setting("dtype", Literal["float64", "float32"], "float64", "the numbers of compiled runs"),
    Setting("threads", int, 1, "threads that share a batch in compiled runs", low=1),
)  # fmt: skip


@frozen
class Section:
    """One table of the tree: the kind of name that ``use`` is, and the settings beside it."""

    name: str
    kind: str
    settings: tuple[Setting, ...]
    meaning: str


SECTIONS = (
    Section("model", "layer", (), "the network"),
    Section("loss", "loss", (), "how wrong one prediction is"),
    Section("optimizer", "optimizer", OF_OPTIMIZER, "how parameters move"),
    Section("data", "dataset", OF_DATA, "what to learn from"),
    Section("train", "", OF_TRAIN, "how long, in which batches, from which seed"),
)


def schema() -> list[dict[str, Any]]:
    """The tree described, for documentation and help: one row per key of each table."""
    rows = []
    for section in SECTIONS:
        if section.kind:
            rows.append(
                _row(section.name, Setting("use", str, meaning=f"{a(section.kind)} by name"))
            )
        rows += [_row(section.name, setting) for setting in section.settings]
    return rows


def _row(section: str, setting: Setting) -> dict[str, Any]:
    return {
        "path": f"{section}.{setting.name}",
        "type": setting.type_name,
        "default": None if setting.default is REQUIRED else setting.default,
        "required": setting.default is REQUIRED,
        "range": setting.range,
        "meaning": setting.meaning,
    }
