"""Rules in two languages give the numbers of the rule itself, nan and infinities included."""

import math

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.engine.lower.kernel import RuleError, backward_kernel, forward_kernel
from neuroflow.engine.lower.kernels import MapKernel
from neuroflow.engine.run.map_code import compile_kernel

pytest.importorskip("torch")

import torch

from neuroflow.engine.torch import threads
from neuroflow.engine.torch.rules import tensor_function

NUMBERS = [0.3, -1.5, 0.0, 2.0, 40.0, -40.0, math.nan, math.inf, -math.inf, 1.0, -0.0, 1e300]


def kernels_of(op):
    """An op's kernels as a program has them."""
    n = len(op.parameters)
    forward, backward = forward_kernel(op, n), backward_kernel(op, n)
    mask = tuple(result != 0.0 for result in backward.results)
    return MapKernel(op, n, None, forward), MapKernel(op, n, mask, backward)


def rules():
    """The bundled ops and activations of single numbers."""
    for entry in [*nf.find("*", kind="op"), *nf.find("*", kind="activation")]:
        op = entry.load()
        if isinstance(op, nf.Op) and not op.vectors:
            try:
                yield op, kernels_of(op)
            except RuleError:
                continue


def columns(n):
    """Inputs of many kinds, in as many columns."""
    rng = np.random.default_rng(n)
    return [rng.choice(NUMBERS, 64) for _ in range(n)]


def test_a_rule_on_tensors_and_in_c_is_the_rule_on_arrays(gpu):
    entries = [
        (op, entry) for op, pair in rules() for entry in pair if entry.targets or not entry.backward
    ]
    starts = [gpu.compile(source_of(entry)) for _, entry in entries]  # all at once, then each
    for (op, entry), start in zip(entries, starts, strict=True):
        kernel = entry.kernel
        xs = columns(len(kernel.inputs))
        with np.errstate(all="ignore"):
            want = compile_kernel(kernel)(*xs)
        needed = entry.targets if entry.backward else [0]
        want = [np.broadcast_to(want[j], len(xs[0])) for j in needed]
        found = tensor_function(kernel)(*map(torch.tensor, xs))
        assert agree([found[j] for j in needed], want), op.name
        assert agree(in_c(start, entry, xs, len(want)), want), op.name


def source_of(entry):
    several = threads.PER_THREAD
    return threads.map_source(entry, entry.kernel, "double", tuple(entry.targets), several)


def in_c(start, entry, xs, n_results):
    """What the kernel in C gives, on a memory with its operands one behind the other."""
    n, results = len(xs[0]), [np.zeros(len(xs[0]))] * n_results
    order = [*xs, *results] if entry.backward else [*results, *xs]
    memory = torch.tensor(np.concatenate(order))
    start(n // threads.PER_THREAD, memory, torch.tensor([n, *range(0, len(memory), n)]))
    return memory.view(-1, n)[-n_results:] if entry.backward else memory.view(-1, n)[:1]


def agree(found, want):
    return all(
        np.allclose(mine, theirs, rtol=1e-11, atol=1e-300, equal_nan=True)
        for mine, theirs in zip(found, want, strict=True)
    )


def test_constants_stay_as_exact_as_the_numbers():
    @nf.op
    def third(x):
        return nf.where(x > 0.0, 0.1, 0.2)

    found = tensor_function(forward_kernel(third, 1))(torch.tensor([1.0, -1.0]).double())
    assert found[0].tolist() == [0.1, 0.2]


def test_a_condition_of_constants_chooses_on_tensors_too():
    @nf.op(formula="x^3")
    def cube(x):
        return x**3

    value, gradients = nf.compile(lambda x: cube(x), backend="torch").value_and_gradients(2.0)
    assert (value, gradients.inputs[0]) == (8.0, 12.0)
