"""An op that cannot work at all is told once, in words: no raw error, and no other finding."""

import itertools

import pytest

import neuroflow as nf


@nf.op(formula="x^2")
def no_tuple(x):
    """The square."""
    return x * x


@no_tuple.partials
def _(out, x):
    return 2 * x


@nf.op(formula="a b")
def too_few(a, b):
    """The product."""
    return a * b


@too_few.partials
def _(out, a, b):
    return (b,)


@nf.op(formula="x")
def nothing(x):
    """Forgets its return."""
    x * 1.0


@nf.op(formula=r"\sin x")
def two(x):
    """Two numbers."""
    return nf.sin(x), nf.cos(x)


@nf.op(formula=r"k \sum_i a_i", vectors=True)
def scaled_sum(k, a):
    """Takes k for a number."""
    return k * sum(a)


NOISE = itertools.count()


@nf.op(formula="x")
def noisy(x):
    """Something else every time."""
    return x + next(NOISE)


SEEN = []


@nf.op(formula="x")
def counting(x):
    """Remembers how often it was called."""
    SEEN.append(1)
    return x + len(SEEN)


@pytest.mark.parametrize(
    ("op", "check", "message"),
    [
        (no_tuple, "partials", "has partials that give 4.0, which is no tuple"),
        (too_few, "partials", "has partials that give 1 number for 2 inputs"),
        (nothing, "first use", "gave nothing for 2.0; expected one number"),
        (two, "first use", "a tuple, for 2.0; expected one number: an op has a single output"),
        (scaled_sum, "first use", "with vectors=True k and a are all lists, equally long"),
        (noisy, "first use", "expected the same number for the same inputs"),
        (counting, "determinism", "reads SEEN, a list, which can change between calls"),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_a_mistake_that_all_checks_would_meet_is_told_once(op, check, message):
    report = nf.check(op)
    told = report.findings
    assert [finding.check for finding in told] == [check], report
    assert message in told[0].message
    assert not told[0].message.startswith(("raised", "it fails"))
    assert report.skips[0].reason == "they need an op that works"


def test_what_a_rule_was_given_is_said_with_the_line_that_failed():
    import math

    @nf.op(formula=r"\sin x")
    def sine(x):
        """The sine of one float."""
        return math.sin(x)

    sine.partials(lambda out, x: (nf.cos(x),))
    (finding,) = nf.check(sine).findings  # its source; what that causes stands below it
    (told,) = [f for f in finding.also if f.check == "arrays"]
    assert ": `return math.sin(x)`: TypeError: " in told.message
    assert "it was given arrays, many numbers at once" in told.message
