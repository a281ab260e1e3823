"""The benchmarks' models, written as readable scalar code."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

import neuroflow as nf
from neuroflow import Value


class Neuron(nf.Module):
    """relu(w . x + b), or without the relu."""

    def __init__(self, numbers: Iterator[float], inputs: int, bent: bool):
        self.weights = [Value(next(numbers)) for _ in range(inputs)]
        self.bias = Value(next(numbers))
        self.bent = bent

    def forward(self, x):
        y = nf.dot(self.weights, x) + self.bias
        return y.relu() if self.bent else y


class MLP(nf.Module):
    """Layers of neurons; a single output is a bare Value."""

    def __init__(self, numbers: list[float], sizes: list[int]):
        each = iter(numbers)
        pairs = list(pairwise(sizes))
        self.layers = [
            [Neuron(each, a, bent=k < len(pairs) - 1) for _ in range(b)]
            for k, (a, b) in enumerate(pairs)
        ]

    def forward(self, x):
        for layer in self.layers:
            x = [neuron(x) for neuron in layer]
        return x[0] if len(x) == 1 else x


def hinge(model, x, y):
    """max(0, 1 - y s), the demo's loss."""
    return (1 - y * model(x)).relu()


def cross_entropy(logits, label):
    """log sum e^z - z_label, shifted by the largest so that no e^z overflows."""
    shift = nf.stop_gradient(nf.ops.maximum(logits))
    return nf.log(nf.sum([nf.exp(z - shift) for z in logits])) + shift - nf.take(logits, label)


def class_loss(model, x, label):
    return cross_entropy(model(x), label)


class MicroGPT(nf.Module):
    """microgpt.py's transformer: 4,192 parameters, 4 heads of 4, one block, no biases."""

    def __init__(self, rng: random.Random):
        def matrix(rows: int, columns: int):
            return [[Value(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        self.wte, self.wpe, self.lm_head = matrix(27, 16), matrix(16, 16), matrix(27, 16)
        self.wq, self.wk, self.wv, self.wo = (matrix(16, 16) for _ in range(4))
        self.fc1, self.fc2 = matrix(64, 16), matrix(16, 64)

    def forward(self, tokens):
        """(n_tokens) -> logits (n_tokens, 27)."""
        keys, values, logits = [], [], []
        for position, token in enumerate(tokens):
            x = add(nf.take(self.wte, token), self.wpe[position])
            x = rmsnorm(x)
            z = rmsnorm(x)
            q = linear(self.wq, z)
            keys.append(linear(self.wk, z))
            values.append(linear(self.wv, z))
            x = add(linear(self.wo, attend(q, keys, values)), x)
            hidden = [y.relu() for y in linear(self.fc1, rmsnorm(x))]
            x = add(linear(self.fc2, hidden), x)
            logits.append(linear(self.lm_head, x))
        return logits


def add(a, b):
    return [x + y for x, y in zip(a, b, strict=True)]


def linear(w, x):
    return [nf.dot(row, x) for row in w]


def rmsnorm(x):
    scale = 1 / nf.sqrt(nf.dot(x, x) * (1 / len(x)) + 1e-5)
    return [y * scale for y in x]


def softmax(xs):
    shift = nf.stop_gradient(nf.ops.maximum(xs))
    exps = [nf.exp(x - shift) for x in xs]
    total = nf.sum(exps)
    return [e / total for e in exps]


def attend(q, keys, values):
    """4 heads of width 4 over all positions so far."""
    out = []
    for head in range(0, 16, 4):
        part = slice(head, head + 4)
        weights = softmax([nf.dot(q[part], k[part]) * 0.5 for k in keys])
        out += [nf.dot(weights, [v[head + j] for v in values]) for j in range(4)]
    return out


def name_loss(model, tokens, targets):
    """Mean cross entropy over the positions of one name."""
    pairs = zip(model(tokens), targets, strict=True)
    return nf.sum([cross_entropy(z, y) for z, y in pairs]) * (1 / len(tokens))


def microgpt_data(documents: list[str]) -> list[tuple[list[int], list[int]]]:
    """Names as token ids and what follows each: BOS is 26, at most 16 positions."""
    examples = []
    for name in documents:
        ids = [26, *(ord(c) - 97 for c in name), 26]
        n = min(16, len(ids) - 1)
        examples.append((ids[:n], ids[1 : n + 1]))
    return examples
