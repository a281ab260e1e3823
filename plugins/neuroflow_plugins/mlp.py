"""Neuron, Layer, Sequential, MLP and Dropout: the layers of the original.

Inputs and outputs are plain lists of numbers or Values; a layer of one neuron gives a bare Value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

import neuroflow as nf
from neuroflow_plugins import sizes as counted
from neuroflow_plugins.nested import over
from neuroflow_plugins.numbers_held import as_value, numbers_of, weighted
from neuroflow_plugins.parts import Bias, Initializer
from neuroflow_plugins.shapes import check_numbers

Activation = Annotated[Any, nf.Setting("what is applied to the sums", part="activation")]
Dropped = Annotated[
    float, nf.Setting("the probability with which a number is dropped in training", "[0, 1)")
]


def find_activation(use):
    """The function on lists that a name means: "relu", or {"use": "leaky_relu", "slope": 0.2}.

    An op, a function of one number, or one of the registered functions of lists may be given as
    itself.

    Raises :class:`neuroflow.ConfigurationError` for an unknown name or setting.

    >>> find_activation("relu")([-1.0, 2.0])
    [0.0, 2.0]
    """
    one = nf.resolve("activation", use)
    name = use["use"] if isinstance(use, dict) else use
    is_named = isinstance(name, str)
    of_lists = not nf.get("activation", name).elementwise if is_named else _is_of_lists(one)
    return one if of_lists else partial(_each, one)


def _is_of_lists(function):
    """Whether a function that was given as itself is a registered one of lists, such as softmax."""
    if isinstance(function, nf.Op):
        return False
    every = [nf.get("activation", name) for name in nf.names("activation")]
    return any(entry.load() is function for entry in every if not entry.elementwise)


@nf.pure
def _each(one, xs):
    return [one(x) for x in xs]


@nf.pure
class Neuron(nf.Module):
    """A weighted sum of the inputs plus a bias, then an activation: f(w . x + b).

    Weights are drawn in order by the initializer, and the bias starts at zero; or both begin with
    the numbers, or are the Values, that are given.

    >>> neuron = Neuron(inputs=2, activation="relu", rng=nf.SplitMix32(0))
    >>> len(neuron.parameters())
    3
    >>> print(Neuron(weights=[2.0, -1.0], bias=0.5, activation="tanh"))
    Neuron: tanh(2 x0 - 1 x1 + 0.5)
    """

    def __init__(
        self, *,
        inputs: Annotated[
            int | None, nf.Setting("how many numbers come in", "[1, inf)", unless="weights")
        ] = None,
        activation: Activation = "linear",
        bias: Annotated[
            bool | float | nf.Value,
            nf.Setting("whether a bias is added to the sum, or which to begin with", "(-inf, inf)"),
        ] = True,
        initializer: Initializer = "uniform",
        outputs: Annotated[int, nf.Setting("how many neurons share the inputs", "[1, inf)")] = 1,
        weights: Annotated[
            list[float | nf.Value] | None,
            nf.Setting("the weights to begin with, in place of drawn ones", length="[1, inf)"),
        ] = None,
        rng=None,
    ):  # fmt: skip
        if weights is None:
            check_drawn("a neuron", rng, inputs=inputs)
            counted.room_for(counted.linear(inputs, 1, bias))
            draw = nf.resolve("initializer", initializer)
            self.weights = [nf.Value(draw(rng, inputs, outputs)) for _ in range(inputs or 0)]
        else:
            check_agrees("a neuron", "weights", inputs=(inputs, len(weights)))
            self.weights = [as_value(weight) for weight in weights]
        self.inputs = len(self.weights)
        self.bias = False if bias is False else as_value(0.0 if bias is True else bias)
        self._activate = None if activation == "linear" else find_activation(activation)

    def configuration(self):
        """The arguments that build this neuron again; ``bias`` is whether it has one."""
        told = {**super().configuration(), "bias": self.bias is not False}
        return {name: told[name] for name in told if name != "weights"}  # numbers are its state

    def forward(self, xs):
        """One number for a list of ``inputs`` numbers."""
        check_numbers(xs, self.inputs, "a neuron")
        total = self.weighted_sum(xs)
        return total if self._activate is None else self._activate([total])[0]

    def weighted_sum(self, xs):
        """w . x + b, before the activation."""
        total = nf.dot(self.weights, xs)
        return total if self.bias is False else total + self.bias

    def __str__(self):
        return f"Neuron: {self.formula()}"

    def formula(self):
        """What it computes, with its numbers of now, as text."""
        return weighted(self.weights, self.bias, _word(self.activation))


def check_drawn(what, rng, **sizes):
    """Raise :class:`neuroflow.InputError` where numbers are to be drawn and something is missing.

    >>> check_drawn("a neuron", nf.SplitMix32(0), inputs=2)
    """
    missing = [name for name, size in sizes.items() if size is None]
    missing += [] if rng is not None else ["rng"]
    if missing:
        raise nf.InputError(
            f"{what} draws its weights, but got no {' and no '.join(missing)}",
            expected=f"{', '.join(sizes)} and rng, or the numbers themselves",
            remedy="a source of random numbers is nf.SplitMix32(0), or random.random",
            got=missing,
        )


def check_agrees(what, given, **sizes):
    """Raise :class:`neuroflow.InputError` for a size beside given numbers that is not theirs.

    >>> check_agrees("a neuron", "weights", inputs=(None, 2))
    """
    for name, (said, found) in sizes.items():
        if said not in (None, found):
            raise nf.InputError(
                f"{what} got {name} = {said}, and {given} for {found}",
                remedy=f"leave {name} out: the {given} tell it",
                got=said,
            )


def _word(activation):
    """An activation in a text: its name."""
    use = activation.get("use") if isinstance(activation, dict) else activation
    return use if isinstance(use, str) else getattr(use, "name", None) or "f"


@nf.pure
class Layer(nf.Module):
    """Neurons side by side, all fed with the same inputs.

    The activation sees the whole list of their sums, so that softmax works too. ``neurons`` may be
    given as themselves, each with an activation of its own.

    >>> layer = Layer(neurons=[Neuron(weights=[1.0, 2.0]), Neuron(weights=[0.0, 1.0])])
    >>> layer([10.0, 1.0])
    [Value(12.0, add), Value(1.0, add)]
    """

    def __init__(
        self, *,
        inputs: Annotated[
            int | None, nf.Setting("how many numbers come in", "[1, inf)", unless="neurons")
        ] = None,
        outputs: Annotated[
            int | None, nf.Setting("how many numbers go out", "[1, inf)", unless="neurons")
        ] = None,
        activation: Activation = "linear", bias: Bias = True, initializer: Initializer = "uniform",
        neurons: Annotated[
            Sequence[Any] | None,
            nf.Setting("the neurons themselves, in place of drawn ones", part="layer"),
        ] = None,
        rng=None,
    ):  # fmt: skip
        if neurons is None:
            check_drawn("a layer", rng, inputs=inputs, outputs=outputs)
            self.neurons = _drawn_neurons(inputs, outputs, bias, initializer, rng)
        else:
            self.neurons = _same_inputs([built(neuron, rng) for neuron in neurons])
        self.inputs, self.outputs = self.neurons[0].inputs, len(self.neurons)
        sizes = {"inputs": (inputs, self.inputs), "outputs": (outputs, self.outputs)}
        check_agrees("a layer", "neurons", **sizes)
        self._activate = find_activation(activation)

    def configuration(self):
        """The arguments that build this layer again: its sizes, or neurons that are not alike."""
        told = super().configuration()
        if not self.is_uniform:
            return {"activation": told["activation"], "neurons": list(self.neurons)}
        return {name: told[name] for name in told if name != "neurons"}

    @property
    def is_uniform(self):
        """Whether all neurons are such as the settings of the layer make."""
        usual = {
            "inputs": self.inputs, "activation": "linear", "bias": self.bias,
            "initializer": self.initializer, "outputs": len(self.neurons),
        }  # fmt: skip
        each = [neuron.configuration() for neuron in self.neurons if type(neuron) is Neuron]
        return len(each) == self.outputs == len(self.neurons) and all(x == usual for x in each)

    def forward(self, xs):
        """(inputs,) -> (outputs,), or a bare number if there is one output."""
        check_numbers(xs, self.inputs, f"a layer of {self.outputs} neuron(s)")
        outputs = self._activate([neuron(xs) for neuron in self.neurons])
        return outputs[0] if len(outputs) == 1 else outputs

    def weights(self):
        """The numbers of each neuron with their gradients: ``[{"weights": [...], "bias": ...}]``.

        >>> Layer(neurons=[Neuron(weights=[2.0], bias=1.0)]).weights()
        [{'weights': [{'data': 2.0, 'grad': 0.0}], 'bias': {'data': 1.0, 'grad': 0.0}}]
        """
        return [numbers_of(neuron) for neuron in self.neurons]

    def __str__(self):
        shown = [f"\n  {neuron.formula()}" for neuron in self.neurons[:MOST_SHOWN]]
        more = len(self.neurons) - len(shown)
        return f"{self.summary()}:{''.join(shown)}" + (f"\n  and {more} more" if more else "")

    def summary(self):
        """Its sizes and its activations, in a line."""
        count = f"{self.outputs} neuron{'s' if self.outputs > 1 else ''}"
        applied = [*(neuron.activation for neuron in self.neurons), self.activation]
        words = [word for word in dict.fromkeys(map(_word, applied)) if word != "linear"]
        return f"Layer of {count}, {self.inputs} -> {self.outputs}, {', '.join(words) or 'linear'}"


MOST_SHOWN = 8
"""So many neurons of a layer are written out."""


def _drawn_neurons(inputs, outputs, bias, initializer, rng):
    """Neurons alike, with weights drawn one neuron after the other, or as a matrix."""
    counted.room_for(counted.linear(inputs, outputs, bias), neurons=outputs)
    draw = nf.resolve("initializer", initializer)
    each = "zeros" if isinstance(draw, nf.MatrixDraw) else initializer
    neurons = [
        Neuron(inputs=inputs, bias=bias, initializer=each, outputs=outputs, rng=rng)
        for _ in range(outputs)
    ]
    if isinstance(draw, nf.MatrixDraw):
        for neuron, row in zip(neurons, draw.rows(rng, inputs, outputs), strict=True):
            vars(neuron)["initializer"] = initializer
            for weight, number in zip(neuron.weights, row, strict=True):
                weight.data = number
    return neurons


def _same_inputs(neurons):
    """The neurons; raises :class:`neuroflow.InputError` unless they can stand side by side."""
    strange = [neuron for neuron in neurons if not isinstance(neuron, Neuron)]
    counts = [neuron.inputs for neuron in neurons if isinstance(neuron, Neuron)]
    if strange or len(set(counts)) != 1:
        got = f"a {type(strange[0]).__name__}" if strange else f"neurons of {counts} inputs"
        raise nf.InputError(
            f"a layer got {got}",
            expected="neurons, at least one, that all take as many inputs",
            remedy="write neurons=[nf.layers.Neuron(weights=[...]), ...]",
            got=neurons,
        )
    return neurons


def built(layer, rng):
    """A module as it is; the name or the table of one, built.

    Raises :class:`neuroflow.InputError` for anything else.

    >>> built({"use": "mlp", "sizes": [2, 1]}, nf.SplitMix32(0))
    MLP(sizes=[2, 1]...)
    """
    if isinstance(layer, nf.Module):
        return layer
    if not isinstance(layer, (str, Mapping)):
        raise nf.InputError(
            f"got {layer!r} for a layer",
            expected='a layer, or a table such as {"use": "layer", "inputs": 2, "outputs": 1}',
            got=layer,
        )
    return nf.build(layer, rng=rng)


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
        self._rng = nf.SplitMix32(0) if rng is None else rng  # one for all, or all begin alike
        self.layers = [built(layer, self._rng) for layer in layers]

    def add(self, layer):
        """Append a layer, or what its configuration builds; gives the model back, for chains.

        >>> Sequential().add({"use": "layer", "inputs": 2, "outputs": 1})([1.0, 1.0])
        Value(..., add)
        """
        self.layers.append(built(layer, self._rng))
        return self

    def forward(self, xs):
        """Through all layers."""
        for layer in self.layers:
            xs = layer(xs if isinstance(xs, (list, tuple, dict)) else [xs])
        return xs

    def weights(self):
        """The numbers of each layer with their gradients: those of its neurons, or by name."""
        return [numbers_of(layer) for layer in self.layers]

    def __str__(self):
        return _listed(self)


def _listed(model):
    """A model of layers, a line each."""
    lines = [each.summary() if isinstance(each, Layer) else repr(each) for each in model.layers]
    count = f"{len(lines)} layer{'' if len(lines) == 1 else 's'}"
    head = f"{type(model).__name__} of {count}, {len(model.parameters())} parameters"
    return "\n  ".join([f"{head}{':' if lines else ''}", *lines])


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

    def weights(self):
        """The numbers of each layer with their gradients, neuron by neuron."""
        return [numbers_of(layer) for layer in self.layers]

    def __str__(self):
        return _listed(self)


class Dropout(nf.Module):
    """Sets each number to zero with probability ``rate`` while training, and scales the others up.

    The scale 1 / (1 - rate) keeps the expected sum; in evaluation nothing changes. The random
    numbers enter as inputs, so that eager and compiled runs draw the same ones.
    Source: Srivastava et al. 2014, section 4, in the inverted form.
    """

    def __init__(self, *, rate: Dropped = 0.5, rng):
        self._rng = rng

    def forward(self, xs):
        """As many numbers as it is given, in lists of the same lengths."""
        if not self.training or self.rate == 0.0:
            return list(xs)
        keep = 1.0 / (1.0 - self.rate)

        def dropped(x):
            return nf.where(nf.random_input(self._rng.random) < self.rate, 0.0, keep) * x

        return over(dropped, xs)


def _of_neurons(settings, taken, part):
    """(inputs,) -> (outputs,), or () if outputs is 1"""
    for k in range(len(settings.get("neurons") or ())):
        part(f"neurons.{k}", taken)
        settings["outputs"] = k + 1
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


def _of_neuron(settings, taken, part):
    """(inputs,) -> ()"""
    if settings.get("weights") is not None:
        settings["inputs"] = len(settings["weights"])
    return nf.shape_after("(inputs,) -> ()", settings, taken)


SHAPES: dict[str, Any] = {
    "neuron": _of_neuron,
    "layer": _of_neurons,
    "sequential": _one_after_the_other,
    "mlp": _of_sizes,
    "dropout": "(...) -> (...)",
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
