"""Calls that are alike are traced once: plans, losses and slopes are those of tracing each."""

from __future__ import annotations

import random
from functools import partial

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.engine import comparison
from neuroflow.engine.plan.function import TracedFunction
from neuroflow.engine.trace import stamp
from neuroflow.engine.trace.parameters import parameters_of
from neuroflow.engine.trace.structure import flatten
from tests.support.sweeps import tries

CROSS_ENTROPY = nf.get("loss", "cross_entropy").load()
MODELS = {
    "plain": {},
    "three layers": {"n_layer": 3, "norm_gain": False},
    "layer norm": {"norm": "layer_norm", "bias": True},
    "rotary": {"positions": "rotary"},
    "alibi": {"positions": "alibi", "order": "post"},
    "tied": {"tied": True, "key_value_heads": 1},
    "dropout": {"dropout": 0.2},
    "gated": {"gated": True, "activation": "silu"},
    "softmax": {"activation": "softmax", "positions": "sinusoidal", "final_norm": True},
}


@pytest.fixture(autouse=True)
def copies(monkeypatch):
    """How many calls were copied; small ones are too."""
    made = []
    write = stamp.Template.write
    monkeypatch.setattr(stamp, "FEWEST", 4)
    monkeypatch.setattr(
        stamp.Template, "write", lambda self, *given: made.append(given) or write(self, *given)
    )
    return made


def loss(model, tokens, targets):
    pairs = zip(model(tokens), targets, strict=True)
    return nf.mean([CROSS_ENTROPY(x, t) for x, t in pairs])


def gpt(**settings):
    common = {"vocab_size": 5, "n_layer": 2, "n_embd": 8, "n_head": 2, "block_size": 6}
    return nf.build("gpt", rng=nf.SplitMix32(1), **{**common, **settings})


def facts(plan):
    """All that a plan says, as texts: of the groups, and of the rest."""
    groups = [
        (g.op.name, g.level, g.uniform, g.first, g.scope, g.inputs.tolist(), str(g.index))
        for g in plan.groups
    ]
    rest = (plan.constants, plan.outputs.tolist(), plan.n_traced, plan.notes, plan.n_uniform)
    return [*map(repr, groups), repr(rest)]


def both(function, modules, inputs):
    """The plan, and that of tracing every call."""
    parameters = parameters_of(function, modules)
    structure = flatten(tuple(inputs))[1]
    return [
        TracedFunction(function, modules, parameters, stamp=each).trace(structure).plan
        for each in (True, False)
    ]


def assert_same(function, modules, inputs):
    found, expected = map(facts, both(function, modules, inputs))
    assert len(found) == len(expected)
    different = [(a[:200], b[:200]) for a, b in zip(found, expected, strict=True) if a != b]
    assert different[:1] == []


@pytest.mark.parametrize("settings", MODELS.values(), ids=MODELS)
def test_plans_are_those_of_tracing_every_call(settings, copies):
    assert_same(loss, (gpt(**settings),), ([0, 1, 2, 3, 4, 0], [1, 2, 3, 4, 0, 1]))
    assert len(copies) >= 5


def test_losses_slopes_and_steps_are_the_same_to_the_bit(copies):
    examples = [([0, 1, 2, 3], [1, 2, 3, 4]), ([4, 3, 2, 1], [3, 2, 1, 0])]
    found = []
    for each in (True, False):
        runner = nf.make_runner(
            gpt(dropout=0.1), loss, examples, nf.get("optimizer", "adam").load(), stamp=each
        )
        found.append((runner.run([[0, 1], [0]], [0.1, 0.1]), runner.gradients([0, 1])))
    assert found[0] == found[1]
    assert copies


def test_compile_takes_the_switch(copies):
    model = gpt()
    nf.compile(loss, backend="numpy", stamp=False).value(model, [0, 1], [1, 2])
    assert not copies


@nf.pure
class Row(nf.Module):
    """A pure module: dots with its rows."""

    def __init__(self, size, rng, scale=1.0):
        self.rows = [[nf.Value(rng.gauss(0, 1)) for _ in range(size)] for _ in range(size)]

    def forward(self, xs, extra=0.5):
        return [nf.tanh(nf.dot(row, xs) * self.scale + extra) for row in self.rows]


def rows(n, size=6):
    rng = random.Random(3)
    return [Row(size, rng) for _ in range(n)]


