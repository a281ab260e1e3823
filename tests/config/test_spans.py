"""Spans: where each value of a text stands, as the readers of TOML and JSON understand it."""

from __future__ import annotations

import json
import tomllib

import pytest

import neuroflow as nf
from neuroflow.config.spans import spans_of

HARD = r'''# a = 1
a.b . "c d" = 1 # x
"q" = """multi
line "" ""\""""   # hi
'l' = \'\'\'x'y = ] \'\'\'\'
d = 1979-05-27 07:32:00
[ t . u ] # [v]
x = [1, # c ]
  [2, "]"], {a = 1, b.c = "}"}, ]
e = {}
[[m.l]]
a = 1
[m.l.s]
q = -inf
[[m.l]]
a = 0x2_0
[[m.l.z]]
k = "\u0041#"
[[m.l.z]]
k = 'A'
'''.replace("\\'", "'")


def every_value(tree, path=""):
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        here = f"{path}.{key}" if path else str(key)
        yield here, value
        if isinstance(value, (dict, list)):
            yield from every_value(value, here)


def holds(text, is_json=False):
    """Each span reads as the value at its path, on its line; no number and no text is missing."""
    tree = json.loads(text) if is_json else tomllib.loads(text)
    values, spans = dict(every_value(tree)), spans_of(text, is_json).values
    for path, span in spans.items():
        piece = text[span.start : span.end]
        read = json.loads(piece) if is_json else tomllib.loads(f"v = {piece}")["v"]
        assert read == values[path], path
        assert 0 <= text.count("\n", 0, span.start) + 1 - span.line <= 1
    plain = {p for p, x in values.items() if not isinstance(x, (dict, list))}
    assert plain <= set(spans)


def test_every_value_of_every_recipe_is_found():
    for recipe in nf.recipes():
        holds(recipe.text)


def test_all_that_toml_and_json_allow_is_told_apart():
    holds(HARD)
    holds(json.dumps(tomllib.loads(HARD), indent=1, default=str), is_json=True)
    holds('{"a":[1,{"b":"x\\"y:{","c":null}],\n"d":{},"e":true,"f":1e5}', is_json=True)


def inserted(text, path):
    """The tree with one more key in a table, put where the table takes one."""
    opening = spans_of(text).openings[path]
    before = "\n" if not opening.in_braces else "" if opening.is_empty else ", "
    after = "" if opening.in_braces else "\n"
    line = f"{before}{opening.key}new = 1{after}"
    return tomllib.loads(text[: opening.at] + line + text[opening.at :])


@pytest.mark.parametrize("path", ["t.u", "t.u.e", "t.u.x.2", "m.l.0", "m.l.0.s", "m.l.1.z.1", "a",
                                  "a.b"])  # fmt: skip
def test_a_table_takes_one_more_key_where_it_ends(path):
    before, after = dict(every_value(tomllib.loads(HARD))), inserted(HARD, path)
    assert dict(every_value(after)) == {
        **{key: value for key, value in every_value(after) if isinstance(value, (dict, list))},
        **{key: value for key, value in before.items() if not isinstance(value, (dict, list))},
        f"{path}.new": 1,
    }
