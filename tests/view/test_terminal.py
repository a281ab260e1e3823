"""Sketches in a terminal say the same without colour."""

from __future__ import annotations

import math

import pytest
from rich.console import Console

from neuroflow.view.chart import sampled
from neuroflow.view.terminal import decision_map, plot


def test_a_line_goes_from_corner_to_corner():
    rows = str(plot({"x": [(0.0, 0.0), (1.0, 1.0)]}, width=8, height=4)).split("\n")
    assert rows[0].startswith("1 ┤")
    assert rows[0].rstrip()[-1] > "⠀"
    assert rows[3].startswith("0 ┤")
    assert rows[3][3] > "⠀"
    assert rows[-1].split() == ["0", "1"]


@pytest.mark.parametrize("width", [20, 40, 64])
def test_a_sketch_is_as_wide_and_high_as_asked(width):
    rows = str(plot({"sin": sampled(math.sin, -4, 4)}, width, 10)).split("\n")
    assert len(rows) == 12
    assert max(len(row) for row in rows[:11]) <= width + 9


def test_the_second_curve_is_dotted():
    points = sampled(lambda x: 0.0, 0.0, 1.0)
    both = {"a": [(0.0, 1.0), (1.0, 1.0)], "b": points}
    rows = str(plot(both, 20, 5)).split("\n")
    dots = [sum(bin(ord(c) - 0x2800).count("1") for c in row if c >= "⠀") for row in rows[:5]]
    assert dots[0] == 40
    assert 5 < dots[4] < 20
    assert "── a   ·· b" in rows[-1]


def test_what_is_not_finite_or_beyond_the_limits_breaks_the_curve():
    points = [(0.0, 0.0), (1.0, math.nan), (2.0, 0.0), (3.0, 99.0), (4.0, 0.0)]
    sketch = str(plot({"f": points}, 20, 3, limits=(-1.0, 1.0)))
    dots = sum(bin(ord(c) - 0x2800).count("1") for c in sketch if "⠀" <= c <= "⣿")
    assert dots == 3


def test_nothing_to_draw_is_said():
    assert str(plot({"f": [(0.0, math.nan)]})) == "(nothing to draw)"
    assert str(plot({})) == "(nothing to draw)"


def test_a_constant_function_has_an_axis():
    assert "2.5" in str(plot({"f": [(0.0, 2.0), (1.0, 2.0)]}, 20, 5))


def test_a_map_of_decisions_marks_what_is_misread():
    points, targets = [[-1.0, 0.0], [1.0, 0.0], [0.9, 1.0]], [0, 1, 0]
    sketch = decision_map(
        lambda rows: [int(x > 0) for x, _ in rows], points, targets, ["no", "yes"]
    )
    text = str(sketch)
    ground = text.rpartition("└")[0]
    assert (ground.count("o"), ground.count("x"), ground.count("O")) == (1, 1, 1)
    assert "░" in ground
    assert "capitals are misread: 1 of 3" in text


def test_colour_adds_nothing_that_plain_text_does_not_say(capsys):
    sketch = plot({"a": sampled(math.sin, -4, 4), "b": sampled(math.cos, -4, 4)}, 40, 10)
    plain, coloured = Console(width=80), Console(width=80, force_terminal=True)
    plain.print(sketch)
    assert "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines()) == str(sketch)
    coloured.print(sketch)
    assert "\x1b[34m" in capsys.readouterr().out


def test_numbers_that_are_far_out_are_drawn_at_the_ends():
    far = [(0.0, -1.7e308), (1e308, 1.7e308)]
    assert "1e+100" in str(plot({"f": far}, width=30))
    assert "misread: 0 of 2" in str(
        decision_map(lambda rows: [0] * len(rows), far, [0, 0], ["a", "b"], 30, 8)
    )
