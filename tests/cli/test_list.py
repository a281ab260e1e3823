"""``neuroflow show``, ``list`` and ``recipes``: what there is to use."""

from __future__ import annotations

import json
import sys

import pytest

import neuroflow as nf
from neuroflow.registry.entries import KINDS
from tests.support.long_tests import all_but


@pytest.mark.parametrize("kind", all_but(KINDS, ["loss", "look"]))
def test_every_entry_can_be_shown(neuroflow, kind):
    for found in nf.find("*", kind):
        code, out, err = neuroflow("show", found.id, "--kind", found.kind)
        assert code == 0, err
        assert found.id in out, found.id
        assert "from" in out


def test_show_has_formula_derivative_domain_convention_source_and_plot(neuroflow):
    _, out, _ = neuroflow("show", "relu")
    for text in (
        "relu  op, neuroflow/relu@1", r"\max(0, x)", "for x > 0", "x in (-inf, inf)",
        "relu'(0) = 0", "plugin 'ops' of neuroflow", "neuroflow_plugins/ops.py:", "┤", "⠉",
        "--kind activation",
    ):  # fmt: skip
        assert text in out, text


def test_show_without_sympy_shows_the_source_of_the_rule(neuroflow, monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    _, out, _ = neuroflow("show", "sigmoid")
    assert "return (out * (1 - out),)" in out or "@sigmoid.partials" in out


def test_show_finds_an_entry_by_alias(neuroflow):
    assert "hinge  loss, neuroflow/hinge@1" in neuroflow("show", "max_margin")[1]


def test_list_takes_wildcards(neuroflow):
    names = [
        e["name"] for e in json.loads(neuroflow("list", "op", "*relu*", "--json")[1])["entries"]
    ]
    assert names == ["leaky_relu", "relu"]
    code, out, err = neuroflow("list", "ops", "no*such")
    assert (code, out) == (0, "")
    assert "no op matches 'no*such'" in err


def test_every_entry_is_listed_with_what_it_is(neuroflow):
    for kind, names in json.loads(neuroflow("list", "--json")[1])["kinds"].items():
        listed = json.loads(neuroflow("list", kind, "--json")[1])["entries"]
        assert [entry["use"] for entry in listed] == names
        assert all(entry["summary"] for entry in listed), kind


def test_recipes_are_those_that_train_takes(neuroflow):
    names = {r["name"] for r in json.loads(neuroflow("recipes", "--json")[1])["recipes"]}
    assert {"moons", "circles", "spirals", "xor", "function", "digits", "autoencoder",
            "multiclass"} <= names  # fmt: skip
