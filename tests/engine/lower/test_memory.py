"""Bytes: a trace and its plan hold little per node, and a forward run reuses its buffers."""

import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import neuroflow as nf
from neuroflow.engine.lower.kernels import Kernels
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.lower.memory import MemoryLayout, packed
from neuroflow.engine.plan.grouping import plan_of_tape
from neuroflow.engine.trace.tracer import tracing


def layers(xs, depth):
    for _ in range(depth):
        xs = [(x * 0.5).tanh() for x in xs]
    return nf.sum(xs)


def planned(width, depth, keep_program=False):
    """Trace, plan and lower; the number of nodes."""
    w = nf.Value(0.3)
    with tracing([w]) as tracer:
        out = layers([w * tracer.input() for _ in range(width)], depth)
    plan = plan_of_tape(tracer.tape, [out.cell])
    lower(plan, Kernels())
    return plan.n_traced


def peak_of(call):
    """The most bytes at once while something runs, and what it gives."""
    tracemalloc.start()
    try:
        result = call()
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("width", "depth"), [(500, 40), (125, 160)])
def test_tracing_and_planning_peak_at_a_fifth_of_the_eager_graph(width, depth):
    planned(2, 2)  # what is made once
    peak, nodes = peak_of(lambda: planned(width, depth))
    eager, _ = peak_of(lambda: layers([nf.Value(0.1) for _ in range(width)], depth))
    assert peak / nodes < 45
    assert peak < eager / 5


def test_vectors_that_many_dots_read_are_written_once():
    rows = [[nf.Value(0.1) for _ in range(32)] for _ in range(40)]
    with tracing([w for row in rows for w in row]) as tracer:
        vectors = [[tracer.input() for _ in range(32)] for _ in range(3)]
        dots = [nf.dot(row, x) for x in vectors for row in rows]
    assert len(tracer.tape.inputs.cells) == (40 + 3) * 32
    plan = plan_of_tape(tracer.tape, [dot.cell for dot in dots])
    (group,) = plan.groups
    assert [len(table.rows) for table in group.tables] == [40, 3]
    read = group.inputs.reshape(3, 40, 2, 32)
    assert np.array_equal(read[1, :, 0], np.arange(40 * 32).reshape(40, 32))
    assert np.array_equal(read[:, 5, 1], plan.n_uniform + np.arange(3 * 32).reshape(3, 32))


def forward_bytes(plan, share, lanes=16):
    return lower(plan, Kernels(), lanes, 8, gradients="none", share=share).size * 8


def test_depth_costs_a_forward_run_no_memory():
    def chain(depth):
        return nf.compile(lambda xs: layers(xs, depth), backend="numpy").plan([0.1] * 50)

    shallow, deep = chain(3), chain(30)
    assert forward_bytes(deep, True) == forward_bytes(shallow, True)
    assert forward_bytes(deep, False) > 5 * forward_bytes(deep, True)


def test_a_plan_says_what_reuse_saves():
    model = nf.build("mlp", sizes=[3, 30, 30, 30, 2], activation="tanh", rng=random.Random(1))
    fast = nf.compile(model, backend="numpy")
    text = str(fast.report([1.0, 2.0, 3.0], lanes=16))
    plan = fast.plan([1.0, 2.0, 3.0])
    shared, apart = (lower(plan, Kernels(), 16, gradients="none", share=s).size * 8
                     for s in (True, False))  # fmt: skip
    assert f"forward alone: {shared:,} bytes with buffers reused, {apart:,} without" in text
    assert apart - shared > 8 * 16 * 4 * 30  # of six rows of 30 numbers, two live at once


def test_every_output_stays_until_the_end(backend):
    def every_layer(xs):
        kept = []
        for _ in range(6):
            xs = [nf.tanh(x * 0.7) for x in xs]
            kept.append(list(xs))
        return kept

    xs = [0.1 * k for k in range(9)]
    found = nf.compile(every_layer, backend=backend).value(xs)
    expected = every_layer([nf.Value(x) for x in xs])
    for row, values in zip(found, expected, strict=True):
        assert row == pytest.approx([v.data for v in values], rel=1e-12)


