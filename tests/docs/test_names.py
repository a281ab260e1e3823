"""The words of the code that the page of names explains: each is there, and means one thing."""

import importlib
import re
from collections import Counter
from pathlib import Path

import pytest

import neuroflow

PACKAGE = Path(neuroflow.__file__).parent
PAGE = PACKAGE.parent / "docs" / "names.md"
ROWS = re.findall(r"^\| (.+?) \| .+? \| `(neuroflow\..+?)` \|$", PAGE.read_text("utf-8"), re.M)


def test_the_page_has_words():
    assert len(ROWS) > 20


@pytest.mark.parametrize(("word", "home"), ROWS)
def test_a_word_lives_where_the_page_says(word, home):
    module, _, name = home.rpartition(".")
    try:
        importlib.import_module(home)
    except ModuleNotFoundError:
        assert hasattr(importlib.import_module(module), name), f"{word}: {home}"


def test_no_word_is_explained_twice():
    words = Counter(word for row, _ in ROWS for word in row.split(", "))
    assert [word for word, count in words.items() if count > 1] == []


def test_a_public_name_of_a_class_is_that_of_one_class():
    classes = Counter(
        name
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r"^class ([A-Z]\w*)", path.read_text(encoding="utf-8"), re.M)
    )
    assert [name for name, count in classes.items() if count > 1] == []
