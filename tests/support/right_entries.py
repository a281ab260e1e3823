"""Forty entries as third parties write them: unusual, and right. None may have a finding."""

from __future__ import annotations

import math

import neuroflow as nf


@nf.op(formula="|a - b|", kinks=("a = b",), convention="0 where a = b")
def distance(a, b):
    """A kink on a line between two inputs."""
    return nf.abs(a - b)


@distance.partials
def _(out, a, b):
    sign = nf.where(a > b, 1.0, nf.where(a < b, -1.0, 0.0))
    return (sign, -sign)


@nf.op(formula=r"\max(0, a + b)", kinks=("a = -b",), convention="0 on the line")
def positive_sum(a, b):
    """A kink on a slanted line."""
    return nf.maximum(a + b, 0.0)


@positive_sum.partials
def _(out, a, b):
    on = nf.where(a + b > 0.0, 1.0, 0.0)
    return (on, on)


@nf.op(formula=r"\max(0, x - t)", kinks=("t",), convention="0")
def above(x, *, t=0.5):
    """A kink that is a setting."""
    return nf.maximum(x - t, 0.0)


@above.partials
def _(out, x, *, t):
    return (nf.where(x > t, 1.0, 0.0),)


@nf.op(
    formula=r"\max(l, \min(h, x))",
    kinks=lambda low, high: (low, high),
    convention="0 at both",
)
def clip(x, *, low=-1.0, high=1.0):
    """Kinks that are a function of the settings."""
    return nf.where(x < low, low, nf.where(x > high, high, x))


@clip.partials
def _(out, x, *, low, high):
    return (nf.where(x > low, nf.where(x < high, 1.0, 0.0), 0.0),)


@nf.op(formula=r"x [|x| > \lambda]", kinks=("-limit", "limit"), convention="0 at both")
def hard_shrink(x, *, limit=0.5):
    """Kinks at a setting and at minus it."""
    return nf.where(nf.abs(x) > limit, x, 0.0)


@hard_shrink.partials
def _(out, x, *, limit):
    return (nf.where(nf.abs(x) > limit, 1.0, 0.0),)


@nf.op(
    formula=r"[x > \theta]",
    kinks=("theta",),
    convention="1, as everywhere",
    derivative=lambda x: x,
)
def straight_through(x, *, theta=0.5):
    """A step that learns as the identity."""
    return nf.where(x > theta, 1.0, 0.0)


@straight_through.partials
def _(out, x, *, theta):
    return (1.0,)


@nf.op(
    formula="[x > 0]",
    kinks=(0.0,),
    convention="1, the largest",
    derivative=lambda x: 2.0 * nf.ops.sigmoid(2.0 * x),
)
def spike(x):
    """A spike with a surrogate gradient, as of spiking networks."""
    return nf.where(x > 0.0, 1.0, 0.0)


@spike.partials
def _(out, x):
    s = nf.ops.sigmoid(2.0 * x)
    return (4.0 * s * (1.0 - s),)


@nf.op(formula="x", derivative=lambda x: -x)
def reverse_gradient(x):
    """The number itself, with a reversed gradient."""
    return 1.0 * x


@reverse_gradient.partials
def _(out, x):
    return (-1.0,)


@nf.op(formula="x", derivative="a hundredth, so that this branch learns slowly")
def slow(x):
    """The number itself, whose gradient is damped."""
    return 1.0 * x


@slow.partials
def _(out, x):
    return (0.01,)


@nf.op(formula=r"\ln(e^a + e^b)")
def log_add_exp(a, b):
    """Stable, with partials out of the result."""
    return nf.maximum(a, b) + nf.log1p(nf.exp(-nf.abs(a - b)))


@log_add_exp.partials
def _(out, a, b):
    return (nf.exp(a - out), nf.exp(b - out))


