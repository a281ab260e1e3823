"""Settings to try: the defaults, each setting at another value, and all of them at once."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from neuroflow.core.settings import Setting
from neuroflow.errors import NeuroflowError
from neuroflow.registry.entries import Entry

Settings = dict[str, Any]

MORE = 5
"""How many values are tried before a setting is said to change nothing."""


def variations(
    entry: Entry, settings: Sequence[Setting], given: Mapping[str, Any] | None = None, **more: Any
) -> list[Settings]:
    """Settings that the entry allows: ``given`` first, then with one and with all changed.

    Where its author says which to try, it is those. ``more`` is what its ``relations`` know
    beside settings, such as the number of steps.
    """
    base = {**needed(settings), **(given or {})}
    if entry.checks.settings:
        return [{**base, **own} for own in entry.checks.settings]
    others = {
        setting.name: _on_both_sides(setting, base.get(setting.name, setting.default))
        for setting in settings
    }
    tried = [base, *({**base, name: x} for name, xs in others.items() for x in xs)]
    if len(others) > 1:
        tried.append({**base, **{name: xs[0] for name, xs in others.items() if xs}})
    return [
        each for k, each in enumerate(tried) if each not in tried[:k] and fit(entry, each, more)
    ]


def _on_both_sides(setting: Setting, value: Any) -> list[Any]:
    """Other values to try: of a number one that is smaller and one that is larger."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return list(others_of(setting, value))
    options = list(others_of(setting, value, 2 * MORE))
    sides = [[x for x in options if (x < value) == smaller] for smaller in (True, False)]
    ordered = sorted(sides, key=lambda side: options.index(side[0]) if side else MORE)
    return [side[0] for side in ordered if side]


def needed(settings: Sequence[Setting]) -> Settings:
    """A value for each setting that has no default and takes a number, a word or a truth."""
    found = {}
    for setting in settings:
        if setting.required:
            first = next(others_of(setting, None), None)
            if first is not None:
                found[setting.name] = first
    return found


def others_of(setting: Setting, value: Any, most: int = 1) -> Iterator[Any]:
    """Other values that a setting allows: numbers nearby, other words, the other truth."""
    if setting.part or setting.file:
        return
    words = [word for word in typing.get_args(setting.type) if isinstance(word, str)]
    if words:
        yield from (word for word in words if word != value)
        return
    if isinstance(value, bool) or setting.type is bool:
        yield not value
        return
    numeric = setting.type in (int, float, Any) or isinstance(value, (int, float))
    if not numeric or isinstance(value, (str, list, tuple, dict)):
        return
    start = value if value is not None else 1.0
    whole = [start + 1, start - 1, 3, 2, 5] if isinstance(value, int) or setting.type is int else []
    above = 1.5 * start if start < 0.5 else 0.5 * (1.0 + start)  # a share stays below 1
    nearby = [0.75 * start, 0.5 * start, above] if 0.0 < start <= 1.0 else [1.5 * start + 0.25]
    options = whole or [*nearby, 0.75 * start, 0.25, 0.5, 2.0]
    good = [x for x in options if x != value and setting.problem(x) is None]
    yield from good[:most]


def fit(entry: Entry, settings: Settings, more: Mapping[str, Any]) -> bool:
    """Whether the settings go together, as far as the entry says so."""
    if entry.relations is None:
        return True
    wanted = inspect.signature(entry.relations).parameters
    known = {**_defaults(entry), **more, **settings}
    try:
        entry.relations(**{name: known[name] for name in wanted if name in known})
    except (NeuroflowError, TypeError):
        return False
    return True


def _defaults(entry: Entry) -> Settings:
    from neuroflow.config import settings_of

    return {s.name: s.default for s in settings_of(entry) if not s.required}


def back(settings: Settings, base: Settings, name: str) -> Settings:
    """The settings with one of them as it is in the base."""
    rest = {key: value for key, value in settings.items() if key != name}
    return {**rest, name: base[name]} if name in base else rest


def described(settings: Settings) -> str:
    """Settings as a message says them: `` with every = 11``; empty for the defaults."""
    return f" with {', '.join(f'{k} = {v!r}' for k, v in settings.items())}" if settings else ""
