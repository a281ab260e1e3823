"""The toy attention block agrees with PyTorch's, gradients of every weight included."""

import pytest

import neuroflow as nf

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.mark.parametrize("causal", [True, False])
def test_one_head_agrees_with_torch_in_values_and_gradients(causal):
    rng = nf.SplitMix32(5)
    block = nf.build("attention", size=3, head_size=2, causal=causal, rng=rng)
    tokens = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(4)]
    rows = block(tokens)
    nf.sum([x * x * x for row in rows for x in row]).backward()
    weights = [
        torch.tensor([[w.data for w in r] for r in m], dtype=torch.float64, requires_grad=True)
        for m in (block.query, block.key, block.value)
    ]
    x = torch.tensor(tokens, dtype=torch.float64)
    out = torch.nn.functional.scaled_dot_product_attention(
        *[(x @ w.T)[None] for w in weights], is_causal=causal
    )[0]
    (out**3).sum().backward()
    for row, expected in zip(rows, out.tolist(), strict=True):
        assert [v.data for v in row] == pytest.approx(expected, rel=1e-10)
    for matrix, theirs in zip((block.query, block.key, block.value), weights, strict=True):
        ours = [w.grad for row in matrix for w in row]
        assert ours == pytest.approx(theirs.grad.flatten().tolist(), rel=1e-10, abs=1e-14)
