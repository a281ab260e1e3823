"""Every op at its edges: a nan stays one, and a derivative is there on every way or on none."""

from __future__ import annotations

import math
import random
import sys
from itertools import product

import pytest

import neuroflow as nf
from tests.support.sweeps import tries

OPS = {name: nf.get("op", name).load() for name in nf.names("op")}
COMPILED = [(name, dtype) for name in ("numpy", "llvm") for dtype in ("float64", "float32")]
EDGES = (
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.5, 5e-324, 1e-300, -1e-300, 1e-8, 700.0, -750.0, 1e155,
    1e300, -1e300,
)  # fmt: skip

ERROR = "DomainError"
SLOPE_IS_KNOWN = ("neg", "identity", "stop_gradient", "ceil", "floor", "sign")
"""One, its opposite or zero, whatever the number is."""


def size(op):
    """How many numbers it takes here: of vectors, two each."""
    return op.arity or 2 * len(op.parameters)


def applied(op, xs):
    """An op on a flat list of numbers."""
    length = len(xs) // len(op.parameters)
    vectors = [list(xs[k : k + length]) for k in range(0, len(xs), length)]
    return op(*vectors) if op.vectors else op(*xs)


def outcome(ask):
    """A number, or the word for the own error."""
    try:
        return ask()
    except nf.DomainError:
        return ERROR


def lost(answer):
    """Whether a nan became a number."""
    return not (answer == ERROR or math.isnan(answer))


# A nan stays a nan, or is an error


def with_nan(op, k):
    """Usual numbers, and a nan in place k."""
    return [math.nan if j == k else 0.75 for j in range(size(op))]


def is_chosen(op, k):
    """Whether input k counts: ``where`` passes over the side that its condition does not choose."""
    return (op.name, k) != ("where", 2)


@pytest.mark.sweep
@pytest.mark.parametrize("name", OPS)
def test_no_op_makes_a_number_of_nan(name, figures):
    op, tried = OPS[name], 0
    function = lambda *xs: applied(op, xs)  # noqa: E731
    some = [("numpy", "float64"), ("llvm", "float32")] if name in ("relu", "maximum") else []
    compiled = [nf.compile(function, b, dtype=d) for b, d in tries(some, full=COMPILED)]
    for k in range(size(op)):
        xs = with_nan(op, k)
        values = [nf.Value(x) for x in xs]
        ways = {
            "floats": lambda xs=xs: function(*xs),
            "values": lambda values=values: function(*values).data,
            "no_grad": lambda values=values: without_graph(function, values),
            **{f.__repr__(): lambda f=f, xs=xs: f.value(*xs) for f in compiled},
        }
        for way, ask in ways.items():
            assert lost(outcome(ask)) is not is_chosen(op, k), f"{way}, input {k}"
            tried += 1
    if op.arity == 1 and op.name not in SLOPE_IS_KNOWN:
        x = nf.Value(math.nan)
        assert math.isnan(nf.gradients(op(x), [x])[0])
        assert math.isnan(nf.jvp(op(x), [x], [1.0]))
    figures(tried=tried, faults=0)


def without_graph(function, values):
    with nf.no_grad():
        return function(*values).data


LISTS = {name: nf.get("activation", name).load() for name in ("softmax", "log_softmax")}


@pytest.mark.parametrize("k", [0, 1, 2])
@pytest.mark.parametrize("name", LISTS)
def test_no_activation_of_lists_makes_a_number_of_nan(name, k):
    xs = [math.nan if j == k else float(j) for j in range(3)]
    assert all(map(math.isnan, LISTS[name](xs)))
    assert all(math.isnan(y.data) for y in LISTS[name]([nf.Value(x) for x in xs]))


SLOPES = {
    "backward": lambda y, xs, k: (y.backward(), xs[k].grad)[1],
    "gradients": lambda y, xs, k: nf.gradients(y, xs)[k],
    "create_graph": lambda y, xs, k: nf.gradients(y, xs, create_graph=True)[k].data,
    "jvp": lambda y, xs, k: nf.jvp(y, [xs[k]], [1.0]),
}
"""The derivative of y by xs[k]."""


