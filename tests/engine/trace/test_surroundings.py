"""What a trace rests on: every kind of change that counts is noticed, and no other."""

import array
import contextvars
import functools
import itertools
import random
import sys
import threading
import time
import types
import weakref

import pytest

import neuroflow as nf
from neuroflow.engine.plan.function import RetraceWarning
from neuroflow.engine.trace.surroundings import Surroundings
from neuroflow.errors import TraceError

SCALE = 2.0
TABLE = {"scale": 2.0}
GAUSS = random.Random(1).gauss


class Scaled(nf.Module):
    shared = 1.0

    def __init__(self):
        self.weight = nf.Value(3.0)
        self.rate, self.flag, self.word = 1.0, False, "plain"
        self.rows, self.table, self.pair = [[1.0, 2.0]], {"a": 1.0}, (1.0, [2.0])
        self.inner = nf.build("layer", inputs=1, outputs=1, rng=nf.SplitMix32(1))
        self._hidden = 1.0
        self.activation = nf.tanh

    def forward(self, x):
        x = self.activation(x * self.rate * self._hidden * self.shared) * self.rows[0][1]
        x = x * self.table["a"] * self.pair[1][0] * self.helper()
        return self.inner([x]) * self.weight if self.fits() else x * self.weight

    def helper(self):
        return SCALE * self.factor() if hasattr(self, "late") else SCALE

    def fits(self):
        return self.word == "plain" and not self.flag

    def factor(self):
        return 5.0


def replace_weight(model):
    model.weight = nf.Value(7.0)


def replace_bias(model):
    model.inner.neurons[0].bias = nf.Value(7.0)


def replace_in_list(model):
    model.inner.neurons[0].weights[0] = nf.Value(7.0)


def add_a_neuron_and_take_it_away(model):
    model.inner.neurons[:] = [nf.build("neuron", inputs=1, rng=nf.SplitMix32(3))]


def replace_layer(model):
    model.inner = nf.build("layer", inputs=1, outputs=1, rng=nf.SplitMix32(9))


def turn_number(model):
    model.rate = 4.0


def turn_hidden_number(model):
    model._hidden = 4.0


def turn_flag(model):
    model.flag = True


def turn_word(model):
    model.word = "other"


def change_row(model):
    model.rows[0][1] = 7.0


def change_table(model):
    model.table["a"] = 7.0


def change_list_in_tuple(model):
    model.pair[1][0] = 7.0


def replace_tuple(model):
    model.pair = (1.0, [7.0])


def replace_activation(model):
    model.activation = nf.sin


def give_it_another_method(model):
    model.helper = lambda: 7.0


def add_what_is_asked_for(model):
    model.late = True


