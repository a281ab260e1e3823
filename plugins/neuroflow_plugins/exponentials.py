"""Powers of 2, and the logarithm of a sum of exponentials."""

import math
import sys

import neuroflow as nf


@nf.op(formula="2^x")
def exp2(x):
    """2 to the power of x.

    >>> exp2(10.0), exp2(-1.0)
    (1024.0, 0.5)
    """
    return nf.pow(2.0, x)


@exp2.partials
def _(out, x):
    return (out * math.log(2.0),)


@nf.op(vectors=True, formula=r"\ln \sum_i e^{x_i}")
def logsumexp(xs):
    """A smooth maximum, whose derivatives are the softmax.

    The largest number is taken out of the sum, where it would be a 1 that hides what is tiny.

    >>> logsumexp([1000.0, 1000.0]) == 1000.0 + math.log(2.0), logsumexp([-1000.0])
    (True, -1000.0)
    >>> logsumexp([-math.inf, 0.0]), logsumexp([-math.inf, -math.inf])
    (0.0, -inf)
    """
    largest = nf.maximum(*xs)
    shift = _finite_or_zero(largest)
    others = nf.sum([nf.where(x < shift, nf.exp(x - shift), 0.0) for x in xs])
    tied = nf.sum([nf.where(x < shift, 0.0, 1.0) for x in xs]) - 1.0
    return largest + nf.log1p(nf.maximum(others + tied, 0.0))


@logsumexp.partials
def _(out, xs):
    shift = nf.stop_gradient(_finite_or_zero(nf.maximum(*xs)))
    powers = [nf.exp(x - shift) for x in xs]
    total = nf.sum(powers)
    return ([power / total for power in powers],)


def _finite_or_zero(x):
    return nf.where(nf.abs(x) <= sys.float_info.max, x, 0.0)
