"""Mish, an op and an activation: x times the tanh of softplus.

Source: Misra 2019, "Mish: a self regularized non-monotonic activation function", equation 1.
"""

from __future__ import annotations

import neuroflow as nf


@nf.op(formula=r"x \tanh(\ln(1 + e^x))")
def mish(x):
    """A smooth relative of relu that dips below zero once (Misra 2019).

    >>> mish(0.0), round(mish(1.0), 9)
    (0.0, 0.865098388)
    """
    return x * nf.tanh(nf.ops.softplus(x))


@mish.partials
def _(out, x):
    t = nf.tanh(nf.ops.softplus(x))
    return (t + x * (1.0 - t * t) * nf.ops.sigmoid(x),)


@nf.hookimpl
def neuroflow_ops():
    """Chaining, ``x.mish()``, and ``nf.ops.mish``."""
    return [mish]


@nf.hookimpl
def neuroflow_activations():
    """``activation = "mish"`` in any configuration."""
    yield nf.ActivationEntry(
        name="mish",
        target=mish,
        summary=mish.summary,
        formula=mish.formula,
        reference="Misra 2019, equation 1",
    )
