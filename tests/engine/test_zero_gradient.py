"""A gradient of exactly 0 sends nothing on, eagerly and compiled, though a partial be infinite."""

import math

import pytest

import neuroflow as nf


class Gated(nf.Module):
    def __init__(self):
        self.w = nf.Value(0.0)

    def forward(self, x):
        return nf.where(x > 0.0, self.w.sqrt(), x * self.w)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_an_infinite_partial_behind_a_closed_branch(backend):
    model = Gated()
    model(-2.0).backward()
    assert model.w.grad == -2.0
    compiled = nf.compile(model, backend=backend)
    value, gradient = compiled.value_and_gradients(-2.0)
    assert value == 0.0
    assert gradient[model.w] == -2.0


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_what_is_stopped_leaves_the_gradient_of_others_that_read_the_same_numbers(backend):
    def shifted(x):
        xs = [x, 2.0 * x, nf.where(x < 100.0, -9.0, x)]  # they do not lie side by side
        largest = nf.stop_gradient(nf.maximum(xs))
        return nf.sum([nf.exp(x - largest) for x in xs])

    x = nf.Value(0.5)
    expected = nf.gradients(shifted(x), [x])
    compiled = nf.compile(shifted, backend)
    assert compiled.value_and_gradients(0.5)[1].inputs == pytest.approx(expected)


@pytest.mark.parametrize("made", [math.inf, math.nan])
def test_a_number_that_was_infinite_already_does_not_count_behind_a_closed_branch(made):
    def gated(x):
        return nf.where(x < 1.0, x * x, nf.Value(made) * x)

    x = nf.Value(0.5)
    y = gated(x)
    (slope,) = nf.gradients(y, [x], create_graph=True)
    y.backward()
    found = [x.grad, slope.data, *nf.gradients(y, [x]), nf.jvp(y, [x], [1.0])]
    assert found == [1.0] * 4
    assert nf.gradients(slope, [x]) == [2.0]
    assert nf.what_if(y, {x: 0.25}).predicted == 0.3125


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_compiled_run_refuses_what_it_would_multiply_by_0(backend):
    gated = nf.compile(lambda x: nf.where(x < 1.0, x * x, nf.Value(math.inf) * x), backend)
    with pytest.raises(nf.DomainError, match="no infinity or nan in a branch that is not taken"):
        gated.value_and_gradients(0.5)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("extreme", [nf.maximum, nf.minimum])
@pytest.mark.parametrize("numbers", [(math.nan, 0.5), (0.5, math.nan)])
def test_an_extreme_of_two_inside_a_rule_keeps_nan_on_either_side(backend, extreme, numbers):
    @nf.op
    def squared(x, y):
        """The larger or smaller of two numbers that are computed."""
        return extreme(x * x, y * y)

    compiled = nf.compile(squared, backend)
    assert compiled.value(0.5, 0.5) == 0.25
    with pytest.raises(nf.DomainError, match="a compiled run gave nan"):
        compiled.value(*numbers)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_numbers_beyond_float32_are_told_with_the_type_and_no_warning(backend):
    model = Gated()
    model.w.data = 1e200
    for compiled, x in (
        (nf.compile(model, backend, "float32"), -2.0),
        (nf.compile(lambda x: 2.0 * x, backend, "float32"), 1e200),
        (nf.compile(lambda x: 1e200 * x, backend, "float32"), 2.0),
    ):
        with pytest.raises(nf.DomainError, match=r"gave -?inf in float32.*dtype=.float64."):
            compiled.value(x)
