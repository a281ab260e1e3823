"""Who looks is told where the heads look; nobody else hears of it."""

import inspect

import pytest

import neuroflow as nf


def test_attention_is_data(gpt):
    model = gpt()
    trace = nf.trace_attention(model, [6, 1, 2])
    assert trace.layers == ("blocks.0.attention", "blocks.1.attention")
    for heads in trace.weights:
        assert len(heads) == 2
        for head in heads:
            for position, row in enumerate(head):
                assert sum(row) == pytest.approx(1.0)
                assert row[position + 1 :] == [0.0] * (2 - position)


def test_attention_of_the_small_case():
    attend = inspect.unwrap(nf.get("layer", "attention").load().__init__).__globals__["attend"]
    q = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    rows = attend(q, q, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], causal=True)
    expected = [[1, 2], [2.3395230987, 3.3395230987], [3.5104695305, 4.5104695305]]
    for got, row in zip(rows, expected, strict=True):
        assert got == pytest.approx(row, abs=1e-10)


def test_a_model_without_attention_is_refused():
    with pytest.raises(nf.InputError, match="MLP has no layer whose attention could be traced"):
        nf.trace_attention(nf.build("mlp", sizes=[1, 1]), [0])


def test_threads_that_look_at_once_each_see_their_own_text(gpt, together):
    model = gpt()
    texts = [[6, 1, 2], [6, 3], [6, 5, 5, 0], [6, 0, 1]]
    right = [nf.trace_attention(model, text).weights for text in texts]

    def look(k):
        return lambda: [nf.trace_attention(model, texts[k]).weights for _ in range(5)]

    def run():
        with nf.no_grad():
            return [model([6, 4, 4, 4]) for _ in range(20)]

    found = together(run, *[look(k) for k in range(4)])[1:]
    for k, weights in enumerate(found):
        assert all(each == right[k] for each in weights)


def test_a_layer_of_ones_own_shows_its_attention():
    class Even(nf.Module):
        """Looks at all tokens alike."""

        shows_attention = True

        def forward(self, xs):
            for position in range(len(xs)):
                nf.show_attention(self, position, [{j: 1 / len(xs) for j in range(len(xs))}])
            return xs

    class Model(nf.Module):
        def __init__(self):
            self.layers = [Even(), Even()]

        def forward(self, tokens):
            for layer in self.layers:
                tokens = layer(tokens)
            return tokens

    trace = nf.trace_attention(Model(), [1, 2])
    assert trace.layers == ("layers.0", "layers.1")
    assert trace.weights == [[[[0.5, 0.5], [0.5, 0.5]]]] * 2
