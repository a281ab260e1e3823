"""The page of formulas is true: every construct in its table is read, and gives what it says."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import pytest

from neuroflow.checks.formulas.latex import read

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "formulas.md"


def rows():
    table = PAGE.read_text(encoding="utf-8").split("## What can be written")[1].split("\n## ")[0]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 4 and cells[1].startswith("`"):
            yield cells[1].strip("`"), cells[2], float(cells[3])


@pytest.mark.parametrize(("formula", "where", "expected"), list(rows()), ids=lambda x: str(x)[:40])
def test_the_example_gives_what_the_page_says(formula, where, expected):
    given = re.findall(r"(\w+) = (\(.*?\)(?=,\s\w+ =|$)|[^,]+)", where)
    numbers = {name: ast.literal_eval(value) for name, value in given}
    assert math.isclose(read(formula)(numbers), expected, rel_tol=1e-9, abs_tol=1e-12)


def test_the_page_has_many_constructs():
    assert len(list(rows())) > 25
