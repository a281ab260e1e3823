"""Decimals and distinct cells: what numpy finds at once is what is found one by one."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from neuroflow.data.decimals import decimals
from neuroflow.data.distinct import distinct
from neuroflow.data.reading import read_columns
from tests.support.sweeps import tries


def places(cells):
    text = np.frombuffer("".join(f"{cell}," for cell in cells).encode(), np.uint8)
    widths = np.array([len(cell.encode()) for cell in cells])
    ends = np.cumsum(widths + 1) - 1
    return text, ends - widths, ends


def spelt(rng):
    """A number as people and programs write it, near the middle of two floats now and then."""
    x = rng.gauss(0.0, 1.0) * 10.0 ** rng.randrange(-4, 14)
    middle = (abs(x) + math.nextafter(abs(x), math.inf)) / 2
    return rng.choice([repr(x), f"{x:.6f}", f"{x:.12f}", str(int(x * 1000)), f"{middle:.18f}"[:20]])


STRANGE = ["-0", "+1.5", ".5", "5.", "-.25", "9007199254740993", "1" * 19, "1" * 20, "0" * 30]
NONE = ["", "-", ".", "+", "1.2.3", "--1", "1-", " 1", "1_0", "nan", "inf", "x", "1e5", "1,5"]


@pytest.mark.sweep
def test_numbers_read_at_once_are_those_that_float_reads(figures):
    rng = random.Random(1)
    cells = [*STRANGE, *(spelt(rng) for _ in range(tries(3000, full=1_000_000)))]
    numbers, understood = decimals(*places(cells))
    for cell, number, known in zip(cells, numbers.tolist(), understood.tolist(), strict=True):
        if known:
            assert number.hex() == float(cell).hex(), cell
    assert understood.mean() > 0.85
    figures(tried=len(cells), faults=0)


def test_what_is_no_plain_number_is_left_to_be_read_one_by_one():
    assert not decimals(*places(NONE))[1].any()


def test_the_same_cells_are_found_at_once():
    cells = ["red", "", "blue", "red", "reds", "é", "", "red"]
    first, which = distinct(*places(cells))
    assert [cells[k] for k in first[which]] == cells
    assert len(first) == len(set(cells))
    assert distinct(*places(["x" * 100])) is None


def test_a_large_block_is_read_as_a_small_one(tmp_path, monkeypatch):
    rng = random.Random(2)
    lines = [f"{spelt(rng)},{rng.choice(['', 'NA', '1e-3', ' 7'])},{rng.choice('abc')}"
             for _ in range(400)]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(["x,y,word", *lines]))
    slow = read_columns(tmp_path / "t.csv")
    monkeypatch.setattr("neuroflow.data.reading.WORTH_NUMPY", 1)
    quick = read_columns(tmp_path / "t.csv")
    assert [list(column) for column in quick.columns] == [list(column) for column in slow.columns]
    assert (quick.lines, quick.notation) == (slow.lines, slow.notation)
