"""JSON Schema: what a configuration may say, for editors, made of what is installed.

One schema for each kind of part, with one alternative for each entry; its settings come from their
declarations, as everywhere. A document that extends another may leave out what that says: what is
asked of all others stands under ``whole``.
"""

from __future__ import annotations

import math
import re
import types
import typing
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from attrs import define, field

from neuroflow.config.checking import DATA, FROM_DATA, GIVEN_PARTS, is_left_open
from neuroflow.config.reading import EXTENDS, FOR_EDITORS
from neuroflow.config.settings import (
    SCHEMA,
    SECTIONS,
    GroupTable,
    Section,
    is_by_name,
    settings_beside,
    settings_of,
)
from neuroflow.config.shape_rules import AUTO
from neuroflow.config.shapes import NAME, REF
from neuroflow.config.variables import VARIABLE
from neuroflow.core.domain import Domain
from neuroflow.core.settings import Setting, declared
from neuroflow.core.types import REQUIRED, a, is_list, is_optional
from neuroflow.errors import NeuroflowError
from neuroflow.registry.entries import Entry, plural
from neuroflow.registry.manager import get, manager, names

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

NOT_SAID = {
    "relations": "settings that are right one by one and not together, as an entry's relations say",
    "references": "whether a layer before has the name that one refers to",
    "shapes": "layers that do not fit each other, or sizes that nothing tells",
    "base": "what a document that extends another adds to it, and whether that is there",
    "variables": "whether a variable names a value, and whether that is of the right type",
    "whole numbers": "that 2.0 is no whole number: JSON has one kind of number",
    "finite numbers": "that a number is finite, and fits into a float",
    "memory": "that so many need more memory than there is",
    "full names": "the settings of an entry that is named with its namespace or its version",
    "spellings": "names with a version in leading zeros, or with an empty namespace",
}
"""What the loader refuses or takes, and no schema can say."""


def json_schema(docs: str = "") -> Schema:
    """The JSON Schema (2020-12) of a configuration, with all entries that are installed.

    ``docs`` is where the built documentation lies, for links to the page of each entry.

    >>> schema = json_schema()
    >>> sorted(schema["properties"])[:4]
    ['$schema', 'data', 'extends', 'loss']
    >>> schema["$defs"]["activation.leaky_relu"]["properties"]["slope"]["default"]
    0.01
    """
    return SchemaWriter(docs).document()


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


VARIABLES = "variable"


