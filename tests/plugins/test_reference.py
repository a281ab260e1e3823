"""Numbers of other implementations: the JavaScript original, and small cases by hand."""

import pytest

import neuroflow as nf

ROUNDED = 1e-7  # the original rounds every number to 8 decimals, which adds up over the steps


def original(sizes):
    """The network of the original: weights in -1..1, relu but for the last layer."""
    return nf.build("mlp", sizes=sizes, activation="relu", rng=nf.SplitMix32(0))


def step(model, loss, learning_rate):
    model.zero_grad()
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= learning_rate * parameter.grad


def test_linear_regression_of_the_original():
    xs = [(2.0, 3.0, -1.0), (3.0, -1.0, 0.5), (0.5, 1.0, 1.0), (1.0, 1.0, -1.0)]
    ys = [1.0, -1.0, -1.0, 1.0]
    model, losses = original([3, 4, 3, 1]), []
    for _ in range(100):
        loss = nf.sum([(model(x) - y) ** 2 for x, y in zip(xs, ys, strict=True)])
        losses.append(loss.data)
        step(model, loss, 0.01)
    known = {1: 7.33271878, 2: 4.77064063, 10: 2.74561387, 15: 2.16727105, 50: 0.77793724}
    assert {epoch: losses[epoch - 1] for epoch in known} == pytest.approx(known, abs=ROUNDED)
    assert losses[99] == pytest.approx(0.07883036823444403, rel=1e-12)


def test_binary_classification_of_the_original():
    xs, ys = [(1.0, 2.0), (2.0, 3.0), (3.0, 1.0), (4.0, 2.0)], [1, 1, -1, -1]
    hinge = nf.get("loss", "hinge").load()
    model, losses = original([2, 4, 3, 1]), []
    for epoch in range(15):
        data_loss = nf.mean([hinge(model(x), y) for x, y in zip(xs, ys, strict=True)])
        loss = data_loss + 1e-4 * nf.sum([p * p for p in model.parameters()])
        losses.append(loss.data)
        step(model, loss, 0.5 - 0.45 * epoch / 15)
    known = {1: 1.16824133, 6: 0.44418106, 8: 1.24475758, 11: 0.00078887, 15: 0.00078867}
    assert {epoch: losses[epoch - 1] for epoch in known} == pytest.approx(known, abs=ROUNDED)
    assert losses[14] == pytest.approx(0.0007886727737202444, rel=1e-12)


def test_cross_entropy_of_four_logits():
    cross_entropy = nf.get("loss", "cross_entropy").load()
    logits = [nf.Value(v) for v in (0.0, 3.0, -2.0, 1.0)]
    loss = cross_entropy(logits, 3)
    loss.backward()
    assert loss.data == pytest.approx(2.1755153626167147, rel=1e-14)
    assert [x.grad for x in logits] == pytest.approx(
        [0.04177257051535045, 0.839024507462532, 0.005653302662216329, -0.8864503806400987],
        rel=1e-13,
    )
    logits = [nf.Value(0.0), nf.Value(30.0)]
    loss = cross_entropy(logits, 0)
    loss.backward()
    assert loss.data == pytest.approx(30.0, rel=1e-12)
    assert [x.grad for x in logits] == pytest.approx([-1.0, 1.0], rel=1e-12)


def test_softmax_does_not_change_with_a_shift():
    softmax = nf.get("activation", "softmax").load()
    known = [0.0900305732, 0.2447284711, 0.6652409558]
    for shift in (0.0, 1000.0, -1000.0):
        assert softmax([1.0 + shift, 2.0 + shift, 3.0 + shift]) == pytest.approx(known, abs=1e-10)


def test_gelu_at_zero_and_one():
    x = nf.Value(0.0)
    x.gelu().backward()
    assert x.grad == 0.5
    x = nf.Value(1.0)
    x.gelu().backward()
    assert x.grad == pytest.approx(1.0833154705876864, rel=1e-14)
    assert nf.ops.gelu(1.0) == pytest.approx(0.8413447460685429, rel=1e-15)
    assert nf.ops.gelu_tanh(1.0) == pytest.approx(0.8411919906082768, rel=1e-15)


def test_causal_attention_of_three_tokens():
    from neuroflow_plugins.attention import attend

    q = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    v = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    known = [[1.0, 2.0], [2.3395230987, 3.3395230987], [3.5104695305, 4.5104695305]]
    for row, expected in zip(attend(q, q, v, causal=True), known, strict=True):
        assert row == pytest.approx(expected, abs=1e-10)


def test_two_relus_of_one_value_add_their_gradients():
    a = nf.Value(2.0)
    (a.relu() + a).backward()
    assert a.grad == 2.0


@pytest.mark.parametrize(("x", "y", "slope"), [(-4.0, -20.0, 46.0), (4.0, None, 299.0)])
def test_expression_of_the_original(x, y, slope):
    x = nf.Value(x)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    result = h + q + q * x
    result.backward()
    assert y is None or result.data == y
    assert x.grad == slope


def test_expression_of_micrograds_readme():
    a, b = nf.Value(-4.0), nf.Value(2.0)
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + (b + a).relu()
    d = d + 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g = g + 10.0 / f
    g.backward()
    assert (g.data, a.grad, b.grad) == pytest.approx(
        (24.70408163265306, 138.83381924198252, 645.5772594752186), rel=1e-14
    )


def test_expression_of_many_ops():
    a, b, c = nf.Value(2.0), nf.Value(3.0), nf.Value(4.0)
    f = -(a**3) + (3 * b).sin() - 1 / c + b**2.5 - a.sqrt()
    f.backward()
    assert f.data == pytest.approx(6.336362190988558, rel=1e-14)
    assert [a.grad, b.grad, c.grad] == pytest.approx(
        [-12.353553390593273, 10.25699027111255, 0.0625], rel=1e-14
    )
