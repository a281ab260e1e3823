"""Writing: a tree as TOML, which reads back as the same tree."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from neuroflow.errors import InputError, printable


def to_toml(tree: Mapping[str, Any]) -> str:
    """The tree as TOML; ``tomllib.loads`` gives it back. Keys without a value are left out."""
    lines = [f"{_toml_key(k)} = {inline(v)}" for k, v in tree.items() if not isinstance(v, Mapping)]
    for name, table in tree.items():
        if isinstance(table, Mapping):
            lines += ["", f"[{_toml_key(name)}]"]
            lines += [f"{_toml_key(k)} = {inline(v)}" for k, v in table.items() if v is not None]
    return "\n".join(lines) + "\n"


def annotated_toml(tree: Mapping[str, Any], comments: Mapping[str, str]) -> str:
    """The tree as TOML, each value on a line of its own with the comment for its path.

    >>> print(annotated_toml({"model": {"activation": {"use": "relu"}}}, {}))
    <BLANKLINE>
    [model]
    activation.use = "relu"
    """
    lines: list[tuple[str, str]] = []
    _annotate(lines, tree, "", "")
    commented = [(line, comments.get(path, "")) for line, path in lines]
    width = min(max((len(line) for line, text in commented if text), default=0), _COMMENTS_BEGIN)
    return "\n".join(f"{line:{width}}  # {text}" if text else line for line, text in commented)


_COMMENTS_BEGIN = 40


def _annotate(lines: list[tuple[str, str]], table: Any, path: str, before: str) -> None:
    """The lines of a table, each with its path: plain values, tables in it, lists of tables."""
    inner = {key: f"{path}.{key}" if path else key for key in map(str, table)}
    of_tables = [key for key, value in table.items() if _has_tables(value)]
    for key, value in table.items():
        here = inner[key]
        if isinstance(value, Mapping) and value:
            if path:
                _annotate(lines, value, here, f"{before}{_toml_key(key)}.")
        elif key not in of_tables:
            lines.append((f"{before}{_toml_key(key)} = {inline(value)}", here))
    for key in of_tables:
        name = f"{re.sub(r'[.][0-9]+(?=[.])', '', f'{path}.')}{_toml_key(key)}".lstrip(".")
        for k, each in enumerate(table[key]):
            lines += [("", ""), (f"[[{name}]]", "")]
            _annotate(lines, each, f"{inner[key]}.{k}", "")
    if not path:
        for key, value in table.items():
            if isinstance(value, Mapping) and value:
                lines += [("", ""), (f"[{_toml_key(key)}]", "")]
                _annotate(lines, value, inner[key], "")


def _has_tables(value: Any) -> bool:
    """Whether it is a list of tables alone, which stand one below the other."""
    return bool(value) and isinstance(value, list) and all(isinstance(x, Mapping) for x in value)


def inline(value: Any) -> str:
    """A value as TOML has it, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        pairs = (f"{_toml_key(k)} = {inline(v)}" for k, v in value.items() if v is not None)
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(inline, value)) + "]"
    if isinstance(value, (int, float)):
        return repr(value)
    what = f"{value!r} cannot be written as TOML"
    raise InputError(what, expected="numbers, texts and tables", got=value)


def _text(value: str) -> str:
    """A text in quotes; characters that nobody can see stand as their numbers."""
    if not value.isprintable() and any("\ud800" <= c <= "\udfff" for c in value):
        raise InputError(
            f"the text {value!r} holds bytes that are no UTF-8",
            expected="Unicode, as no TOML file can hold anything else",
            remedy="rename the file, if it is a path",
            got=value,
        )
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(c if printable(c) == c else _number(c) for c in quoted)


def _number(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _toml_key(key: str) -> str:
    bare = key.replace("_", "").replace("-", "")
    return key if bare.isascii() and bare.isalnum() else inline(key)
