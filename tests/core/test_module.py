"""Module: parameters by walking fields, names, state, modes, scopes."""

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import define

import neuroflow as nf


class Neuron(nf.Module):
    def __init__(self, inputs, *, rng):
        self.inputs = inputs
        self.weights = [nf.Value(rng.random()) for _ in range(inputs)]
        self.bias = nf.Value(0.0)

    def forward(self, xs):
        return nf.dot(self.weights, xs) + self.bias


class Pair(nf.Module):
    def __init__(self, rng):
        self.neurons = (Neuron(2, rng=rng), Neuron(2, rng=rng))
        self.extra = {"gain": nf.Value(1.0)}
        self._hidden = nf.Value(9.0)

    def forward(self, xs):
        return [neuron(xs) for neuron in self.neurons]


@pytest.fixture
def pair():
    return Pair(nf.SplitMix32(0))


def test_names_are_dotted_paths_in_field_order(pair):
    assert [name for name, _ in pair.named_parameters()] == [
        "neurons.0.weights.0",
        "neurons.0.weights.1",
        "neurons.0.bias",
        "neurons.1.weights.0",
        "neurons.1.weights.1",
        "neurons.1.bias",
        "extra.gain",
    ]


def test_tied_parameters_appear_once():
    class Tied(nf.Module):
        def __init__(self):
            self.a = nf.Value(1.0)
            self.b = self.a

    assert [name for name, _ in Tied().named_parameters()] == ["a"]


def test_slotted_fields_are_walked_too():
    @define(eq=False)
    class Slotted(nf.Module):
        weight: nf.Value

    assert [name for name, _ in Slotted(nf.Value(1.0)).named_parameters()] == ["weight"]


def test_zero_grad_and_modes(pair):
    nf.sum(pair([1.0, 2.0])).backward()
    assert pair.neurons[0].bias.grad == 1.0
    pair.zero_grad()
    assert not any(p.grad for p in pair.parameters())
    pair.eval()
    assert not pair.neurons[1].training
    assert pair.train().neurons[1].training


def test_evaluating_holds_for_every_module_and_writes_to_none(pair):
    before = dict(vars(pair))
    with nf.evaluating():
        assert not pair.training
        assert not pair.neurons[0].training
    assert vars(pair) == before
    assert pair.training
    pair.eval()
    with nf.evaluating():
        pass
    assert not pair.training


def test_what_is_switched_within_evaluating_holds_afterwards(pair):
    with nf.evaluating():
        pair.train()
        assert not pair.training
    assert pair.training
    with nf.evaluating():
        pair.eval()
    assert not pair.training


def test_evaluating_ends_with_its_block_even_on_an_error_and_nests(pair):
    seen = []

    def fails():
        with nf.evaluating():
            with nf.evaluating():
                pass
            seen.append(pair.training)
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert (seen, pair.training) == ([False], True)


def test_evaluating_is_this_threads_alone(pair):
    with nf.evaluating(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: pair.training).result()


def test_a_copy_made_within_evaluating_keeps_the_mode_of_its_model(pair):
    with nf.evaluating():
        other = copy.deepcopy(pair)
    assert other.training


def test_state_round_trip(pair):
    other = Pair(nf.SplitMix32(1))
    other.load_state_dict(pair.state_dict())
    assert other.state_dict() == pair.state_dict()


def test_wrong_state_is_refused_and_nothing_changes(pair):
    before = pair.state_dict()
    state = {**before, "other": 1.0}
    del state["extra.gain"]
    with pytest.raises(nf.StateError, match=r"missing: extra\.gain; unknown: other"):
        pair.load_state_dict(state)
    with pytest.raises(nf.InputError):
        pair.load_state_dict({**before, "neurons.1.bias": "zero"})
    assert pair.state_dict() == before


def test_repr_shows_how_to_rebuild():
    assert repr(Neuron(3, rng=nf.SplitMix32(0))) == "Neuron(inputs=3)"


def test_a_module_without_forward_says_so():
    class Empty(nf.Module):
        pass

    with pytest.raises(TypeError, match=r"Empty defines no forward\(\)"):
        Empty()(1.0)


class Inner(nf.Module):
    def forward(self, x):
        return x * 2


class Outer(nf.Module):
    def __init__(self):
        self.parts = [Inner(), Inner()]

    def forward(self, x):
        return [part(x) for part in self.parts]


def test_a_node_knows_the_call_that_made_it_and_that_call_the_outer_one():
    outer = Outer()
    first, second = outer(nf.Value(1.0))
    again, _ = outer(nf.Value(1.0))
    assert (first.call.module, first.call.outer.module) == (outer.parts[0], outer)
    assert second.call.outer is first.call.outer
    assert again.call is not first.call
    assert (first.scope, second.scope, again.scope) == ("parts.0", "parts.1", "parts.0")
    assert first.call.outer.outer == ""


def test_the_path_of_a_call_is_made_when_it_is_asked_for():
    outer = Outer()
    first, _ = outer(nf.Value(1.0))
    assert not [name for name in vars(outer) if name != "parts"]
    assert first.scope == "parts.0"


def test_calls_of_several_threads_know_their_own_outer_call():
    outer = Outer()

    def scopes(_):
        return [node.scope for node in outer(nf.Value(1.0))]

    with ThreadPoolExecutor(4) as pool:
        assert set(map(tuple, pool.map(scopes, range(200)))) == {("parts.0", "parts.1")}


def test_a_module_made_by_the_call_itself_is_named_by_its_class():
    class Maker(nf.Module):
        def forward(self, x):
            return Inner()(x)

    assert Maker()(nf.Value(1.0)).scope == "Inner"


def test_a_module_may_call_itself():
    class Countdown(nf.Module):
        def forward(self, x, n):
            return self(x, n - 1) * 2 if n else x * 1

    y = Countdown()(nf.Value(1.0), 3)
    assert (y.data, y.scope) == (8.0, "")