@nf.op(formula=r"\begin{cases} 1 & x = 0 \\ \frac{\sin x}{x} & \text{otherwise} \end{cases}")
def sinc(x):
    """By its series near 0."""
    small = nf.abs(x) < 1e-3
    safe = nf.where(small, 1.0, x)
    return nf.where(small, 1.0 - x * x / 6.0 + x**4 / 120.0, nf.sin(safe) / safe)


@nf.op(formula=r"x \ln x", domain="(0, inf)")
def x_log_x(x):
    """On half of the numbers."""
    return x * nf.log(x)


@x_log_x.partials
def _(out, x):
    return (nf.log(x) + 1.0,)


@nf.op(formula=r"\frac{1}{x}", domain="(-inf, 0) | (0, inf)")
def inverse(x):
    """A domain of two parts."""
    return 1.0 / x


@nf.op(formula=r"\sqrt{1 - x^2}", domain="[-1, 1]")
def half_circle(x):
    """Infinitely steep at the ends of its domain."""
    return nf.sqrt(1.0 - x * x)


@nf.op(formula=r"\tan x", domain="(-1.5707963267948966, 1.5707963267948966)")
def tangent(x):
    """Between two poles."""
    return nf.sin(x) / nf.cos(x)


@nf.op(formula="x^a", domain=("(0, inf)", "(-inf, inf)"))
def power(x, a):
    """A domain for each of two inputs."""
    return nf.exp(a * nf.log(x))


@nf.op(formula="x^3 - 2 x^2 + e^{-x}")
def polynomial(x):
    """With powers of plain numbers."""
    return x**3 - 2 * x**2 + nf.exp(-x)


@nf.op(formula="x^5 - 3 x^3 + x y^2")
def steep(x, y):
    """A large partial whose slope along the other input is small."""
    return x * x * x * x * x - 3.0 * x * x * x + x * y * y


@steep.partials
def _(out, x, y):
    return (5.0 * x * x * x * x - 9.0 * x * x + y * y, 2.0 * x * y)


@nf.op(vectors=True, formula=r"\prod_i x_i")
def product(xs):
    """A loop over a list."""
    y = xs[0]
    for x in xs[1:]:
        y = y * x
    return y


@nf.op(formula="x^n")
def whole_power(x, *, n: int = 3):
    """A setting that is a whole number."""
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


@nf.op(formula="x^2", domain="(-inf, inf)", checks=nf.Checks(tolerance=1e-3))
def rough_square(x):
    """Right to three digits, and says so."""
    return 1.0001 * x * x


@rough_square.partials
def _(out, x):
    return (2.0 * x,)


def _low_first(low, high):
    if low >= high:
        raise nf.InputError("upside down", expected="low below high")


@nf.op(formula=r"\frac{x - l}{h - l}")
def share(x, *, low=0.0, high=1.0):
    """Where x lies between two settings, which must differ.

    >>> share(0.25)
    0.25
    """
    return (x - low) / (high - low)


def _softmax(xs, *, temperature: float = 1.0):
    top = xs[0]
    for x in xs:
        top = nf.maximum(top, x)
    powers = [nf.exp((x - top) / temperature) for x in xs]
    total = nf.sum(powers)
    return [p / total for p in powers]


def _poisson(prediction, target):
    return nf.exp(prediction) - target * prediction


def _is_count(y):
    return isinstance(y, int) and not isinstance(y, bool) and y >= 0


def _margins(prediction, target):
    others = [s for i, s in enumerate(prediction) if i != target]
    return nf.sum([nf.maximum(0.0, 1.0 + s - prediction[target]) for s in others])


def _mean_and_variance(prediction, target):
    mean, log_variance = prediction
    error = target - mean
    return 0.5 * (log_variance + error * error * nf.exp(-log_variance))


def _of_logs(prediction, target):
    distance = nf.log1p(prediction) - math.log1p(target)
    return distance * distance