class Chain(nf.Module):
    def __init__(self, parts):
        self.parts = parts

    def forward(self, xs):
        for part in self.parts:
            xs = part(xs)
        return nf.sum(xs)


def traced(model, size=6):
    assert_same(model, (), ([0.1] * size,))


def test_layers_of_equal_shapes_are_copies(copies):
    traced(Chain(rows(4)))
    assert len(copies) == 3


def squashed(xs, scale=2.0):
    return [nf.tanh(scale * x) for x in xs], nf.sum(xs)


class Squashing(nf.Module):
    """Calls a function for one row after the other, one of them with another setting."""

    def __init__(self, function):
        self.function, self.rows = function, rows(1)[0].rows

    def forward(self, xs):
        found = [self.function([w * x for w, x in zip(r, xs, strict=True)]) for r in self.rows]
        found.append(self.function(xs, scale=3.0))
        return nf.sum([nf.sum(ys) + total for ys, total in found])


def test_calls_of_a_pure_function_are_copies_and_of_another_function_none(copies):
    traced(Squashing(squashed))
    assert not copies
    traced(Squashing(nf.pure(squashed)))
    assert len(copies) == 5


def test_a_function_whose_code_was_replaced_is_traced_call_by_call(copies):
    function = nf.pure(lambda xs, scale=2.0: squashed(xs, scale))
    function.__wrapped__.__code__ = (lambda xs, scale=2.0: squashed(xs, 2.0 * scale)).__code__
    traced(Squashing(function))
    assert not copies


def test_another_setting_shape_or_argument_is_no_copy(copies):
    parts = rows(3)
    parts[1].scale, parts[2].rows = 2.0, parts[2].rows[:5]
    traced(Chain(parts))
    traced(Chain([parts[0], partial(parts[0], extra=0.25)]))
    assert not copies


def test_what_changes_between_two_calls_is_seen(copies):
    class Changing(Chain):
        def forward(self, xs):
            part = self.parts[0]
            xs = part(part(xs))
            part.rows[:2] = part.rows[1::-1]
            try:
                return nf.sum(part(xs))
            finally:
                part.rows[:2] = part.rows[1::-1]

    traced(Changing(rows(1, 9)), 9)
    assert len(copies) == 2


def test_a_setting_that_changes_between_two_calls_is_seen(copies):
    class Changing(Chain):
        def forward(self, xs):
            part = self.parts[0]
            xs = part(xs)
            part.scale = 2.0
            try:
                return nf.sum(part(xs))
            finally:
                part.scale = 1.0

    traced(Changing(rows(1)))
    assert not copies


class Counting(Row):
    """Says nothing of itself: every call is one."""

    calls: tuple = ()

    def forward(self, xs):
        seen.append(len(xs))
        return super().forward(xs)


seen: list = []


def test_a_class_that_does_not_say_so_is_traced_call_by_call(copies):
    seen.clear()
    part = Counting(6, random.Random(1))
    nf.compile(Chain([part, part, part]), backend="numpy").plan([0.1] * 6)
    assert seen == [6, 6, 6]
    assert not copies


def test_a_forward_that_was_replaced_is_traced_call_by_call(copies, monkeypatch):
    parts = rows(3)
    inner = parts[1].forward
    parts[1].forward = lambda xs: [2.0 * x for x in inner(xs)]
    traced(Chain([parts[1], parts[1], parts[1]]))
    assert not copies
    monkeypatch.setattr(Row, "forward", lambda self, xs: seen.append(1) or xs)
    seen.clear()
    nf.compile(Chain(rows(3)), backend="numpy").plan([0.1] * 6)
    assert len(seen) == 3


@nf.pure
class Around(nf.Module):
    """A pure module with anything inside."""

    def __init__(self, inner, row):
        self.inner, self.row = inner, row

    def forward(self, xs):
        return self.inner(self.row(xs))


def test_a_part_that_is_not_pure_is_not_copied_with_what_is_around_it(copies):
    dropped = [Around(nf.build("dropout", rate=0.3, rng=random.Random(1)), row) for row in rows(3)]
    traced(Chain(dropped))
    assert len(copies) == 2
    copies.clear()
    doubled = [Around(lambda xs: [x * 2.0 for x in xs], row) for row in rows(3)]
    traced(Chain(doubled))
    assert len(copies) == 2


