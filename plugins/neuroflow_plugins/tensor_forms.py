"""The bundled layers on tensors: each says which tensors it is made of, and runs on them.

The names are those that readers of PyTorch expect: ``layers.0.weight`` in an MLP, and in a GPT
those of nanoGPT (``transformer.h.0.attn.c_attn.weight``, ``lm_head.weight``), as far as our layers
are its own. Axes in front of those of a layer are examples.

PyTorch is imported where it runs: what the tensors are called can be asked without it.
"""

from __future__ import annotations

import math

import neuroflow as nf


def _linear(x, weight, bias):
    from torch.nn.functional import linear

    return linear(x, weight, bias)


def relu(x):
    """x where it is positive, else 0."""
    return x.relu()


def gelu(x):
    """x times the chance that a normal variable is below x."""
    from torch.nn.functional import gelu

    return gelu(x)


def silu(x):
    """x times its sigmoid."""
    from torch.nn.functional import silu

    return silu(x)


def softmax(x):
    """Along the last axis."""
    return x.softmax(-1)


def log_softmax(x):
    """Along the last axis."""
    return x.log_softmax(-1)


class NeuronForm(nf.TensorForm):
    """f(w . x + b), one number for each example."""

    bare = True

    def parts(self, layer):
        """A row of weights."""
        return {
            "weight": layer.weights,
            "bias": None if layer.bias is False else layer.bias,
            "activation": nf.tensor_function("activation", layer.activation),
        }

    def run(self, t, x):
        """(..., inputs) -> (...)"""
        total = x @ t.weight
        total = total if t.bias is None else total + t.bias
        return t.activation(total.unsqueeze(-1)).squeeze(-1)


class LayerForm(nf.TensorForm):
    """f(W x + b)."""

    def parts(self, layer):
        """The weights of all neurons as a matrix, their biases as a vector; or unlike neurons."""
        self.bare = layer.outputs == 1
        if not layer.is_uniform:
            return {
                "neurons": layer.neurons,
                "activation": nf.tensor_function("activation", layer.activation),
            }
        return {
            "neurons": None,
            "weight": [neuron.weights for neuron in layer.neurons],
            "bias": [neuron.bias for neuron in layer.neurons] if layer.bias else None,
            "activation": nf.tensor_function("activation", layer.activation),
        }

    def run(self, t, x):
        """(..., inputs) -> (..., outputs), or (...) if there is one output."""
        if t.neurons is None:
            y = t.activation(_linear(x, t.weight, t.bias))
        else:
            from torch import stack

            y = t.activation(stack([neuron(x) for neuron in t.neurons.children()], -1))
        return y.squeeze(-1) if self.bare else y


class SequentialForm(nf.TensorForm):
    """Layers one after the other; a bare number becomes a list of one for the next."""

    def parts(self, layer):
        """The layers."""
        return {"layers": layer.layers or None}

    def run(self, t, x):
        """Through all layers."""
        x, self.bare = _through(t.layers.children() if t.layers else (), x)
        return x


class MLPForm(nf.TensorForm):
    """Layers, with dropout between them."""

    def parts(self, layer):
        """Layers, and what drops."""
        self.bare = layer.sizes[-1] == 1
        return {"layers": layer.layers, "dropouts": layer.dropouts or None}

    def run(self, t, x):
        """(..., sizes[0]) -> (..., sizes[-1]), or (...) if that is 1."""
        layers, drops = list(t.layers.children()), list(t.dropouts.children()) if t.dropouts else []
        mixed = [part for k, layer in enumerate(layers) for part in (layer, *drops[k : k + 1])]
        return _through(mixed, x)[0]


def _through(layers, x):
    """What comes out in the end, and whether it is one bare number."""
    bare = False
    for layer in layers:
        x = layer(x.unsqueeze(-1) if bare else x)
        bare = layer.bare
    return x, bare


class DropoutForm(nf.TensorForm):
    """Zero with probability ``rate`` while training."""

    def parts(self, layer):
        """Nothing to learn."""
        return {"rate": layer.rate}

    def run(self, t, x):
        """Of any shape."""
        if not t.training or t.rate == 0.0:
            return x
        kept = (t.random_like(x) >= t.rate).to(x.dtype)
        return kept / (1.0 - t.rate) * x


class AttentionForm(nf.TensorForm):
    """One head."""

    def parts(self, layer):
        """Three matrices."""
        return {"query": layer.query, "key": layer.key, "value": layer.value}

    def run(self, t, x):
        """(..., n_tokens, size) -> (..., n_tokens, head_size)"""
        from torch.nn.functional import scaled_dot_product_attention

        q, k, v = (_linear(x, weight, None) for weight in (t.query, t.key, t.value))
        return scaled_dot_product_attention(q, k, v, is_causal=t.layer.causal)


