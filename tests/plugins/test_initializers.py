"""Matrices drawn at once: rows at right angles, whoever asks for the weights, and however."""

from __future__ import annotations

import itertools

import pytest

import neuroflow as nf


def products(rows):
    """Of each pair of rows, and of each row with itself."""
    return {
        (i, j): sum(x * y for x, y in zip(a, b, strict=True))
        for (i, a), (j, b) in itertools.product(enumerate(rows), repeat=2)
    }


def assert_orthogonal(rows, gain=1.0):
    short = rows if len(rows) <= len(rows[0]) else list(zip(*rows, strict=True))
    for (i, j), product in products(short).items():
        assert abs(product - (gain * gain if i == j else 0.0)) < 1e-13


def rows_of(layer):
    return [[w.data for w in neuron.weights] for neuron in layer.neurons]


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 6), (1, 1), (40, 40)])
def test_rows_or_columns_are_at_right_angles(shape):
    draw = nf.get("initializer", "orthogonal").load()
    rows = draw(nf.SplitMix32(3), *shape, gain=2.0)
    assert (len(rows), len(rows[0])) == shape[::-1]
    assert_orthogonal(rows, gain=2.0)


def test_every_layer_draws_whole_matrices():
    settings = {"initializer": "orthogonal", "rng": nf.SplitMix32(1)}
    for layer in nf.build("mlp", sizes=[5, 4, 3], **settings).layers:
        assert_orthogonal(rows_of(layer))
    linear = nf.build("linear", inputs=4, outputs=4, **settings)
    assert_orthogonal([[w.data for w in row] for row in linear.weights])
    attention = nf.build("attention", size=4, **settings)
    for matrix in (attention.query, attention.key, attention.value):
        assert_orthogonal([[w.data for w in row] for row in matrix])


def test_a_model_with_one_is_saved_loaded_and_seeded(tmp_path):
    settings = {"sizes": [3, 4, 1], "initializer": {"use": "orthogonal", "gain": 1.5}}
    one, two = (nf.build("mlp", **settings, rng=nf.SplitMix32(7)) for _ in range(2))
    assert one.state_dict() == two.state_dict()
    nf.save(one, tmp_path / "model.safetensors")
    loaded = nf.load(tmp_path / "model.safetensors")
    assert loaded.state_dict() == one.state_dict()
    assert repr(loaded) == repr(one)


def test_a_matrix_of_another_shape_is_told():
    def tall(rng, fan_in, fan_out):
        return [[0.0] * fan_out for _ in range(fan_in)]

    with nf.local_entries():
        nf.register("initializer", tall, matrix=True)
        with pytest.raises(nf.InputError, match="expected 3 rows of 2 numbers"):
            nf.build("layer", inputs=2, outputs=3, initializer="tall", rng=nf.SplitMix32(0))
        assert "expected 3 rows of 5 numbers" in str(nf.check("initializer/tall"))
