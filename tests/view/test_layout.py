"""The layered layout: flow, no overlap, few crossings, and cycles that do not break it."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroflow.view.layout import COLUMN_GAP, ROW_GAP, layered

SIZE = (100.0, 40.0)


def overlapping(layout, sizes):
    return [
        (i, j)
        for i, j in combinations(range(len(sizes)), 2)
        if abs(layout.at[i][0] - layout.at[j][0]) < (sizes[i][0] + sizes[j][0]) / 2 - 1e-6
        and abs(layout.at[i][1] - layout.at[j][1]) < (sizes[i][1] + sizes[j][1]) / 2 - 1e-6
    ]


def test_a_chain_lies_on_a_line():
    layout = layered([SIZE] * 3, [(0, 1), (1, 2)])
    assert layout.at == [(50.0, 20.0), (150.0 + COLUMN_GAP, 20.0), (250.0 + 2 * COLUMN_GAP, 20.0)]
    assert (layout.width, layout.height) == (300.0 + 2 * COLUMN_GAP, 40.0)


def test_two_inputs_frame_their_user():
    layout = layered([SIZE] * 3, [(0, 2), (1, 2)])
    (_, y0), (_, y1), (_, y2) = layout.at
    assert y1 - y0 == 40.0 + ROW_GAP
    assert y2 == pytest.approx((y0 + y1) / 2)


def test_a_leaf_lies_beside_its_first_user():
    layout = layered([SIZE] * 4, [(0, 1), (1, 2), (3, 2)])
    assert layout.at[3][0] == layout.at[1][0]


def test_long_edges_pass_between_the_items():
    layout = layered([SIZE] * 4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    points = layout.through[0, 3]
    assert len(points) == 4
    for x, y in points:
        for cx, cy in layout.at:
            assert abs(x - cx) > 50 - 1e-6 or abs(y - cy) > 20 - 1e-6


def test_crossed_pairs_are_uncrossed():
    layout = layered([SIZE] * 4, [(0, 3), (1, 2)])
    assert (layout.at[0][1] < layout.at[1][1]) == (layout.at[3][1] < layout.at[2][1])


def test_a_cycle_is_broken_by_one_edge():
    layout = layered([SIZE] * 3, [(0, 1), (1, 2), (2, 0)])
    assert layout.back == {(2, 0)}


def test_items_without_edges_are_set_in_rows():
    layout = layered([SIZE] * 6, [])
    assert len({x for x, _ in layout.at}) in (1, 2)
    assert overlapping(layout, [SIZE] * 6) == []


def test_nothing_at_all():
    assert layered([], []).width == 0.0


@given(st.data())
def test_nothing_overlaps_and_edges_go_forward(data):
    n = data.draw(st.integers(1, 12))
    sizes = data.draw(
        st.lists(st.tuples(st.floats(20, 300), st.floats(20, 300)), min_size=n, max_size=n)
    )
    number = st.integers(0, n - 1)
    edges = data.draw(st.lists(st.tuples(number, number), max_size=30))
    layout = layered(sizes, edges)
    assert overlapping(layout, sizes) == []
    for (a, b), points in layout.through.items():
        left, right = (b, a) if (a, b) in layout.back else (a, b)
        assert layout.at[left][0] < layout.at[right][0]
        assert all(layout.at[left][0] < x < layout.at[right][0] for x, _ in points)
    for (x, y), (w, h) in zip(layout.at, sizes, strict=True):
        assert x - w / 2 >= -1e-6
        assert x + w / 2 <= layout.width + 1e-6
        assert y - h / 2 >= -1e-6
        assert y + h / 2 <= layout.height + 1e-6
