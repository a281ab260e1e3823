"""Nothing is frozen silently: what a trace cannot know raises an error with line and fix."""

import copy
import random
import threading
import types

import pytest

import neuroflow as nf


def traced(function, *inputs):
    return nf.compile(function, backend="numpy").value(*inputs)


def test_reading_data_names_the_line_and_the_fix():
    def shifted(x):
        return x - x.data

    with pytest.raises(nf.TraceError) as caught:
        traced(shifted, 2.0)
    message = str(caught.value)
    assert "read .data of a Value" in message
    assert "test_tracer.py:" in message
    assert "`return x - x.data`" in message
    assert "stop_gradient" in message


class Keeps(nf.Module):
    """Values where no parameter is: in fields with an underscore."""

    def __init__(self):
        self._one, self._many = nf.Value(2.0), {"all": [nf.Value(3.0)]}


KEPT, OBJECT = Keeps(), types.SimpleNamespace(held=nf.Value(2.0))
READS = [
    lambda x: x * KEPT._one.data,
    lambda x: x * float(KEPT._many["all"][0]),
    lambda x: x if KEPT._one > 1.0 else -x,
    lambda x: x * OBJECT.held.data,
]


@pytest.mark.parametrize("frozen", READS)
def test_a_value_that_is_no_parameter_can_be_read_as_little_as_one(frozen):
    with pytest.raises(nf.TraceError, match="would freeze"):
        traced(frozen, 2.0)
    assert type(KEPT._one) is type(OBJECT.held) is nf.Value
    assert KEPT._one.data == OBJECT.held.data == 2.0


def test_it_is_computed_with_as_it_is_now():
    compiled = nf.compile(lambda x: x * KEPT._one * OBJECT.held, backend="numpy")
    found = [compiled.value(1.0)]
    KEPT._one.data = 5.0
    found.append(compiled.value(1.0))
    KEPT._one.data = 2.0
    assert found == [4.0, 10.0]


@pytest.mark.parametrize(
    ("ask", "fix"),
    [
        (lambda x, i: x * float(x), "nf.exp"),
        (lambda x, i: x if x > 0 else -x, "nf.where"),
        (lambda x, i: x * int(x), "index input"),
        (lambda x, i: x if x else -x, "nf.where"),
        (lambda x, i: [x, x * 2][i], "nf.take"),
        (lambda x, i: x if i == 1 else -x, "nf.take"),
        (lambda x, i: sum(x for _ in range(i)), "nf.take"),
        (lambda x, i: x * max(x, 1.0), "nf.where"),
        (lambda x, i: round(x), "the value itself"),
        (lambda x, i: x.grad * x, "value_and_gradients"),
    ],
)
def test_other_questions_to_a_traced_value(ask, fix):
    with pytest.raises(nf.TraceError) as caught:
        traced(ask, 2.0, 1)
    assert fix in str(caught.value)


def test_parameters_cannot_be_read_while_tracing():
    model = nf.build("mlp", sizes=[1, 1], rng=random.Random(1))
    parameter = model.parameters()[0]

    def function(x):
        return model(x) * parameter.data

    with pytest.raises(nf.TraceError, match=r"read \.data"):
        traced(function, [2.0])
    assert type(parameter) is nf.Value
    assert isinstance(parameter.data, float)


def test_comparisons_work_in_where():
    def clipped(x, low):
        return nf.where(x >= low, nf.where(x < 3.0, x, 3.0), low)

    fast = nf.compile(clipped, backend="numpy")
    assert [fast.value(x, 1.0) for x in (0.0, 2.0, 9.0)] == [1.0, 2.0, 3.0]


def test_take_chooses_anew_in_every_run(backend):
    table = [[nf.Value(10.0 * i + j) for j in range(3)] for i in range(4)]

    def chosen(row, column):
        return nf.take(nf.take(table, row), column)

    fast = nf.compile(chosen, backend=backend)
    assert [fast.value(i, j) for i, j in [(0, 0), (3, 2), (1, 2)]] == [0.0, 32.0, 12.0]
    rows, columns = [i % 4 for i in range(20)], [i % 3 for i in range(20)]
    expected = [10.0 * i + j for i, j in zip(rows, columns, strict=True)]
    assert fast.batch_value(rows, columns) == expected
    value, gradients = fast.value_and_gradients(2, 1)
    assert value == 21.0
    assert [gradients[v] for v in table[2]] == [0.0, 1.0, 0.0]


def test_an_integer_is_also_a_number(backend):
    fast = nf.compile(lambda x, i: x * i, backend=backend)
    assert fast.value(2.5, 3) == 7.5


