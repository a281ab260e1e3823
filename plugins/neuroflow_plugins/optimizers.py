"""Optimizers: update rules of one parameter.

``w`` is the parameter, ``g`` its gradient, what follows is state that starts at zero; a rule
gives them all back, moved. ``step`` counts from 1. The formulas are those of PyTorch.
"""

from __future__ import annotations

from typing import Annotated

import neuroflow as nf

Decay = Annotated[float, nf.Setting("how much each weight shrinks, times the rate", "[0, inf)")]
Epsilon = Annotated[float, nf.Setting("what keeps a division from dividing by zero", "[0, inf)")]
Beta1 = Annotated[float, nf.Setting("how much of the mean gradient is kept", "[0, 1)")]
Beta2 = Annotated[float, nf.Setting("how much of the mean squared gradient is kept", "[0, 1)")]


@nf.update_rule
def sgd(
    w,
    g,
    velocity,
    *,
    learning_rate,
    step,
    momentum: Annotated[float, nf.Setting("how much of the velocity is kept", "[0, 1)")] = 0.0,
    nesterov: Annotated[bool, nf.Setting("whether to look one step ahead")] = False,
    weight_decay: Decay = 0.0,
):
    """Gradient descent, with momentum if you like.

    Source: Sutskever et al. 2013, in PyTorch's form: v = m v + g; w = w - eta v.

    >>> sgd(1.0, 0.5, 0.0, learning_rate=0.1, step=1)
    (0.95, 0.5)
    >>> sgd(2.0, 0.5, 0.25, learning_rate=0.1, step=2, momentum=0.9, weight_decay=0.01)
    (1.9255, 0.745)
    >>> sgd(1.0, 0.5, 0.25, learning_rate=0.1, step=2, momentum=0.9, nesterov=True)
    (0.88475, 0.725)
    """
    g = g + weight_decay * w
    velocity = momentum * velocity + g
    move = nesterov * (g + momentum * velocity) + (1.0 - nesterov) * velocity
    return w - learning_rate * move, velocity


@nf.update_rule
def rmsprop(
    w,
    g,
    square,
    *,
    learning_rate,
    step,
    decay: Annotated[float, nf.Setting("how much of the mean square is kept", "[0, 1)")] = 0.99,
    epsilon: Epsilon = 1e-8,
    weight_decay: Decay = 0.0,
):
    """A step divided by the root of a running mean of squared gradients.

    There is no bias correction: the mean starts at zero, so the first steps are the longest.
    Source: Tieleman and Hinton 2012, lecture 6.5.

    >>> rmsprop(2.0, 0.5, 0.25, learning_rate=0.1, step=2, decay=0.75, epsilon=0.5)
    (1.95, 0.25)
    >>> rmsprop(2.0, 0.5, 0.25, learning_rate=0.1, step=2, weight_decay=0.5)
    (1.7113248709607425, 0.27)
    """
    g = g + weight_decay * w
    square = decay * square + (1.0 - decay) * g * g
    return w - learning_rate * g / (nf.sqrt(square) + epsilon), square


@nf.update_rule
def adam(
    w,
    g,
    m,
    v,
    *,
    learning_rate,
    step,
    beta1: Beta1 = 0.9,
    beta2: Beta2 = 0.999,
    epsilon: Epsilon = 1e-8,
):
    """Running means of the gradient and of its square, corrected for starting at zero.

    Source: Kingma and Ba 2015, algorithm 1.

    >>> w, m, v = adam(1.0, 0.5, 0.0, 0.0, learning_rate=0.1, step=1)
    >>> round(w, 6)
    0.9
    >>> adam(2.0, 0.5, 0.25, 0.5, learning_rate=0.1, step=2, beta1=0.5, beta2=0.75, epsilon=0.1)
    (1.9545454545454546, 0.375, 0.4375)
    """
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    m_corrected = m / (1.0 - nf.pow(beta1, step))
    v_corrected = v / (1.0 - nf.pow(beta2, step))
    return w - learning_rate * m_corrected / (nf.sqrt(v_corrected) + epsilon), m, v


@nf.update_rule
def adamw(
    w,
    g,
    m,
    v,
    no_decay,
    *,
    learning_rate,
    step,
    beta1: Beta1 = 0.9,
    beta2: Beta2 = 0.999,
    epsilon: Epsilon = 1e-8,
    weight_decay: Decay = 0.01,
):
    """Adam, with each weight shrunk a little apart from its gradient.

    ``no_decay`` is 1 for what does not shrink, else 0: the gains of norms and biases, unless the
    setting ``no_decay`` names other parameters.
    Source: Loshchilov and Hutter 2019, algorithm 2.

    >>> adamw(2.0, 0.5, 0.25, 0.5, 0.0, learning_rate=0.1, step=2, beta1=0.5, weight_decay=0.5)
    (1.8968377223418316, 0.375, 0.49975, 0.0)
    >>> adamw(2.0, 0.5, 0.25, 0.5, 1.0, learning_rate=0.1, step=2, beta2=0.75, epsilon=0.125)
    (1.871345029239766, 0.275, 0.4375, 1.0)
    """
    shrunk = w - learning_rate * weight_decay * (1.0 - no_decay) * w
    w, m, v = adam.rule(
        shrunk, g, m, v, learning_rate=learning_rate, step=step,
        beta1=beta1, beta2=beta2, epsilon=epsilon,
    )  # fmt: skip
    return w, m, v, no_decay


_MEANS = (
    r"m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2,"
    r" \quad \hat m = \frac{m}{1 - \beta_1^t}, \quad \hat v = \frac{v}{1 - \beta_2^t}, \quad "
)
_FORMULAS = {
    sgd: r"v \leftarrow m v + g, \quad w \leftarrow w - \eta v",
    rmsprop: r"s \leftarrow \rho s + (1 - \rho) g^2, \quad"
    r" w \leftarrow w - \eta \frac{g}{\sqrt{s} + \epsilon}",
    adam: _MEANS + r"w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat v} + \epsilon}",
    adamw: _MEANS + r"w \leftarrow w - \eta \lambda w"
    r" - \eta \frac{\hat m}{\sqrt{\hat v} + \epsilon}",
}


@nf.hookimpl
def neuroflow_optimizers():
    """All optimizers by name."""
    for rule, formula in _FORMULAS.items():
        summary = (rule.rule.__doc__ or "").split("\n", 1)[0]
        yield nf.OptimizerEntry(name=rule.name, target=rule, summary=summary, formula=formula)
