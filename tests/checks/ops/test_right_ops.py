"""Right ops of awkward kinds raise no alarm."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf


@nf.op(
    formula=r"\lambda x [x > 0] + \lambda \alpha (e^{\min(x, 0)} - 1)",
    kinks=(0.0,),
    convention="the slope on the left at x = 0",
)
def selu(x, *, scale=1.0507009873554805, alpha=1.6732632423543772):
    """Scaled exponential linear unit."""
    return scale * nf.where(x > 0.0, x, alpha * nf.expm1(nf.minimum(x, 0.0)))


@selu.partials
def _(out, x, *, scale, alpha):
    return (scale * nf.where(x > 0.0, 1.0, alpha * nf.exp(nf.minimum(x, 0.0))),)


@nf.op(
    formula=r"\frac{x}{6} \min(\max(x + 3, 0), 6)",
    kinks=(-3.0, 3.0),
    convention="halfway between the slopes at both kinks",
)
def hard_swish(x):
    """A piecewise relative of silu."""
    return x * nf.minimum(nf.maximum(x + 3.0, 0.0), 6.0) / 6.0


@nf.op(formula=r"\ln \frac{x}{1 - x}", domain="(0, 1)")
def logit(x):
    """The inverse of the sigmoid."""
    return nf.log(x / (1.0 - x))


@nf.op(formula=r"\ln \sum_i e^{x_i}", vectors=True)
def log_sum_exp(xs):
    """A smooth maximum."""
    shift = nf.stop_gradient(nf.maximum(*xs))
    return shift + nf.log(nf.sum([nf.exp(x - shift) for x in xs]))


@nf.op(
    formula=r"\frac{\sum_i a_i b_i}{\sqrt{\sum_i a_i^2} \sqrt{\sum_i b_i^2}}",
    vectors=True,
    domain=("(0, inf)", "(0, inf)"),
)
def cosine(a, b):
    """The cosine of the angle between two vectors."""
    return nf.dot(a, b) / nf.sqrt(nf.dot(a, a) * nf.dot(b, b))


@nf.op(formula=r"\operatorname{sign} x", kinks=(0.0,), convention="0 everywhere: a step")
def sign(x):
    """1, 0 or -1."""
    return nf.where(x > 0.0, 1.0, nf.where(x < 0.0, -1.0, 0.0))


@sign.partials
def _(out, x):
    return (0.0,)


@nf.op(
    formula=r"\begin{cases} \frac{1}{2} e^2 & |e| \le 1 \\"
    r" |e| - \frac{1}{2} & \text{else} \end{cases}"
)
def huber(e):
    """Smooth once, with a jump in the second derivative."""
    near = nf.minimum(nf.abs(e), 1.0)
    return near * (nf.abs(e) - 0.5 * near)


@nf.op(formula=r"\begin{cases} 1 & x = 0 \\ \frac{\sin x}{x} & \text{otherwise} \end{cases}")
def sinc(x):
    """sin(x) / x with its limit at zero."""
    small = nf.abs(x) < 1e-4
    safe = nf.where(small, 1.0, x)
    return nf.where(small, 1.0 - x * x / 6.0, nf.sin(safe) / safe)


@nf.op(formula=r"\frac{\ln x}{\ln 10}", domain="(0, inf)")
def log10(x):
    """The logarithm to base 10."""
    return nf.log(x) / math.log(10.0)


@nf.op(formula=r"\sqrt{1 - x^2}", domain="(-1, 1)")
def half_circle(x):
    """The upper half of a circle."""
    return nf.sqrt(1.0 - x * x)


@nf.op(formula="a b + c")
def fused(a, b, c):
    """Three inputs."""
    return a * b + c


@pytest.mark.parametrize(
    "op",
    [selu, hard_swish, logit, log_sum_exp, cosine, sign, huber, sinc, log10, half_circle, fused],
    ids=lambda op: op.name,
)
def test_right_op_passes(op):
    report = nf.gradcheck(op)
    assert report, report
