"""Words for what a model is made of: a letter, a head, a neuron, in the place of a dotted path.

People count from one, paths from zero: ``layers.0.neurons.3`` is neuron 4 of layer 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from attrs import define

from neuroflow.training import Training
from neuroflow.view.network import network_of


@define(eq=False, slots=False)
class Wording:
    """The words for one run: its columns, its letters, its layers.

    >>> import neuroflow as nf
    >>> words = Wording(nf.train("moons"))
    >>> words.parameter("layers.1.neurons.3.weights.0")
    'weight of neuron 1 of layer 1 in neuron 4 of layer 2'
    >>> words.parameter("layers.0.neurons.3.weights.1"), words.parameter("layers.2.neurons.0.bias")
    ('weight of y in neuron 4 of layer 1', 'bias of the output neuron')
    >>> words = Wording(nf.train("microgpt"))
    >>> words.parameter("tokens.rows.0.5")
    'dimension 6 of the embedding of letter a'
    >>> words.parameter("blocks.0.attention.query.weights.4.12")
    'block 1, attention, query: dimension 13 → head 2, number 1'
    """

    training: Training

    @cached_property
    def modules(self) -> dict[str, Any]:
        """All modules by their path."""
        return dict(self.training.model.named_modules())

    @cached_property
    def _neurons(self) -> dict[str, tuple[int, int]]:
        """The layer and the place in it of each neuron."""
        layers = network_of(self.training.model)["layers"]
        return {n["path"]: (k, j) for k, layer in enumerate(layers)
                for j, n in enumerate(layer["neurons"])}  # fmt: skip

    @cached_property
    def _outputs(self) -> dict[str, int]:
        """The neurons of the last layer, and how many they are."""
        last = max((k for k, _ in self._neurons.values()), default=0)
        names = [path for path, (k, _) in self._neurons.items() if k == last]
        return dict.fromkeys(names, len(names))

    def column(self, i: int) -> str:
        """What an input of the network is called."""
        data = self.training.dataset
        if i < len(data.columns):
            return data.columns[i]
        return {1: "x", 2: "xy"}.get(data.n_inputs, "")[i : i + 1] or f"input {i + 1}"

    def token(self, token: int) -> str:
        """A token of a text: a letter, the beginning, or a piece in quotation marks."""
        tokenizer = self.training.dataset.tokenizer
        if token == tokenizer.bos:
            return "the beginning"
        piece = tokenizer.piece(token)
        return f"letter {piece}" if len(piece) == 1 and piece.isalpha() else f'"{piece}"'

    def module(self, path: str) -> str:
        """A module: ``blocks.0.attention`` is block 1, attention."""
        if path in self._outputs:
            _, j = self._neurons[path]
            return "the output neuron" if self._outputs[path] == 1 else f"output neuron {j + 1}"
        if path in self._neurons:
            k, j = self._neurons[path]
            return f"neuron {j + 1} of layer {k + 1}"
        said: list[str] = []
        for word in path.split("."):
            if word.isdecimal() and said:
                said[-1] = f"{said[-1].removesuffix('s')} {int(word) + 1}"
            else:
                said.append(word.replace("_", "-"))
        return ", ".join(filter(None, said))

    def owner(self, name: str) -> str:
        """The path of the innermost module that a parameter lies in."""
        path = name
        while path not in self.modules:
            path = path.rpartition(".")[0]
        return path

    def parameter(self, name: str) -> str:
        """A weight, a bias, a number of an embedding."""
        path = self.owner(name)
        field, *places = name[len(path) :].lstrip(".").split(".")
        numbers = [int(place) for place in places if place.isdecimal()]
        say = _SAY.get(type(self.modules[path]).__name__)
        said = say(self, path, field, numbers) if say else ""
        return said or self._in_general(path, field, numbers)

    def _in_general(self, path: str, field: str, numbers: list[int]) -> str:
        words = field.replace("_", "-").removesuffix("s" if numbers else "")
        said = " ".join([words, ", ".join(str(n + 1) for n in numbers)]).strip()
        return f"{self.module(path)}: {said}" if path else said

    def _of_neuron(self, path: str, field: str, numbers: list[int]) -> str:
        if path not in self._neurons:
            return ""
        if field == "bias":
            return f"bias of {self.module(path)}"
        k, (i,) = self._neurons[path][0], numbers
        before = self.column(i) if k == 0 else f"neuron {i + 1} of layer {k}"
        return f"weight of {before} in {self.module(path)}"

    def _of_embedding(self, path: str, field: str, numbers: list[int]) -> str:
        if len(numbers) != 2 or self.training.dataset.task != "sequence":
            return ""
        return f"dimension {numbers[1] + 1} of the embedding of {self.token(numbers[0])}"

    def _of_positions(self, path: str, field: str, numbers: list[int]) -> str:
        if len(numbers) != 2:
            return ""
        return f"dimension {numbers[1] + 1} of the embedding of position {numbers[0]}"

    def _of_linear(self, path: str, field: str, numbers: list[int]) -> str:
        if len(numbers) != 2:
            return ""
        start, end = self._ends(path)
        where = "last layer" if self._is_last(path) else self.module(path)
        return f"{where}: {start(numbers[1])} → {end(numbers[0])}"

    def _is_last(self, path: str) -> bool:
        """Whether a layer gives the scores of what comes next."""
        return self.training.dataset.task == "sequence" and "." not in path

    def _ends(self, path: str) -> tuple[Callable[[int], str], Callable[[int], str]]:
        """What the inputs and the outputs of a linear layer are called."""
        outer, _, name = path.rpartition(".")
        around = self.modules.get(outer)
        kind, linear = type(around).__name__, self.modules[path]
        if kind == "MultiHeadAttention":
            heads = max(1, int(getattr(around, "n_head", 1)))
            size = max(1, int(linear.outputs if name != "output" else linear.inputs) // heads)
            of_head = lambda i: f"head {i // size + 1}, number {i % size + 1}"  # noqa: E731
            return (of_head, _dimension) if name == "output" else (_dimension, of_head)
        if kind == "FeedForward":
            return (_dimension, _hidden) if name != "down" else (_hidden, _dimension)
        if self._is_last(path):
            return _dimension, lambda i: f"the score of {self.token(i)}"
        return (lambda i: f"input {i + 1}"), (lambda i: f"output {i + 1}")


def _dimension(i: int) -> str:
    return f"dimension {i + 1}"


def _hidden(i: int) -> str:
    return f"hidden number {i + 1}"


_SAY: dict[str, Callable[[Wording, str, str, list[int]], str]] = {
    "Neuron": Wording._of_neuron,
    "Embedding": Wording._of_embedding,
    "LearnedPositions": Wording._of_positions,
    "Linear": Wording._of_linear,
}
"""What is known of the parameters of a layer, by its type; others are told in general."""
