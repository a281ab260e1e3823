"""What the plan recognises, and that a person can read it."""

import random

import neuroflow as nf
from neuroflow.engine.lower.kernels import Kernels
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.lower.program import Instruction


def plan(function, *inputs):
    return nf.compile(function, backend="numpy").plan(*inputs)


def names(plan):
    return [group.name for group in plan.groups]


def test_a_hand_written_sum_of_products_is_a_dot():
    w = [nf.Value(float(k)) for k in range(5)]
    b = nf.Value(1.0)

    def neuron(*xs):
        return sum((wi * xi for wi, xi in zip(w, xs, strict=True)), b)

    found = plan(neuron, 1.0, 2.0, 3.0, 4.0, 5.0)
    assert names(found) == ["dot", "add"]
    assert any("recognised as dot" in note for note in found.notes)
    assert nf.compile(neuron, backend="numpy").value(1.0, 2.0, 3.0, 4.0, 5.0) == 41.0


def test_equal_nodes_are_computed_once_and_dead_ones_not_at_all():
    def function(x):
        nf.exp(x) * 7
        return nf.sin(x) + nf.sin(x) * nf.sin(x)

    found = plan(function, 1.0)
    assert names(found) == ["sin", "mul", "add"]
    assert [g.count for g in found.groups] == [1, 1, 1]


def test_neutral_numbers_leave_no_nodes():
    assert plan(lambda x: (x - 0) * 1 + -0.0 * 2.0, 1.0).groups == []


def test_what_depends_on_parameters_alone_is_uniform():
    w = nf.Value(2.0)
    found = plan(lambda x: nf.exp(w) * x, 1.0)
    assert [(g.name, g.uniform) for g in found.groups] == [("exp", True), ("mul", False)]


def test_a_layer_is_one_matrix_product_with_its_biases():
    model = nf.build("mlp", sizes=[3, 8, 2], activation="tanh", rng=random.Random(1))
    program = lower(plan(model, [1.0, 2.0, 3.0]), Kernels(), lanes=16, width=8, gradients="none")
    kinds = [Instruction(min(k, Instruction.MAP)) for k in program.code[:, 0]]
    assert kinds == [Instruction.MATMUL, Instruction.MAP, Instruction.MATMUL]


def test_a_plan_describes_itself():
    model = nf.build("mlp", sizes=[3, 8, 2], activation="tanh", rng=random.Random(1))
    text = str(nf.compile(model, backend="numpy").report([1.0, 2.0, 3.0]))
    for part in ("dot", "tanh", "8", "bytes", "floating-point operations", "levels", "layers.0"):
        assert part in text


def test_each_structure_is_traced_once(backend):
    traces = []

    def function(xs):
        traces.append(len(xs))
        return nf.sum([x * x for x in xs])

    fast = nf.compile(function, backend=backend)
    for n in (1, 2, 3, 2, 1):
        assert fast.value([2.0] * n) == 4.0 * n
    assert traces == [1, 2, 3]


def test_training_and_evaluation_are_traced_apart():
    model = nf.Module()

    class Doubler(nf.Module):
        def forward(self, x):
            return x * 2 if self.training else x

    model = Doubler()
    fast = nf.compile(lambda m, x: m(x), backend="numpy")
    assert fast.value(model, 3.0) == 6.0
    model.eval()
    assert fast.value(model, 3.0) == 3.0


def test_memory_per_node_is_a_fifth_of_the_eager_one_or_less():
    w = [nf.Value(0.1) for _ in range(50)]

    def wide(x):
        layer = [x * a for a in w]
        for _ in range(40):
            layer = [nf.sin(a) for a in layer]
        return nf.sum(layer)

    found = plan(wide, 1.0)
    program = lower(found, Kernels())
    assert program.size * 8 / found.n_nodes < 60