def test_a_buffer_and_a_value_of_somebody_else_are_no_part_of_a_copy(copies):
    parts = rows(3)
    for part in parts:
        part.rows[0][0] = nf.Buffer(0.5)
    traced(Chain(parts))
    assert not copies


def test_shared_parameters_are_told_from_parameters_of_equal_shape(copies):
    one, other, third = rows(3)
    other.rows[0] = other.rows[1]
    third.rows[0][0] = third.rows[0][1]
    traced(Chain([one, other, third, one]))
    assert len(copies) == 1


@nf.pure
class Passing(nf.Module):
    """Gives what it is given, itself, among other things."""

    def forward(self, xs, flag=None):
        total = nf.sum([x * x for x in xs])
        return {"same": xs[0], "list": (total, [total, xs[1]]), "flag": flag, "one": 1.0}


class Structured(nf.Module):
    def __init__(self):
        self.part = Passing()

    def forward(self, xs):
        first, second = self.part(xs), self.part(xs[::-1])
        if second["same"] is not xs[-1] or second["flag"] is not None:
            raise ValueError(second)
        third = self.part([second["list"][0], second["list"][1][1], *xs[:4]])
        return nf.sum([first["same"], third["list"][1][0], third["same"], third["one"]])


def test_results_of_any_structure_come_back_with_what_was_given(copies):
    traced(Structured())
    assert len(copies) == 2


def test_copies_are_left_out_of_the_comparison_with_plain_values(copies, monkeypatch):
    monkeypatch.setattr(comparison, "MOST_NODES", 0)
    model, example = gpt(positions="alibi"), ([0, 1, 2, 3], [1, 2, 3, 4])
    runner = nf.make_runner(model, loss, [example], nf.get("optimizer", "sgd").load())
    expected = loss(model, *example).data
    replayed = []
    run = comparison.ReplayedCalls.run
    monkeypatch.setattr(
        comparison.ReplayedCalls, "run",
        lambda self, call, *given: replayed.append(call.module) or run(self, call, *given),
    )  # fmt: skip
    (found,) = runner.run([[0]], [0.0])
    assert found == pytest.approx(expected, rel=1e-12)
    assert len(copies) >= 5
    assert 0 < len([x for x in replayed if isinstance(x, nf.Module)]) < 60


def test_a_layer_that_does_something_else_on_values_is_named_among_copies(monkeypatch):
    monkeypatch.setattr(comparison, "MOST_NODES", 0)

    class Odd(nf.Module):
        def forward(self, xs):
            return [x * 2.0 if type(x) is nf.Value else x for x in xs]

    model = Chain([*rows(2), Odd(), *rows(2)])
    runner = nf.make_runner(
        model, lambda model, xs: model(xs) ** 2, [([0.1] * 6,)], nf.get("optimizer", "sgd").load()
    )
    with pytest.raises(nf.TraceError, match=r"Odd \(parts.2\) does something else"):
        runner.run([[0]], [0.1])


def random_model(rng):
    """Pure parts and others, some of them several times."""
    kinds = [
        lambda: Row(6, rng, scale=rng.choice((1.0, 0.5))),
        lambda: Around(Row(6, rng), Row(6, rng)),
        lambda: nf.build("layer", inputs=6, outputs=6, activation="tanh", rng=rng),
        lambda: nf.build("dropout", rate=0.2, rng=random.Random(1)),
        lambda: Counting(6, rng),
    ]
    parts = [rng.choice(kinds)() for _ in range(4)]
    if rng.random() < 0.3:
        parts[0] = Around(parts[1], Row(6, rng))
    return Chain([rng.choice(parts) for _ in range(rng.randrange(3, 9))])


@pytest.mark.sweep
def test_random_models_are_traced_alike(figures, copies):
    tried = tries(8, full=400)
    for seed in range(tried):
        rng = random.Random(seed)
        model = random_model(rng)
        traced(model)
        xs = [rng.gauss(0, 1) for _ in range(6)]
        model.eval()
        found = [
            nf.compile(model, backend="numpy", stamp=each).value_and_gradients(xs)
            for each in (True, False)
        ]
        assert found[0][0] == found[1][0], seed
        assert np.array_equal(found[0][1].parameters, found[1][1].parameters), seed
    assert copies
    figures(tried=tried, faults=0)
