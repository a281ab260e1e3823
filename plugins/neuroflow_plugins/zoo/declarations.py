"""Things that are not what their authors say beside the rule: kinks, derivatives, examples."""

from __future__ import annotations

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the step that learns twice as fast", "partials", "Straight through means the slope of the"
      " identity, 1: declared, and not kept.")  # fmt: skip
@nf.op(formula="[x > 0]", kinks=(0.0,), convention="as everywhere", derivative=lambda x: x)
def step_1(x):
    """A step that learns as if it were the number itself."""
    return nf.where(x > 0.0, 1.0, 0.0)


@step_1.partials
def _(out, x):
    return (2.0,)  # bug


@twin("the reversal that does not reverse", "partials", "A reversed gradient is that of -x: the"
      " derivative is declared, and the sign is missing in the partials.")  # fmt: skip
@nf.op(formula="x", derivative=lambda x: -x)
def reversed_1(x):
    """The number itself, whose gradient is turned round (Ganin and Lempitsky 2015)."""
    return 1.0 * x


@reversed_1.partials
def _(out, x):
    return (1.0,)  # bug


@twin("the excuse that is none", "intended", "The partials are those of the rule; declared as meant"
      " otherwise, nobody would check them any more.")  # fmt: skip
@nf.op(formula="x^2", derivative="a slope of its own")  # bug
def square_3(x):
    """The square of a number."""
    return x * x


@square_3.partials
def _(out, x):
    return (2.0 * x,)


@twin("the clip whose upper kink is a mirror", "undeclared kinks", "-low is high by chance, for the"
      " defaults; with other settings the kink is at high.")  # fmt: skip
@nf.op(
    formula=r"\max(l, \min(h, x))",
    kinks=lambda low: (low, -low),  # bug
    convention="0 at both kinks",
)
def clip_1(x, *, low=-1.0, high=1.0):
    """The number, kept between two others."""
    return nf.where(x < low, low, nf.where(x > high, high, x))


@twin("the shrink with half its kinks", "undeclared kinks", "It jumps at limit and at -limit too.")
@nf.op(formula=r"x [|x| > \lambda]", kinks=("limit",), convention="0 at x = limit")  # bug
def shrink_1(x, *, limit=0.5):
    """The number, or 0 where it is small."""
    return nf.where(nf.abs(x) > limit, x, 0.0)


@twin("the step on the other side", "formula", "At x = 1 itself the formula says 1, and the rule 0:"
      " > is not >=.")  # fmt: skip
@nf.op(formula=r"[x \geq 1]", kinks=(1.0,), convention="0 everywhere: a step is flat")
def step_2(x):
    """1 from 1 on, else 0."""
    return nf.where(x > 1.0, 1.0, 0.0)  # bug


@step_2.partials
def _(out, x):
    return (0.0,)


@twin("the elu that chooses the other side", "kinks", "The convention says alpha at x = 0, and >="
      " takes the slope on the right.")  # fmt: skip
@nf.op(
    formula=r"\begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \leq 0 \end{cases}",
    kinks=(0.0,),
    convention="alpha at x = 0",
)
def elu_1(x, *, alpha=0.5):
    """Exponential linear unit."""
    return nf.where(x > 0.0, x, alpha * nf.expm1(nf.minimum(x, 0.0)))


@elu_1.partials
def _(out, x, *, alpha):
    return (nf.where(x >= 0.0, 1.0, alpha * nf.exp(nf.minimum(x, 0.0))),)  # bug


@twin("the maximum that gives more than there is", "kinks", "Of three equal numbers each gets the"
      " whole slope, so that moving all together counts three times.")  # fmt: skip
@nf.op(formula=r"\max_i x_i", vectors=True, kinks=("ties",), convention="each has the slope")
def largest_1(xs):
    """The largest of some numbers."""
    return nf.maximum(*xs)