@define
class SchemaWriter:
    """Writes the definitions of all kinds that the tree can name."""

    docs: str = ""
    of_model: frozenset[str] = field(factory=lambda: kinds_in("layer"))
    definitions: dict[str, Schema] = field(factory=dict)

    def document(self) -> Schema:
        """The schema of a whole tree."""
        self.definitions[VARIABLES] = {
            "type": "string",
            "pattern": VARIABLE,
            "description": "Another value of this configuration, by its path.",
        }
        properties: Schema = {
            FOR_EDITORS: {"description": "For editors alone."},
            "schema": {"const": SCHEMA, "description": "The form of this configuration."},
            EXTENDS: {
                "type": ["string", "null"],
                "minLength": 1,
                "description": "The recipe or the file that this one goes on from.",
                "examples": names("recipe"),
            },
        }
        for section in SECTIONS:
            self.section(section)
            properties[section.name] = {
                "description": _sentence(section.meaning),
                **_ref(section.name),
            }
        whole = {section.name: _ref(f"whole.{section.name}") for section in SECTIONS}
        return {
            "$schema": DIALECT,
            "$comment": f"Not said here: {'; '.join(NOT_SAID.values())}.",
            "title": "A neuroflow configuration",
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            "if": {"required": [EXTENDS], "properties": {EXTENDS: {"type": "string"}}},
            "else": {"required": list(whole), "properties": whole},
            "$defs": dict(sorted(self.definitions.items())),
        }

    def section(self, section: Section) -> None:
        """One table of the tree, with the settings that it has beside those of the entry."""
        if section.kind:
            self.kind(section.kind, section.name, section)
            return
        settings = section.settings
        table = self.table(settings)
        table["properties"]["backend"] = {
            **table["properties"]["backend"],
            "enum": ["auto", *dict.fromkeys(["eager", *names("backend")])],
        }
        table["not"] = _all_given("epochs", "steps")
        either = [_all_given("epochs"), _all_given("steps")]
        self.definitions[section.name] = {"anyOf": [table, _ref(VARIABLES)]}
        self.definitions[f"whole.{section.name}"] = {
            "anyOf": [{"type": "object", "anyOf": either}, _ref(VARIABLES)]
        }

    def kind(self, kind: str, name: str, section: Section | None = None) -> None:
        """All entries of a kind: names alone, and one table for each."""
        if name in self.definitions:
            return
        self.definitions[name] = {}  # a layer may hold layers
        entries = list(_entries(kind))
        tables = [self.entry(entry, name, section) for entry in entries]
        plain = [(entry, words) for entry, words in entries if not _missing(entry)]
        short = [(word, entry.summary) for entry, words in plain for word in words
                 if word in _short(entry)]  # fmt: skip
        by_name: Schema = {
            "type": "string",
            "enum": [word for word, _ in short],
            "x-taplo": {"docs": {"enumValues": [summary for _, summary in short]}},
        }
        of_variable = {
            "type": "object", "properties": {"use": _ref(VARIABLES)}, "required": ["use"]
        }  # fmt: skip
        self.definitions[name] = {
            "title": f"{a(kind)}, by name or as a table",
            "anyOf": [by_name, *tables, *self.given(name, section), *_in_full(entries, plain),
                      *self.instead(kind), of_variable, _ref(VARIABLES)],
        }  # fmt: skip
        self.definitions[f"whole.{name}"] = self.whole(entries, section)

    def instead(self, kind: str) -> list[Schema]:
        """What may stand for a layer: an activation, and a reference to one that has a name."""
        if kind != "layer":
            return []
        self.kind("activation", "activation")
        told = "The name of a layer before this one: the very same, with the same parameters."
        ref = {"type": "string", "description": told}
        reference = {"type": "object", "properties": {REF: ref}, "required": [REF],
                     "additionalProperties": False}  # fmt: skip
        return [reference, _ref("activation")]

    def entry(self, named: tuple[Entry, list[str]], name: str, section: Section | None) -> Schema:
        """The table that names an entry, with its settings and those beside them."""
        entry, words = named
        beside = settings_beside(section.name, entry) if section else ()
        settings = {each.name: each for each in (*settings_of(entry), *beside)}
        table = self.table(list(settings.values()), in_model=entry.kind in self.of_model)
        told = _told(entry)
        use: Schema = {"enum": [word for word in words if word in _short(entry)],
                       "description": told}  # fmt: skip
        if self.docs:
            page = f"{self.docs.rstrip('/')}/reference/{plural(entry.kind)}.html"
            anchor = re.sub(r"[^a-z0-9]+", "-", f"nf-{entry.kind}-{entry.shortest_name}".lower())
            use["x-taplo"] = {"links": {"key": f"{page}#{anchor}"}}
        own: Schema = {}
        if entry.kind == "layer" and NAME not in settings:
            own[NAME] = {"type": "string", "minLength": 1, "description": "What others refer to."}
        table["properties"] = {"use": use, **own, **table["properties"]}
        key = re.sub(r"[^\w.-]", ".", f"{name}.{entry.shortest_name}")  # a reference is a URI
        title = f"{entry.kind} {entry.shortest_name}"
        self.definitions[key] = {"title": title, "description": told, **table}
        return _ref(key)

    def table(self, settings: Sequence[Setting], in_model: bool = False) -> Schema:
        """A table with these settings and no others."""
        properties = {each.name: self.setting(each, in_model) for each in settings}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def setting(self, setting: Setting, in_model: bool) -> Schema:
        """One setting: what it means, its default, and which values are right."""
        told: Schema = {"description": _meaning(setting)}
        if setting.default not in (REQUIRED, None) and _is_plain(setting.default):
            told["default"] = setting.default
        options = [self.values(setting), _ref(VARIABLES)]
        words = [word for word in (AUTO, DATA) if in_model and _left_open(setting, word)]
        options += [{"enum": words}] if words and not setting.many else []
        if setting.default is None or is_optional(setting.type):
            options.append({"type": "null"})
        if setting.many and words:
            options[0] = _with_words(options[0], words)
        if options[0].get("type") == "string" and len(options) == 2 and not setting.length:
            return {**told, **options[0]}  # any text, a variable as well
        return {**told, "anyOf": options}

    def values(self, setting: Setting) -> Schema:
        """The values that are right for a setting, apart from words that stand for others."""
        if setting.name == "groups" and not setting.part and setting.many:
            return self.groups()
        if setting.part:
            self.kind(setting.part, setting.part)
            whole = {"allOf": [_ref(setting.part), _ref(f"whole.{setting.part}")]}
            if is_by_name(setting):
                return {"type": "object", "additionalProperties": whole}
            return {"type": "array", "items": whole} if setting.many else _ref(setting.part)
        schema = of_type(setting.type)
        if setting.within:
            schema = _bounded(schema, setting.within)
        return {**schema, **_lengths(setting)} if setting.length else schema

    def groups(self) -> Schema:
        """The tables of ``[[optimizer.groups]]``."""
        settings = tuple(declared(GroupTable).values())
        table = self.table(settings)
        table["required"] = [each.name for each in settings if each.required]
        table["not"] = {"required": ["learning_rate", "factor"]}
        return {"type": "array", "items": {"anyOf": [table, _ref(VARIABLES)]}}

    def given(self, name: str, section: Section | None) -> list[Schema]:
        """The table of a part that was handed over as itself, where there may be one."""
        place = {"schedule": "optimizer.schedule", "metric": "train.metrics"}.get(name, name)
        if place not in GIVEN_PARTS:
            return []
        own: Schema = {each: {} for each in GIVEN_PARTS[place]}
        table = self.table(section.settings if section else ())
        table["properties"] = {"given": {"type": "string"}, **own, **table["properties"]}
        table["required"] = ["given"]
        if name == "optimizer":
            table["additionalProperties"] = True
            table["not"] = {"required": ["use"]}
        return [table]

    def whole(self, entries: Sequence[tuple[Entry, list[str]]], section: Section | None) -> Schema:
        """What a table has to say that goes over no other: whom it names, and what has no default.

        So do the parts in it that are tables; those in lists are never left to another.
        """
        rules: list[Schema] = []
        for entry, words in entries:
            beside = settings_beside(section.name, entry) if section else ()
            inner = {
                each.name: _ref(f"whole.{each.part}")
                for each in (*settings_of(entry), *beside)
                if each.part and not each.many and not is_by_name(each)
            }
            asked = [_present(setting) for setting in _missing(entry)]
            if inner or asked:
                use = {"type": "string", "pattern": f"^({'|'.join(map(re.escape, words))})$"}
                then: Schema = {"properties": inner, **({"allOf": asked} if asked else {})}
                when = {"properties": {"use": use}, "required": ["use"]}
                rules.append({"if": when, "then": then})
        named = {"anyOf": [{"required": [key]} for key in ("use", "given", REF)]}
        rule: Schema = {"if": {"type": "object"}, "then": {**named}}
        if rules:
            rule["then"]["allOf"] = rules
        return rule


