"""Formulas are read as mathematics; those of every bundled op and activation can be read."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf
from neuroflow.checks.formulas.latex import read, symbols_for
from neuroflow.checks.formulas.tokens import UnreadableFormulaError
from neuroflow.checks.ops.activations import subjects
from neuroflow.checks.ops.declared import check_formula

PHI = 0.5 * (1 + math.erf(1 / math.sqrt(2)))


@pytest.mark.parametrize(("text", "numbers", "expected"), [
    (r"\frac{1}{1 + e^{-x}}", {"x": 0.3}, 1 / (1 + math.exp(-0.3))),
    (r"\max(0, x)", {"x": -1.0}, 0.0),
    (r"\operatorname{erf} x", {"x": 0.2}, math.erf(0.2)),
    (r"\begin{cases} a & \text{if } c \neq 0 \\ b & \text{otherwise} \end{cases}",
     {"a": 1.0, "b": 2.0, "c": 0.0}, 2.0),
    (r"\begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}",
     {"x": -1.0, "alpha": 2.0}, 2 * (math.exp(-1) - 1)),
    (r"[a \geq b]", {"a": 1.0, "b": 1.0}, 1.0),
    (r"\frac{1}{n} \sum_{i=1}^{n} x_i", {"x": [1.0, 2.0, 6.0], "n": 3}, 3.0),
    (r"\sum_{j \neq i} x_j", {"x": [1.0, 2.0, 6.0], "i": 0}, 8.0),
    (r"\prod_i x_i", {"x": [2.0, 3.0]}, 6.0),
    (r"\max_i x_i", {"x": [1.0, 5.0, 2.0]}, 5.0),
    (r"x \, \Phi(x)", {"x": 1.0}, PHI),
    (r"\frac{x}{2}\left(1 + \operatorname{erf}\frac{x}{\sqrt{2}}\right)", {"x": 1.0}, PHI),
    (r"\frac{e^{x_i}}{\sum_j e^{x_j}}", {"x": [0.0, 0.0], "i": 1}, 0.5),
    (r"\sqrt{\sum_i x_i^2}", {"x": [3.0, 4.0]}, 5.0),
    (r"\sqrt[3]{x}", {"x": 8.0}, 2.0),
    (r"2\,|x - 1| |y|", {"x": 0.0, "y": 3.0}, 6.0),
    (r"\sin^2 x + \cos^2 x", {"x": 0.7}, 1.0),
    (r"\sin 2x", {"x": 0.7}, math.sin(1.4)),
    (r"-x^2", {"x": 3.0}, -9.0),
    (r"2^{-x} / 4", {"x": 1.0}, 0.125),
    (r"f(x) = x \tanh(\ln(1 + e^x)) = x", {"x": 2.0}, 2.0),
    (r"\operatorname{relu}(x) + \operatorname{softplus}(0)", {"x": -1.0}, math.log(2)),
    (r"\tfrac12 x", {"x": 3.0}, 1.5),
    (r"\sum_{k=0}^{4} x^k", {"x": 2.0}, 31.0),
    (r"\prod_{k=1}^{3} (x + k)", {"x": 1.0}, 24.0),
    (r"\sum_{i=1}^{n} i x_i", {"x": [1.0, 2.0, 3.0], "n": 3}, 14.0),
    (r"\sum_{i=0}^{n-1} x_i", {"x": [1.0, 2.0, 3.0], "n": 3}, 6.0),
    (r"\sum_{i=2}^{n} (x_i - x_1)", {"x": [1.0, 2.0, 3.0], "n": 3}, 3.0),
    (r"\frac{\sum_i x_i y_i}{\|x\| \|y\|}", {"x": [3.0, 4.0], "y": [3.0, 4.0]}, 1.0),
    (r"p_t - y", {"p": 3.0, "y": 1.0, "t": 7}, 2.0),
    (r"\frac12 e^2, e = p - y", {"p": 3.0, "y": 1.0}, 2.0),
    (r"L = a + b, \quad a = x^2, b = 2 a", {"x": 3.0}, 27.0),
    (r"2 u \text{ where } u = x + 1", {"x": 3.0}, 8.0),
    (r"\begin{cases} e & e > 0 \\ 0 & e \le 0 \end{cases}, e = p - y", {"p": 3.0, "y": 1.0}, 2.0),
])  # fmt: skip
def test_formula_means_what_it_says(text, numbers, expected):
    assert math.isclose(read(text)(numbers), expected, rel_tol=1e-12, abs_tol=1e-15)


@pytest.mark.parametrize(("text", "problem"), [
    (r"\frac{1}{x", "'}' was expected"),
    (r"x^3 +", r"unfinished after '\+'"),
    ("", "there is nothing"),
    (r"\unknown x", r"'\\\\unknown' is not known"),
    (r"\operatorname{nosuch}(x)", "no op or activation is named 'nosuch'"),
])  # fmt: skip
def test_unreadable_formula_says_why(text, problem):
    with pytest.raises(UnreadableFormulaError, match=problem):
        read(text)({"x": 1.0})


def test_settings_take_greek_symbols_in_order():
    formula = read(r"\alpha x + \beta")
    scope = symbols_for(formula, {"x": 1.0}, {"slope": 2.0, "shift": 3.0})
    assert formula(scope) == 5.0


@pytest.mark.parametrize("kind", ["op", "activation"])
def test_every_bundled_formula_is_read_and_compared(kind):
    entries = [entry for entry in nf.find("*", kind) if entry.namespace == "neuroflow"]
    assert len(entries) > 8
    for entry in entries:
        report = nf.Report()
        as_activation = nf.ActivationEntry(
            name=entry.name,
            target=entry.load(),
            formula=entry.formula,
            elementwise=getattr(entry, "elementwise", True),
        )
        for subject in subjects(as_activation, entry.load()):
            check_formula(subject, report.of(entry.name))
        assert report, report
        assert not report.skips, report