@st.composite
def networks(draw):
    """Layers that read any earlier ones: by map, in another order, by dot, by sum, by choice."""
    return [
        (
            draw(st.sampled_from(["map", "turn", "dense", "sum", "take"])),
            draw(st.integers(0, k)),
            draw(st.integers(0, k)),
            draw(st.booleans()),
        )
        for k in range(draw(st.integers(1, 7)))
    ]


def layer_of(kind, x, y, weights, index):
    if kind == "map":
        return [nf.tanh(p * 0.5 + q) for p, q in zip(x, y, strict=True)]
    if kind == "turn":
        return [p * q for p, q in zip(x, reversed(y), strict=True)]
    if kind == "dense":
        return [nf.tanh(nf.dot(row, x) + row[0]) for row in weights]
    if kind == "sum":
        return [nf.tanh(nf.sum(x) * q) for q in y]
    return [nf.take([p, q, p], index) for p, q in zip(x, y, strict=True)]


def outputs_of(network, weights, xs, index):
    known, kept = [xs], []
    for kind, a, b, keep in network:
        layer = layer_of(kind, known[a], known[b], weights, index)
        known.append(layer)
        if keep:
            kept += layer[:2]
    return [*kept, nf.sum(known[-1])]


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks(), st.integers(0, 2), st.booleans())
@example([("map", 0, 0, False), ("turn", 1, 1, False)] * 2, 0, False)
@example([(kind, k, k, False) for k, kind in enumerate(["map", "turn"] * 3)], 0, False)
def test_generated_networks_reuse_buffers_without_a_trace(backend, network, index, batched):
    weights = [[nf.Value(math_ish(i, j)) for j in range(9)] for i in range(9)]
    xs = [0.3 - 0.1 * k for k in range(9)]

    def function(xs, index):
        return outputs_of(network, weights, xs, index)

    expected = [v.data for v in function([nf.Value(x) for x in xs], index)]
    fast = nf.compile(function, backend=backend)
    runs = fast.batch_value([xs] * 9, [index] * 9) if batched else [fast.value(xs, index)] * 2
    for found in runs:
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-13)


@settings(max_examples=50, deadline=None)
@given(networks())
def test_no_cell_is_overwritten_before_its_last_reader(network):
    weights = [[nf.Value(math_ish(i, j)) for j in range(9)] for i in range(9)]
    fast = nf.compile(lambda xs, index: outputs_of(network, weights, xs, index), backend="numpy")
    plan = fast.plan([0.1] * 9, 1)
    where = MemoryLayout(plan, 1, 8, share=True).where
    holder = np.full(where.max() + 1, -1)
    holder[where[: plan.n_uniform + len(plan.input_numbers)]] = np.arange(
        plan.n_uniform + len(plan.input_numbers)
    )
    for group in plan.groups:
        read = np.unique(group.inputs)
        assert np.array_equal(holder[where[read]], read)
        assert not set(where[group.cells]) & set(where[read])
        holder[where[group.cells]] = np.arange(group.first, group.first + group.count)
    assert np.array_equal(holder[where[plan.outputs]], plan.outputs)


def math_ish(i, j):
    return ((i * 7 + j * 3) % 11 - 5) / 9


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9), st.integers(0, 9)), max_size=25))
def test_rooms_that_live_at_once_never_overlap(drawn):
    lives = sorted((size, min(a, b), max(a, b)) for size, a, b in drawn)
    lives.sort(key=lambda life: life[1])
    places, top = packed(lives)
    for i, (size, first, last) in enumerate(lives):
        assert 0 <= places[i] <= top - size
        for j in range(i):
            other, begin, end = lives[j]
            if first <= end and begin <= last:
                assert places[i] + size <= places[j] or places[j] + other <= places[i]
