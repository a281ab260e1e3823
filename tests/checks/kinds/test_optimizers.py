"""Right optimizers of unusual kinds pass; formulas of algorithms are read as people write them."""

from __future__ import annotations

import pytest

import neuroflow as nf


@nf.update_rule
def lion(w, g, m, *, learning_rate, step, beta1=0.9, beta2=0.99, weight_decay=0.0):
    """Steps by the sign of a running mean."""
    direction = beta1 * m + (1.0 - beta1) * g
    sign = nf.where(direction > 0.0, 1.0, nf.where(direction < 0.0, -1.0, 0.0))
    w = w - learning_rate * (sign + weight_decay * w)
    return w, beta2 * m + (1.0 - beta2) * g


@nf.update_rule
def rprop(w, g, previous, size, *, learning_rate, step, up=1.2, down=0.5):
    """A size of its own, which grows while the sign stays."""
    size = nf.where(step <= 1.0, learning_rate, size)
    same = previous * g
    size = nf.where(same > 0.0, size * up, nf.where(same < 0.0, size * down, size))
    return w - size * nf.where(g > 0.0, 1.0, nf.where(g < 0.0, -1.0, 0.0)), g, size


@nf.update_rule
def heavy_ball(w, g, before, *, learning_rate, step, momentum=0.8):
    """Polyak's: the last move goes on."""
    last = nf.where(step <= 1.0, 0.0, w - before)
    return w - learning_rate * g + momentum * last, w


@nf.update_rule
def amsgrad(w, g, m, v, largest, *, learning_rate, step, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Adam whose mean of squares never falls."""
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * g * g
    largest = nf.maximum(largest, v / (1.0 - nf.pow(beta2, step)))
    move = m / (1.0 - nf.pow(beta1, step)) / (nf.sqrt(largest) + epsilon)
    return w - learning_rate * move, m, v, largest


@nf.update_rule
def plain(w, g, *, learning_rate):
    """Gradient descent."""
    return (w - learning_rate * g,)


@nf.update_rule
def momentum(w, g, m, *, learning_rate, beta=0.9):
    """Gradient descent along a running sum."""
    m = beta * m + g
    return w - learning_rate * m, m


@nf.update_rule
def adagrad(w, g, total, *, learning_rate, step, epsilon=1e-10):
    """Divided by the root of all squares so far."""
    total = total + g * g
    return w - learning_rate * g / (nf.sqrt(total) + epsilon), total


@nf.update_rule
def adadelta(w, g, v, u, *, learning_rate, step, rho=0.9, epsilon=1e-6):
    """Steps in the units of the parameter, to be used with the rate 1."""
    v = rho * v + (1.0 - rho) * g * g
    move = nf.sqrt(u + epsilon) / nf.sqrt(v + epsilon) * g
    return w - learning_rate * move, v, rho * u + (1.0 - rho) * move * move


LION = (
    r"c_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t, \quad"
    r" w_t = w_{t-1} - \eta (\operatorname{sign}(c_t) + \lambda w_{t-1}), \quad"
    r" m_t = \beta_2 m_{t-1} + (1 - \beta_2) g_t"
)
RIGHT = [
    (lion, LION),
    (rprop, r"\text{a step by the sign of } g"),
    (heavy_ball, r"w \leftarrow w - \eta g + \mu [t > 1] (w - b), \quad b \leftarrow w_{old}"),
    (amsgrad, r"m = \beta_1 m + (1 - \beta_1) g \\ v = \beta_2 v + (1 - \beta_2) g^2 \\"
     r" u = \max(u, \frac{v}{1 - \beta_2^t}) \\"
     r" w = w - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{u} + \epsilon}"),
    (adagrad, r"s \leftarrow s + g^2, \quad w \leftarrow w - \frac{\eta g}{\sqrt{s} + \epsilon}"),
    (adadelta, r"v \leftarrow \rho v + (1 - \rho) g^2,"
     r" d = \frac{\sqrt{u + \epsilon}}{\sqrt{v + \epsilon}} g,"
     r" u \leftarrow \rho u + (1 - \rho) d^2, w \leftarrow w - \eta d"),
    (plain, r"\theta_{t+1} = \theta_t - \eta \nabla L(\theta_t)"),
    (momentum, r"m_{t+1} = \beta m_t + g_t, \quad \theta_{t+1} = \theta_t - \alpha m_{t+1}"),
]  # fmt: skip


def report_of(rule, formula):
    return nf.check(nf.OptimizerEntry(name="it", target=rule, summary="It.", formula=formula))


@pytest.mark.parametrize(("rule", "formula"), RIGHT, ids=lambda x: getattr(x, "name", ""))
def test_a_right_optimizer_passes(rule, formula):
    report = report_of(rule, formula)
    assert report, report
    assert report.checks["formula"] > 3 or "text" in formula


@pytest.mark.parametrize(
    ("rule", "formula", "told"),
    [
        (plain, r"w \leftarrow w + \eta g", "says that w becomes 1.005, the rule gives 0.995"),
        (momentum, r"m \leftarrow \beta m + g, w \leftarrow w - \eta g", "the rule gives"),
        (momentum, r"m \leftarrow \beta m + 2 g, w \leftarrow w - \eta m / 2", "that m becomes 1"),
        (plain, r"w \leftarrow w - \eta \hat g", r"uses \hat g and does not say what it is"),
        (plain, r"w - \eta g", "says of nothing what it becomes"),
        (plain, r"w \leftarrow w - \eta g +", "unfinished after '+'"),
        (plain, "", "there is no formula"),
        (plain, r"v \leftarrow \eta g", "does not say what w becomes"),
    ],
)
def test_a_formula_that_says_something_else_is_found(rule, formula, told):
    report = report_of(rule, formula)
    assert told in str(report), report
    assert len(report.findings) == 1
