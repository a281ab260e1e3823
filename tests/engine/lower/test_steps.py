"""Elementary steps: any op can declare which one it is, and what it declares is checked."""

import pytest

import neuroflow as nf
from neuroflow.engine.lower.kernel import RuleError, backward_kernel, forward_kernel
from neuroflow.engine.lower.kernels import FallbackWarning, Kernels
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.lower.program import Instruction
from neuroflow.engine.lower.steps import ARITIES, REDUCTIONS, step_of


@nf.op(formula="e^x", step="exp")
def slow_exp(x):
    """The exponential by its series; compiled code takes the step."""
    term = total = 1.0 + 0.0 * x
    for k in range(1, 40):
        term = term * x / k
        total = total + term
    return total


@nf.op(vectors=True, formula=r"\\sum_i a_i b_i", step="dot")
def weighted(a, b):
    """A dot product of a plugin's own."""
    return sum(x * y for x, y in zip(a, b, strict=True))


@nf.op(vectors=True, formula=r"\\max_i x_i", step="maximum")
def top(xs):
    """The largest, of a plugin's own."""
    return nf.maximum(*xs)


def test_an_op_that_declares_a_step_compiles_to_that_very_step():
    assert [str(step) for step in forward_kernel(slow_exp, 1).steps] == ["t0 = exp(x0)"]


def test_an_op_without_a_step_is_looked_into():
    plain = nf.op(lambda x: nf.exp(x) + 1.0)
    functions = [step.function for step in forward_kernel(plain, 1).steps]
    assert functions == ["exp", "add"]


def test_inside_another_rule_the_step_is_taken_too():
    twice = nf.op(lambda x: slow_exp(x) + slow_exp(x))
    assert [step.function for step in forward_kernel(twice, 1).steps] == ["exp", "add"]


def test_a_plugins_dot_becomes_the_product_of_matrices(backend):
    model = nf.build("mlp", sizes=[3, 4], rng=nf.SplitMix32(1))
    rows = [[neuron.weights[k] for k in range(3)] for neuron in model.layers[0].neurons]

    def mine(x):
        return nf.sum([weighted(row, x) for row in rows])

    def ours(x):
        return nf.sum([nf.dot(row, x) for row in rows])

    xs = [[0.1 * k, 0.2, -0.3 * k] for k in range(16)]
    a, b = [nf.compile(f, backend=backend).batch_value_and_gradients(xs) for f in (mine, ours)]
    assert a[0] == b[0]
    assert a[1].parameters == b[1].parameters
    programs = [lower(nf.compile(f).plan(xs[0]), Kernels(), 16) for f in (mine, ours)]
    matrices = [int((program.code[:, 0] == Instruction.MATMUL).sum()) for program in programs]
    assert matrices[0] == matrices[1] > 0


def test_a_plugins_maximum_is_the_machines(backend):
    def largest(x):
        return top([x[0] * 2.0, x[1], x[2]])

    fast = nf.compile(largest, backend=backend)
    value, gradients = fast.value_and_gradients([1.0, 2.0, -1.0])
    assert (value, gradients.inputs[0]) == (2.0, [1.0, 0.5, 0.0])  # tied inputs share it


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (nf.op(step="exq")(lambda x: x), "declares the step 'exq', which does not exist; expected"),
        (nf.op(step="pow")(lambda x: x), "declares the step 'pow'; expected 2 numbers as its"),
        (nf.op(step="dot")(lambda x: x), "declares the step 'dot', which does not exist"),
        (nf.op(step="exp", vectors=True)(lambda xs: xs[0]), "declares the step 'exp'; expected 1"),
        (nf.op(step="exp")(lambda x, *, a=1.0: x), "has the settings a, which a step does not"),
    ],
    ids=["unknown", "other inputs", "of vectors", "of numbers", "settings"],
)
def test_a_step_that_cannot_be_is_refused_and_the_op_runs_in_python(op, message):
    with pytest.raises(RuleError, match=message):
        forward_kernel(op, 1)
    if not op.vectors:
        with pytest.warns(FallbackWarning, match="runs in Python"):
            assert nf.compile(lambda x: x * 1.5 if op.arity != 1 else op(x)).value(2.0) in (
                2.0,
                3.0,
            )


def test_checks_find_a_step_that_gives_other_numbers():
    @nf.op(formula="e^x - 1", step="exp")
    def wrong(x):
        """Says exp and is another function."""
        return nf.expm1(x)

    messages = [finding.message for finding in nf.gradcheck(wrong).findings]
    assert any("is it the step 'exp', as it declares?" in message for message in messages)


def test_every_step_is_that_of_a_bundled_op_and_gives_its_numbers():
    ops = {op.step: op for e in nf.find("*", "op") if (op := e.load()).step and not e.credit}
    assert set(ops) == {*ARITIES, *REDUCTIONS} - {"nonzero", "equal"}
    for step, op in ops.items():
        assert step == op.name
        if step_of(op):
            backward_kernel(op, op.arity or 2)
