"""Checking: every problem of a tree at once, each with its path and what to do about it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field

from neuroflow.config.changing import changed, paths_of
from neuroflow.config.extending import document_with, together
from neuroflow.config.reading import Document, copied, documents_of, not_too_deep
from neuroflow.config.settings import (
    SCHEMA,
    SECTIONS,
    GroupTable,
    Tree,
    is_by_name,
    settings_beside,
    settings_of,
)
from neuroflow.config.shape_rules import AUTO
from neuroflow.config.shapes import NAME, REF, problems_of, shapes_of
from neuroflow.config.variables import without_variables
from neuroflow.core.module import Module
from neuroflow.core.settings import Setting, declared
from neuroflow.core.types import a, is_optional, normalized, shown
from neuroflow.errors import ConfigurationError, InputError, Problem, RegistryError, did_you_mean
from neuroflow.pythonic import pythonic_parts
from neuroflow.registry.entries import Entry
from neuroflow.registry.lookups import does_without
from neuroflow.registry.manager import get, names

FROM_DATA = ("vocab_size",)
"""Settings of a model that the data fills in where a configuration leaves them out."""

DATA = "data"
"""What a model's table says in place of a number of inputs or outputs that the data knows."""

GIVEN_PARTS = {
    "model": (),
    "loss": (),
    "optimizer": (),
    "optimizer.schedule": (),
    "data": ("task", "shaped"),
    "train.metrics": (),
}
"""The parts of a run that may be handed over as themselves, and what is said of each; they stand
in a configuration as ``given = "a word to know it by"``, for only who has them can hand them over.
"""

LONGEST_NAME = 200
MOST_UNKNOWN = 20
"""So many unknown keys of a table are told one by one, the rest by their number."""


