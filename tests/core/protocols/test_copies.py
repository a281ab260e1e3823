"""Copies and pickles of Values, graphs, ops and models: however deep, with sharing kept."""

from __future__ import annotations

import copy
import pickle

import pytest

import neuroflow as nf
from neuroflow.core.gradient import topological_order
from neuroflow.registry.manager import manager
from tests.support.sweeps import tries

WAYS = {"deepcopy": copy.deepcopy, "pickle": lambda x: pickle.loads(pickle.dumps(x)),
        "pickle 2": lambda x: pickle.loads(pickle.dumps(x, 2))}  # fmt: skip
way = pytest.mark.parametrize("again", WAYS.values(), ids=WAYS)


@nf.op(formula="k x")
def scaled(x, *, k=2.0):
    """k times x."""
    return k * x


@way
def test_a_graph_is_copied_with_its_gradients_names_and_sharing(again):
    x, y = nf.Value(2.0, name="x"), nf.Value(3.0)
    shared = x * y
    out = shared.relu() + shared * 2.0 + scaled(x, k=5.0)
    out.backward()
    (out2, x2, shared2), y2 = again(((out, x, shared), y))
    order = topological_order(out2)
    assert [n.data for n in order] == [n.data for n in topological_order(out)]
    assert [n.op for n in order] == [n.op for n in topological_order(out)]
    assert (x2.name, x2.grad, y2.grad, out2.grad) == ("x", x.grad, y.grad, 1.0)
    assert {x2, shared2} < set(order)
    assert shared2.inputs == (x2, y2)
    assert x2 is not x
    assert nf.gradients(out2, [x2, y2]) == nf.gradients(out, [x, y])


@pytest.mark.sweep
@pytest.mark.parametrize("again", [*WAYS.values()][:2], ids=[*WAYS][:2])
def test_a_graph_may_be_deeper_than_pythons_stack(again, figures):
    depth = tries(5_000, full=100_000)
    x = y = middle = nf.Value(1.0)
    for k in range(depth):
        y = y * 1.0 if k % 2 else y + x
        middle = y if 2 * k == depth else middle
    first, x2, middle2, y2 = again([y, x, middle, y])
    assert first is y2
    order = topological_order(y2)
    assert len(order) == len(topological_order(y))
    assert {x2, middle2} < set(order)
    assert y2.data == y.data
    figures(tried=1, faults=0, nodes=depth)


def test_a_flat_copy_shares_what_it_was_computed_from():
    x = nf.Value(2.0)
    y = x * 3.0
    z = copy.copy(y)
    assert (z.data, z.op, z.inputs) == (y.data, y.op, y.inputs)
    assert z is not y


def test_a_failed_pickle_leaves_nothing_behind():
    x = nf.Value(2.0)
    y = (x * x + x) * x
    y.name = lambda: 0
    y.inputs[0].inputs[0].name = lambda: 0
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps([y])
    y.name = y.inputs[0].inputs[0].name = ""
    assert pickle.loads(pickle.dumps(y)).data == y.data


def test_a_number_knows_the_path_of_its_module_in_a_pickle():
    model = nf.build("mlp", sizes=[2, 3, 1], rng=nf.SplitMix32(1))
    out = model([1.0, 2.0])
    again = pickle.loads(pickle.dumps(out))
    paths = [[n.scope for n in topological_order(v)] for v in (out, again)]
    assert paths[0] == paths[1]
    assert any(paths[0])


@way
def test_ops_stay_the_very_same(again):
    third = scaled.bind(k=3.0)
    for op in (nf.exp, nf.ops.relu, nf.dot, scaled, third, third.bind(k=4.0)):
        assert again(op) is op
    assert scaled.bind(k=3.0).bind(k=2.0) is scaled.bind(k=2.0)


def test_an_op_without_a_name_of_its_own_says_so():
    with pytest.raises(nf.DefinitionError, match="cannot be pickled: no name of the module"):
        pickle.dumps(nf.op(lambda x: x, name="mine"))


class Third(nf.Module):
    """A layer of somebody else."""

    def __init__(self, *, width=2, activation="tanh", rng):
        self.inner = nf.build("layer", inputs=width, outputs=width, activation=activation, rng=rng)
        self.own = nf.Value(0.5)

    def forward(self, xs):
        """All of them, scaled."""
        return [self.own * y for y in self.inner(xs)]


RNG = nf.SplitMix32
MODELS = {
    "mlp": (lambda: nf.build("mlp", sizes=[2, 3, 1], dropout=0.5, rng=RNG(1)), [0.5, -1.0]),
    "softmax": (lambda: nf.build("layer", inputs=2, outputs=2, activation="softmax", rng=RNG(1)),
                [1.0, 2.0]),
    "settings": (lambda: nf.build("mlp", sizes=[2, 2, 1], rng=RNG(1),
                                  activation={"use": "leaky_relu", "slope": 0.3}), [-1.0, 2.0]),
    "gpt": (lambda: nf.build("gpt", vocab_size=5, n_embd=4, n_head=2, block_size=4, rng=RNG(1)),
            [1, 2, 0]),
    "third": (lambda: Third(rng=RNG(1), activation="gelu"), [0.5, -1.0]),
}  # fmt: skip


@way
@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_copied_as_it_answers(name, again):
    build, xs = MODELS[name]
    model = build().eval()
    model(xs)  # so that it remembers names
    twin = again(model)
    assert repr(twin(xs)) == repr(model(xs))
    assert twin.state_dict() == model.state_dict()
    assert not set(twin.parameters()) & set(model.parameters())


def test_every_bundled_op_and_activation_is_pickled_as_itself():
    for entry in manager().registry:
        if isinstance(entry.load() if entry.kind in ("op", "activation") else None, nf.Op):
            assert pickle.loads(pickle.dumps(entry.load())) is entry.load()


@way
def test_a_trained_model_and_its_data_are_copied(again):
    run = nf.train("moons", {"train.steps": 2, "data.points": 20, "train.backend": "eager"})
    model = run.run().model
    twin = again(model)
    assert twin.state_dict() == model.state_dict()


@way
def test_a_compiled_function_is_copied_with_a_model_of_its_own(again):
    model = nf.build("mlp", sizes=[2, 3, 1], rng=RNG(1))
    compiled = nf.compile(model, backend="numpy", dtype="float32")
    twin = again(compiled)
    assert (twin.value([1.0, 2.0]), repr(twin)) == (compiled.value([1.0, 2.0]), repr(compiled))
    model.parameters()[0].data = 7.0
    assert twin.value([1.0, 2.0]) != compiled.value([1.0, 2.0])


@way
def test_what_runs_says_what_to_copy_instead(again, tmp_path):
    tree = {"train.steps": 2, "data.points": 20, "train.backend": "eager"}
    run = nf.Run.start(nf.configure("moons", tree), tmp_path / "run")
    for one, instead in [
        (run, "resume"), (run.training, "copy its model"), (run.training.runner, "state_dict"),
    ]:  # fmt: skip
        with pytest.raises(nf.OperatorError, match=f"cannot be copied or pickled; .*{instead}"):
            again(one)
