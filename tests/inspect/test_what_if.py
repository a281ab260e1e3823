"""What-if: predictions, actual changes, and nothing moved."""

import math

import pytest

import neuroflow as nf


def test_a_quadratic_is_predicted_exactly():
    x, y = nf.Value(3.0), nf.Value(2.0)
    answer = nf.what_if(x * x + x * y, {x: 0.5, y: -1.0})
    assert answer.first_order == 0.5 * 8.0 - 1.0 * 3.0
    assert answer.second_order == 0.25 - 0.5
    assert answer.predicted == pytest.approx(answer.actual, abs=1e-14)
    assert answer.actual == (3.5 * 3.5 + 3.5 * 1.0) - 15.0


def test_second_order_beats_first_order():
    x = nf.Value(0.7)
    answer = nf.what_if((x * 2).tanh().exp(), {x: 0.01})
    miss = abs(answer.actual - answer.first_order)
    assert abs(answer.actual - answer.predicted) < miss / 50
    assert answer.after == pytest.approx(math.exp(math.tanh(1.42)), rel=1e-15)


def test_nothing_changes():
    x = nf.Value(3.0)
    y = x * x
    y.backward()
    nf.what_if(y, {x: 1.0})
    assert (x.data, x.grad, y.data, y.grad) == (3.0, 6.0, 9.0, 1.0)


def test_an_inner_value_is_held():
    x = nf.Value(2.0)
    h = x * 3
    assert nf.what_if(h * h, {h: 1.0}).after == 49.0


def test_values_by_name():
    x = nf.Value(2.0, "x")
    assert nf.what_if(x * x, {"x": 1.0}).actual == 5.0
    with pytest.raises(nf.InputError, match="no value named 'xx'"):
        nf.what_if(x * x, {"xx": 1.0})


def test_mistakes_are_told():
    x, other = nf.Value(2.0), nf.Value(1.0)
    with pytest.raises(nf.InputError, match="does not depend on"):
        nf.what_if(x * x, {other: 1.0})
    with pytest.raises(nf.InputError, match="finite number"):
        nf.what_if(x * x, {x: math.nan})
    with pytest.raises(nf.DomainError, match="after the change"):
        nf.what_if(x.log(), {x: -5.0})


def test_text_and_dict():
    x = nf.Value(3.0)
    answer = nf.what_if(x * x, {x: 0.5})
    assert str(answer) == (
        "now        9\n"
        "predicted  12.25   change 3.25 = 3 (slope) + 0.25 (curvature)\n"
        "actual     12.25   change 3.25"
    )
    assert answer.to_dict()["predicted"] == 3.25


def test_a_change_beyond_the_range_of_floats_is_told_with_the_numbers_after_it():
    x = nf.Value(1.0)
    with pytest.raises(
        nf.DomainError, match=r"mul\(1e\+200, 1e\+200\) .* it is inf, after the change"
    ):
        nf.what_if(x * x, {x: 1e200})
    with pytest.raises(nf.DomainError, match=r"log\(0\) .* after the change"):
        nf.what_if(nf.log(x), {x: -1.0})
    for step in (10**400, "1", None, math.nan):
        with pytest.raises(nf.InputError):
            nf.what_if(x * x, {x: step})


def test_what_is_not_finite_already_is_no_answer_either():
    infinite, one = nf.Value(math.inf), nf.Value(1.0)
    for output in (infinite * one, nf.Value(math.nan) * one):
        with pytest.raises(nf.DomainError, match="after the change"):
            nf.what_if(output, {one: 1.0})
    masked = nf.exp(one - math.inf) + one
    assert nf.what_if(masked, {one: 1.0}).after == 2.0
    zero = nf.Value(0.0)
    with pytest.raises(nf.DomainError, match=r"pow\(0, 0\.5\) .* derivative"):
        nf.what_if(zero**1.5, {zero: 0.1})