CHANGES = [
    replace_weight, replace_bias, replace_in_list, add_a_neuron_and_take_it_away, replace_layer,
    turn_number, turn_hidden_number, turn_flag, turn_word, change_row, change_table,
    change_list_in_tuple, replace_tuple, replace_activation, give_it_another_method,
    add_what_is_asked_for,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_whatever_forward_reads_is_read_as_it_is_now(change):
    model = Scaled()
    compiled = nf.compile(model, backend="numpy")
    before = compiled.value(0.3)
    change(model)
    now = model(0.3).data
    assert now != before
    assert compiled.value(0.3) == pytest.approx(now, rel=1e-12)
    model.weight.data = 11.0
    assert compiled.value(0.3) == pytest.approx(model(0.3).data, rel=1e-12)


def test_globals_class_attributes_and_methods_are_read_as_they_are_now(monkeypatch):
    model = Scaled()
    compiled = nf.compile(lambda x: model(x), backend="numpy")
    found = [compiled.value(0.3)]
    for target, name, new in [
        (sys.modules[__name__], "SCALE", 9.0),
        (Scaled, "shared", 2.0),
        (Scaled, "helper", lambda self: 0.5),
    ]:
        monkeypatch.setattr(target, name, new)
        assert compiled.value(0.3) == pytest.approx(model(0.3).data, rel=1e-12)
        found.append(compiled.value(0.3))
    assert len(set(found)) == 4


def test_closures_defaults_and_what_helpers_see_are_read_as_they_are_now(monkeypatch):
    number, settings = 2.0, types.SimpleNamespace(slope=2.0)

    def helper(x):
        return x * TABLE["scale"]

    def function(x, powers=[1.0], *, offset=1.0):  # noqa: B006
        return helper(x) * number + offset * settings.slope * powers[0]

    compiled = nf.compile(function, backend="numpy")

    def agree():
        assert compiled.value(0.3) == pytest.approx(float(function(0.3)), rel=1e-12)
        return compiled.value(0.3)

    found = [agree()]
    number = 3.0
    found.append(agree())
    settings.slope = 5.0
    found.append(agree())
    monkeypatch.setitem(TABLE, "scale", 7.0)
    found.append(agree())
    function.__defaults__[0][0] = 11.0
    found.append(agree())
    function.__kwdefaults__["offset"] = 13.0
    found.append(agree())
    assert len(set(found)) == 6


def test_a_global_that_comes_later_and_hides_another_name_is_noticed(monkeypatch):
    compiled = nf.compile(lambda x: x * len((1.0, 2.0)), backend="numpy")
    assert compiled.value(1.5) == 3.0
    monkeypatch.setitem(globals(), "len", lambda things: 10.0)
    assert compiled.value(1.5) == 15.0


def test_training_and_evaluation_of_any_part_count():
    model = nf.build("mlp", sizes=[1, 4, 4, 1], dropout=0.5, rng=nf.SplitMix32(1))
    compiled = nf.compile(lambda m, x: m(x), backend="numpy")
    compiled.value(model, [1.0])
    traced = compiled._bind((model,)).values.function
    for mode in (False, True, False):
        model.train(mode)
        compiled.value(model, [1.0])
    assert traced is compiled._bind((model,)).values.function
    assert traced.n_traces == 2  # and none more for a mode that was seen before
    assert compiled.value(model, [1.0]) == pytest.approx(model([1.0]).data, rel=1e-12)
    dropout = next(m for _, m in model.named_modules() if type(m).__name__ == "Dropout")
    dropout.train()
    assert len({compiled.value(model, [1.0]) for _ in range(20)}) > 1


def test_what_nobody_reads_and_what_stays_the_same_does_not_count():
    class Logged(nf.Module):
        def __init__(self):
            self.weight, self.history, self.last, self.rate = nf.Value(2.0), [], None, 0.5

        def forward(self, x):
            self.last = self.weight * x * self.rate
            return self.last

    model = Logged()
    compiled = nf.compile(model, backend="numpy")
    compiled.value(1.0)
    bound = compiled._bind(())
    model.history.append(1.0)
    model.unread = 3.0
    model.rate = float("0.5")
    model.weight.data = 5.0
    model(2.0)
    model.zero_grad()
    assert compiled.value(1.0) == 2.5
    assert compiled._bind(()) is bound


@pytest.mark.parametrize("holder", ["partial", "method", "callable object"])
def test_all_that_can_be_called_is_looked_into(holder):
    class Bent:
        def __init__(self):
            self.slope = 2.0

        def __call__(self, x):
            return x * self.slope

        def bent(self, x):
            return x * self.slope

    bent = Bent()
    function = {
        "partial": functools.partial(lambda b, x: x * b.slope, bent),
        "method": bent.bent,
        "callable object": bent,
    }[holder]
    compiled = nf.compile(function, backend="numpy")
    assert compiled.value(2.0) == 4.0
    bent.slope = 5.0
    assert compiled.value(2.0) == 10.0


def test_a_change_is_told_with_its_path():
    model = Scaled()
    seen = Surroundings((model,))
    model.rate, model.table["a"] = 3.0, 2.0
    assert sorted(map(str, seen.changes())) == [
        "Scaled.rate was 1.0 and is 3.0",
        "Scaled.table.a was 1.0 and is 2.0",
    ]


def test_who_changes_a_setting_in_every_call_is_told_once():
    model = Scaled()
    compiled = nf.compile(model, backend="numpy")

    def calls():
        for k in range(40):
            model.rate = k
            compiled.value(0.3)

    with pytest.warns(
        RetraceWarning, match=r"traced 32 times, .* Scaled\.rate was 30 and is"
    ) as told:
        calls()
    assert len(told) == 1


class Counting(nf.Module):
    def __init__(self):
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.calls


class Drawing(nf.Module):
    def __init__(self):
        self.rng = random.Random(1)

    def forward(self, x):
        return x * self.rng.random()


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (Counting(), r"Counting changed .* traced: Counting\.calls was 0 and is 1"),
        (Drawing(), r"Drawing drew from a random generator, Drawing\.rng"),
        (lambda x: x * GAUSS(0.0, 1.0), r"drew from a random generator"),
    ],
    ids=["a counter", "its own generator", "a method of one"],
)
def test_a_function_that_changes_what_it_rests_on_is_refused(function, told):
    with pytest.raises(TraceError, match=told):
        nf.compile(function, backend="numpy").value(2.0)


