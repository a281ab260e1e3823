"""Batch norm: what a step of training makes of the running statistics, whoever runs it."""

from __future__ import annotations

import pytest

import neuroflow as nf

BATCHES = [[[1.0, -2.0], [3.0, 0.5], [2.0, 4.0]], [[0.0, 1.0], [-1.0, 0.25], [4.0, 2.0]]]


def squares(model, xs, y):
    return nf.sum([(x - y) ** 2 for x in model(xs)])


def runner_of(layer, backend):
    examples = [(xs, 0.5) for batch in BATCHES for xs in batch]
    sgd = nf.get("optimizer", "sgd").load()
    return nf.make_runner(layer, squares, examples, sgd, backend=backend)


def numbers(buffers):
    return [buffer.data for buffer in buffers]


@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_running_statistics_are_those_of_the_formula_and_the_mean_that_of_pytorch(backend):
    layer = nf.build("batch_norm", size=2, momentum=0.25)
    runner_of(layer, backend).run([[0, 1, 2], [3, 4, 5]], [0.0, 0.0])
    means, variances = [0.0, 0.0], [1.0, 1.0]
    for batch in BATCHES:
        for k, column in enumerate(zip(*batch, strict=True)):
            m = sum(column) / 3
            v = sum((x - m) ** 2 for x in column) / 3
            variances[k] = 0.75 * variances[k] + 0.25 * (v + (m - means[k]) ** 2)
            means[k] = 0.75 * means[k] + 0.25 * m
    assert numbers(layer.means) == pytest.approx(means, rel=1e-12)
    assert numbers(layer.variances) == pytest.approx(variances, rel=1e-12)
    torch = pytest.importorskip("torch")
    theirs = torch.nn.BatchNorm1d(2, momentum=0.25, dtype=torch.float64)
    for batch in BATCHES:
        theirs(torch.tensor(batch, dtype=torch.float64))
    assert numbers(layer.means) == pytest.approx(theirs.running_mean.tolist(), rel=1e-12)


def test_a_step_normalises_by_what_was_there_before_it():
    layer = nf.build("batch_norm", size=2, epsilon=0.0)
    layer.means[0].data, layer.variances[0].data = 1.0, 4.0
    assert numbers(layer([5.0, 2.0])) == [2.0, 2.0]
    assert layer.means[0].data == pytest.approx(1.4)
    assert layer.eval()([5.0, 2.0])[0].data == pytest.approx((5.0 - 1.4) / (0.9 * 4.0 + 1.6) ** 0.5)
    assert layer.means[0].data == pytest.approx(1.4)


def test_a_module_of_tensors_keeps_the_same_statistics():
    torch = pytest.importorskip("torch")
    layer = nf.build("batch_norm", size=2, momentum=0.25)
    module = nf.to_torch(layer).train()
    for batch in BATCHES:
        module(torch.tensor(batch, dtype=torch.float64))
    nf.from_torch(module, other := nf.build("batch_norm", size=2, momentum=0.25))
    runner_of(layer, "eager").run([[0, 1, 2], [3, 4, 5]], [0.0, 0.0])
    assert numbers(other.buffers()) == pytest.approx(numbers(layer.buffers()), rel=1e-12)


def test_groups_divide_the_channels():
    with pytest.raises(nf.ConfigurationError, match="groups must divide the size"):
        nf.build("group_norm", size=4, groups=3)