def kinds_in(kind: str) -> frozenset[str]:
    """A kind and those that its entries have as parts, however deep."""
    found, to_do = {kind}, [kind]
    while to_do:
        for entry, _ in _entries(to_do.pop()):
            new = {each.part for each in settings_of(entry) if each.part} - found
            found |= new
            to_do += new
    return frozenset(found)


# Entries and their names ---------------------------------------------------------------------


def _entries(kind: str) -> Iterator[tuple[Entry, list[str]]]:
    """Every entry of a kind that works, with all the names that mean it."""
    for entry in manager().registry.entries(kind):
        try:
            settings_of(entry)
        except NeuroflowError:
            continue  # it cannot be loaded: nobody can name it
        if words := [word for word in _spellings(entry) if _means(kind, word) is entry]:
            yield entry, words


def _spellings(entry: Entry) -> list[str]:
    short = (entry.name, *entry.aliases)
    full = [f"{entry.namespace}/{word}" for word in short]
    plain = [entry.shortest_name, *short, *full]
    return list(dict.fromkeys([*plain, *(f"{word}@{entry.version}" for word in (*short, *full))]))


def _short(entry: Entry) -> tuple[str, ...]:
    """The names that editors offer: without version, and without namespace where it may go."""
    return (entry.shortest_name, entry.name, *entry.aliases)


def _in_full(
    entries: Sequence[tuple[Entry, list[str]]], plain: Sequence[tuple[Entry, list[str]]]
) -> list[Schema]:
    """Names with namespace or version, alone and in tables, whose settings are not looked into."""

    def full(some: Sequence[tuple[Entry, list[str]]]) -> Schema:
        words = [word for entry, known in some for word in known if word not in _short(entry)]
        return {"type": "string", "pattern": f"^({'|'.join(map(re.escape, words))})$"}

    table = {"type": "object", "properties": {"use": full(entries)}, "required": ["use"]}
    return [full(plain), table]


def _means(kind: str, word: str) -> Entry | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # nobody has used it
        try:
            return get(kind, word)
        except NeuroflowError:
            return None


def _missing(entry: Entry) -> list[Setting]:
    """The settings that have no default and that no data know."""
    return [each for each in settings_of(entry) if each.required and each.name not in FROM_DATA]


def _present(setting: Setting) -> Schema:
    """That a setting is there, or the one that takes its place."""
    present = {"required": [setting.name]}
    return {"anyOf": [present, _all_given(setting.unless)]} if setting.unless else present


def _all_given(*keys: str) -> Schema:
    """That all of these are there, and not null."""
    some = {key: {"not": {"type": "null"}} for key in keys}
    return {"required": list(keys), "properties": some}


