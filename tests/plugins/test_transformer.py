"""What a transformer promises whatever its weights: causality, symmetry, one set of gradients."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf

KINDS = ("learned", "sinusoidal", "rotary", "alibi", "none")
cross_entropy = nf.get("loss", "cross_entropy").load()


def data(rows):
    return [[x.data for x in row] for row in rows]


def loss_of(rows, targets):
    return nf.mean([cross_entropy(x, t) for x, t in zip(rows, targets, strict=True)])


@pytest.mark.parametrize("positions", KINDS)
def test_a_changed_future_leaves_the_past_bit_identical(positions, gpt):
    model = gpt(positions=positions)
    before, after = data(model([6, 1, 2, 3])), data(model([6, 1, 5, 0]))
    assert before[:2] == after[:2]
    assert before[2] != after[2]


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_causality_holds_in_compiled_runs(backend, gpt):
    if backend == "llvm":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    fast = nf.compile(lambda model, tokens: model(tokens), backend=backend)
    model = gpt(n_layer=1)
    assert fast.value(model, [6, 1, 2, 3])[:2] == fast.value(model, [6, 1, 5, 0])[:2]


def test_an_encoder_sees_the_future():
    model = nf.build("encoder", vocab_size=7, n_embd=8, n_head=2, block_size=6)
    assert data(model([6, 1, 2]))[0] != data(model([6, 1, 3]))[0]


def test_heads_may_change_places_with_their_output_columns(gpt):
    model = gpt(n_layer=1)
    expected = data(model([6, 1, 2, 3]))
    attention = model.blocks[0].attention
    size = attention.head_width
    swap = [*range(size, 2 * size), *range(size)]
    for linear in (attention.query, attention.key, attention.value):
        linear.weights = [linear.weights[k] for k in swap]
    attention.output.weights = [[row[k] for k in swap] for row in attention.output.weights]
    for got, row in zip(data(model([6, 1, 2, 3])), expected, strict=True):
        assert got == pytest.approx(row, abs=1e-12)


def test_rotary_keeps_lengths_and_sees_distances_only():
    from neuroflow_plugins.parts import Rotary

    turn = Rotary(6)
    q, k = [0.3, -1.0, 2.0, 0.5, -0.25, 1.5], [1.0, 0.2, -0.7, 0.9, 0.4, -1.1]
    for position in (0, 1, 17):
        assert math.hypot(*turn(q, position)) == pytest.approx(math.hypot(*q), rel=1e-14)
    products = [nf.dot(turn(q, p + 3), turn(k, p)) for p in (0, 2, 40)]
    assert products == pytest.approx([products[0]] * 3, abs=1e-12)


def test_sinusoidal_position_1_of_width_4():
    positions = nf.build("sinusoidal_positions", block_size=2, size=4)
    expected = [0.8414709848, 0.5403023059, 0.0099998333, 0.9999500004]
    assert positions(1) == pytest.approx(expected, abs=1e-10)


def test_norms_of_1_2_3_4():
    rms = nf.build("rms_norm", size=4, epsilon=0.0)
    layer = nf.build("layer_norm", size=4)
    numbers = [1.0, 2.0, 3.0, 4.0]
    expected = [0.3651483717, 0.7302967433, 1.0954451150, 1.4605934867]
    assert [y.data for y in rms(numbers)] == pytest.approx(expected, abs=1e-10)
    expected = [-1.3416354200, -0.4472118067, 0.4472118067, 1.3416354200]
    assert [y.data for y in layer(numbers)] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(("norm", "row"), [("rms_norm", [0.0, 0.0]), ("layer_norm", [3.0, 3.0])])
def test_a_norm_of_nothing_without_epsilon_is_told(norm, row):
    with pytest.raises(nf.DomainError, match="no finite value"):
        nf.build(norm, size=2, epsilon=0.0)(row)


def test_tied_weights_appear_once_and_their_gradients_sum(gpt):
    tied = gpt(tied=True)
    apart = gpt(tied=False)
    n_tied = len(tied.parameters())
    assert len(apart.parameters()) == n_tied + 7 * 8
    state = tied.state_dict()
    table = {n.removeprefix("tokens.rows."): x for n, x in state.items() if "tokens" in n}
    apart.load_state_dict({**state, **{f"head.weights.{n}": x for n, x in table.items()}})
    for model in (tied, apart):
        loss_of(model([6, 1, 2]), [1, 2, 6]).backward()
    slopes = {name: p.grad for name, p in apart.named_parameters()}
    for name, p in tied.named_parameters():
        place = name.replace("tokens.rows", "head.weights")
        expected = slopes[name] + (slopes[place] if place != name else 0.0)
        assert p.grad == pytest.approx(expected, abs=1e-12)
    rule = nf.get("optimizer", "adam").load()
    runner = nf.make_runner(tied, lambda m, x: loss_of(m(x), x), [([1, 2],)], rule)
    assert len(runner.state_dict()["m"]) == n_tied


def test_evaluation_is_deterministic_and_training_drops(gpt):
    model = gpt(dropout=0.5, n_layer=1).eval()
    assert data(model([6, 1, 2])) == data(model([6, 1, 2]))
    model.train()
    assert data(model([6, 1, 2])) != data(model([6, 1, 2]))


def test_nearly_zero_weights_guess_evenly(gpt):
    model = gpt(initializer={"use": "normal", "std": 1e-6}, embedding_norm=False)
    assert loss_of(model([6, 1, 2]), [1, 2, 6]).data == pytest.approx(math.log(7), abs=1e-9)


def test_one_example_overfits(gpt):
    model = gpt(n_layer=1)
    adam = nf.get("optimizer", "adam").load()
    example = ([6, 1, 2, 3, 1], [1, 2, 3, 1, 6])
    runner = nf.make_runner(model, lambda m, x, y: loss_of(m(x), y), [example], adam)
    losses = runner.run([[0]] * 150, [0.02] * 150)
    assert losses[-1] < 0.01 < losses[0]


@pytest.mark.parametrize("settings", [
    {}, {"positions": "rotary"}, {"positions": "alibi", "key_value_heads": 1},
])  # fmt: skip
def test_a_cache_leaves_the_gradients_whole(settings, gpt):
    tokens, targets = [6, 1, 2, 3], [1, 2, 3, 6]
    whole, stepped, detached = (gpt(**settings) for _ in range(3))
    loss_of(whole(tokens), targets).backward()

    loss = loss_of(token_by_token(stepped, tokens), targets)
    loss.backward()
    for (name, a), (_, b) in zip(whole.named_parameters(), stepped.named_parameters(), strict=True):
        assert b.grad == pytest.approx(a.grad, abs=1e-14), name

    # The twin whose entries are cut off: the same loss, wrong gradients. So this test sees it.
    wrong = loss_of(token_by_token(detached, tokens, keep=lambda x: x.data), targets)
    wrong.backward()
    assert wrong.data == loss.data
    for part in ("key", "value"):
        ours, theirs = (
            [p.grad for name, p in model.named_parameters() if f".{part}." in name]
            for model in (whole, detached)
        )
        gap = math.dist(ours, theirs) / math.hypot(*ours)
        assert gap > 0.1, part


def token_by_token(model, tokens, keep=lambda x: x):
    past, rows = model.no_past(), []
    for token in tokens:
        logits, added = model.step(token, past)
        rows.append(logits)
        for layer, entries in zip(past, added, strict=True):
            for kept, entry in zip(layer, entries, strict=True):
                kept.append([[keep(x) for x in head] for head in entry])
    return rows


def test_layers_compose_from_names():
    block = nf.build(
        {"use": "transformer_block", "n_embd": 4, "n_head": 2, "norm": "layer_norm",
         "order": "post", "activation": "gelu", "key_value_heads": 1}
    )  # fmt: skip
    rows = block([[0.1, 0.2, -0.3, 0.4], [0.0, 1.0, 0.5, -0.5]])
    assert [len(row) for row in rows] == [4, 4]
    model = nf.build("encoder_decoder", vocab_size=7, source_length=3, n_embd=4, n_head=2)
    assert [len(row) for row in model([1, 2, 3, 0, 1])] == [7, 7]


def test_a_text_that_is_too_long_is_refused(gpt):
    with pytest.raises(nf.InputError, match="the model got 7 tokens; expected 1 to 6"):
        gpt()([1] * 7)
