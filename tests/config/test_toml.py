"""Writing: any tree survives TOML."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from neuroflow.config import to_toml

_KEYS = st.text(min_size=1, max_size=8)


_PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False),
    st.text(max_size=10).filter(lambda s: not any("\ud800" <= c <= "\udfff" for c in s)),
)


_VALUES = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3)
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_any_tree_survives_toml(tree):
    assert tomllib.loads(to_toml(tree)) == tree
