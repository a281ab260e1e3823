"""Random graphs: whatever is shared, stopped or chosen in them, compiled runs give eager slopes."""

from __future__ import annotations

import random

import pytest

import neuroflow as nf
from tests.support.sweeps import tries

OPS = {name: nf.get("op", name).load() for name in ("relu", "sigmoid", "gelu", "softplus")}
LISTS = {name: nf.get("activation", name).load() for name in ("softmax", "log_softmax")}


def one(rng, made):
    return rng.choice(made[-12:])


def some(rng, made):
    return [one(rng, made) for _ in range(rng.randrange(2, 5))]


STEPS = {
    "sum": lambda rng, made: [nf.sum(some(rng, made))],
    "mean": lambda rng, made: [nf.mean(some(rng, made))],
    "largest": lambda rng, made: [nf.maximum(some(rng, made))],
    "smallest": lambda rng, made: [nf.minimum(some(rng, made))],
    "dot": lambda rng, made: [nf.dot([one(rng, made), *made[-2:]], made[-3:])],
    "dots": lambda rng, made: [nf.dot(made[k : k + 3], made[-3:]) for k in range(2)],
    "stop": lambda rng, made: [nf.stop_gradient(one(rng, made))],
    "shifted": lambda rng, made: shifted(some(rng, made)),
    "list": lambda rng, made: LISTS[rng.choice([*LISTS])](some(rng, made)),
    "where": lambda rng, made: [nf.where(one(rng, made) < 0.3, *some(rng, made)[:2])],
    "map": lambda rng, made: [*map(OPS[rng.choice([*OPS])], some(rng, made))],
    "tanh": lambda rng, made: [*map(nf.tanh, some(rng, made))],
    "sub": lambda rng, made: [x - one(rng, made) for x in some(rng, made)],
    "mul": lambda rng, made: [0.5 * x * one(rng, made) for x in some(rng, made)],
    "layer": lambda rng, made: [nf.tanh(nf.sum([x, *made[-2:]])) for x in some(rng, made)],
}


def shifted(xs):
    """Each less the largest, as softmax does it."""
    most = nf.stop_gradient(nf.maximum(xs))
    return [x - most for x in xs]


def graph(seed, weights, xs):
    """A number from a graph that the seed alone decides."""
    rng, made = random.Random(seed), [*weights, *xs]
    for _ in range(rng.randrange(2, 9)):
        made += [
            nf.tanh(y) if rng.random() < 0.3 else y for y in STEPS[rng.choice([*STEPS])](rng, made)
        ]
    return nf.sum([rng.choice((1.0, -0.5)) * y for y in made[-5:]])


@pytest.mark.sweep
@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_slopes_of_random_graphs_are_those_of_plain_values(backend, figures):
    tried = tries(10, full=300)
    for seed in range(tried):
        rng = random.Random(-seed)
        weights = [nf.Value(rng.uniform(-1, 1)) for _ in range(4)]
        rows = [[rng.uniform(-1, 1) for _ in range(3)] for _ in range(rng.choice((1, 9)))]
        compiled = nf.compile(lambda xs, s=seed, w=weights: graph(s, w, xs), backend)
        values = [[*map(nf.Value, row)] for row in rows]
        ys = [graph(seed, weights, xs) for xs in values]
        mean = nf.sum(ys) / len(ys)
        near = {"rel": 1e-9, "abs": 1e-12}
        value, slopes = compiled.value_and_gradients(rows[0])
        assert value == pytest.approx(ys[0].data, **near), seed
        assert slopes.inputs == [pytest.approx(nf.gradients(ys[0], values[0]), **near)], seed
        value, slopes = compiled.batch_value_and_gradients(rows)
        assert value == pytest.approx(mean.data, **near), seed
        expected = nf.gradients(mean, weights)
        assert [slopes[w] for w in weights] == pytest.approx(expected, **near), seed
    figures(tried=tried, faults=0)
