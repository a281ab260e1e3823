"""Neuron, Layer, Sequential, MLP and Dropout: the layers of the original.

Inputs and outputs are plain lists of numbers or Values; a layer of one neuron gives a bare Value.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import neuroflow as nf
from neuroflow_plugins import sizes as counted
from neuroflow_plugins.parts import Bias, Initializer, Inputs, Outputs
from neuroflow_plugins.shapes import check_numbers

Activation = Annotated[Any, nf.Setting("what is applied to the sums", part="activation")]
Dropped = Annotated[
    float, nf.Setting("the probability with which a number is dropped in training", "[0, 1)")
]


def find_activation(use):
    """The function on lists that a name means: "relu", or {"use": "leaky_relu", "slope": 0.2}.

    An op or a function of one number may be given as itself.

    Raises :class:`neuroflow.ConfigurationError` for an unknown name or setting.

    >>> find_activation("relu")([-1.0, 2.0])
    [0.0, 2.0]
    """
    one = nf.resolve("activation", use)
    name = use["use"] if isinstance(use, dict) else use
    if isinstance(name, str) and not nf.get("activation", name).elementwise:
        return one
    return partial(_each, one)


@nf.pure
def _each(one, xs):
    return [one(x) for x in xs]


@nf.pure
class Neuron(nf.Module):
    """A weighted sum of the inputs plus a bias, then an activation: f(w . x + b).

    Weights are drawn in order by the initializer; the bias starts at zero.

    >>> neuron = Neuron(inputs=2, activation="relu", rng=nf.SplitMix32(0))
    >>> len(neuron.parameters())
    3
    """

    def __init__(
        self, *, inputs: Inputs, activation: Activation = "linear", bias: Bias = True,
        initializer: Initializer = "uniform",
        outputs: Annotated[int, nf.Setting("how many neurons share the inputs", "[1, inf)")] = 1,
        rng,
    ):  # fmt: skip
        counted.room_for(counted.linear(inputs, 1, bias))
        draw = nf.resolve("initializer", initializer)
        self.weights = [nf.Value(draw(rng, inputs, outputs)) for _ in range(inputs)]
        self.bias = nf.Value(0.0) if bias else False
        self._activate = None if activation == "linear" else find_activation(activation)

    def configuration(self):
        """The arguments that build this neuron again; ``bias`` is whether it has one."""
        return {**super().configuration(), "bias": self.bias is not False}

    def forward(self, xs):
        """One number for a list of ``inputs`` numbers."""
        check_numbers(xs, self.inputs, "a neuron")
        total = self.weighted_sum(xs)
        return total if self._activate is None else self._activate([total])[0]

    def weighted_sum(self, xs):
        """w . x + b, before the activation."""
        total = nf.dot(self.weights, xs)
        return total if self.bias is False else total + self.bias


@nf.pure
class Layer(nf.Module):
    """Neurons side by side, all fed with the same inputs.

    The activation sees the whole list of their sums, so that softmax works too.
    """

    def __init__(
        self, *, inputs: Inputs, outputs: Outputs, activation: Activation = "linear",
        bias: Bias = True, initializer: Initializer = "uniform", rng,
    ):  # fmt: skip
        counted.room_for(counted.linear(inputs, outputs, bias), neurons=outputs)
        draw = nf.resolve("initializer", initializer)
        each = "zeros" if isinstance(draw, nf.MatrixDraw) else initializer
        self.neurons = [
            Neuron(inputs=inputs, bias=bias, initializer=each, outputs=outputs, rng=rng)
            for _ in range(outputs)
        ]
        if isinstance(draw, nf.MatrixDraw):
            self._take_rows(draw.rows(rng, inputs, outputs), initializer)
        self._activate = find_activation(activation)

    def _take_rows(self, rows, initializer):
        """Give each neuron its row of a matrix that was drawn as a whole."""
        for neuron, row in zip(self.neurons, rows, strict=True):
            vars(neuron)["initializer"] = initializer
            for weight, number in zip(neuron.weights, row, strict=True):
                weight.data = number

    def forward(self, xs):
        """(inputs,) -> (outputs,), or a bare number if there is one output."""
        check_numbers(xs, self.inputs, f"a layer of {self.outputs} neuron(s)")
        outputs = self._activate([neuron(xs) for neuron in self.neurons])
        return outputs[0] if len(outputs) == 1 else outputs


class Sequential(nf.Module):
    """Layers one after the other, each fed with what the one before gave.

    ``layers`` are modules, or configurations such as ``{"use": "layer", "inputs": 2, ...}``.
    """

    def __init__(
        self,
        *,
        layers: Annotated[Sequence[Any], nf.Setting("the layers, in order", part="layer")] = (),
        rng=None,
    ):
        self.layers = [
            layer if isinstance(layer, nf.Module) else nf.build(layer, rng=rng) for layer in layers
        ]

    def add(self, layer):
        """Append a layer; gives the model back, so that calls can be chained."""
        self.layers.append(layer)
        return self

    def forward(self, xs):
        """Through all layers."""
        for layer in self.layers:
            xs = layer(xs if isinstance(xs, (list, tuple)) else [xs])
        return xs


@nf.pure
class MLP(nf.Module):
    """A multi-layer perceptron: ``sizes`` inputs, hidden layers and outputs, fully connected.

    Hidden layers have ``activation``, the last one ``output_activation``. With ``dropout``,
    each hidden number is dropped with that probability while training.
    Source: Rumelhart, Hinton and Williams 1986.

    >>> model = MLP(sizes=[2, 16, 16, 1], activation="relu", rng=nf.SplitMix32(0))
    >>> len(model.parameters())
    337
    """

    def __init__(
        self, *,
        sizes: Annotated[
            list[int], nf.Setting("inputs, hidden layers and outputs", "[1, inf)", "[2, inf)")
        ],
        activation: Activation = "relu", output_activation: Activation = "linear",
        bias: Bias = True, initializer: Initializer = "uniform", dropout: Dropped = 0.0, rng,
    ):  # fmt: skip
        counted.room_for(counted.mlp(sizes, bias), neurons=sum(sizes[1:]))
        last = len(sizes) - 2
        self.layers = [
            Layer(
                inputs=sizes[k],
                outputs=sizes[k + 1],
                activation=output_activation if k == last else activation,
                bias=bias,
                initializer=initializer,
                rng=rng,
            )
            for k in range(last + 1)
        ]
        self.dropouts = [Dropout(rate=dropout, rng=rng) for _ in range(last)] if dropout else []

    def forward(self, xs):
        """(sizes[0],) -> (sizes[-1],), or a bare number if that is 1."""
        check_numbers(xs, self.sizes[0], "the mlp")
        xs = [x if isinstance(x, nf.Value) else nf.Value(x) for x in xs]  # once, for all neurons
        for k, layer in enumerate(self.layers):
            xs = layer(xs if isinstance(xs, (list, tuple)) else [xs])
            if k < len(self.dropouts):
                xs = self.dropouts[k](xs if isinstance(xs, list) else [xs])
        return xs


class Dropout(nf.Module):
    """Sets each number to zero with probability ``rate`` while training, and scales the others up.

    The scale 1 / (1 - rate) keeps the expected sum; in evaluation nothing changes. The random
    numbers enter as inputs, so that eager and compiled runs draw the same ones.
    Source: Srivastava et al. 2014, section 4, in the inverted form.
    """

    def __init__(self, *, rate: Dropped = 0.5, rng):
        self._rng = rng

    def forward(self, xs):
        """As many numbers as it is given."""
        if not self.training or self.rate == 0.0:
            return list(xs)
        keep = 1.0 / (1.0 - self.rate)
        return [nf.where(nf.random_input(self._rng.random) < self.rate, 0.0, keep) * x for x in xs]


def _of_neurons(settings, taken, part):
    """(inputs,) -> (outputs,), or () if outputs is 1"""
    return _bare_if_one(nf.shape_after("(inputs,) -> (outputs,)", settings, taken))


def _of_sizes(settings, taken, part):
    """(sizes[0],) -> (sizes[-1],), or () if that is 1"""
    return _bare_if_one(nf.shape_after("(sizes[0],) -> (sizes[-1],)", settings, taken))


def _bare_if_one(shape):
    return () if shape == (1,) else shape


def _one_after_the_other(settings, taken, part):
    """each layer takes what the one before it gives; a bare number as a list of one"""
    for k in range(len(settings["layers"])):
        taken = part(f"layers.{k}", (1,) if taken == () else taken)
    return taken


SHAPES: dict[str, Any] = {
    "neuron": "(inputs,) -> ()",
    "layer": _of_neurons,
    "sequential": _one_after_the_other,
    "mlp": _of_sizes,
    "dropout": "(n,) -> (n,)",
}


@nf.hookimpl
def neuroflow_layers():
    """All layers of this module by name."""
    for name, layer in {
        "neuron": Neuron, "layer": Layer, "sequential": Sequential, "mlp": MLP, "dropout": Dropout,
    }.items():  # fmt: skip
        tensors = f"neuroflow_plugins.tensor_forms:{layer.__name__}Form"
        summary = (layer.__doc__ or "").split("\n", 1)[0]
        formula = {"neuron": r"f(w \cdot x + b)", "layer": r"f(W x + b)"}.get(name, "")
        yield nf.LayerEntry(
            name=name, target=layer, summary=summary, formula=formula, shape=SHAPES[name],
            tensors=tensors,
        )  # fmt: skip
