"""What is built from settings checks them, keeps them, and tells them again."""

from __future__ import annotations

import functools
from typing import Annotated

import pytest
from attrs import define

import neuroflow as nf

Size = Annotated[int, nf.Setting("how many", "[1, inf)")]


class Base(nf.Module):
    def __init__(self, inputs: Size, scale=2.0, *, rng=None):
        self.weights = [nf.Value(scale) for _ in range(inputs)]

    def forward(self, xs):
        return nf.dot(self.weights, xs)


def test_arguments_become_fields_and_the_repr_builds_it_again():
    module = Base(2, rng=nf.SplitMix32(0))
    assert (module.inputs, module.scale) == (2, 2.0)
    assert repr(module) == "Base(inputs=2, scale=2.0)"
    assert module.configuration() == {"inputs": 2, "scale": 2.0}
    assert "rng" not in vars(module)


def test_wrong_arguments_are_refused_before_anything_is_made():
    with pytest.raises(
        nf.InputError, match="Base got inputs = 0; expected a whole number at least"
    ):
        Base(0)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'inputs'"):
        Base()


def test_a_field_that_init_sets_itself_stays_as_it_is():
    class Own(nf.Module):
        def __init__(self, inputs, bias=True):
            self.weight = nf.Value(1.0)
            self.bias = nf.Value(0.0) if bias else False

    assert [name for name, _ in Own(1).named_parameters()] == ["weight", "bias"]


def test_a_subclass_keeps_its_own_arguments_and_those_of_its_base():
    class Wide(Base):
        def __init__(self, width: Size, **rest):
            super().__init__(inputs=2 * width, **rest)

    wide = Wide(width=3)
    assert (wide.inputs, wide.width) == (6, 3)
    assert repr(wide) == "Wide(width=3)"
    with pytest.raises(nf.InputError, match="Wide got width = 0"):
        Wide(width=0)

    class Named(Base):
        """No __init__ of its own."""

    assert repr(Named(1)) == "Named(inputs=1, scale=2.0)"


@pytest.mark.parametrize("slots", [True, False])
def test_classes_of_attrs_keep_their_fields_themselves(slots):
    @define(eq=False, slots=slots, repr=False)
    class Scale(nf.Module):
        factor: Annotated[float, nf.Setting("what is multiplied with", "(0, inf)")] = 2.0

    assert repr(Scale(3.0)) == "Scale(factor=3.0)"
    assert not slots or vars(Scale()) == {}


def test_an_init_that_is_wrapped_keeps_what_it_was_given():
    def loud(init):
        @functools.wraps(init)
        def wrapped(self, *inputs, **named):
            init(self, *inputs, **named)

        return wrapped

    class Loud(nf.Module):
        @loud
        def __init__(self, rng, inputs: Size, scale=2.0): ...

    assert repr(Loud(None, 2, 3.0)) == "Loud(inputs=2, scale=3.0)"
    with pytest.raises(nf.InputError, match="Loud got inputs = 0"):
        Loud(None, 0)


def test_lists_that_are_declared_are_copied():
    sizes = (2, 3, 1)
    model = nf.build("mlp", sizes=sizes)
    assert model.sizes == [2, 3, 1]
    given = [2, 1]
    kept = nf.get("layer", "mlp").load()(sizes=given, rng=nf.SplitMix32(0))
    given.append(7)
    assert kept.sizes == [2, 1]


def test_whoever_is_no_module_can_be_configured_too():
    class Tokens(nf.Configured):
        def __init__(self, *, most: Size = 3): ...

    assert (Tokens().most, repr(Tokens(most=4))) == (3, "Tokens(most=4)")