@pytest.mark.sweep
@pytest.mark.parametrize("name", nf.names("loss"))
def test_no_loss_makes_a_number_of_nan(name, figures):
    entry = nf.get("loss", name)
    loss, tried = entry.load(), 0
    target = 1 if entry.index_target else [1.0, 1.0]
    for k in range(2):
        xs = [math.nan if j == k else 0.25 for j in range(2)]
        chosen = name != "cross_entropy_from_probabilities" or k == 1 or not entry.index_target
        assert not chosen or lost(outcome(lambda xs=xs: loss(xs, target))) is False
        values = [nf.Value(x) for x in xs]
        assert not lost(outcome(lambda values=values: loss(values, target).data))
        for way, slope in SLOPES.items() if chosen else ():
            found = outcome(lambda v=values, s=slope, k=k: s(loss(v, target), v, k))
            assert not lost(found), way
            tried += 1
        for backend, dtype in tries([("numpy", "float64")], full=COMPILED):
            compiled = nf.compile(lambda p: loss(p, target), backend, dtype=dtype)
            assert not lost(outcome(lambda compiled=compiled, xs=xs: compiled.value(xs)))
            slope = lambda compiled=compiled, xs=xs: compiled.value_and_gradients(xs)  # noqa: E731
            assert outcome(slope) == ERROR
            tried += 2
    figures(tried=tried, faults=0)


# A derivative that counts is there on every way, or on none


def ways_to(op, k, around):
    """The derivative by input k of an op inside a function, on every way; the others are fixed."""

    def value(x, others):
        return around(applied(op, [*others[:k], x, *others[k:]]), x)

    def eager(ask):
        def way(x, others):
            x = nf.Value(x)
            return ask(value(x, others), x)

        return way

    def compiled(backend):
        frozen = nf.compile(lambda x, xs: value(x, [*map(nf.stop_gradient, xs)]), backend)
        return lambda x, others: frozen.value_and_gradients(x, others)[1].inputs[0]

    return {
        "backward": eager(lambda y, x: (y.backward(), x.grad)[1]),
        "gradients": eager(lambda y, x: nf.gradients(y, [x])[0]),
        "create_graph": eager(lambda y, x: nf.gradients(y, [x], create_graph=True)[0].data),
        "jvp": eager(lambda y, x: nf.jvp(y, [x], [1.0])),
        "what_if": eager(lambda y, x: nf.what_if(y, {x: 1.0}).first_order),
        **{backend: compiled(backend) for backend in ("numpy", "llvm")},
    }


AROUND = {
    "itself": lambda y, x: y,
    "closed relu": lambda y, x: nf.ops.relu(-nf.abs(y)) + x,
    "closed where": lambda y, x: nf.where(nf.stop_gradient(x) < math.inf, x, y),
    "times zero": lambda y, x: y * 0.0 + x,
    "square root": lambda y, x: nf.sqrt(nf.abs(y)),
}


@pytest.mark.sweep
@pytest.mark.parametrize("name", OPS)
def test_a_derivative_is_there_on_every_way_or_on_none(name, figures):
    op, rng, tried = OPS[name], random.Random(name), 0
    grid = list(product(EDGES, repeat=size(op)))
    around = [*AROUND]
    for inside in tries(["itself", rng.choice(around)], full=around):
        for k in tries([rng.randrange(size(op))], full=range(size(op))):
            ways = ways_to(op, k, AROUND[inside])
            for xs in rng.sample(grid, min(len(grid), tries(6, full=200))):
                x, others = xs[k], [*xs[:k], *xs[k + 1 :]]
                value = outcome(lambda xs=xs: applied(op, [*map(nf.Value, xs)]))
                if inside != "itself" and value == ERROR:
                    continue  # eager code does not get to what is around it
                if inside == "square root" and is_a_matter_of_rounding(name, xs, value):
                    continue
                found = {w: outcome(lambda a=a, x=x, o=others: a(x, o)) for w, a in ways.items()}
                tried += 1
                assert agree(**found), f"{inside}, input {k}, {xs}: {found}"
    figures(tried=tried, faults=0)


def is_a_matter_of_rounding(name, xs, value):
    """Whether a number is 0 or not by how it was rounded; native code rounds a product and a sum
    once. It is then a number without all its digits, or what is left of two products that cancel.
    """
    if value == ERROR:
        return False
    if name == "dot" and value.data == 0.0:
        return xs[0] * xs[2] != 0.0
    return 0.0 < abs(value.data) < sys.float_info.min


def agree(gradients, what_if, **others):
    """All the error, or all the same finite number up to rounding; only ``what_if`` may also raise
    for the second derivative, or for what the change leads to."""
    if gradients == ERROR:
        return {what_if, *others.values()} == {ERROR}
    numbers = [*others.values(), *([] if what_if == ERROR else [what_if])]
    near = {"rel_tol": 1e-6, "abs_tol": 1e-300}
    return all(x != ERROR and math.isclose(x, gradients, **near) for x in numbers)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_power_makes_no_number_of_nan_where_the_c_library_does(backend):
    both = nf.compile(lambda x, y: x**y, backend)
    for x, y in ((math.nan, 0.0), (1.0, math.nan)):
        assert outcome(lambda x=x, y=y: both.value(x, y)) == ERROR
        assert math.isnan((nf.Value(x) ** nf.Value(y)).data)