@define
class Check:
    """Walks a tree, fills in defaults, and notes every problem with its path.

    Files are looked for in the folder of the one of the ``documents`` that names them, or from
    where Python runs if the key is in ``set_here``.
    """

    problems: list[Problem] = field(factory=list)
    with_data: bool = False
    steps: int | None = None
    documents: Sequence[Document] = ()
    set_here: tuple[str, ...] = ()
    named: dict[str, str] = field(factory=dict)

    def problem(self, path: str, what: str, expected: str = "", remedy: str = "") -> None:
        self.problems.append(Problem(path, what, expected, remedy))

    def tree(self, tree: Mapping[str, Any]) -> Tree:
        known = ["schema", *(section.name for section in SECTIONS)]
        self.unknown("", tree, known)
        if tree.get("schema", SCHEMA) != SCHEMA or isinstance(tree.get("schema"), bool):
            what = f"got {shown(tree['schema'])}"
            self.problem("schema", what, remedy=f"this neuroflow reads schema {SCHEMA}")
        self.steps = _steps(tree)
        result: Tree = {"schema": SCHEMA}
        for section in SECTIONS:
            if section.name not in tree and section.kind:
                self.problem(section.name, "missing", f"a table: {section.meaning}")
                continue
            given = tree.get(section.name, {})
            if section.kind:
                value = self.part(section.kind, given, section.name, section.name)
            elif isinstance(given, Mapping):
                value = self.settings(given, section.settings, section.name)
            else:
                self.problem(section.name, f"got {shown(given)}", "a table")
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
            self.problem("train", f"got {got}", "one of the two")
        known = ["auto", *dict.fromkeys(["eager", *names("backend")])]
        backend = train.get("backend", "auto")
        if isinstance(backend, str) and backend not in known:
            remedy = did_you_mean(backend, known, f"backends: {', '.join(known)}")
            self.problem("train.backend", f"unknown backend {backend[:60]!r}", remedy=remedy)

    def part(self, kind: str, given: Any, path: str, section: str = "") -> Any:
        """One part of the given kind, with its defaults, always as a table.

        What stands in a ``section`` has the settings of that too.
        """
        table = {"use": given} if isinstance(given, str) else given
        if not isinstance(table, Mapping):
            self.problem(path, f"got {shown(given)}", f"the name of {a(kind)}, or a table")
            return given
        if kind == "layer" and REF in table and "use" not in table:
            return self.reference(table, path)
        table = as_layer(table) if kind == "layer" else table
        place = path if path in GIVEN_PARTS else path.rpartition(".")[0]  # one of several metrics
        if place in GIVEN_PARTS and "given" in table and "use" not in table:
            return self.given(table, place)
        if not isinstance(table.get("use"), str) or len(table["use"]) > LONGEST_NAME:
            got = f"got {shown(table['use'])}" if "use" in table else "missing"
            self.problem(f"{path}.use", got, f"the name of {a(kind)}")
            return dict(table)
        if does_without(kind, table):
            return dict(table)
        try:
            entry = get(kind, table["use"])
            known = settings_of(entry)
        except (RegistryError, InputError) as error:
            self.problem(f"{path}.use", error.what, error.expected, error.remedy)
            return dict(table)
        beside = settings_beside(section, entry) if section else ()
        allowed = {s.name: s for s in (*known, *beside)}
        own = self.name_of(table, path) if kind == "layer" and NAME not in allowed else {}
        rest = {key: value for key, value in table.items() if key not in ("use", *own)}
        before = len(self.problems)
        checked = self.settings(rest, tuple(allowed.values()), path, f"{kind} {entry.name!r}")
        if len(self.problems) == before:  # each is right by itself
            self.problems += problems_together(entry, checked, path, self.steps)
        self.named |= dict.fromkeys(own.values(), path)
        return {"use": entry.qualified(table["use"]), **own, **checked}

    def name_of(self, table: Mapping[str, Any], path: str) -> dict[str, str]:
        """The name by which others refer to a layer, if it has one."""
        if NAME not in table:
            return {}
        name, here = table[NAME], f"{path}.{NAME}"
        if not isinstance(name, str) or not name:
            self.problem(here, f"got {shown(name)}", "a text by which others refer to this layer")
        elif name in self.named:
            what = f"{name!r} is the name of {self.named[name]} too"
            self.problem(here, what, "a name of its own", f'{{ {REF} = "{name}" }} is the same one')
        return {NAME: name}

    def reference(self, table: Mapping[str, Any], path: str) -> Tree:
        """A layer that stands elsewhere too: the very same one, with the same parameters."""
        self.unknown(path, table, [REF], "a reference")
        name = table[REF]
        if name not in self.named if isinstance(name, str) else True:
            known = f"layers named before it: {', '.join(self.named) or 'none'}"
            remedy = did_you_mean(name, self.named, known) if isinstance(name, str) else known
            what = f"refers to {shown(name)}, and no layer before it has that name"
            self.problem(f"{path}.{REF}", what, remedy=remedy)
        return {REF: name}

    def given(self, table: Mapping[str, Any], path: str) -> Tree:
        """A part that is handed over as itself: the word that it goes by, and what is beside it."""
        beside = next((s.settings for s in SECTIONS if s.name == path), ())
        names = {setting.name for setting in beside}
        is_rule = path == "optimizer"  # whose settings only its caller knows
        own = {
            name: x for name, x in table.items()
            if name in GIVEN_PARTS[path] or (is_rule and name not in names)
        }  # fmt: skip
        rest = {name: x for name, x in table.items() if name not in (*own, "given")}
        if not isinstance(table["given"], str):
            self.problem(f"{path}.given", f"got {shown(table['given'])}", "a text")
        return {"given": table["given"], **own, **self.settings(rest, beside, path)}

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
            elif setting.required:
                if setting.unless and given.get(setting.unless) is not None:
                    continue
                if not (self.with_data and setting.name in FROM_DATA):
                    self.problem(here, "missing", setting.expected)
                continue
            else:
                value = self.default(setting, here)
            if value is not None:
                result[setting.name] = value
        return result

    def default(self, setting: Setting, path: str) -> Any:
        if setting.part and not setting.many and isinstance(setting.default, (str, Mapping)):
            return self.part(setting.part, setting.default, path)
        return copied(setting.default)

    def unknown(
        self, path: str, given: Mapping[str, Any], known: Sequence[str], owner: str = ""
    ) -> None:
        of = f" of {owner}" if owner else ""
        keys = f"keys: {', '.join(known) or 'none'}"
        strange = [str(key)[:60] for key in given if key not in known]
        for key in strange[:MOST_UNKNOWN]:
            full = f"{path}.{key}" if path else key
            self.problem(full, f"unknown key{of}", remedy=did_you_mean(key, known, keys))
        if len(strange) > MOST_UNKNOWN:
            what = f"{len(strange) - MOST_UNKNOWN} more unknown keys{of}"
            self.problem(path, what, remedy=keys)

    def value(self, value: Any, setting: Setting, path: str) -> Any:
        if value is None and (setting.default is None or is_optional(setting.type)):
            return None
        if path == "optimizer.groups" and isinstance(value, (list, tuple)):
            return [self.group(table, f"{path}.{k}") for k, table in enumerate(value)]
        if setting.part:
            return self.parts(value, setting, path)
        value = pythonic_parts(value)
        problem = setting.problem(value, path)
        if problem and is_left_open(value, setting, path, self.with_data):
            return value
        if problem is not None:
            self.problems.append(problem)
            return value
        return self.located(value, path) if setting.file else normalized(value, setting.type)

    def group(self, table: Any, path: str) -> Any:
        """One group of parameters, with a rate of its own in one way."""
        if not isinstance(table, Mapping):
            self.problem(path, f"got {shown(table)}", "a table with parameters = [...]")
            return table
        if {"learning_rate", "factor"} <= set(table):
            self.problem(path, "got both learning_rate and factor", "one of the two")
        return self.settings(table, tuple(declared(GroupTable).values()), path)

    def located(self, file: str, path: str) -> str:
        """The path of a file, whole, so that it is found from every folder; empty is none.

        What a file of a configuration says begins in its folder, or if nothing is there where the
        caller is; so does what was ``set_here``.
        """
        if not file or os.path.isabs(file):
            return file
        here = any(f"{path}.".startswith(f"{key}.") for key in self.set_here)
        document = None if here else document_with(path, self.documents)
        folder = document.folder if document else None
        beside = os.path.join(folder, file) if folder else ""
        if beside and (os.path.exists(beside) or not os.path.exists(file)):
            return beside
        return os.path.abspath(file)

    def one(self, kind: str, value: Any, path: str) -> Any:
        """A part: a thing that is there already, or what a name or a table means."""
        built = _is_built(value) and not (kind == "layer" and isinstance(value, type))
        return value if built else self.part(kind, value, path)

    def parts(self, value: Any, setting: Setting, path: str) -> Any:
        """What a setting that is a part, or a list of parts, was given."""
        if is_by_name(setting) and isinstance(value, Mapping):
            return {key: self.one(setting.part, x, f"{path}.{key}") for key, x in value.items()}
        if not setting.many and not is_by_name(setting):
            return self.one(setting.part, value, path)
        if setting.many and isinstance(value, (list, tuple)):
            return [self.one(setting.part, x, f"{path}.{k}") for k, x in enumerate(value)]
        self.problem(path, f"got {shown(value)}", setting.expected)
        return value


