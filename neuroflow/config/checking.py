"""Checking: every problem of a tree at once, each with its path and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field

from neuroflow.config.changing import changed
from neuroflow.config.reading import copied, read
from neuroflow.config.settings import SCHEMA, SECTIONS, Setting, Tree, in_range
from neuroflow.config.signature import kind_of, settings_of, with_own_defaults
from neuroflow.config.types import REQUIRED, a, fits, is_optional, normalized, shown
from neuroflow.core.module import Module
from neuroflow.errors import ConfigurationError, InputError, RegistryError, did_you_mean
from neuroflow.registry.manager import get, names

FROM_DATA = ("vocab_size",)
"""Settings of a model that the data fills in where a configuration leaves them out."""


@define
class Check:
    """Walks a tree, fills in defaults, and notes every problem with its path."""

    problems: list[str] = field(factory=list)
    with_data: bool = False

    def problem(self, path: str, text: str) -> None:
        self.problems.append(f"{path}: {text}" if path else text)

    def tree(self, tree: Mapping[str, Any]) -> Tree:
        known = ["schema", *(section.name for section in SECTIONS)]
        self.unknown("", tree, known)
        if tree.get("schema", SCHEMA) != SCHEMA or isinstance(tree.get("schema"), bool):
            self.problem(
                "schema", f"got {shown(tree['schema'])}; this neuroflow reads schema {SCHEMA}"
            )
        result: Tree = {"schema": SCHEMA}
        for section in SECTIONS:
            if section.name not in tree and section.kind:
                self.problem(section.name, f"missing; expected a table: {section.meaning}")
                continue
            given = tree.get(section.name, {})
            if section.kind:
                value = self.part(section.kind, given, section.name, section.settings)
            elif isinstance(given, Mapping):
                value = self.settings(given, section.settings, section.name)
            else:
                self.problem(section.name, f"got {shown(given)}; expected a table")
                continue
            result[section.name] = value
        self.train(tree.get("train", {}))
        return result

    def train(self, train: Any) -> None:
        """What no single setting tells: one way to say how long, and a backend that is there."""
        if not isinstance(train, Mapping):
            return
        given = [name for name in ("epochs", "steps") if train.get(name) is not None]
        if len(given) != 1:
            got = "both epochs and steps" if given else "neither epochs nor steps"
            self.problem("train", f"got {got}; expected one of the two")
        known = ["auto", *dict.fromkeys(["eager", *names("backend")])]
        backend = train.get("backend", "auto")
        if isinstance(backend, str) and backend not in known:
            self.problem(
                "train.backend",
                f"unknown backend {backend!r}{did_you_mean(backend, known)}"
                f" backends: {', '.join(known)}",
            )

    def part(self, kind: str, given: Any, path: str, extra: Sequence[Setting] = ()) -> Any:
        """One part of the given kind, with its defaults, always as a table."""
        table = {"use": given} if isinstance(given, str) else given
        if not isinstance(table, Mapping):
            self.problem(path, f"got {shown(given)}; expected the name of {a(kind)}, or a table")
            return given
        if not isinstance(table.get("use"), str):
            got = f"got {shown(table['use'])}" if "use" in table else "missing"
            self.problem(f"{path}.use", f"{got}; expected the name of {a(kind)}")
            return dict(table)
        try:
            entry = get(kind, table["use"])
            known = settings_of(entry)
        except (RegistryError, InputError) as error:
            self.problem(f"{path}.use", str(error))
            return dict(table)
        extra = with_own_defaults(entry, extra)
        allowed = {s.name: s for s in (*known, *extra)}
        rest = {key: value for key, value in table.items() if key != "use"}
        return {
            "use": table["use"],
            **self.settings(rest, tuple(allowed.values()), path, f"{kind} {entry.name!r}"),
        }

    def settings(
        self, given: Mapping[str, Any], allowed: Sequence[Setting], path: str, owner: str = ""
    ) -> Tree:
        """The settings that are given, checked, and the defaults of all others."""
        self.unknown(path, given, [setting.name for setting in allowed], owner)
        result: Tree = {}
        for setting in allowed:
            here = f"{path}.{setting.name}" if path else setting.name
            if setting.name in given:
                value = self.value(given[setting.name], setting, here)
            elif setting.default is REQUIRED:
                if not (self.with_data and setting.name in FROM_DATA):
                    self.problem(here, f"missing; expected {setting.type_name}")
                continue
            else:
                value = self.default(setting, here)
            if value is not None:
                result[setting.name] = value
        return result

    def default(self, setting: Setting, path: str) -> Any:
        kind, many = kind_of(setting)
        if kind and not many and isinstance(setting.default, str):
            return self.part(kind, setting.default, path)
        return copied(setting.default)

    def unknown(
        self, path: str, given: Mapping[str, Any], known: Sequence[str], owner: str = ""
    ) -> None:
        for key in given:
            if key not in known:
                full = f"{path}.{key}" if path else str(key)
                of = f" of {owner}" if owner else ""
                self.problem(
                    full,
                    f"unknown key{of}{did_you_mean(str(key), known)}"
                    f" keys: {', '.join(known) or 'none'}",
                )

    def value(self, value: Any, setting: Setting, path: str) -> Any:
        kind, many = kind_of(setting)
        if value is None and (setting.default is None or is_optional(setting.type)):
            return None
        if kind and _is_built(value, kind):
            return value
        if kind and many and isinstance(value, (list, tuple)):
            return [self.part(kind, x, f"{path}.{k}") for k, x in enumerate(value)]
        if kind and not many:
            return self.part(kind, value, path)
        if kind or not fits(value, setting.type):
            hint = " (a list of parts)" if kind else ""
            self.problem(path, f"got {shown(value)}; expected {setting.type_name}{hint}")
            return value
        if isinstance(value, (int, float)) and not in_range(value, setting):
            self.problem(
                path,
                f"got {shown(value)}; expected {setting.type_name} {setting.range or '(finite)'}",
            )
        return normalized(value, setting.type)


def _is_built(value: Any, kind: str) -> bool:
    """Not a name but the thing itself, as Python code may give it."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(_is_built(x, kind) for x in value)
    return isinstance(value, Module) or callable(value)


def configure(
    source: Mapping[str, Any] | str | Path,
    changes: Mapping[str, Any] | Iterable[str] = (),
) -> Tree:
    """The tree of a source with changes, checked, and with every default filled in.

    Raises :class:`ConfigurationError` that lists every problem with its path.

    >>> configure({"model": "mpl"})
    Traceback (most recent call last):
    ...
    neuroflow.errors.ConfigurationError: the configuration has 5 problems:
      model.use: unknown layer 'mpl'; did you mean 'mlp'? see: neuroflow list layers
      loss: missing; expected a table: how wrong one prediction is
      optimizer: missing; expected a table: how parameters move
      data: missing; expected a table: what to learn from
      train: got neither epochs nor steps; expected one of the two
    """
    tree, where = read(source)
    check = Check(with_data=True)
    result = check.tree(changed(tree, changes))
    _raise(check.problems, where)
    return result


def check_part(kind: str, reference: Any) -> Tree:
    """One part, checked and with its defaults; raises :class:`ConfigurationError`."""
    check = Check()
    result = check.part(kind, reference, kind)
    _raise(check.problems, f"the {kind}")
    return result  # type: ignore[no-any-return]


def _raise(problems: Sequence[str], where: str) -> None:
    if problems:
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ConfigurationError(f"{where} has {count}:\n" + "\n".join(f"  {p}" for p in problems))
