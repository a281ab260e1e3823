"""The formula of a loss is compared with the loss: right ones pass, wrong ones are found."""

from __future__ import annotations

import pytest
from attrs import evolve

import neuroflow as nf
from neuroflow.checks.losses.examples import examples_of
from neuroflow.checks.losses.formula import check_formula

LOSSES = nf.names("loss")


def report_of(name, **changes):
    entry = evolve(nf.get("loss", name), **changes)
    report = nf.Report()
    check_formula(entry, list(examples_of(entry, entry.load())), report.of(name))
    return report


@pytest.mark.parametrize("name", LOSSES)
def test_every_bundled_formula_is_read_and_compared(name):
    report = report_of(name)
    assert report, report
    assert report.total > 2
    assert not report.skips, report


WRONG = {
    "mse": [r"\sum_i (p_i - y_i)^2", r"\frac{1}{2n} \sum_i (p_i - y_i)^2"],
    "mae": [r"\frac{1}{n} \sum_i (p_i - y_i)"],
    "huber": [r"\min(|p - y|, \delta) (|p - y| - \min(|p - y|, \delta))"],
    "hinge": [r"\max(0, 1 + y s)", r"\max(1, 1 - y s)"],
    "squared_hinge": [r"\max(0, 1 - y s)"],
    "binary_cross_entropy": [r"y \ln(1 + e^x) + (1 - y) \ln(1 + e^{-x})"],
    "cross_entropy": [r"\ln \sum_j e^{x_j}", r"\sum_j e^{x_j} - x_t"],
    "cross_entropy_from_probabilities": [r"\sum_i y_i \ln p_i"],
}


@pytest.mark.parametrize(("name", "formula"), [(n, f) for n, fs in WRONG.items() for f in fs])
def test_a_wrong_formula_is_found(name, formula):
    report = report_of(name, formula=formula)
    assert report.found("formula"), report
    assert f"the formula {formula} says " in str(report)


def test_every_bundled_loss_has_a_wrong_formula():
    assert sorted(WRONG) == LOSSES


READABLE = [
    r"(p_t - y)^2", r"(\hat y - y)^2", r"(y - \hat{y})^2",
    r"(\mathrm{prediction} - \mathrm{target})^2", r"e^2, e = p - y",
    r"\|p - y\|_2^2 / n",
    r"L(p, y) = (p - y)^2", r"\text{the squared distance}",
]  # fmt: skip


@pytest.mark.parametrize("formula", READABLE)
def test_a_formula_is_read_as_people_write_it(formula):
    report = report_of("mse", formula=formula)
    assert not report.findings, report


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        (
            r"\ln \sigma + \frac{(y - \mu)^2}{2 \sigma^2}",
            "has the symbol mu, which stands for nothing",
        ),
        (r"(p - y)^2 +", "unfinished after '+'"),
        (r"\widget{p} - y", r"widget' is not known"),
    ],
)
def test_a_formula_that_cannot_be_read_is_a_finding_that_says_which_part(formula, told):
    report = report_of("mse", formula=formula)
    assert [finding.check for finding in report.findings] == ["formula"]
    assert told in str(report), report
