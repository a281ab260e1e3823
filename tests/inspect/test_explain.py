"""Receipts: every use of a value, and parts that add up to the gradient."""

import json
import math
import re

import pytest

import neuroflow as nf
from neuroflow.inspect.sources import call_of


def readme_expression():
    """micrograd's README expression; its derivatives are known."""
    a, b = nf.Value(-4.0, "a"), nf.Value(2.0, "b")
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + (b + a).relu()
    d = d + 3 * d + (b - a).relu()
    f = (c - d) ** 2
    return a, b, f / 2.0 + 10.0 / f


def test_parts_of_the_readme_expression_add_up_to_its_gradient():
    a, b, g = readme_expression()
    g.backward()
    for x, slope in ((a, 138.83381924198252), (b, 645.5772594752186)):
        receipt = x.explain()
        assert receipt.outputs == (g,)
        assert receipt.gradient == x.grad == pytest.approx(slope, rel=1e-14)
        assert receipt.total == pytest.approx(x.grad, rel=1e-12)
        assert len(receipt.parts) == 5


def test_receipt_by_hand():
    a, b = nf.Value(2.0, "a"), nf.Value(3.0, "b")
    loss = a * b + a
    receipt = a.explain(loss)
    parts = {p.label: (p.derivative, p.local, p.upstream) for p in receipt.parts}
    assert parts == {"a * b": ("b", 3.0, 1.0), "a * b + a": ("1", 1.0, 1.0)}
    assert receipt.gradient == 4.0
    assert loss.explain(a).gradient == 4.0, "either order"


def test_a_value_used_twice_by_one_node_has_two_parts():
    x = nf.Value(3.0, "x")
    receipt = x.explain(x * x)
    assert [(p.position, p.amount) for p in receipt.parts] == [(0, 3.0), (1, 3.0)]


def test_explaining_changes_no_gradient():
    a, _, g = readme_expression()
    g.backward()
    before = (a.grad, g.grad)
    a.explain()
    str(a.explain(g).text(depth=3))
    assert (a.grad, g.grad) == before


def test_gradients_of_several_backward_passes_are_explained_together():
    w = nf.Value(0.5, "w")
    losses = [(w * x - 1.0) ** 2 for x in (1.0, 2.0, 3.0)]
    for loss in losses:
        loss.backward()
    receipt = w.explain()
    assert len(receipt.outputs) == 3
    assert receipt.total == pytest.approx(w.grad, rel=1e-12)


def test_what_was_computed_from_an_output_later_is_not_the_output():
    w = nf.Value(0.5, "w")
    loss = w * w
    loss.backward()
    later = loss + 1.0
    assert w.explain().outputs == (loss,)
    assert later.grad == 0.0


def test_an_output_gives_the_gradients_of_its_leaves():
    a, b = nf.Value(2.0, "a"), nf.Value(3.0, "b")
    overview = (a * b).explain()
    assert overview.to_dict() == {
        "value": "a * b",
        "data": 6.0,
        "leaves": [
            {"name": "a", "data": 2.0, "gradient": 3.0},
            {"name": "b", "data": 3.0, "gradient": 2.0},
        ],
    }
    assert "a * b = 6" in str(overview)
    assert r"\frac{\partial y}{\partial a} &= 3" in overview.latex()


def test_many_parts_are_grouped_and_the_rest_is_summed():
    w = nf.Value(0.5, "w")
    loss = nf.sum([w * float(k) for k in range(100)])
    receipt = w.explain(loss, top=3)
    assert [p.local for p in receipt.largest] in ([97.0, 98.0, 99.0], [99.0, 98.0, 97.0])
    assert sum(r.count for r in receipt.rest) == 97
    assert math.isclose(
        sum(p.amount for p in receipt.largest) + sum(r.amount for r in receipt.rest), 4950.0
    )
    assert "97 more uses" in str(receipt)


def test_text_latex_and_json():
    a, b = nf.Value(2.0, "a"), nf.Value(3.0, "b")
    loss = a * b + a.tanh()
    receipt = a.explain(loss)
    assert re.search(r"^  a \* b +b = 3  x +1 +3$", str(receipt), re.MULTILINE)
    assert "sech(a) * sech(a) = 0.0706508" in str(receipt)
    assert r"\frac{\partial a \cdot b + \operatorname{tanh}\left(a\right)}" not in receipt.latex()
    assert (
        r"\underbrace{3}_{\partial\left(a \cdot b\right) / \partial a \,=\, b}" in receipt.latex()
    )
    facts = json.loads(json.dumps(receipt.to_dict()))
    assert facts["gradient"] == pytest.approx(facts["sum"], rel=1e-12)
    assert {part["formula"] for part in facts["parts"]} == {r"a \, b", r"\tanh x"}


def test_source_lines_are_recorded_on_request():
    x = nf.Value(1.0, "x")
    with nf.record_sources():
        y = x * 2  # this line
    (part,) = x.explain(y).parts
    assert part.source.startswith(("tests/inspect/test_explain.py:", "test_explain.py:"))
    assert part.to_dict()["code"] == "y = x * 2  # this line"


def test_unrelated_values_are_refused():
    a, b = nf.Value(1.0, "a"), nf.Value(2.0, "b")
    with pytest.raises(nf.InputError, match="a and b do not depend on each other"):
        a.explain(b)


class Scale(nf.Module):
    def __init__(self):
        self.weight = nf.Value(2.0)

    def forward(self, x):
        return self.weight * x


def test_scope_and_call_are_recorded():
    scale = Scale()
    with nf.record_sources():
        outputs = [scale(1.0), scale(2.0)]
    assert [call_of(y) for y in outputs] == [0, 1]
    assert outputs[0].scope == ""


def test_names_come_from_the_model():
    scale = Scale()
    assert scale.weight.explain(scale(3.0), model=scale).label == "weight"
