"""Layers by name that are neither of the original nor parts of transformers.

Reading order: :mod:`combinators`, :mod:`convolution`, :mod:`pooling`, :mod:`recurrent`,
:mod:`norms`, :mod:`bilinear` and :mod:`language_model`.
"""

from __future__ import annotations

import neuroflow as nf
from neuroflow_plugins import combinators
from neuroflow_plugins.bilinear import Bilinear
from neuroflow_plugins.convolution import Conv1d, Conv2d, causal_or_padded
from neuroflow_plugins.language_model import LanguageModel, of_its_layer
from neuroflow_plugins.norms import BatchNorm, GroupNorm, groups_divide
from neuroflow_plugins.pooling import MaxPool1d, MaxPool2d, MeanPool1d, MeanPool2d
from neuroflow_plugins.recurrent import GRU, LSTM, RNN

TEXT = [[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5], [0.1, 0.8]]
IMAGE = [[pixel, [x + 1.0 for x in pixel], [0.3, -0.2]] for pixel in TEXT]


def entry(name, layer, inputs, example, shape, formula, reference="", relations=None, **more):
    """One of a layer whose tensor form has its name."""
    forms = FORMS.get(layer.__module__.rpartition(".")[2], "tensor_forms")
    return nf.LayerEntry(
        name=name, target=layer, summary=(layer.__doc__ or "").split("\n", 1)[0],
        formula=formula, reference=reference, shape=shape, example=example, example_inputs=inputs,
        relations=relations, tensors=f"neuroflow_plugins.{forms}:{layer.__name__}Form", **more,
    )  # fmt: skip


FORMS = {
    "convolution": "window_forms", "pooling": "window_forms", "recurrent": "recurrent_forms",
    "language_model": "combinator_forms",
}  # fmt: skip
"""Where the tensor forms of a module are, if they have a file of their own."""


@nf.hookimpl
def neuroflow_layers():
    """Each with its formula, and a small one with what it takes."""
    return [
        *combinators.entries(), *convolutions(), *pools(), *recurrences(), *others(),
    ]  # fmt: skip


def windows(n):
    """How many windows of a convolution there are, as a rule of shapes says it."""
    return f"({n} + 2 * padding - kernel_size) // stride + 1"


def convolutions():
    """Of a text and of an image."""
    image = (
        f"(height, width, in_channels) -> ({windows('height')}, {windows('width')}, out_channels)"
    )
    channels = {"in_channels": 2, "out_channels": 3, "kernel_size": 2}
    yield entry(
        "conv1d", Conv1d, (TEXT,), channels, convolved_text,
        r"\sum_{i=0}^{k-1} W_i x_{s t + i} + b", "Waibel et al. 1989", causal_or_padded,
    )  # fmt: skip
    yield entry(
        "conv2d", Conv2d, (IMAGE,), {**channels, "padding": 1}, image,
        r"\sum_{i=0}^{k-1} \sum_{j=0}^{k-1} W_{ij} x_{s u + i, s v + j} + b", "LeCun et al. 1989",
    )  # fmt: skip


def convolved_text(settings, taken, part):
    """(n, in_channels) -> ((n + 2 padding - kernel_size) // stride + 1, out_channels)"""
    length = "(n - 1) // stride + 1" if settings["causal"] else windows("n")
    return nf.shape_after(f"(n, in_channels) -> ({length}, out_channels)", settings, taken)


