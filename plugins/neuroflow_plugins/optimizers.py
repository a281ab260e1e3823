"""Optimizers: how one parameter moves, given its gradient.

Each rule is the update of one scalar, branch-free: it runs unchanged on floats, on whole arrays
and as native code. Formulas and defaults are those of PyTorch. State starts at zero, and
``step`` counts from 1.
"""

from __future__ import annotations

import neuroflow as nf


@nf.update_rule
def sgd(w, g, velocity, *, learning_rate=0.01, momentum=0.0, nesterov=0.0, weight_decay=0.0):
    """Gradient descent: a step against the gradient, with momentum if wanted.

    g <- g + weight_decay w;  v <- momentum v + g;  w <- w - learning_rate v.
    With ``nesterov`` 1 the step looks ahead: it takes g + momentum v in the place of v.
    Source: Sutskever et al., "On the importance of initialization and momentum in deep
    learning" (2013), equations 1 to 4.

    >>> sgd(1.0, 0.5, 0.0, learning_rate=0.1, step=1)
    (0.95, 0.5)
    """
    g = g + weight_decay * w
    velocity = momentum * velocity + g
    direction = nesterov * (g + momentum * velocity) + (1.0 - nesterov) * velocity
    return (w - learning_rate * direction, velocity)


@nf.update_rule
def rmsprop(
    w, g, square, velocity,
    *, learning_rate=0.01, decay=0.99, epsilon=1e-8, momentum=0.0, weight_decay=0.0,
):  # fmt: skip
    """Steps measured in units of the gradient's recent size.

    s <- decay s + (1 - decay) g^2;  v <- momentum v + g / (sqrt(s) + epsilon);
    w <- w - learning_rate v.
    Source: Tieleman and Hinton, "Neural networks for machine learning", lecture 6.5 (2012).

    >>> w, s, v = rmsprop(1.0, 0.5, 0.0, 0.0, learning_rate=0.1, decay=0.0, step=1)
    >>> round(w, 6), s
    (0.9, 0.25)
    """
    g = g + weight_decay * w
    square = decay * square + (1.0 - decay) * g * g
    velocity = momentum * velocity + g / (nf.sqrt(square) + epsilon)
    return (w - learning_rate * velocity, square, velocity)


@nf.update_rule
def adam(
    w, g, mean, square,
    *, learning_rate=0.001, step, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0,
):  # fmt: skip
    """Momentum, in units of the gradient's recent size, both corrected for their start at zero.

    m <- beta1 m + (1 - beta1) g;  s <- beta2 s + (1 - beta2) g^2;
    w <- w - learning_rate (m / (1 - beta1^step)) / (sqrt(s / (1 - beta2^step)) + epsilon).
    ``weight_decay`` adds weight_decay w to the gradient; see :func:`adamw` for the better way.
    Source: Kingma and Ba, "Adam" (2015), algorithm 1.

    >>> w, m, s = adam(1.0, 0.5, 0.0, 0.0, learning_rate=0.1, step=1)
    >>> round(w, 6), round(m, 6)
    (0.9, 0.05)
    """
    g = g + weight_decay * w
    mean = beta1 * mean + (1.0 - beta1) * g
    square = beta2 * square + (1.0 - beta2) * g * g
    unbiased_mean = mean / (1.0 - nf.power(beta1, step))
    unbiased_square = square / (1.0 - nf.power(beta2, step))
    return (w - learning_rate * unbiased_mean / (nf.sqrt(unbiased_square) + epsilon), mean, square)


@nf.update_rule
def adamw(
    w, g, mean, square,
    *, learning_rate=0.001, step, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01,
):  # fmt: skip
    """Adam whose weight decay acts on the weight itself: w <- (1 - learning_rate decay) w first.

    So the decay is not divided by the gradient's size, and large weights shrink alike.
    Source: Loshchilov and Hutter, "Decoupled weight decay regularization" (2019), algorithm 2.

    >>> w, m, s = adamw(1.0, 0.0, 0.0, 0.0, learning_rate=0.1, weight_decay=0.5, step=1)
    >>> w
    0.95
    """
    return adam.rule(
        w - learning_rate * weight_decay * w, g, mean, square,
        learning_rate=learning_rate, step=step, beta1=beta1, beta2=beta2, epsilon=epsilon,
    )  # fmt: skip


@nf.hookimpl
def neuroflow_optimizers():
    """The four optimizers."""
    return [
        _entry(sgd, r"v' = \mu v + g, \quad w' = w - \eta v'"),
        _entry(rmsprop, r"s' = \rho s + (1 - \rho) g^2, \quad w' = w - \eta g / \sqrt{s'}"),
        _entry(adam, r"w' = w - \eta \, \hat m / (\sqrt{\hat s} + \epsilon)"),
        _entry(adamw, r"w' = (1 - \eta \lambda) w - \eta \, \hat m / (\sqrt{\hat s} + \epsilon)"),
    ]


def _entry(rule: nf.UpdateRule, formula: str) -> nf.OptimizerEntry:
    summary = (rule.__doc__ or "").split("\n", 1)[0]
    return nf.OptimizerEntry(name=rule.name, target=rule, formula=formula, summary=summary)