def as_layer(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """A table of a layer; one of an activation becomes the layer that applies it.

    >>> as_layer({"use": "relu"})
    {'use': 'activation', 'function': {'use': 'relu'}}
    """
    use = table.get("use")
    if not isinstance(use, str) or _is_known("layer", use) or not _is_known("activation", use):
        return table
    name = {NAME: table[NAME]} if NAME in table else {}
    function = {key: value for key, value in table.items() if key != NAME}
    return {"use": "activation", **name, "function": function}


def _is_known(kind: str, use: str) -> bool:
    try:
        get(kind, use)
    except RegistryError:
        return False
    return True


def is_left_open(value: Any, setting: Setting, path: str, with_data: bool) -> bool:
    """Whether a size of a layer, or one in a list of sizes, is what the data or what comes in will
    say, and all else is right.
    """
    if not path.startswith(("model.", "layer.")):
        return False
    words = (AUTO, DATA) if with_data else (AUTO,)
    sizes = value if isinstance(value, list) else [value]
    numbers = [1 if size in words else size for size in sizes]
    filled = numbers if isinstance(value, list) else numbers[0]
    return numbers != sizes and setting.problem(filled) is None


def _steps(tree: Mapping[str, Any]) -> int | None:
    """How many steps a run has, where its configuration says so."""
    train = tree.get("train")
    steps = train.get("steps") if isinstance(train, Mapping) else None
    return steps if type(steps) is int and steps > 0 else None


def problems_together(
    entry: Entry, table: Mapping[str, Any], path: str, steps: int | None = None
) -> list[Problem]:
    """What is wrong with settings that are right one by one, as the entry's ``relations`` say."""
    entry = entry.with_its_op()
    if entry.relations is None:
        return []
    given = {**table, **({"steps": steps} if steps else {})}
    wanted = inspect.signature(entry.relations).parameters
    if any(name not in given and p.default is p.empty for name, p in wanted.items()):
        return []  # something is known later only, such as how many steps there are
    try:
        entry.relations(**{name: given[name] for name in wanted if name in given})
    except InputError as error:
        return [Problem(path, error.what, error.expected, error.remedy)]
    return []


def _is_built(value: Any) -> bool:
    """Not a name but the thing itself, as Python code may give it."""
    return isinstance(value, Module) or callable(value)


def configure(
    source: Mapping[str, Any] | str | Path,
    changes: Mapping[str, Any] | Iterable[str] = (),
) -> Tree:
    """The tree of a source with changes, checked, and with every default filled in.

    What the source extends is taken in first; then the changes; then variables get their values.

    Paths of files are made whole: those in a file begin in its folder, all others in the
    caller's.

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
    with not_too_deep("the configuration"):
        documents = documents_of(source)
        if isinstance(changes, Iterator):  # it is looked at twice
            changes = list(changes)
        where = documents[-1].title
        tree = without_variables(changed(together(documents), changes), where)
        check = Check(with_data=True, documents=documents, set_here=paths_of(changes))
        result = check.tree(tree)
        if not check.problems:
            check.problems += problems_of(shapes_of(result["model"])[1])
    _raise(check.problems, where)
    return result


def check_part(kind: str, reference: Any) -> Tree:
    """One part, checked and with its defaults; raises :class:`ConfigurationError`."""
    check = Check()
    with not_too_deep(f"the {kind}"):
        result = check.part(kind, reference, kind)
    _raise(check.problems, f"the {kind}")
    return result  # type: ignore[no-any-return]


def check_schedule(tree: Tree, steps: int) -> None:
    """Raise :class:`ConfigurationError` for a schedule that does not fit into so many steps."""
    table = tree["optimizer"]["schedule"]
    if not isinstance(table, Mapping) or "use" not in table:
        return  # a function, handed over as itself
    entry = get("schedule", table["use"])
    _raise(problems_together(entry, table, "optimizer.schedule", steps), "the configuration")


def _raise(problems: Sequence[Problem], where: str) -> None:
    if problems:
        raise ConfigurationError(where, problems=problems)
