"""Writing: a tree as TOML, which reads back as the same tree."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from neuroflow.errors import InputError


def to_toml(tree: Mapping[str, Any]) -> str:
    """The tree as TOML; ``tomllib.loads`` gives it back. Keys without a value are left out."""
    lines = [f"{_toml_key(k)} = {_toml(v)}" for k, v in tree.items() if not isinstance(v, Mapping)]
    for name, table in tree.items():
        if isinstance(table, Mapping):
            lines += ["", f"[{_toml_key(name)}]"]
            lines += [f"{_toml_key(k)} = {_toml(v)}" for k, v in table.items() if v is not None]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        pairs = (f"{_toml_key(k)} = {_toml(v)}" for k, v in value.items() if v is not None)
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, (int, float)):
        return repr(value)
    what = f"{value!r} cannot be written as TOML"
    raise InputError(what, expected="numbers, texts and tables", got=value)


def _toml_key(key: str) -> str:
    bare = key.replace("_", "").replace("-", "")
    return key if bare.isascii() and bare.isalnum() else _toml(key)
