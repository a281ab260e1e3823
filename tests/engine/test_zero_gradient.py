"""A gradient of exactly 0 sends nothing on, eagerly and compiled, though a partial be infinite."""

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
