"""The tables of a configuration: which settings each has, and those of the entries it names."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal

from attrs import evolve, frozen

from neuroflow.core.module import Module
from neuroflow.core.settings import Setting, declared, of_rule
from neuroflow.core.types import a
from neuroflow.core.update_rule import UpdateRule
from neuroflow.core.value import Op
from neuroflow.registry.entries import KINDS, Entry, plural

SCHEMA = 1
Tree = dict[str, Any]

NO_DECAY = ("bias", "biases", "gain", "gains")
"""Fields whose numbers weight decay leaves alone unless a configuration says otherwise."""


@frozen
class OptimizerTable:
    """What an optimizer has beside the settings of its own."""

    learning_rate: Annotated[float, Setting("the size of a step", "(0, inf)")] = 0.01
    schedule: Annotated[
        Any, Setting("how the learning rate changes over the steps", part="schedule")
    ] = "constant"
    groups: Annotated[
        list[dict[str, Any]] | None,
        Setting("tables of parameters with a rate or a decay of their own"),
    ] = None


@frozen
class GroupTable:
    """Parameters with a rate or a decay of their own: one of ``[[optimizer.groups]]``."""

    parameters: Annotated[
        list[str], Setting("which they are, as names or patterns", length="[1, inf)")
    ]
    learning_rate: Annotated[float | None, Setting("where their rate begins", "(0, inf)")] = None
    factor: Annotated[
        float | None, Setting("how many times the learning rate theirs is", "(0, inf)")
    ] = None
    weight_decay: Annotated[float | None, Setting("how much they shrink", "[0, inf)")] = None


@frozen
class DataTable:
    """What data have beside the settings of their own."""

    test: Annotated[float, Setting("the fraction of examples held out to test on", "[0, 1]")] = 0.0
    validation: Annotated[
        float | None,
        Setting("the fraction of examples held out to choose the best model by", "[0, 1]"),
    ] = None
    validation_file: Annotated[
        str | None, Setting("a file like that of the data to choose the best model by", file=True)
    ] = None
    standardize: Annotated[bool, Setting("give each input column mean 0 and deviation 1")] = False
    class_weights: Annotated[
        Literal["balanced"] | dict[str, float] | None,
        Setting("how much the loss of each class counts: balanced, or a number for each"),
    ] = None


@frozen
class TrainTable:
    """How long, in which batches, from which seed."""

    epochs: Annotated[
        int | None, Setting("passes over the training data; or give steps", "[1, inf)")
    ] = None
    steps: Annotated[
        int | None, Setting("updates of the parameters; or give epochs", "[1, inf)")
    ] = None
    batch: Annotated[
        int | None, Setting("examples per step; all of them if left out", "[1, inf)")
    ] = None
    accumulation: Annotated[
        int, Setting("batches whose gradients are averaged for one step", "[1, inf)")
    ] = 1
    shuffle: Annotated[bool, Setting("draw a new order of the examples for each epoch")] = True
    seed: Annotated[
        int, Setting("the start of every random number of the run", "[0, 4294967295]")
    ] = 0
    generator: Annotated[
        Literal["splitmix32", "python"],
        Setting("where random numbers come from: SplitMix32, or Python's Mersenne Twister"),
    ] = "splitmix32"
    l2: Annotated[
        float, Setting("the penalty on the sum of all squared parameters", "[0, inf)")
    ] = 0.0
    clip_norm: Annotated[
        float | None, Setting("the longest gradient that is not shortened", "(0, inf)")
    ] = None
    freeze: Annotated[
        list[str] | None,
        Setting("the parameters that are not trained, as names or patterns"),
    ] = None
    metrics: Annotated[
        list[Any] | None,
        Setting("what to tell at each evaluation beside the usual", part="metric"),
    ] = None
    observers: Annotated[
        list[Any] | None,
        Setting("who sees the reports, such as csv or tensorboard", part="observer"),
    ] = None
    keep: Annotated[
        Literal["last", "best"],
        Setting(
            "which numbers the model has at the end: the last, or those of the best evaluation"
        ),
    ] = "last"
    best_by: Annotated[
        str | None, Setting("the score that says which is the best; validation_loss if left out")
    ] = None
    patience: Annotated[
        int | None,
        Setting("evaluations in a row without a better one that end it", "[1, inf)"),
    ] = None
    min_delta: Annotated[
        float, Setting("how much better a score must be to count as better", "[0, inf)")
    ] = 0.0
    evaluate_every: Annotated[
        int | None,
        Setting("steps between evaluations; a tenth of the run if left out", "[1, inf)"),
    ] = None
    report_every: Annotated[
        int | None,
        Setting("steps between reports; a hundredth of the run if left out", "[1, inf)"),
    ] = None
    backend: Annotated[str, Setting("what runs the steps: auto, eager, or a backend")] = "auto"
    dtype: Annotated[
        Literal["float64", "float32", "bfloat16"],
        Setting("the numbers of compiled runs; bfloat16 is float32 with rounded matrix products"),
    ] = "float64"
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"],
        Setting("where compiled runs compute; auto leaves it to the backend"),
    ] = "auto"
    tensors: Annotated[
        bool, Setting("train the module of PyTorch that nf.to_torch makes; the backend is torch")
    ] = False
    threads: Annotated[int, Setting("threads that share a batch in compiled runs", "[1, 1024]")] = 1
    padding: Annotated[
        bool,
        Setting("compile texts of many lengths as texts of a few, filled up and masked exactly"),
    ] = True
    compare: Annotated[
        bool, Setting("hold one example against plain Values before the first compiled step")
    ] = True
    stamp: Annotated[
        bool, Setting("trace calls of pure modules that are alike once, and copy the others")
    ] = True


@frozen
class Section:
    """One table of the tree: the kind of name that ``use`` is, and the settings beside it."""

    name: str
    kind: str
    table: Callable[..., Any] | None
    meaning: str

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The settings that every table of this section has."""
        return tuple(declared(self.table).values()) if self.table else ()