class Sloped:
    """A setting that its class holds, until the object has one of its own."""

    _slope = 2.0

    @property
    def slope(self):
        return self._slope


class Looked:
    def __getattr__(self, name):
        return TABLE["scale"]


def change_slope(sloped):
    sloped._slope = 3.0


def local():
    held = threading.local()
    held.k = 2.0
    return held


CHOSEN = contextvars.ContextVar("chosen", default=2.0)
REFERRED = Sloped()
HELD = {
    "a property's": (Sloped(), lambda it: it.slope, change_slope),
    "a weak reference's": (
        weakref.ref(REFERRED), lambda it: it()._slope, lambda it: change_slope(it()),
    ),
    "an array's": (array.array("d", [2.0]), lambda it: it[0], lambda it: it.__setitem__(0, 3.0)),
    "bytes": (bytearray(b"\x02"), lambda it: it[0], lambda it: it.__setitem__(0, 3)),
    "a context's": (CHOSEN, lambda it: it.get(), lambda it: it.set(3.0)),
    "a thread's": (local(), lambda it: it.k, lambda it: setattr(it, "k", 3.0)),
}  # fmt: skip


@pytest.mark.parametrize("which", HELD)
def test_what_any_kind_of_object_holds_is_read_as_it_is_now(which):
    held, read, change = HELD[which]
    compiled = nf.compile(lambda x: x * read(held), backend="numpy")
    assert compiled.value(1.0) == 2.0

    def changed():
        change(held)
        return compiled.value(1.0)

    assert contextvars.copy_context().run(changed) == 3.0


def test_what_python_calls_without_a_word_is_looked_into(monkeypatch):
    looked = Looked()
    compiled = nf.compile(lambda x: x * looked.anything, backend="numpy")
    found = [compiled.value(1.0)]
    monkeypatch.setitem(TABLE, "scale", 7.0)
    assert [*found, compiled.value(1.0)] == [2.0, 7.0]


@pytest.mark.parametrize(
    ("draw", "source"),
    [
        (iter([1.0, 2.0, 3.0]), r"an iterator, <lambda>\.draw"),
        (iter([1.0]), r"an iterator"),
        ((float(k) for k in itertools.count()), r"an iterator"),
        (time, r"the time, <lambda>\.draw"),
    ],
)
def test_numbers_that_are_others_each_time_are_refused(draw, source):
    compiled = nf.compile(
        lambda x: x * (draw.perf_counter() if draw is time else next(draw)), backend="numpy"
    )
    with pytest.raises(TraceError, match=f"drew from {source}"):
        compiled.value(1.0)