@largest_1.partials
def _(out, xs):
    return ([nf.where(x < out, 0.0, 1.0) for x in xs],)  # bug


@twin("the cube with an example of a square", "examples", "2 cubed is 8: the example in the"
      " docstring was copied.")  # fmt: skip
@nf.op(formula="x^3")
def cube_2(x):
    """The cube of a number.

    >>> cube_2(2.0)
    4.0
    """  # bug
    return x * x * x


@twin("the scale that scales twice", "formula", "With the default, 1, nobody sees that the setting"
      " is used twice.")  # fmt: skip
@nf.op(formula=r"\beta x")
def scaled_1(x, *, beta=1.0):
    """A multiple of a number."""
    return beta * beta * x  # bug


@twin("the entropy of nothing", "finite", "0 ln 0 is 0 as a limit only: the logarithm has to be"
      " kept from 0 with where().")  # fmt: skip
@nf.op(formula=r"-p \ln p", domain="[0, 1]")
def surprise_1(p):
    """What one outcome of probability p adds to the entropy."""
    return -p * nf.log(p)  # bug


@twin("the logit with a turned sign", "formula", "1 - p, not 1 + p: close for small p alone.")
@nf.op(formula=r"\ln \frac{p}{1 - p}", domain="(0, 1)")
def logit_1(p):
    """The logarithm of the odds."""
    return nf.log(p) - nf.log(1.0 + p)  # bug


@twin("the bell that was rounded", "formula", "0.3989 is 1 / sqrt(2 pi) to four digits: the rest of"
      " the digits is lost for ever.")  # fmt: skip
@nf.op(formula=r"\frac{e^{-x^2 / 2}}{\sqrt{2 \pi}}")
def bell_1(x):
    """The density of the normal distribution."""
    return 0.3989 * nf.exp(-0.5 * x * x)  # bug


@twin("the silu that forgot the product rule", "partials", "The derivative of x s(x) is s(x) + x"
      " s'(x).")  # fmt: skip
@nf.op(formula=r"\frac{x}{1 + e^{-x}}")
def silu_2(x):
    """x times its sigmoid."""
    return x * nf.ops.sigmoid(x)


@silu_2.partials
def _(out, x):
    return (nf.ops.sigmoid(x),)  # bug


@twin("the cosine of vectors of length one", "partials", "The length of a moves as a does: its own"
      " slope is missing.")  # fmt: skip
@nf.op(
    formula=r"\frac{\sum_i a_i b_i}{\sqrt{\sum_i a_i^2} \sqrt{\sum_i b_i^2}}",
    vectors=True,
    domain=("(0, inf)", "(0, inf)"),
)
def cosine_1(a, b):
    """The cosine of the angle between two vectors."""
    return nf.dot(a, b) / nf.sqrt(nf.dot(a, a) * nf.dot(b, b))


@cosine_1.partials
def _(out, a, b):
    size = nf.sqrt(nf.dot(a, a) * nf.dot(b, b))
    return ([y / size for y in b], [x / size for x in a])  # bug


@twin("the distance that is squared in one half", "partials", "d|a - b|/db has the sign of b - a,"
      " and both halves have the same here.")  # fmt: skip
@nf.op(formula="|a - b|", kinks=("a = b",), convention="0 where a = b")
def distance_1(a, b):
    """How far two numbers are apart."""
    return nf.abs(a - b)


@distance_1.partials
def _(out, a, b):
    sign = nf.where(a > b, 1.0, nf.where(a < b, -1.0, 0.0))
    return (sign, sign)  # bug


@twin("the exception that passed away", "expected", "The finding that was expected is gone since"
      " the rule was mended; the note would hide the next one.")  # fmt: skip
@nf.op(
    formula="2 x",
    checks=nf.Checks(expected={"formula": "off by one, to be mended"}),  # bug
)
def doubled_1(x):
    """Twice a number."""
    return 2.0 * x


OPS = [x for x in globals().values() if isinstance(x, nf.Op)]
