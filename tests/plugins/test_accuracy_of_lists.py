"""Softmax, cross entropy and the other losses keep their digits, for all margins, on every path.

The bounds are those of ops. A difference that the mathematics itself has, such as p - p^2, is
held to units of the larger of its terms: each exact number comes with the *size* that counts.
"""

import random

import mpmath
import pytest

import neuroflow as nf
from tests.support.accuracy import BOUNDS, PATHS, unit
from tests.support.sweeps import tries

mpf = mpmath.mpf
PATHS_OF_LISTS = [("eager", "float64"), *PATHS, ("portable", "float64")]


def logits(rng, narrow=False):
    """Three or four numbers whose differences are no rounded ones; ties are frequent."""
    step, reach = (2.0**-10, 80) if narrow else (2.0**-30, rng.choice((2, 40, 700)))
    found = [round(rng.uniform(-reach, reach) / step) * step for _ in range(4)]
    return [rng.choice((x, x, x, found[0])) for x in found]


def exact_softmax(xs):
    """Of each class: its share, and that of all others together."""
    weights = [mpmath.exp(mpf(x) - max(xs)) for x in xs]
    others = [mpmath.fsum(w for j, w in enumerate(weights) if j != k) for k in range(len(xs))]
    total = mpmath.fsum(weights)
    return [w / total for w in weights], [w / total for w in others]


def exact_cross_entropy(xs, t):
    """Value, slopes and curvatures, each with the size that counts."""
    p, others = exact_softmax(xs)
    value = mpmath.log1p(others[t] / p[t])
    slopes = [-others[t] if k == t else p[k] for k in range(len(xs))]
    curvatures = [
        (p[k] * others[k], p[k] * others[k] if k == t or p[k] < 0.75 else p[k])
        for k in range(len(xs))
    ]
    return [(value, value)], [(x, x) for x in slopes], curvatures


def units(got, exact, dtype="float64"):
    """The largest error, in units in the last place of the sizes."""
    smallest = mpf(2) ** (-1022 if dtype == "float64" else -126)  # others have fewer digits
    return max(
        float(abs(mpf(g) - right) / unit(max(abs(size), smallest), dtype))
        for g, (right, size) in zip(got, exact, strict=True)
    )


cross_entropy = nf.get("loss", "cross_entropy").load()


def eager_derivatives(xs, t):
    """The loss, its slopes and its curvatures, each by one logit."""
    xs = [nf.Value(x) for x in xs]
    loss = cross_entropy(xs, t)
    slopes = nf.gradients(loss, xs, create_graph=True)
    curvatures = [nf.gradients(slope, [x])[0] for slope, x in zip(slopes, xs, strict=True)]
    return [loss.data], [slope.data for slope in slopes], curvatures


def compiled_derivatives(backend, dtype):
    """The same of a compiled function, without curvatures."""
    compiled = nf.compile(cross_entropy, backend, dtype)

    def derivatives(xs, t):
        value, gradients = compiled.value_and_gradients(xs, t)
        return [value], gradients.inputs[0]

    return derivatives


@pytest.mark.sweep
@pytest.mark.parametrize(("path", "dtype"), PATHS_OF_LISTS)
def test_cross_entropy_keeps_its_digits(path, dtype, figures):
    rng, n, worst = random.Random(f"{path} {dtype}"), tries(40, full=1_000), [0.0] * 3
    derivatives = eager_derivatives if path == "eager" else compiled_derivatives(path, dtype)
    for _ in range(n):
        xs, t = logits(rng, dtype == "float32"), rng.randrange(4)
        with mpmath.workprec(250):
            exact = exact_cross_entropy(xs, t)
            off = [units(*each, dtype) for each in zip(derivatives(xs, t), exact, strict=False)]
        worst = [max(pair) for pair in zip(worst, [*off, 0.0], strict=False)]
    faults = [off for off, bound in zip(worst, BOUNDS, strict=False) if off > bound]
    figures(tried=n, faults=len(faults), value=worst[0], slope=worst[1])
    assert faults == [], worst


# What is no cross entropy: each case gives the numbers it is tried at, its function of them and of
# an index, and the exact value and slopes with their sizes


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def softplus(x):
    return mpmath.log1p(mpmath.exp(-abs(x))) + max(x, 0)


def exact_share(xs, k):
    p, others = exact_softmax(xs)
    slopes = [(-p[k] * p[j], p[k] * p[j]) for j in range(len(xs))]
    slopes[k] = (p[k] * others[k], p[k])  # p - p^2
    return (p[k], p[k]), slopes


def exact_log_share(xs, k):
    p, others = exact_softmax(xs)
    slopes = [(-x, x) for x in p]
    slopes[k] = (others[k], mpf(1))  # 1 - p
    value = -mpmath.log1p(others[k] / p[k])
    return (value, value), slopes