def test_values_computed_before_the_trace_are_refused():
    w = nf.Value(2.0)
    squared = w * w
    with pytest.raises(nf.TraceError, match="computed before the trace"):
        traced(lambda x: x * squared, 2.0)


def test_values_that_are_no_parameters_are_read_anew(backend):
    class Holder(nf.Module):
        def __init__(self):
            self._shift = nf.Value(1.0)

        def forward(self, x):
            return x + self._shift

    holder = Holder()
    fast = nf.compile(holder, backend=backend)
    assert fast.value(1.0) == 2.0
    holder._shift.data = 5.0
    assert fast.value(1.0) == 6.0


def test_random_inputs_are_drawn_as_the_eager_run_draws_them(backend):
    def noisy(rng):
        def function(x):
            return nf.where(nf.random_input(rng.random) < 0.5, 0.0, x) + nf.random_input(rng.random)

        return function

    eager = noisy(random.Random(7))
    fast = nf.compile(noisy(random.Random(7)), backend=backend)
    xs = [0.1 * k for k in range(24)]
    expected = [nf.Value(0.0) + eager(nf.Value(x)) for x in xs]
    assert fast.batch_value(xs[:12]) + [fast.value(x) for x in xs[12:]] == [
        y.data for y in expected
    ]


def test_a_function_that_gives_no_value_is_refused():
    with pytest.raises(nf.TraceError, match="returned None"):
        traced(lambda x: None, 1.0)


def in_another_thread(ask):
    """What ``ask`` gives in a thread of its own."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()
    thread.join()
    return answers[0]


def test_other_threads_read_and_write_a_parameter_while_it_is_traced():
    weight = nf.Value(2.0)
    seen = {}

    def look():
        square = weight * weight
        square.backward()
        slope, weight.grad = weight.grad, 0.0
        return {
            "data": weight.data, "float": float(weight), "smaller": weight < 3.0,
            "true": bool(weight), "inputs": weight.inputs, "square": square.data, "slope": slope,
            "gradients": nf.gradients(weight * weight, [weight]),
            "copy": type(copy.deepcopy(weight)), "repr": repr(weight),
        }  # fmt: skip

    def traced_meanwhile(x):
        seen.update(in_another_thread(look))
        in_another_thread(lambda: setattr(weight, "data", 5.0))
        return weight * x

    assert traced(traced_meanwhile, 3.0) == 15.0
    assert seen == {
        "data": 2.0, "float": 2.0, "smaller": True, "true": True, "inputs": (), "square": 4.0,
        "slope": 4.0, "gradients": [4.0], "copy": nf.Value, "repr": "Value(2.0)",
    }  # fmt: skip
    assert type(weight) is nf.Value
    assert weight.inputs == ()


@pytest.mark.parametrize(
    "ask",
    [
        lambda w: w.data, lambda w: float(w), lambda w: int(w), lambda w: bool(w),
        lambda w: w.inputs, lambda w: setattr(w, "data", 1.0),
    ],
)  # fmt: skip
def test_the_trace_itself_can_do_none_of_that(ask):
    weight = nf.Value(2.0)

    def asking(x):
        ask(weight)
        return weight * x

    with pytest.raises(nf.TraceError, match=r"test_tracer\.py"):
        traced(asking, 3.0)


def test_two_traces_of_the_same_parameters_at_once_are_both_right():
    weights = [nf.Value(float(k)) for k in range(1, 6)]
    barrier, answers = threading.Barrier(2, timeout=30), {}

    def use(first):
        def function(x):
            mine = weights[first:]  # each trace has its own numbers for the same parameters
            for k in (1, 2):
                barrier.wait()
                x = nf.dot(mine, [x * k] * len(mine)) + mine[0]
            barrier.wait()
            return x

        answers[first] = traced(function, 1.0)

    threads = [threading.Thread(target=use, args=(first,)) for first in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {0: (15.0 + 1.0) * 2 * 15.0 + 1.0, 1: (14.0 + 2.0) * 2 * 14.0 + 2.0}
    assert {type(weight) for weight in weights} == {nf.Value}


def test_a_trace_inside_a_trace_refuses_the_parameters_of_both():
    weight = nf.Value(2.0)

    def inner(x):
        return x * float(weight)

    def outer(x):
        return weight * traced(lambda y: inner(y), 1.0) * x

    with pytest.raises(nf.TraceError, match=r"took float\(\)"):
        traced(outer, 3.0)
    assert type(weight) is nf.Value
