"""Random networks of all layers by name: each layer is drawn to fit the shape that comes in."""

from __future__ import annotations

from neuroflow.config import Shape, check_part, shapes_of

ACTIVATIONS = ("relu", "tanh", "sigmoid", "silu", "softplus", "softmax", "gelu", "elu", "sin")
TAKES = {
    "layer": "inputs", "linear": "inputs", "neuron": "inputs", "layer_norm": "size",
    "rms_norm": "size", "group_norm": "size", "batch_norm": "size", "attention": "size",
    "feed_forward": "n_embd", "learned_positions": "size", "sinusoidal_positions": "size",
    "rnn": "inputs", "gru": "inputs", "lstm": "inputs", "conv1d": "in_channels",
    "conv2d": "in_channels",
}  # fmt: skip
"""Of some layers, the setting that is how many numbers each takes."""


class Networks:
    """Draws trees; ``of(taken)`` gives one that takes this shape, and what it gives."""

    def __init__(self, rng):
        self.rng = rng
        self.used = set()

    def network(self):
        """A tree, and an input that it takes."""
        taken = self.rng.choice([(3,), (4,), (3, 4), (4, 2), (4, 4, 2), "text", "pair"])
        layers, shape = [], taken
        if taken == "pair":
            shape = (4,)
            layers.append(self.named(self.pair()))
        for _ in range(self.rng.randint(1, 3)):
            table, shape = self.layer(shape)
            layers.append(table)
            shape = (1,) if shape == () else shape
        layers.append(self.named({"use": "flatten"}))
        return {"use": "sequential", "layers": layers}, self.numbers(taken)

    def numbers(self, taken):
        if taken == "text":
            return [self.rng.randrange(5) for _ in range(3)]
        if taken == "pair":
            return {"a": self.numbers((2,)), "b": self.numbers((2,))}
        if not taken:
            return self.rng.uniform(-1.0, 1.0)
        return [self.numbers(taken[1:]) for _ in range(taken[0])]

    def named(self, table):
        use = table if isinstance(table, str) else table.get("use")
        self.used.add(use)
        return table

    def pair(self):
        encoder = {**self.layer_to((2,), 3), "name": "encoder"}
        other = self.rng.choice([{"ref": "encoder"}, self.layer_to((2,), 3)])
        join = self.rng.choice(["sum", "mean", "difference"])
        tail = {"use": "layer", "inputs": 3, "outputs": 4}
        both = {"use": "branches", "parts": {"a": encoder, "b": other}, "join": join}
        return {"use": "sequential", "layers": [both, tail]}

    def layer(self, taken, depth=0):
        """A table that takes a shape, and the shape that it gives."""
        kind = "text" if taken == "text" else ("row", "rows", "image")[len(taken) - 1]
        names = getattr(self, f"_{kind}s")
        usual = [name for name in names if name not in NEST]
        name = self.rng.choice(names if depth < 2 else usual)
        table = getattr(self, f"draw_{name}")(taken, depth)
        given = self.given(table, taken)
        return self.named(table), given

    def given(self, table, taken):
        """What a table gives, as its declaration says."""
        came = Shape((3,), ids=True) if taken == "text" else Shape(taken)
        checked = check_part("layer", table)
        rows, misfits = shapes_of(checked, came)
        assert not misfits, (table, str(came), *map(str, misfits))
        return tuple(rows[0].gives)

    def same(self, taken, depth):
        """A layer that gives what it takes."""
        for _ in range(30):
            table, given = self.layer(taken, depth + 1)
            if given == taken:
                return table
        return self.rng.choice(ACTIVATIONS)

    # Rows ------------------------------------------------------------------------------------

    _own = ("layer", "linear", "neuron", "mlp", "layer_norm", "rms_norm", "feed_forward",
            "batch_norm", "reshape", "parallel", "branches", "bilinear")  # fmt: skip
    _any = ("dropout", "activation", "residual", "repeat", "while_training", "sequential",
            "flatten", "bare")  # fmt: skip
    _rows = (*_own, *_any)

    def draw_layer(self, taken, depth):
        return self.layer_to(taken, self.rng.choice([1, 2, 3, 4]))

    def layer_to(self, taken, outputs):
        return self.named({"use": "layer", "inputs": taken[0], "outputs": outputs,
                           "activation": self.rng.choice(ACTIVATIONS)})  # fmt: skip

    def draw_linear(self, taken, depth):
        return {"use": "linear", "inputs": taken[0], "outputs": self.rng.choice([1, 2, 4])}

    def draw_neuron(self, taken, depth):
        return {"use": "neuron", "inputs": taken[0], "activation": "tanh"}

    def draw_mlp(self, taken, depth):
        return {"use": "mlp", "sizes": [taken[0], 2, self.rng.choice([1, 3, 4])]}

    def draw_layer_norm(self, taken, depth):
        return {"use": "layer_norm", "size": taken[-1]}

    def draw_rms_norm(self, taken, depth):
        return {"use": "rms_norm", "size": taken[-1]}

    def draw_batch_norm(self, taken, depth):
        return {"use": "batch_norm", "size": taken[-1]}

    def draw_group_norm(self, taken, depth):
        return {"use": "group_norm", "size": taken[-1], "groups": 1}

    def draw_feed_forward(self, taken, depth):
        return {"use": "feed_forward", "n_embd": taken[0], "hidden": 3}

    def draw_bilinear(self, taken, depth):
        if taken[0] < 2:
            return self.draw_linear(taken, depth)
        slices = [1, taken[0] - 1]
        parts = {"a": self.same((1,), depth), "b": self.same((slices[1],), depth)}
        cut = {"use": "branches", "parts": parts, "slices": slices}
        both = self.named({"use": "bilinear", "left": 1, "right": slices[1], "outputs": 2})
        return {"use": "sequential", "layers": [cut, both]}

    def draw_reshape(self, taken, depth):
        shape = [2, taken[0] // 2] if taken[0] % 2 == 0 else [taken[0], 1]
        return {"use": "reshape", "shape": shape}

    def draw_parallel(self, taken, depth):
        join = self.rng.choice(["sum", "mean", "concat"])
        if join == "concat" and len(taken) == 1:
            parts = [self.layer_to(taken, 2), self.layer_to(taken, 1)]
        else:
            parts = [self.same(taken, depth), self.same(taken, depth)]
        return {"use": "parallel", "parts": parts, "join": join}

    def draw_branches(self, taken, depth):
        parts = {"x": self.layer_to(taken, 2), "y": self.layer_to(taken, 2)}
        return {"use": "branches", "parts": parts, "join": self.rng.choice(["sum", "difference"])}

    def draw_dropout(self, taken, depth):
        return {"use": "dropout", "rate": 0.5}

    def draw_activation(self, taken, depth):
        return {"use": "activation", "function": self.rng.choice(ACTIVATIONS)}

    def draw_bare(self, taken, depth):
        return self.rng.choice(ACTIVATIONS)

    def draw_residual(self, taken, depth):
        return {"use": "residual", "layer": self.same(taken, depth)}

    def draw_repeat(self, taken, depth):
        shared = self.rng.random() < 0.5
        return {"use": "repeat", "layer": self.same(taken, depth), "times": 2, "shared": shared}

    def draw_while_training(self, taken, depth):
        return {"use": "while_training", "layer": self.same(taken, depth)}

    def draw_sequential(self, taken, depth):
        first, shape = self.layer(taken, depth + 1)
        second, _ = self.layer((1,) if shape == () else shape, depth + 1)
        return {"use": "sequential", "layers": [first, second]}

    def draw_flatten(self, taken, depth):
        return {"use": "flatten"}

    # Texts of rows ---------------------------------------------------------------------------

    _rowss = ("per_token", "attention", "multi_head_attention", "transformer_block",
              "learned_positions", "sinusoidal_positions", "mean_over_tokens", "last_token",
              "conv1d", "max_pool1d", "mean_pool1d", "rnn", "gru", "lstm", "parallel",
              *_any)  # fmt: skip

    def draw_per_token(self, taken, depth):
        return {"use": "per_token", "layer": self.layer(taken[1:], depth + 1)[0]}

    def draw_attention(self, taken, depth):
        return {"use": "attention", "size": taken[1], "head_size": self.rng.choice([2, 3])}

    def draw_multi_head_attention(self, taken, depth):
        return {"use": "multi_head_attention", "n_embd": taken[1], "n_head": 1}

    def draw_transformer_block(self, taken, depth):
        return {"use": "transformer_block", "n_embd": taken[1], "n_head": 1, "hidden": 2}

    def draw_learned_positions(self, taken, depth):
        return {"use": "learned_positions", "block_size": 16, "size": taken[1]}

    def draw_sinusoidal_positions(self, taken, depth):
        return {"use": "sinusoidal_positions", "block_size": 16, "size": taken[1]}

    def draw_mean_over_tokens(self, taken, depth):
        return {"use": "mean_over_tokens"}

    def draw_last_token(self, taken, depth):
        return {"use": "last_token"}

    def draw_conv1d(self, taken, depth):
        return {"use": "conv1d", "in_channels": taken[1], "out_channels": 2,
                "kernel_size": min(2, taken[0])}  # fmt: skip

    def draw_max_pool1d(self, taken, depth):
        return {"use": "max_pool1d", "kernel_size": min(2, taken[0])}

    def draw_mean_pool1d(self, taken, depth):
        return {"use": "mean_pool1d", "kernel_size": min(2, taken[0])}

    def _recurrent(self, use, taken):
        return {"use": use, "inputs": taken[1], "hidden_size": self.rng.choice([1, 2])}

    def draw_rnn(self, taken, depth):
        return self._recurrent("rnn", taken)

    def draw_gru(self, taken, depth):
        return self._recurrent("gru", taken)

    def draw_lstm(self, taken, depth):
        return self._recurrent("lstm", taken)

    # Images ----------------------------------------------------------------------------------

    _images = ("conv2d", "group_norm", "max_pool2d", "mean_pool2d", "per_token", *_any)

    def draw_conv2d(self, taken, depth):
        return {"use": "conv2d", "in_channels": taken[2], "out_channels": 2,
                "kernel_size": min(2, *taken[:2])}  # fmt: skip

    def draw_max_pool2d(self, taken, depth):
        return {"use": "max_pool2d", "kernel_size": min(2, *taken[:2])}

    def draw_mean_pool2d(self, taken, depth):
        return {"use": "mean_pool2d", "kernel_size": min(2, *taken[:2])}

    # Texts -----------------------------------------------------------------------------------

    _texts = ("embedding", "language_model", "gpt", "encoder", "text_classifier", "encoder_decoder")

    def draw_embedding(self, taken, depth):
        return {"use": "embedding", "vocab_size": 5, "size": self.rng.choice([2, 4])}

    def draw_language_model(self, taken, depth):
        return {"use": "language_model", "layer": self.draw_embedding(taken, depth)}

    def draw_gpt(self, taken, depth):
        return {"use": "gpt", "vocab_size": 5, "n_embd": 2, "n_head": 1, "hidden": 2}

    def draw_encoder(self, taken, depth):
        return {**self.draw_gpt(taken, depth), "use": "encoder"}

    def draw_text_classifier(self, taken, depth):
        return {"use": "text_classifier", "vocab_size": 5, "outputs": 3, "n_embd": 2, "n_head": 1}

    def draw_encoder_decoder(self, taken, depth):
        return {"use": "encoder_decoder", "vocab_size": 5, "source_length": 1, "n_embd": 2,
                "n_head": 1}  # fmt: skip


NEST = ("residual", "repeat", "while_training", "sequential", "parallel", "per_token", "bilinear")
"""Layers that are drawn with layers inside."""


def layers_in(table, path="model"):
    """Every table of a layer in a tree, with its path."""
    if isinstance(table, dict):
        if "use" in table:
            yield path, table
        for key, value in table.items():
            yield from layers_in(value, f"{path}.{key}")
    elif isinstance(table, list):
        for k, value in enumerate(table):
            yield from layers_in(value, f"{path}.{k}")