SECTIONS = (
    Section("model", "layer", None, "the network"),
    Section("loss", "loss", None, "how wrong one prediction is"),
    Section("optimizer", "optimizer", OptimizerTable, "how parameters move"),
    Section("data", "dataset", DataTable, "what to learn from"),
    Section("train", "", TrainTable, "how long, in which batches, from which seed"),
)


WITHOUT_SETTINGS = (
    "backend", "recipe", "exporter", "importer", "check", "format", "panel", "look",
)  # fmt: skip
"""Kinds whose entries declare none."""


def settings_of(entry: Entry) -> tuple[Setting, ...]:
    """What a configuration may say about an entry: what the signature of its target declares.

    A backend has no settings: it is made from those of the run; nor has what is never named in a
    configuration. A recipe is all settings.
    """
    if entry.kind in WITHOUT_SETTINGS:
        return ()
    target = entry.load()
    if isinstance(target, (Op, UpdateRule)):
        own = of_rule(target.rule)
        found = [evolve(own[name], default=value) for name, value in target.settings.items()]
        return (*found, *_of_decay(target))
    every = declared(target, positional=entry.kind == "dataset").values()
    return tuple(setting if setting.meaning else _guessed(setting) for setting in every)


def is_by_name(setting: Setting) -> bool:
    """Whether a setting is a table with a part under each name."""
    return typing.get_origin(setting.type) is dict


def settings_beside(section: str, entry: Entry) -> tuple[Setting, ...]:
    """What a section adds to the settings of the entry; a rule may have a rate of its own."""
    (beside,) = [each.settings for each in SECTIONS if each.name == section]
    target = entry.load()
    rate = declared(target.rule).get("learning_rate") if isinstance(target, UpdateRule) else None
    if rate is None or rate.required:
        return beside
    return tuple(
        evolve(setting, default=rate.default) if setting.name == rate.name else setting
        for setting in beside
    )


def _of_decay(rule: Op | UpdateRule) -> tuple[Setting, ...]:
    meaning = "the parameters that weight decay leaves alone, as names with wildcards"
    if not isinstance(rule, UpdateRule) or "no_decay" not in rule.state:
        return ()
    return (Setting(meaning, name="no_decay", type=list[str], default=list(NO_DECAY)),)


FILES = ("path", "file")
PART_KINDS = tuple(kind for kind in KINDS if kind not in ("op", "dataset", *WITHOUT_SETTINGS))


def _guessed(setting: Setting) -> Setting:
    """A setting that nobody declared: whether it is a part is guessed from its name.

    ``activation``, ``output_activation`` and ``layers`` are parts, and so is what is annotated
    as a Module; what is annotated as a number (``n_layer: int``) is a number. A text that is
    called ``path`` or ``file`` is that of a file.
    """
    if setting.type in (int, float, bool):
        return setting
    if setting.type is str and setting.name in FILES:
        return evolve(setting, file=True)
    for kind in PART_KINDS:
        if setting.name == kind or setting.name.endswith(f"_{kind}"):
            return evolve(setting, part=kind)
        if setting.name == plural(kind):
            return evolve(setting, part=kind, type=setting.type if setting.many else list[Any])
    options = [setting.type, *typing.get_args(setting.type)]
    is_module = any(inspect.isclass(hint) and issubclass(hint, Module) for hint in options)
    return evolve(setting, part="layer") if is_module else setting


def described(setting: Setting) -> dict[str, Any]:
    """All that is known about a setting, as JSON has it, for documentation and help."""
    return {
        "name": setting.name,
        "type": setting.type_name,
        "default": None if setting.required else setting.default,
        "required": setting.required,
        "range": setting.range,
        "expected": setting.expected,
        "meaning": setting.meaning,
        "part": setting.part,
    }


def schema() -> list[dict[str, Any]]:
    """The tree described: one row per key of each table."""
    rows = []
    for section in SECTIONS:
        settings = section.settings
        if section.kind:
            settings = (Setting(f"{a(section.kind)} by name", name="use", type=str), *settings)
        for setting in settings:
            rows.append({"path": f"{section.name}.{setting.name}", **described(setting)})
    return rows
