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


def _optimizer(rule, formula):
    summary = (rule.__doc__ or "").split("\n", 1)[0]
    return nf.OptimizerEntry(name=rule.name, target=rule, summary=summary, formula=formula)


OPTIMIZERS = [
    _optimizer(adam_1, r"w \leftarrow w - \eta \frac{\hat m}{\sqrt{\hat v} + \epsilon}"),
    _optimizer(sgd_1, r"w \leftarrow w - \eta g"),
    _optimizer(rmsprop_1, r"w \leftarrow w - \eta \frac{g}{\sqrt{s}}"),
    _optimizer(momentum_1, r"w \leftarrow w - \eta v"),
    _optimizer(momentum_2, r"w \leftarrow w - \eta v"),
]