def pools():
    """The largest and the mean, of a text and of an image."""
    window = {"kernel_size": 2}
    checks = nf.Checks(settings=({"stride": 1}, {"kernel_size": 3, "stride": 2}))
    yield entry(
        "max_pool1d", MaxPool1d, (TEXT,), window, pooled_text,
        r"\max_{i=0}^{k-1} x_{s t + i}", checks=checks,
    )  # fmt: skip
    yield entry(
        "mean_pool1d", MeanPool1d, (TEXT,), window, pooled_text,
        r"\frac{1}{k} \sum_{i=0}^{k-1} x_{s t + i}", checks=checks,
    )  # fmt: skip
    yield entry(
        "max_pool2d", MaxPool2d, (IMAGE,), window, pooled_image,
        r"\max_{i=0}^{k-1} \max_{j=0}^{k-1} x_{s u + i, s v + j}", "Weng, Ahuja and Huang 1992",
        checks=checks,
    )  # fmt: skip
    yield entry(
        "mean_pool2d", MeanPool2d, (IMAGE,), window, pooled_image,
        r"\frac{1}{k^2} \sum_{i=0}^{k-1} \sum_{j=0}^{k-1} x_{s u + i, s v + j}",
        "LeCun et al. 1989", checks=checks,
    )  # fmt: skip


def pooled_text(settings, taken, part):
    """(n, channels) -> ((n - kernel_size) // stride + 1, channels); stride 0 is kernel_size"""
    return nf.shape_after(f"(n, c) -> ({pool_windows('n', settings)}, c)", settings, taken)


def pooled_image(settings, taken, part):
    """(height, width, channels) -> (windows in a column, windows in a row, channels)"""
    down, across = (pool_windows(n, settings) for n in ("h", "w"))
    return nf.shape_after(f"(h, w, c) -> ({down}, {across}, c)", settings, taken)


def pool_windows(n, settings):
    """How many windows of a pool there are, as a rule of shapes says it."""
    return f"({n} - kernel_size) // {'stride' if settings['stride'] else 'kernel_size'} + 1"


def recurrences():
    """A state, a state with gates, and a state beside a memory."""
    settings, shape = {"inputs": 2, "hidden_size": 3}, "(n, inputs) -> (n, hidden_size)"
    yield entry("rnn", RNN, (TEXT,), settings, shape, r"f(W x_t + U h_{t-1} + b)", "Elman 1990")
    gates = nf.Checks(expected={"formula": "the gates are those of the reference"})
    yield entry(
        "gru", GRU, (TEXT,), settings, shape, r"(1 - z_t) n_t + z_t h_{t-1}",
        "Cho et al. 2014, equations 5 to 8", checks=gates,
    )  # fmt: skip
    yield entry(
        "lstm", LSTM, (TEXT,), settings, shape,
        r"o_t \tanh(c_t), \quad c_t = f_t c_{t-1} + i_t g_t",
        "Hochreiter and Schmidhuber 1997; Gers et al. 2000", checks=gates,
    )  # fmt: skip


def others():
    """Norms over channels, a layer of two inputs, and what makes a language model of layers."""
    letters = {"use": "per_token", "layer": {"use": "embedding", "vocab_size": 3, "size": 3}}
    yield entry(
        "language_model", LanguageModel, ([2, 0, 1],), {"layer": letters, "block_size": 4},
        of_its_layer, "", "Bengio et al. 2003, section 2",
    )  # fmt: skip
    yield entry(
        "batch_norm", BatchNorm, (TEXT[0],), {"size": 2}, "(size,) -> (size,)",
        r"\gamma \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta",
        "Ioffe and Szegedy 2015, algorithm 2",
    )  # fmt: skip
    yield entry(
        "group_norm", GroupNorm, (IMAGE,), {"size": 2, "groups": 1},
        "(height, width, size) -> (height, width, size)",
        r"\gamma \frac{x - \mu_g}{\sqrt{\sigma_g^2 + \epsilon}} + \beta",
        "Wu and He 2018, equation 1", groups_divide,
        checks=nf.Checks(expected={"formula": "mean and variance are those of a group"}),
    )  # fmt: skip
    yield entry(
        "bilinear", Bilinear, (TEXT[0], [0.5, -1.0, 2.0]), {"left": 2, "right": 3, "outputs": 2},
        "(left,), (right,) -> (outputs,)", r"a^\top W_k b + c_k",
        "Tenenbaum and Freeman 2000, equation 1",
    )  # fmt: skip
