"""Writing: a tree as TOML, which reads back as the same tree."""

from __future__ import annotations

import json
import math
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
