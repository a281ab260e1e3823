"""Proofs: what can be shown with symbols is shown, and nothing that is wrong."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.checks.shared.subject import Subject
from neuroflow.registry.manager import manager

pytest.importorskip("sympy")

from neuroflow.checks.proofs.proofs import ENCLOSED, PROVED, SAMPLED, grade_of

WITH_SYMBOLS = (
    *("abs", "add", "cos", "div", "dot", "elu", "exp", "expm1", "identity", "leaky_relu", "log"),
    *("log1p", "mean", "mul", "neg", "relu", "sech", "sigmoid", "silu", "sin", "softplus", "sqrt"),
    *("sub", "sum", "tanh", "where"),
)


def subject_of(name: str) -> Subject:
    (entry,) = manager().registry.entries("op", name)
    op = entry.load()
    return Subject.of(op, name=name, formula=entry.formula or op.formula)


@pytest.mark.parametrize("name", WITH_SYMBOLS)
def test_value_and_partials_of_a_bundled_op_are_proved(name):
    assert grade_of(subject_of(name)).word == PROVED


@pytest.mark.parametrize(
    ("name", "what"), [("erf", "d/dx"), ("gaussian", "its rule"), ("erfc", "its rule, d/dx")]
)
def test_an_approximation_is_enclosed_over_its_whole_domain(name, what):
    grade = grade_of(subject_of(name))
    assert grade.word == ENCLOSED
    assert grade.why.startswith(what)
    assert grade.why.endswith("within 1e-12")


def written(formula, rule, partials=None, **declared):
    op = nf.op(rule, formula=formula, **declared)
    if partials is not None:
        op.partials(partials)
    return Subject.of(op, formula=formula)


def bump(x):
    """A bump."""
    return x / (1.0 + x * x)


WRONG = {
    "a constant, in the tenth digit": written(
        r"\frac{x}{1 + x^2}", lambda x: x / (1.0000000001 + x * x)
    ),
    "one coefficient of an approximation": written(
        r"e^{-x^2}", lambda x: nf.gaussian(x) * (1.0 + 1e-7 * nf.exp(-x * x))
    ),
    "a sign in the partials": written(
        r"\frac{x}{1 + x^2}",
        bump,
        lambda out, x: ((x * x - 1.0) / ((1.0 + x * x) * (1.0 + x * x)),),
    ),
    "the formula": written(r"\frac{x}{1 + x^4}", bump),
    "one side of a kink": written(
        r"\max(0, x)", lambda x: nf.where(x > 0.0, x, 0.001 * x), kinks=(0.0,)
    ),
    "far out": written(
        "x", lambda x: nf.where(x > 1e30, x * 1.5, x), lambda out, x: (1.0,), kinks=(1e30,)
    ),
    "what is asked where two numbers are equal": written(
        r"\begin{cases} x & \text{if } y \neq 0 \\ 0 & \text{otherwise} \end{cases}",
        lambda x, y: nf.where(y, x, 1.0),
        lambda out, x, y: (nf.where(y, 1.0, 0.0), 0.0),
    ),
    "two inputs": written(r"x \, y", lambda x, y: x * y, lambda out, x, y: (x, y)),
    "swapped": written(r"\frac{x}{1 + e^{y}}", lambda x, y: y / (1.0 + nf.exp(x))),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_nothing_wrong_is_proved(mistake):
    grade = grade_of(WRONG[mistake])
    assert grade.word == SAMPLED
    assert grade.why


RIGHT = {
    "the same in other words": written(
        r"\frac{x}{1 + x^2}", bump,
        lambda out, x: ((1.0 - x * x) / ((1.0 + x * x) * (1.0 + x * x)),),
    ),
    "constants that are rounded": written(
        r"\sqrt{\frac{2}{\pi}} \, x", lambda x: 0.7978845608028654 * x
    ),
    "cases": written(
        r"\begin{cases} x^2 & \text{if } x > 1 \\ 2 x - 1 & \text{otherwise} \end{cases}",
        lambda x: nf.where(x > 1.0, x * x, 2.0 * x - 1.0), kinks=(1.0,),
    ),
    "two inputs": written(r"\frac{x}{1 + e^{y}}", lambda x, y: x / (1.0 + nf.exp(y))),
    "an identity": written(r"\tanh(x^3 + x)", lambda x: nf.tanh(x * x * x + x)),
}  # fmt: skip


@pytest.mark.parametrize("how", RIGHT)
def test_what_is_right_is_proved_however_it_is_written(how):
    assert grade_of(RIGHT[how]).word == PROVED


def test_without_a_formula_there_is_nothing_to_hold_it_against():
    assert grade_of(written("", bump)).why == "there is no formula to hold it against"


def test_a_derivative_that_is_so_by_convention_is_not_proved():
    assert "by convention" in grade_of(subject_of("greater")).why


def test_the_rule_counts_also_where_a_step_is_run_for_it():
    lying = nf.op(lambda x: nf.exp(x) + 0.0 * x * x + 1e-9, name="exp", formula="e^x", step="exp")
    assert grade_of(Subject.of(lying)).why.startswith("its rule is not shown")
