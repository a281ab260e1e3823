"""The errors and warnings of compiled functions, with their texts."""

import warnings

import pytest

import neuroflow as nf
from neuroflow.engine.lower.kernels import FallbackWarning
from neuroflow.engine.plan.function import RetraceWarning


def test_a_number_that_is_not_finite_points_to_the_anomaly_finder(backend):
    fast = nf.compile(lambda x: nf.log(x), backend=backend)
    with pytest.raises(nf.DomainError, match="detect_anomalies"):
        fast.value(-1.0)


def test_an_index_out_of_range_is_refused_before_anything_runs(backend):
    table = [nf.Value(1.0)] * 3
    fast = nf.compile(lambda i: nf.take(table, i) + nf.Value(0.0), backend=backend)
    with pytest.raises(nf.InputError, match=r"is the index 3; expected 0 to 2"):
        fast.value(3)
    with pytest.raises(nf.InputError, match=r"is the index -1"):
        fast.batch_value([0, -1])


def test_inputs_of_another_kind_are_refused():
    fast = nf.compile(lambda x: x, backend="numpy")
    with pytest.raises(nf.InputError, match="got an input of type str: 'three'"):
        fast.value("three")


def test_another_number_of_inputs_says_expected_and_got():
    def area(width, height):
        return width * height

    with pytest.raises(nf.InputError, match=r"got the inputs \(number\); expected those of area"):
        nf.compile(area, backend="numpy").value(1.0)


def test_columns_of_unequal_length_are_refused():
    fast = nf.compile(lambda x, y: x * y, backend="numpy")
    with pytest.raises(nf.InputError, match="length 2, 3"):
        fast.batch_value([1.0, 2.0], [1.0, 2.0, 3.0])


def test_a_list_has_no_gradient():
    fast = nf.compile(lambda x: [x, x], backend="numpy")
    with pytest.raises(nf.InputError, match="gives 2 numbers in a list"):
        fast.value_and_gradients(1.0)


def test_too_much_memory_is_refused_with_the_figure(backend):
    def long(x):
        for _ in range(200):
            x = nf.sin(x)
        return x

    fast = nf.compile(long, backend=backend, memory_limit=1000)
    with pytest.raises(nf.BackendError, match=r"this run needs [\d.]+ MB for 20\d cells"):
        fast.value_and_gradients(1.0)


def test_unknown_backends_and_dtypes():
    with pytest.raises(nf.RegistryError, match="unknown backend 'cuda'"):
        nf.compile(lambda x: x, backend="cuda")
    with pytest.raises(nf.InputError, match="unknown dtype 'float16'"):
        nf.compile(lambda x: x, backend="numpy", dtype="float16")


def test_a_function_that_keeps_retracing_is_told_why():
    fast = nf.compile(lambda xs: nf.sum(xs), backend="numpy")
    for n in range(1, 33):
        fast.value([1.0] * n)
    with pytest.warns(RetraceWarning, match=r"inputs\[0\] had length 32 and then 33"):
        fast.value([1.0] * 33)
    fast.value([1.0] * 34)


def test_an_op_that_cannot_be_compiled_falls_back_with_one_message(backend):
    import math

    @nf.op
    def stubborn(x):
        """Calls a function that knows floats alone."""
        return math.sin(x)

    @stubborn.partials
    def _(out, x):
        return (math.cos(x),)

    fast = nf.compile(lambda x, y: stubborn(x * y) * nf.exp(y), backend=backend)
    with pytest.warns(FallbackWarning) as seen:
        value, gradients = fast.value_and_gradients(0.5, 2.0)
    texts = [str(w.message) for w in seen]
    assert len(texts) == 1
    assert "stubborn" in texts[0]
    assert "math.sin" in texts[0]
    assert value == pytest.approx(math.sin(1.0) * math.exp(2.0), rel=1e-14)
    assert gradients.inputs[0] == pytest.approx(2 * math.cos(1.0) * math.exp(2.0), rel=1e-14)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fast.value_and_gradients(0.7, 2.0)