def _left_open(setting: Setting, word: str) -> bool:
    """Whether a size may be left to the data or to what comes in."""
    if setting.part:
        return False
    tries = [[word] * k for k in (1, 2, 3)] if setting.many else [word]
    return any(is_left_open(value, setting, "model.size", True) for value in tries)


# Values --------------------------------------------------------------------------------------


def of_type(hint: Any) -> Schema:
    """The values of a type, as the loader judges them.

    >>> of_type(int | str), of_type(list[float])
    ({'anyOf': [{'type': 'integer'}, {'type': 'string'}]},
     {'type': 'array', 'items': {'type': 'number'}})
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is None or hint is type(None):
        return {"type": "null"}
    if is_list(hint):
        return {"type": "array", **_items([x for x in arguments if x is not Ellipsis])}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [of_type(each) for each in arguments]}
    plain = {int: "integer", float: "number", bool: "boolean", str: "string", dict: "object"}
    kind = plain.get(origin or hint)
    return {"type": kind} if kind else {}


def _items(hints: Sequence[Any]) -> Schema:
    if not hints:
        return {}
    items = [of_type(each) for each in hints]
    return {"items": items[0] if len(items) == 1 else {"anyOf": items}}


def _bounded(schema: Schema, within: str) -> Schema:
    """The same with an interval for each number, also for those in a list."""
    if schema.get("type") == "array":
        return {**schema, "items": {**schema.get("items", {}), **_bounds(within)}}
    if "anyOf" in schema:
        lists = [_bounded(x, within) if x.get("type") == "array" else x for x in schema["anyOf"]]
        schema = {"anyOf": lists}
    return {**schema, **_bounds(within)}


def _bounds(within: str) -> Schema:
    """An interval as JSON Schema has it; it says nothing of what is no number.

    >>> _bounds("[0, 1)")
    {'minimum': 0.0, 'exclusiveMaximum': 1.0}
    """
    intervals = Domain.parse(within).intervals
    if len(intervals) > 1:
        return {"allOf": [{"anyOf": [_bounds(_text(each)) for each in intervals]}]}
    (one,) = intervals
    found: Schema = {}
    if one.low > -math.inf:
        found["minimum" if one.includes_low else "exclusiveMinimum"] = one.low
    if one.high < math.inf:
        found["maximum" if one.includes_high else "exclusiveMaximum"] = one.high
    return found


def _text(interval: Any) -> str:
    left, right = "[" if interval.includes_low else "(", "]" if interval.includes_high else ")"
    return f"{left}{interval.low}, {interval.high}{right}"


def _lengths(setting: Setting) -> Schema:
    (one,) = Domain.parse(setting.length).intervals
    found: Schema = {}
    for unit in ("Items", "Length"):
        if one.low > -math.inf:
            found[f"min{unit}"] = math.ceil(one.low) + (one.low == int(one.low)) * (
                not one.includes_low
            )
        if one.high < math.inf:
            found[f"max{unit}"] = math.floor(one.high) - (one.high == int(one.high)) * (
                not one.includes_high
            )
    return found


def _with_words(schema: Schema, words: Sequence[str]) -> Schema:
    """A list whose entries may be words that stand for a number."""
    if schema.get("type") == "array":
        return {**schema, "items": {"anyOf": [schema.get("items", {}), {"enum": list(words)}]}}
    inner = [_with_words(each, words) if each.get("type") == "array" else each
             for each in schema.get("anyOf", [])]  # fmt: skip
    return {**schema, "anyOf": inner} if inner else schema


def _is_plain(value: Any) -> bool:
    """Whether JSON can hold a default."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(x) for key, x in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, str)) or (
        isinstance(value, float) and math.isfinite(value)
    )  # fmt: skip


# Words ---------------------------------------------------------------------------------------


def _sentence(text: str) -> str:
    text = f"{text[:1].upper()}{text[1:]}"
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _meaning(setting: Setting) -> str:
    """What a setting means, which values are right, and its default, for who hovers over it."""
    default = setting.default
    said = f"default {default!r}" if _is_plain(default) and default is not None else ""
    said = said or ("required" if setting.required else "may be left out")
    values = f"{setting.expected}; {said}".replace("True", "true").replace("False", "false")
    return "\n\n".join(filter(None, [_sentence(setting.meaning), _sentence(values)]))


def _told(entry: Entry) -> str:
    """What an entry is, and where to read on."""
    formula = f"`{entry.formula}`" if entry.formula else ""
    source = f"From {entry.reference}." if entry.reference else ""
    offered = f"Offered by {entry.credit}." if entry.credit else ""
    more = f"More: `neuroflow show {entry.shortest_name} --kind {entry.kind}`"
    return "\n\n".join(filter(None, [_sentence(entry.summary), formula, source, offered, more]))
