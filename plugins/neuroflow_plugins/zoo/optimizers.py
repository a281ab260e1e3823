"""Optimizers with one mistake each."""

from __future__ import annotations

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("adam without correction", "first steps", "Running means start at zero; without"
      " m / (1 - beta1^step) and v / (1 - beta2^step) the first steps are three times too long."
)  # fmt: skip
@nf.update_rule
def adam_1(w, g, m, v, *, learning_rate, step, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Running means of the gradient and of its square."""
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    return w - learning_rate * m / (nf.sqrt(v) + epsilon), m, v  # bug


@twin("the climber", "downhill", "Descent subtracts the step.")
@nf.update_rule
def sgd_1(w, g, *, learning_rate):
    """Gradient descent."""
    return (w + learning_rate * g,)  # bug


@twin("the divider by zero", "finite", "A gradient of zero divides zero by zero; add an epsilon.")
@nf.update_rule
def rmsprop_1(w, g, square, *, learning_rate, decay=0.99):
    """A step divided by the root of a running mean of squares, without bias correction."""
    square = decay * square + (1.0 - decay) * g * g
    return w - learning_rate * g / nf.sqrt(square), square  # bug


@twin("the momentum that asks for the first step", "branch-free", "A branch on the step is frozen"
      " when the rule is compiled; where(step <= 1.0, g, ...) is not.")  # fmt: skip
@nf.update_rule
def momentum_1(w, g, velocity, *, learning_rate, step, momentum=0.9):
    """Gradient descent with momentum that starts at the first gradient."""
    velocity = g if step * g == g else momentum * velocity + (1.0 - momentum) * g  # bug
    return w - learning_rate * velocity, velocity


@twin("the forgetful momentum", "state", "A rule gives its state back, or it stays zero for"
      " ever.")  # fmt: skip
@nf.update_rule
def momentum_2(w, g, velocity, *, learning_rate, momentum=0.9):
    """Gradient descent with momentum."""
    velocity = momentum * velocity + g
    return (w - learning_rate * velocity,)  # bug


@twin("adam with its constants exchanged", "first steps", "beta1 belongs to the mean, beta2 to"
      " the mean of squares, in the corrections too.")  # fmt: skip
@nf.update_rule
def adam_2(w, g, m, v, *, learning_rate, step, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Running means of the gradient and of its square, corrected for starting at zero."""
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    m_corrected = m / (1.0 - nf.pow(beta2, step))  # bug
    v_corrected = v / (1.0 - nf.pow(beta1, step))  # bug
    return w - learning_rate * m_corrected / (nf.sqrt(v_corrected) + epsilon), m, v


@twin("adam one step ahead", "first steps", "Steps are counted from 1, so the first correction is 1"
      " - beta^1; with one more the first steps are too short.")  # fmt: skip
@nf.update_rule
def adam_3(w, g, m, v, *, learning_rate, step, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Running means of the gradient and of its square, corrected for starting at zero."""
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    m_corrected = m / (1.0 - nf.pow(beta1, step + 1.0))  # bug
    v_corrected = v / (1.0 - nf.pow(beta2, step + 1.0))  # bug
    return w - learning_rate * m_corrected / (nf.sqrt(v_corrected) + epsilon), m, v


@twin("the doubled step", "formula", "Everything works, with twice the learning rate that was asked"
      " for.")  # fmt: skip
@nf.update_rule
def sgd_2(w, g, *, learning_rate):
    """Gradient descent."""
    return (w - 2.0 * learning_rate * g,)  # bug


@twin("the rate of its own", "learning rate", "The learning rate of the configuration, its schedule"
      " and its warm-up count for nothing.")  # fmt: skip
@nf.update_rule
def sgd_3(w, g, *, learning_rate, own_rate=0.01):
    """Gradient descent."""
    return (w - own_rate * g,)  # bug


@twin("the decay that grows", "weight decay", "Decay is one more gradient, that of the squared"
      " weight: it is added to g, not subtracted.")  # fmt: skip
@nf.update_rule
def sgd_4(w, g, *, learning_rate, weight_decay=0.01):
    """Gradient descent with weight decay."""
    return (w - learning_rate * (g - weight_decay * w),)  # bug


@twin("the missing root", "scale", "Divided by the mean square itself, a large gradient makes a"
      " small step.")  # fmt: skip
@nf.update_rule
def rmsprop_2(w, g, square, *, learning_rate, decay=0.99, epsilon=1e-8):
    """A step divided by the root of a running mean of squares, without bias correction."""
    square = decay * square + (1.0 - decay) * g * g
    return w - learning_rate * g / (square + epsilon), square  # bug


@twin("the velocity that never comes back", "state", "The new velocity is computed, and the old one"
      " given back: it stays 0 for ever.")  # fmt: skip
@nf.update_rule
def momentum_3(w, g, velocity, *, learning_rate, momentum=0.9):
    """Gradient descent with momentum."""
    faster = momentum * velocity + g
    return w - learning_rate * faster, velocity  # bug


@twin("the clip with one side", "formula", "A gradient of -1000 is as large as one of 1000: what is"
      " cut off above has to be cut off below.")  # fmt: skip
@nf.update_rule
def sgd_5(w, g, *, learning_rate, limit=2.0):
    """Gradient descent with gradients no larger than a limit."""
    return (w - learning_rate * nf.minimum(g, limit),)  # bug


@twin("adam that changes its mind", "formula", "From step 51 on the correction is left out, and the"
      " mean of squares is not yet what it will be: look at late steps too.")  # fmt: skip
@nf.update_rule
def adam_4(w, g, m, v, *, learning_rate, step, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Running means of the gradient and of its square, corrected for starting at zero."""
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    m_corrected = m / (1.0 - nf.pow(beta1, step))
    v_corrected = nf.where(step > 50.0, v, v / (1.0 - nf.pow(beta2, step)))  # bug
    return w - learning_rate * m_corrected / (nf.sqrt(v_corrected) + epsilon), m, v


@twin("the epsilon inside of the root", "formula", "sqrt(v + epsilon) is 1e-4 where v is 0, not"
      " 1e-8: small gradients make much smaller steps.")  # fmt: skip
@nf.update_rule
def adam_5(w, g, m, v, *, learning_rate, step, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Running means of the gradient and of its square, corrected for starting at zero."""
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    m_corrected = m / (1.0 - nf.pow(beta1, step))
    v_corrected = v / (1.0 - nf.pow(beta2, step))
    return w - learning_rate * m_corrected / nf.sqrt(v_corrected + epsilon), m, v  # bug


_ADAM = (
    r"m \leftarrow \beta_1 m + (1 - \beta_1) g, v \leftarrow \beta_2 v + (1 - \beta_2) g^2,"
    r" \hat m = {}, \hat v = {},"
    r" w \leftarrow w - \eta \frac{{\hat m}}{{\sqrt{{\hat v}} + \epsilon}}"
)


_SQUARES = r"s \leftarrow \rho s + (1 - \rho) g^2, \quad "


def _optimizer(rule, formula):
    summary = (rule.__doc__ or "").split("\n", 1)[0]
    return nf.OptimizerEntry(name=rule.name, target=rule, summary=summary, formula=formula)


OPTIMIZERS = [
    _optimizer(adam_1, _ADAM.format("m", "v")),
    _optimizer(adam_2, _ADAM.format(r"m / (1 - \beta_1^t)", r"v / (1 - \beta_2^t)")),
    _optimizer(adam_3, _ADAM.format(r"m / (1 - \beta_1^t)", r"v / (1 - \beta_2^t)")),
    _optimizer(adam_4, _ADAM.format(r"m / (1 - \beta_1^t)", r"v / (1 - \beta_2^t)")),
    _optimizer(adam_5, _ADAM.format(r"m / (1 - \beta_1^t)", r"v / (1 - \beta_2^t)")),
    _optimizer(sgd_5, r"w \leftarrow w - \eta \max(-c, \min(c, g))"),
    _optimizer(sgd_1, r"w \leftarrow w - \eta g"),
    _optimizer(sgd_2, r"w \leftarrow w - \eta g"),
    _optimizer(sgd_3, r"w \leftarrow w - c g"),
    _optimizer(sgd_4, r"w \leftarrow w - \eta (g - \lambda w)"),
    _optimizer(
        rmsprop_1, r"s \leftarrow \rho s + (1 - \rho) g^2, w \leftarrow w - \eta \frac{g}{\sqrt{s}}"
    ),
    _optimizer(
        rmsprop_2,
        r"s \leftarrow \rho s + (1 - \rho) g^2, w \leftarrow w - \eta \frac{g}{s + \epsilon}",
    ),
    _optimizer(momentum_1, r"\text{momentum that starts at the first gradient}"),
    _optimizer(momentum_2, r"w \leftarrow w - \eta v"),
    _optimizer(momentum_3, r"w \leftarrow w - \eta (m v + g)"),
]
