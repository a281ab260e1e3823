"""What all charts share: round numbers and colours, the same in Python and on the live pages."""

import json
import math
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

import neuroflow.live
from neuroflow.view.chart import PALETTE, ends, sampled, ticks

RANGES = [
    (-3.0, 3.0, 7), (0.0, 1.0, 7), (0.0, 1.0, 5), (-0.013, 0.021, 6), (1e-6, 3.3e-5, 7),
    (0.0, 250.0, 5), (-1234.5, 98765.4, 7), (0.1, 0.8, 7), (2.0, 2.5, 6),
]  # fmt: skip


@pytest.mark.parametrize(("low", "high", "about"), RANGES)
def test_ticks_are_round_and_inside(low, high, about):
    found = ticks(low, high, about)
    steps = {round(b - a, 12) for a, b in pairwise(found)}
    assert low - 1e-9 <= found[0] <= found[-1] <= high + 1e-9
    assert len(steps) <= 2
    assert 2 <= len(found) <= about + 1


def test_ends_of_numbers_that_are_not_finite():
    assert ends([math.nan, 1.0, math.inf, 3.0]) == (1.0, 3.0)
    assert ends([]) == (0.0, 1.0)


@pytest.mark.parametrize("far", [[1e308, -1e308], [1.7e308] * 2, [1e20], [5e-324, 0.0]])
def test_ends_lie_apart_and_leave_room_for_what_is_made_of_them(far):
    low, high = ends(far, margin=0.1)
    middle = low + (high - low) / 2
    assert low < middle < high
    assert math.isfinite((high - low) ** 2)


def test_a_function_without_a_value_somewhere_is_sampled_as_nan():
    points = sampled(math.log, -1.0, 1.0, 3)
    assert [math.isnan(y) for _, y in points] == [True, True, False]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_live_pages_have_the_same_ticks_and_colours(tmp_path):
    charts = Path(neuroflow.live.__file__).parent / "static" / "charts.js"
    shutil.copy(charts, tmp_path / "charts.mjs")
    (tmp_path / "ask.mjs").write_text(
        "globalThis.document = { createElement: () => ({}) };\n"
        'const { ticks, CLASSES } = await import("./charts.mjs");\n'
        f"const ranges = {json.dumps(RANGES)};\n"
        "console.log(JSON.stringify([ranges.map((range) => ticks(...range)), CLASSES]));\n"
    )
    command = ["node", tmp_path / "ask.mjs"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found, colours = json.loads(done.stdout)
    assert found == [pytest.approx(ticks(*range_)) for range_ in RANGES]
    assert colours == [list(pair) for pair in PALETTE]