def _log_cosh(prediction, target):
    e = nf.abs(prediction - target)
    return e + nf.log1p(nf.exp(-2.0 * e)) - math.log(2.0)


def _poly(base, step, steps, *, power: float = 2.0):
    return base * (1.0 - step / steps) ** power


def _warm(base, step, steps, *, warmup: int = 5):
    """A rise that starts above zero."""
    return base * min(1.0, (step + 1) / (warmup + 1))


def _restarts(base, step, steps, *, cycle: int = 10):
    return base * 0.5 * (1.0 + math.cos(math.pi * (step % cycle) / cycle))


def _ternary(rng, fan_in, fan_out):
    return float(int(3.0 * rng.random()) - 1)


def _laplace(rng, fan_in, fan_out):
    u = rng.random() - 0.5
    size = -math.log(1.0 - 2.0 * abs(u) + 1e-300) / math.sqrt(fan_in)
    return math.copysign(size, u)


def _lecun(rng, fan_in, fan_out):
    return rng.gauss(0.0, math.sqrt(1.0 / fan_in))


def _constant(rng, fan_in, fan_out, *, value: float = 0.1):
    return value


@nf.update_rule
def signed(w, g, *, learning_rate, step):
    """A step of one length, whatever the gradient (sign descent)."""
    return (w - learning_rate * nf.where(g > 0.0, 1.0, nf.where(g < 0.0, -1.0, 0.0)),)


@nf.update_rule
def adagrad(w, g, total, *, learning_rate, step, epsilon=1e-10):
    """Steps that shrink as squared gradients add up; there is no bias to correct."""
    total = total + g * g
    return w - learning_rate * g / (nf.sqrt(total) + epsilon), total


@nf.update_rule
def clipped(w, g, *, learning_rate, limit=2.0):
    """A setting that counts for large gradients alone."""
    return (w - learning_rate * nf.maximum(-limit, nf.minimum(limit, g)),)


@nf.update_rule
def started(w, g, total, *, learning_rate, step, scale=0.1):
    """A state whose letter is the first one of a setting too; there is no bias to correct."""
    total = total + g * g
    return w - learning_rate * g / nf.sqrt(total + scale), total


@nf.update_rule
def warm_adagrad(w, g, total, v, *, learning_rate, step, momentum=0.9, warmup: int = 5):
    """Two states and a warm-up; there is no bias to correct."""
    total = total + g * g
    v = momentum * v + g / (nf.sqrt(total) + 1e-10)
    return w - learning_rate * nf.minimum(1.0, step / warmup) * v, total, v


def _specificity(predictions, targets):
    pairs = [p for p, t in zip(predictions, targets, strict=True) if t == 0]
    return sum(p == 0 for p in pairs) / len(pairs) if pairs else 0.0


class Swap(nf.Module):
    """The list the other way round, times one learned number."""

    def __init__(self):
        self.weight = nf.Value(1.5)

    def forward(self, xs):
        """Each number, from the last to the first."""
        return [self.weight * x for x in reversed(xs)]


