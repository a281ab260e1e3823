"""The guard of speed says what moved, and only that."""

from __future__ import annotations

from functools import partial

import pytest

from tests.benchmarks import middle
from tests.benchmarks.guard import compared, row, twice, verdict

EVEN = [(10.0, 10.0), (10.0, 10.0), (10.0, 10.0)]


@pytest.mark.parametrize(
    ("name", "rounds", "ratio", "moved"),
    [
        ("step, ms", [(10, 12), (11, 13), (10, 12)], 10 / 12, True),
        ("step, ms", [(10, 8), (11, 9), (10, 8)], 10 / 8, True),
        ("steps/s", [(10, 12), (11, 13), (10, 12)], 12 / 10, True),
        ("step, ms", [(10, 12), (12, 11), (10, 12)], 10 / 12, False),  # one round disagrees
        ("step, ms", [(100, 101), (100, 101), (100, 102)], 100 / 101, False),  # within noise
        ("step, ms", EVEN, 1.0, False),
    ],
)
def test_a_row_moved_if_all_rounds_agree_and_by_more_than_noise(name, rounds, ratio, moved):
    found = row(name, rounds)
    assert found["ratio"] == pytest.approx(ratio)
    assert found["moved"] is moved


def test_only_rows_that_both_versions_have_are_compared():
    rows = compared([({"a, ms": 1.0, "old, ms": 2.0}, {"a, ms": 1.5, "new, ms": 3.0})])
    assert [(r["row"], r["before"], r["after"], r["moved"]) for r in rows] == [
        ("a, ms", 1.0, 1.5, True)
    ]
    assert verdict(rows) == "\nworse: a, ms (0.67)\nbetter: nothing"


def test_nothing_moved_is_said():
    assert verdict([row("a, ms", EVEN)]) == "\nworse: nothing\nbetter: nothing"


def test_what_moves_once_and_not_again_has_not_moved():
    slow, fast = [(10.0, 12.0)] * 3, [(10.0, 8.0)] * 3
    for second, moved in ((slow, True), (EVEN, False), (fast, False)):
        sittings = iter([[row("a, ms", slow)], [row("a, ms", second)]])
        assert [r["moved"] for r in twice(partial(next, sittings))] == [moved]


def test_what_does_not_move_is_not_measured_again():
    sittings = iter([[row("a, ms", EVEN)]])
    assert [r["moved"] for r in twice(partial(next, sittings))] == [False]


def test_what_two_threads_gain_is_told_by_the_clock_alone():
    both = {"wall_ms": 2.0, "cpu_ms": 4.0, "first_step_s": 1.0}
    one = {**both, "wall_ms": 4.0}
    cells = {"model": "MLP", "dtype": "float64", "batch": 1, "peers": {}, "one": one, "two": both}
    gains = [middle.line(cells, clock).split("|")[-4].strip() for clock in ("wall_ms", "cpu_ms")]
    assert gains == ["2.00", ""]


def test_a_failure_of_our_own_is_told_and_ends_the_table(capsys):
    with pytest.raises(SystemExit, match="no figures for"):
        middle.own("no such model")
    assert "KeyError: 'no such model'" in capsys.readouterr().err