SMOOTHED = 0.125


def exact_smoothed(xs, k):
    value, slopes, _ = exact_cross_entropy(xs, k)
    more = mpf(xs[k]) - mpmath.fsum(xs) / len(xs)
    size = max(abs(mpf(x) - max(xs)) for x in xs) * SMOOTHED
    each = [SMOOTHED * (mpf(j == k) - mpf(1) / len(xs)) for j in range(len(xs))]
    return (value[0][0] + SMOOTHED * more, max(value[0][0], size)), [
        (slope + e, max(abs(slope), abs(e))) for (slope, _), e in zip(slopes, each, strict=True)
    ]


def exact_soft_label(xs, _):
    x, y = mpf(xs[0]), mpf(SMOOTHED)
    sizes = y * sigmoid(-x), (1 - y) * sigmoid(x)
    value = y * softplus(-x) + (1 - y) * softplus(x)
    return (value, value), [(sizes[1] - sizes[0], max(sizes)), *[(mpf(0), mpf(1))] * (len(xs) - 1)]


def exact_soft_targets(ps, _):
    terms = [-mpf(SMOOTHED) * mpmath.log(p) for p in ps]
    value = mpmath.fsum(terms)
    return (value, value), [(-SMOOTHED / mpf(p), SMOOTHED / mpf(p)) for p in ps]


def exact_normal_part(xs, _):
    x, y = mpf(xs[0]), mpf(xs[1])
    area = mpmath.erfc(-x / mpmath.sqrt(2)) / 2
    curve = y * mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)
    return (y * area, abs(y * area)), [(curve, abs(curve)), (area, area)]


def shares(rng, narrow):
    return [
        2.0 ** -rng.uniform(0.0, 39.0 if not narrow else 10.0) // 2**-20 * 2**-20 or 0.5
        for _ in range(3)
    ]


def parts(rng, narrow):
    return [round(rng.uniform(-13.0, 13.0) * 2**15) / 2**15, float(rng.choice((-3, 1, 5)))]


def entry(kind, name):
    return nf.get(kind, name).load()


CASES = {
    "softmax": (logits, exact_share, lambda xs, k: nf.take(entry("activation", "softmax")(xs), k)),
    "log_softmax": (
        logits,
        exact_log_share,
        lambda xs, k: nf.take(entry("activation", "log_softmax")(xs), k),
    ),
    "label smoothing": (
        logits,
        exact_smoothed,
        lambda xs, k: cross_entropy(xs, k, label_smoothing=SMOOTHED),
    ),
    "a soft label": (
        logits,
        exact_soft_label,
        lambda xs, k: entry("loss", "binary_cross_entropy")(xs[0], SMOOTHED),
    ),
    "soft targets": (
        shares,
        exact_soft_targets,
        lambda ps, k: entry("loss", "cross_entropy_from_probabilities")(ps, [SMOOTHED] * 3),
    ),
    "normal_part": (parts, exact_normal_part, lambda xs, k: entry("op", "normal_part")(*xs)),
}


def first_derivatives(function, path, dtype):
    """Something that gives the function's value and its slopes."""
    if path != "eager":
        compiled = nf.compile(function, path, dtype)
        return lambda xs, k: (lambda v, g: (v, g.inputs[0]))(*compiled.value_and_gradients(xs, k))

    def derivatives(numbers, k):
        xs = [nf.Value(x) for x in numbers]
        value = function(xs, k)
        return value.data, nf.gradients(value, xs)

    return derivatives


@pytest.mark.sweep
@pytest.mark.parametrize(("path", "dtype"), PATHS_OF_LISTS)
def test_other_lists_and_losses_keep_their_digits(path, dtype, figures):
    rng, n, worst = random.Random(f"{path} {dtype}"), tries(8, full=200), {}
    for name, (draw, exactly, function) in CASES.items():
        derivatives = first_derivatives(function, path, dtype)
        for _ in range(n):
            xs = draw(rng, dtype == "float32")
            k = rng.randrange(len(xs))
            value, slopes = derivatives(xs, k)
            with mpmath.workprec(250):
                right, right_slopes = exactly(xs, k)
                off = units([value], [right], dtype), units(slopes, right_slopes, dtype)
            worst[name] = tuple(map(max, worst.get(name, off), off))
    faults = {k: off for k, off in worst.items() if off[0] > BOUNDS[0] or off[1] > BOUNDS[1]}
    value, slope = map(max, zip(*worst.values(), strict=True))
    figures(tried=n * len(CASES), faults=len(faults), value=value, slope=slope)
    assert faults == {}