RIGHT = (
    *(x for x in list(globals().values()) if isinstance(x, nf.Op) and x is not share),
    nf.OpEntry.of(share, relations=_low_first),
    nf.LossEntry(
        name="log_cosh", target=_log_cosh, summary="A smooth distance.",
        formula=r"\ln \cosh(p - y)", allows=lambda y: isinstance(y, (int, float)),
    ),
    nf.LossEntry(
        name="poisson", target=_poisson, summary="Minus the likelihood of a count.",
        formula="e^s - y s", labels="a count, 0 or more", allows=_is_count, best=math.log,
    ),
    nf.LossEntry(
        name="margins", target=_margins, summary="Margins over all other classes.",
        formula=r"\sum_{i \neq y} \max(0, 1 + s_i - s_y)", index_target=True,
        labels="the number of the class", allows=_is_count,
    ),
    nf.LossEntry(
        name="mean_and_variance", target=_mean_and_variance, summary="Two unlike predictions.",
        formula=r"\frac12 (p_2 + (y - p_1)^2 e^{-p_2})", labels="any real number",
        examples=(((0.5, 0.2), 1.0, (0.8, 0.2)), ((2.0, 1.0), -1.0, (1.0, 1.0))),
    ),
    nf.LossEntry(
        name="of_logs", target=_of_logs, summary="The squared distance of logarithms.",
        formula=r"(\ln(1 + p) - \ln(1 + y))^2", labels="any number from 0 up",
        allows=lambda y: isinstance(y, (int, float)) and y >= 0,
    ),
    nf.ActivationEntry(
        name="tempered", target=_softmax, summary="Flatter, or steeper.", elementwise=False,
        formula=r"\frac{e^{x_i / T}}{\sum_j e^{x_j / T}}",
    ),
    nf.ScheduleEntry(
        name="restarts", target=_restarts, summary="Half a cosine, again and again.",
        formula=r"\frac{\eta_0}{2} \left(1 + \cos\left(\pi \frac{k \bmod c}{c}\right)\right)",
    ),
    nf.InitializerEntry(
        name="ternary", target=_ternary, summary="One of three.", formula=r"w \sim \{-1, 0, 1\}",
    ),
    nf.InitializerEntry(
        name="laplace", target=_laplace, summary="Long tails.",
        formula=r"w \sim \text{Laplace}(0, 1 / \sqrt{n_\mathrm{in}})",
    ),
    nf.OptimizerEntry(
        name="clipped", target=clipped, summary="Gradients cut off on both sides.",
        formula=r"w \leftarrow w - \eta \max(-c, \min(c, g))",
    ),
    nf.OptimizerEntry(
        name="started", target=started, summary="Squares that add up from a start.",
        formula=r"s \leftarrow s + g^2, \quad w \leftarrow w - \eta \frac{g}{\sqrt{s + c}}",
    ),
    nf.OptimizerEntry(
        name="warm_adagrad", target=warm_adagrad, summary="Two states and a warm-up.",
        formula=r"G \leftarrow G + g^2, v \leftarrow \mu v + \frac{g}{\sqrt{G} + 10^{-10}},"
        r" w \leftarrow w - \eta \min(1, t / T_w) v",
    ),
    nf.ScheduleEntry(
        name="poly", target=_poly, summary="A power of what is left.",
        formula=r"\eta_0 \left(1 - \frac{k}{n}\right)^p",
    ),
    nf.ScheduleEntry(
        name="warm", target=_warm, summary="Up in a line, then constant.",
        formula=r"\eta_0 \min\left(1, \frac{k + 1}{w + 1}\right)",
    ),
    nf.InitializerEntry(
        name="lecun", target=_lecun, summary="Normal, by fan-in.",
        formula=r"w \sim N(0, 1 / n_\mathrm{in})",
    ),
    nf.InitializerEntry(
        name="constant", target=_constant, summary="One number.", formula=r"w = c",
        checks=nf.Checks(settings=({"value": 0.5},)),
    ),
    nf.OptimizerEntry(
        name="signed", target=signed, summary="Steps of one length.",
        formula=r"w \leftarrow w - \eta \operatorname{sign} g",
    ),
    nf.OptimizerEntry(
        name="adagrad", target=adagrad, summary="Steps that shrink.",
        formula=r"T \leftarrow T + g^2, \quad w \leftarrow w - \eta \frac{g}{\sqrt{T} + \epsilon}",
    ),
    nf.MetricEntry(
        name="specificity", target=_specificity, summary="The recall of class 0.",
        formula=r"\text{right ones of class 0, as a share}", range="[0, 1]", tasks=("binary",),
    ),
    nf.LayerEntry(
        name="swap", target=Swap, summary="The list the other way round.",
        example_inputs=([0.5, -1.0],),
    ),
)  # fmt: skip
