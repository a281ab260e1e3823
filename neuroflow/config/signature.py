"""Signatures: what a configuration may say about an entry, read from the entry itself."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Sequence
from typing import Any

from neuroflow.config.settings import Setting
from neuroflow.config.types import REQUIRED
from neuroflow.core.module import Module
from neuroflow.core.update_rule import UpdateRule
from neuroflow.core.value import Op
from neuroflow.registry.entries import KINDS, Entry, plural

NO_DECAY = ("bias", "biases", "gain", "gains")
"""Fields whose numbers weight decay leaves alone unless a configuration says otherwise."""

PART_KINDS = tuple(kind for kind in KINDS if kind not in ("op", "backend", "dataset"))


def settings_of(entry: Entry) -> tuple[Setting, ...]:
    """What a configuration may say about an entry: read from the signature of its target.

    Layers and tokenizers: the arguments of ``__init__``; datasets: those of the function;
    all others: keyword-only arguments, since what is positional comes from the run.
    """
    target = entry.load()
    if isinstance(target, UpdateRule):
        return (*(_of_rule(*item) for item in target.settings.items()), *_of_decay(target))
    if isinstance(target, Op):
        return tuple(_of_rule(name, value) for name, value in target.settings.items())
    function = target.__init__ if inspect.isclass(target) else target
    hints = _hints(function)
    any_argument = entry.kind in ("layer", "tokenizer", "dataset")
    return tuple(
        Setting(name, hints.get(name, _type_of_default(p.default)), p.default)
        for name, p in inspect.signature(function).parameters.items()
        if name not in ("self", "rng")
        and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        and (any_argument or p.kind is p.KEYWORD_ONLY)
    )


def _of_rule(name: str, default: float) -> Setting:
    """A setting of a rule is a number; one whose default is a truth value may be either."""
    if isinstance(default, bool):
        return Setting(name, bool | float, default, low=0.0, high=1.0)
    return Setting(name, float, default)


def _of_decay(rule: UpdateRule) -> tuple[Setting, ...]:
    meaning = "the parameters that weight decay leaves alone, as names with wildcards"
    has_state = "no_decay" in rule.state
    return (Setting("no_decay", list[str], list(NO_DECAY), meaning),) if has_state else ()


def _hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:  # an annotation that cannot be evaluated checks nothing
        return {}


def _type_of_default(default: Any) -> Any:
    known = (bool, int, float, str)
    return type(default) if type(default) in known else Any


def with_own_defaults(entry: Entry, extra: Sequence[Setting]) -> tuple[Setting, ...]:
    """An update rule may have a default learning rate of its own."""
    target = entry.load()
    if not isinstance(target, UpdateRule):
        return tuple(extra)
    own = inspect.signature(target.rule).parameters.get("learning_rate")
    if own is None or own.default is REQUIRED:
        return tuple(extra)
    return tuple(
        Setting(s.name, s.type, own.default, s.meaning, s.low, s.high, s.exclusive)
        if s.name == "learning_rate"
        else s
        for s in extra
    )


def kind_of(setting: Setting) -> tuple[str, bool]:
    """The kind of name that a setting takes, and whether it takes a list of them.

    Told by its name (``activation``, ``output_activation``, ``layers``), or by an annotation
    that says ``Module``. An empty kind means plain numbers and words; a setting that is
    annotated as a number (``n_layer: int``) is one, whatever its name.
    """
    if setting.type in (int, float, bool):
        return "", False
    for kind in PART_KINDS:
        if setting.name == kind or setting.name.endswith(f"_{kind}"):
            return kind, False
        if setting.name == plural(kind):
            return kind, True
    options = [setting.type, *typing.get_args(setting.type)]
    if any(inspect.isclass(t) and issubclass(t, Module) for t in options):
        return "layer", typing.get_origin(setting.type) not in (None, typing.Union, types.UnionType)
    return "", False