class LinearForm(nf.TensorForm):
    """W x + b."""

    def parts(self, layer):
        """A matrix, and maybe a vector."""
        return {"weight": layer.weights, "bias": layer.biases or None}

    def run(self, t, x):
        """(..., inputs) -> (..., outputs)"""
        return _linear(x, t.weight, t.bias)


class TableForm(nf.TensorForm):
    """One row for each token, or for each position."""

    def parts(self, layer):
        """The table."""
        return {"weight": layer.rows}

    def run(self, t, token):
        """(...) whole numbers -> (..., size)"""
        from torch.nn.functional import embedding

        return embedding(token, t.weight)


class PositionsForm(TableForm):
    """One row for each position; to tokens the rows of their positions are added."""

    def run(self, t, x):
        """(...) whole numbers -> (..., size), or (..., n_tokens, size) -> the same"""
        first = t.layer.offset
        if x.is_floating_point():
            return x + t.weight[first : first + x.shape[-2]]
        return super().run(t, x + first if first else x)


class SinusoidalForm(nf.TensorForm):
    """Sines and cosines of the position."""

    def parts(self, layer):
        """Nothing to learn."""
        return {"size": layer.size}

    def run(self, t, position):
        """(...) -> (..., size), or (..., n_tokens, size) -> the same"""
        import torch

        if position.is_floating_point() and position.dim() > 1:
            tokens = torch.arange(position.shape[-2], device=position.device)
            return position + self.run(t, tokens).to(position.dtype)
        dtype = position.dtype if position.is_floating_point() else torch.float64
        pairs = [10000.0 ** (2 * (k // 2) / t.size) for k in range(t.size)]
        scale = torch.tensor(pairs, dtype=dtype, device=position.device)
        angles = position.unsqueeze(-1).to(dtype) / scale
        odd = torch.arange(t.size, device=position.device) % 2 == 1
        return torch.where(odd, torch.cos(angles), torch.sin(angles))


class LayerNormForm(nf.TensorForm):
    """(x - mean) / sqrt(variance + epsilon), scaled and shifted."""

    def parts(self, layer):
        """Gains and biases, where there are any."""
        return {"weight": layer.gains or None, "bias": layer.biases or None}

    def run(self, t, x):
        """(..., size) -> (..., size)"""
        from torch.nn.functional import layer_norm

        return layer_norm(x, (t.layer.size,), t.weight, t.bias, t.layer.epsilon)


class RMSNormForm(nf.TensorForm):
    """x / sqrt(mean(x^2) + epsilon), scaled."""

    def parts(self, layer):
        """Gains, where there are any."""
        return {"weight": layer.gains or None}

    def run(self, t, x):
        """(..., size) -> (..., size)"""
        from torch.nn.functional import rms_norm

        return rms_norm(x, (t.layer.size,), t.weight, t.layer.epsilon)


class BatchNormForm(nf.TensorForm):
    """By running statistics, which training writes: the mean over all examples, as Values do."""

    def parts(self, layer):
        """As PyTorch calls them."""
        return {
            "weight": layer.gains or None, "bias": layer.biases or None,
            "running_mean": layer.means, "running_var": layer.variances,
        }  # fmt: skip

    def run(self, t, x):
        """(..., size) -> (..., size)"""
        apart = x - t.running_mean
        y = apart * (t.running_var + t.layer.epsilon).rsqrt()
        if t.training:
            self._take_note(t, x.detach(), apart.detach())
        return y if t.weight is None else y * t.weight + t.bias

    def _take_note(self, t, x, apart):
        momentum, size = t.layer.momentum, t.layer.size
        t.running_mean.lerp_(x.reshape(-1, size).mean(0), momentum)
        t.running_var.lerp_((apart * apart).reshape(-1, size).mean(0), momentum)


class GroupNormForm(nf.TensorForm):
    """Mean 0 and variance 1 over all pixels and the channels of a group."""

    def parts(self, layer):
        """Gains and biases, where there are any."""
        return {"weight": layer.gains or None, "bias": layer.biases or None}

    def run(self, t, x):
        """(..., height, width, size) -> (..., height, width, size)"""
        groups = x.unflatten(-1, (t.layer.groups, -1))
        within = (-4, -3, -1)  # all pixels, and the channels of a group
        apart = groups - groups.mean(within, keepdim=True)
        variance = (apart * apart).mean(within, keepdim=True)
        y = (apart * (variance + t.layer.epsilon).rsqrt()).flatten(-2)
        return y if t.weight is None else y * t.weight + t.bias


class BilinearForm(nf.TensorForm):
    """A matrix for each output."""

    def parts(self, layer):
        """All matrices, and maybe biases."""
        matrices = [matrix.weights for matrix in layer.matrices]
        return {"weight": matrices, "bias": layer.biases or None}

    def run(self, t, a, b):
        """(..., left) and (..., right) -> (..., outputs)"""
        from torch.nn.functional import bilinear

        return bilinear(a, b, t.weight, t.bias)


class MultiHeadForm(nf.TensorForm):
    """Heads side by side; queries, keys and values in one matrix, one behind the other."""

    def parts(self, layer):
        """``c_attn`` makes queries, keys and values, ``c_proj`` mixes the heads."""
        three = (layer.query, layer.key, layer.value)
        return {
            "c_attn": {
                "weight": [row for part in three for row in part.weights],
                "bias": [bias for part in three for bias in part.biases] or None,
            },
            "q_norm": _norm(layer.head_norms[0]),
            "k_norm": _norm(layer.head_norms[1]),
            "c_proj": layer.output,
        }

    def run(self, t, x, memory=None):
        """(..., n_tokens, n_embd) -> (..., n_tokens, n_embd)"""
        from torch.nn.functional import scaled_dot_product_attention

        layer = t.layer
        q, k, v = self._projected(t, x, memory)
        q, k = _normal(t.q_norm, q), _normal(t.k_norm, k)
        if layer.rotary is not None:
            q, k = _turned(q, layer.rotary), _turned(k, layer.rotary)
        if layer.group_size > 1:
            k, v = (part.repeat_interleave(layer.group_size, dim=-3) for part in (k, v))
        causal = layer.causal and memory is None
        window = layer.window if memory is None else 0
        if layer.positions == "alibi" or window:
            mask = _added(q, k, causal, window, layer.positions == "alibi")
            y = scaled_dot_product_attention(q, k, v, attn_mask=mask)
        else:
            y = scaled_dot_product_attention(q, k, v, is_causal=causal)
        return t.c_proj(y.transpose(-3, -2).flatten(-2))

    def _projected(self, t, x, memory):
        """Queries, keys and values: (..., heads, n_tokens, head_size) each."""
        size = t.layer.head_width
        wide = t.layer.n_head * size
        weight, bias = t.c_attn.weight, t.c_attn.bias
        if memory is None:
            made = _linear(x, weight, bias)
            narrow = (made.shape[-1] - wide) // 2
            three = made.split((wide, narrow, narrow), -1)
        else:
            rows = (slice(0, wide), slice(wide, None))
            first, rest = (None, None) if bias is None else (bias[rows[0]], bias[rows[1]])
            three = (
                _linear(x, weight[rows[0]], first),
                *_linear(memory, weight[rows[1]], rest).chunk(2, -1),
            )
        return [part.unflatten(-1, (-1, size)).transpose(-3, -2) for part in three]


def _turned(x, rotary):
    """Rotary positions: pairs of numbers turned by an angle that grows with the position."""
    import torch

    place = {"dtype": x.dtype, "device": x.device}
    speeds = torch.tensor(rotary.speeds, **place)
    angles = torch.arange(x.shape[-2], **place).unsqueeze(-1) * speeds
    cos, sin = torch.cos(angles), torch.sin(angles)
    half = len(rotary.speeds)
    turning, still = x[..., : 2 * half], x[..., 2 * half :]
    if rotary.halves:
        a, b = turning[..., :half], turning[..., half:]
        turned = torch.cat((a * cos - b * sin, a * sin + b * cos), -1)
    else:
        a, b = turning[..., 0::2], turning[..., 1::2]
        turned = torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)
    return torch.cat((turned, still), -1) if still.shape[-1] else turned


def _added(q, k, causal, window, alibi):
    """What is added to scores: nothing or ALiBi's slopes, and -inf to keys that are not seen."""
    import torch

    place = {"dtype": q.dtype, "device": q.device}
    apart = torch.arange(q.shape[-2], **place).unsqueeze(-1) - torch.arange(k.shape[-2], **place)
    mask = _slopes(apart, q.shape[-3], place) if alibi else torch.zeros_like(apart)
    if causal:
        mask = mask.masked_fill(apart < 0, -math.inf)
    return mask.masked_fill(apart.abs() >= window, -math.inf) if window else mask


def _slopes(apart, heads, place):
    """ALiBi: less for a key in proportion to its distance, each head at its own slope."""
    import torch

    slopes = torch.tensor([2.0 ** (-8.0 * (h + 1) / heads) for h in range(heads)], **place)
    return -slopes.reshape(-1, 1, 1) * apart.abs()


class FeedForwardForm(nf.TensorForm):
    """Up, an activation, and down again."""

    def parts(self, layer):
        """As nanoGPT calls them; ``c_gate`` is ours."""
        return {
            "c_fc": layer.up,
            "c_gate": layer.gate,
            "activation": nf.tensor_function("activation", layer.activation),
            "c_proj": layer.down,
        }

    def run(self, t, x):
        """(..., n_embd) -> (..., n_embd)"""
        hidden = t.c_fc(x)
        if t.c_gate is None:
            return t.c_proj(t.activation(hidden))
        return t.c_proj(t.activation(t.c_gate(x)) * hidden)


class BlockForm(nf.TensorForm):
    """Attention, maybe to a memory too, then feed-forward."""

    def parts(self, layer):
        """``ln_1``, ``attn``, ``ln_2``, ``mlp``; for a memory ``ln_3`` and ``cross_attn``."""
        norms = {f"ln_{k + 1}": _norm(norm) for k, norm in enumerate(layer.norms)}
        return {
            **norms, "attn": layer.attention, "cross_attn": layer.lookup,
            "mlp": layer.feed_forward, "drop": layer.drop,
        }  # fmt: skip

    def run(self, t, x, memory=None):
        """(..., n_tokens, n_embd) -> (..., n_tokens, n_embd)"""
        came = x if t.layer.order == "parallel" else None
        x = self._around(t, t.ln_1, x, t.attn, came)
        if t.cross_attn is not None:
            x = self._around(t, t.ln_3, x, lambda y: t.cross_attn(y, memory), came)
        return self._around(t, t.ln_2, x, t.mlp, came)

    def _around(self, t, norm, x, part, came):
        pre = t.layer.order != "post"
        seen = x if came is None else came
        y = part(_normal(norm, seen) if pre else seen)
        total = x + (y if t.drop is None else t.drop(y))
        return total if pre else _normal(norm, total)


def _norm(norm):
    """A norm with numbers to learn, or any other; None for what leaves tokens as they are."""
    return norm if isinstance(norm, nf.Module) else None


def _normal(norm, x):
    return x if norm is None else norm(x)


class GPTForm(nf.TensorForm):
    """A language model, by the names of nanoGPT."""

    def parts(self, layer):
        """``transformer``: ``wte``, ``wpe``, ``ln_e``, ``h``, ``ln_f``; and ``lm_head``."""
        first, last = layer.norms
        head = {"weight": layer.tokens.rows} if layer.head is None else layer.head
        return {
            "transformer": {
                "wte": layer.tokens, "wpe": layer.places, "ln_e": _norm(first),
                "h": layer.blocks, "ln_f": _norm(last),
            },
            "lm_head": head,
        }  # fmt: skip

    def run(self, t, tokens):
        """(..., n_tokens) token ids -> (..., n_tokens, vocab_size) logits"""
        return _linear(self.features(t, tokens), t.lm_head.weight, None)

    def features(self, t, tokens):
        """(..., n_tokens) -> (..., n_tokens, n_embd)"""
        parts = t.transformer
        x = _embedded(tokens, parts.wte, parts.wpe, t.layer.embedding_scale)
        x = _normal(parts.ln_e, x)
        for block in parts.h.children():
            x = block(x)
        return _normal(parts.ln_f, x)


def _embedded(tokens, table, places, scale=1.0):
    """The rows of tokens, scaled, with what stands for their positions added."""
    import torch

    x = table(tokens) if scale == 1.0 else scale * table(tokens)
    if places is None:
        return x
    positions = torch.arange(tokens.shape[-1], device=tokens.device)
    return x + places(positions).to(x.dtype)


class TextClassifierForm(nf.TensorForm):
    """An encoder whose tokens are averaged and scored."""

    def parts(self, layer):
        """``encoder``, by the names of a GPT, and ``classifier``."""
        return {"encoder": layer.encoder, "classifier": layer.head}

    def run(self, t, tokens):
        """(..., n_tokens) token ids -> (..., outputs)"""
        return t.classifier(t.encoder.form.features(t.encoder, tokens).mean(-2))


class EncoderDecoderForm(nf.TensorForm):
    """One reads, the other writes."""

    def parts(self, layer):
        """``wte``, ``wpe`` (nothing to learn), ``encoder``, ``decoder`` and ``lm_head``."""
        sines = nf.build("sinusoidal_positions", block_size=layer.block_size, size=layer.n_embd)
        return {
            "wte": layer.tokens, "wpe": sines, "encoder": layer.encoder,
            "decoder": layer.decoder, "lm_head": layer.head,
        }  # fmt: skip

    def run(self, t, tokens):
        """(..., n_tokens) -> (..., n_tokens - source_length, vocab_size)"""
        length = t.layer.source_length
        memory = _embedded(tokens[..., :length], t.wte, t.wpe)
        for block in t.encoder.children():
            memory = block(memory)
        x = _embedded(tokens[..., length:], t.wte, t.wpe)
        for block in t.decoder.children():
            x = block(x, memory)
        return t.lm_head(x)
