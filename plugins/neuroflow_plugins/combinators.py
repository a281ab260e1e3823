"""Combinators: layers made of layers, so that any network can be composed of names.

Each does one thing with what its parts give; none has numbers of its own.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import neuroflow as nf
from neuroflow_plugins import combinator_shapes as shapes
from neuroflow_plugins.mlp import Activation, built, find_activation
from neuroflow_plugins.nested import as_list, flat, joined, on_innermost, summed

Inner = Annotated[Any, nf.Setting("the layer inside", part="layer")]
Parts = Annotated[Sequence[Any], nf.Setting("the layers side by side", part="layer")]
Join = Annotated[
    Literal["sum", "concat", "mean"], nf.Setting("how what the layers give becomes one")
]


class ActivationLayer(nf.Module):
    """f(x): an activation by itself; its name alone stands for it in a list of layers.

    >>> nf.build("sequential", layers=["relu"])([-1.0, 2.0])
    [0.0, 2.0]
    """

    def __init__(self, *, function: Activation):
        self._activate = find_activation(function)

    def forward(self, x):
        """(...) -> (...)"""
        return on_innermost(self._activate, as_list(x))


class Residual(nf.Module):
    """x + f(x): what a layer gives is added to what it takes.

    So a deep network begins near the identity. Source: He et al. 2016, equation 1.

    >>> nf.build("residual", layer="relu")([-1.0, 2.0])
    [-1.0, 4.0]
    """

    def __init__(self, *, layer: Inner, rng=None):
        self.layer = built(layer, rng)

    def forward(self, x):
        """(...) -> (...)"""
        return summed(as_list(x), as_list(self.layer(x)))


class Parallel(nf.Module):
    """Layers side by side, each fed with the same, and what they give joined.

    ``join`` is "sum", "mean", or "concat", which puts the innermost lists one behind the other.
    Source of concatenation: Szegedy et al. 2015, section 4.

    >>> half = {"use": "leaky_relu", "slope": 0.5}
    >>> nf.build("parallel", parts=["relu", half], join="concat")([-1.0, 2.0])
    [0.0, 2.0, -0.5, 2.0]
    """

    def __init__(self, *, parts: Parts, join: Join = "sum", rng=None):
        if not parts:
            raise nf.InputError("parallel got no parts", expected="at least one layer", got=parts)
        rng = rng or nf.SplitMix32(0)  # one for all, or all begin alike
        self.parts = [built(part, rng) for part in parts]

    def forward(self, x):
        """What each part makes of x, joined."""
        return joined(self.join, [part(x) for part in self.parts])


class PerToken(nf.Module):
    """A layer for each row by itself: each token of a text, each row of an image.

    >>> layer = nf.build("per_token", layer={"use": "layer_norm", "size": 2, "epsilon": 0.0})
    >>> [[y.data for y in row] for row in layer([[1.0, 3.0], [8.0, 6.0]])]
    [[-1.0, 1.0], [1.0, -1.0]]
    """

    def __init__(self, *, layer: Inner, rng=None):
        self.layer = built(layer, rng)

    def forward(self, rows):
        """(n, ...) -> (n, ...)"""
        return [self.layer(row) for row in rows]


@nf.pure
class Flatten(nf.Module):
    """Lists in lists as one list of all numbers, in their order.

    >>> Flatten()([[1.0, 2.0], [3.0, 4.0]])
    [1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self):
        """Nothing to say."""

    def forward(self, x):
        """(...) -> (as many as there are,)"""
        return flat(x)


@nf.pure
class Reshape(nf.Module):
    """The same numbers in the same order, as lists in lists of another shape.

    >>> Reshape(shape=[2, 2])([1.0, 2.0, 3.0, 4.0])
    [[1.0, 2.0], [3.0, 4.0]]
    """

    def __init__(
        self, *, shape: Annotated[
            list[int], nf.Setting("the lengths of the lists, the outermost first", "[1, inf)",
                                  "[1, inf)")
        ]
    ):  # fmt: skip
        """The lengths."""

    def forward(self, x):
        """(...) -> shape"""
        numbers = flat(x)
        if len(numbers) != math.prod(self.shape):
            raise nf.InputError(
                f"reshape makes {self.shape} of {math.prod(self.shape)} numbers, but got"
                f" {len(numbers)}",
                remedy="change its shape, or the layer before it",
                got=len(numbers),
            )
        for length in reversed(self.shape[1:]):
            numbers = [numbers[k : k + length] for k in range(0, len(numbers), length)]
        return numbers


@nf.pure
class MeanOverTokens(nf.Module):
    """The mean of all rows, number by number: a text of any length as one row.

    >>> MeanOverTokens()([[1.0, 2.0], [3.0, 6.0]])
    [2.0, 4.0]
    """

    def __init__(self):
        """Nothing to say."""

    def forward(self, rows):
        """(n, size) -> (size,)"""
        return [nf.mean(column) for column in zip(*rows, strict=True)]


@nf.pure
class LastToken(nf.Module):
    """The last row: what a text has come to, read from the front.

    >>> LastToken()([[1.0, 2.0], [3.0, 6.0]])
    [3.0, 6.0]
    """

    def __init__(self):
        """Nothing to say."""

    def forward(self, rows):
        """(n, size) -> (size,)"""
        return list(rows[-1])


class Repeat(nf.Module):
    """A layer several times, one after the other, each with parameters of its own.

    If it is ``shared``, it is one and the same layer every time (Dehghani et al. 2019).

    >>> deep = {"layer": {"use": "layer", "inputs": 3, "outputs": 3}, "times": 4}
    >>> len(nf.build("repeat", **deep).parameters())
    48
    >>> len(nf.build("repeat", **deep, shared=True).parameters())
    12
    """

    def __init__(
        self, *,
        layer: Annotated[Any, nf.Setting("the layer to repeat", part="layer", unbuilt=True)],
        times: Annotated[int, nf.Setting("how many times", "[1, inf)")],
        shared: Annotated[bool, nf.Setting("whether it is one and the same every time")] = False,
        rng=None,
    ):  # fmt: skip
        rng = rng or nf.SplitMix32(0)  # one for all, or all begin alike
        first = built(layer, rng)
        again = (copy.deepcopy(first) if layer is first else built(layer, rng)
                 for _ in range(0 if shared else times - 1))  # fmt: skip
        self.layer = first
        self.others = list(again)

    def forward(self, x):
        """Through it, so many times."""
        for layer in [self.layer] * self.times if self.shared else [self.layer, *self.others]:
            x = layer(as_list(x))
        return x


class Branches(nf.Module):
    """Layers by name, each fed with the input of its name.

    Inputs are a table by these names, or a tuple in their order. A list is cut into ``slices`` of
    so many numbers, one for each; without them each gets all of it. What comes out is a table by
    name, or ``join`` makes one of it; "difference" is |a - b| of two. With a reference for the
    second, two inputs go through one and the same layer (Bromley et al. 1993).

    >>> half = {"use": "leaky_relu", "slope": 0.5}
    >>> two = nf.build("branches", parts={"left": "relu", "right": half})
    >>> two({"left": [-1.0], "right": [-3.0]})
    {'left': [0.0], 'right': [-1.5]}
    >>> nf.build("branches", parts={"a": "relu", "b": "relu"}, join="concat")(([1.0], [2.0]))
    [1.0, 2.0]
    """

    def __init__(
        self, *,
        parts: Annotated[dict[str, Any], nf.Setting("the layers by name", part="layer")],
        join: Annotated[
            Literal["none", "sum", "concat", "mean", "difference"],
            nf.Setting("how what the layers give becomes one, if it does"),
        ] = "none",
        slices: Annotated[
            list[int] | None, nf.Setting("how many numbers of a list each gets", "[1, inf)")
        ] = None,
        rng=None,
    ):  # fmt: skip
        parts_fit(parts, join, slices)
        rng = rng or nf.SplitMix32(0)  # one for all, or all begin alike
        self.parts = {name: built(part, rng) for name, part in parts.items()}

    def forward(self, x):
        """What each part makes of its own, by name or joined."""
        given = {name: self.parts[name](mine) for name, mine in self._inputs(x).items()}
        return given if self.join == "none" else joined(self.join, list(given.values()))

    def _inputs(self, x):
        """What each part gets, by name."""
        if isinstance(x, dict):
            missing = [name for name in self.parts if name not in x]
            if missing:
                raise nf.InputError(
                    f"branches got {', '.join(map(str, x))}, and no {missing[0]!r}",
                    expected=f"inputs named {', '.join(self.parts)}",
                    got=x,
                )
            return {name: x[name] for name in self.parts}
        if isinstance(x, tuple):
            return self._in_order(x, "inputs")
        if self.slices is None:
            return dict.fromkeys(self.parts, x)
        return self._in_order(cut(x, self.slices), "slices")

    def _in_order(self, inputs, what):
        if len(inputs) != len(self.parts):
            raise nf.InputError(
                f"branches got {len(inputs)} {what}",
                expected=f"{len(self.parts)}: {', '.join(self.parts)}",
                got=inputs,
            )
        return dict(zip(self.parts, inputs, strict=True))


def cut(xs, slices):
    """A list in pieces of so many numbers each.

    >>> cut([1.0, 2.0, 3.0], [1, 2])
    [[1.0], [2.0, 3.0]]
    """
    if len(xs) != sum(slices):
        raise nf.InputError(
            f"slices of {slices} numbers are cut from {len(xs)}",
            expected=f"{sum(slices)} numbers",
            got=len(xs),
        )
    starts = [sum(slices[:k]) for k in range(len(slices))]
    return [xs[start : start + size] for start, size in zip(starts, slices, strict=True)]


def parts_fit(parts, join="none", slices=None):
    """Raise :class:`neuroflow.InputError` where layers, slices and join do not go together."""
    if not parts:
        raise nf.InputError("branches got no parts", expected="at least one layer", got=parts)
    if join == "difference" and len(parts) != 2:
        raise nf.InputError(f"a difference of {len(parts)} parts", expected="two", got=len(parts))
    if slices is not None and len(slices) != len(parts):
        raise nf.InputError(
            f"{len(slices)} slices for {len(parts)} parts",
            expected="one for each",
            got=slices,
        )


class WhileTraining(nf.Module):
    """A layer that is there while training alone; in evaluation another, or none.

    >>> layer = nf.build("while_training", layer={"use": "dropout", "rate": 0.5})
    >>> layer.eval()([1.0, 2.0])
    [1.0, 2.0]
    """

    def __init__(
        self, *, layer: Inner,
        otherwise: Annotated[
            Any, nf.Setting("the layer in its place in evaluation; none passes x on", part="layer")
        ] = None,
        rng=None,
    ):  # fmt: skip
        rng = rng or nf.SplitMix32(0)  # one for both, or both begin alike
        self.layer = built(layer, rng)
        self.otherwise = None if otherwise is None else built(otherwise, rng)

    def forward(self, x):
        """The one or the other."""
        if self.training:
            return self.layer(x)
        return list(as_list(x)) if self.otherwise is None else self.otherwise(x)


ROW, ROWS = [0.5, -1.0, 2.0], [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]
SQUARE = {"use": "layer", "inputs": 3, "outputs": 3, "activation": "tanh"}
NARROW = {**SQUARE, "outputs": 2}


def entries():
    """Each with a small example and what it takes."""
    two = {"left": SQUARE, "right": SQUARE}
    yield entry("activation", ActivationLayer, {"function": "tanh"}, ROW, "(...) -> (...)", "f(x)")
    inner = nf.Checks(expected={"formula": "f is the layer inside; of it it says nothing"})
    yield entry(
        "residual", Residual, {"layer": SQUARE}, ROW, shapes.residual, "x + f(x)", checks=inner
    )
    yield entry(
        "parallel", Parallel, {"parts": [SQUARE, NARROW], "join": "concat"}, ROW, shapes.parallel
    )
    yield entry("per_token", PerToken, {"layer": NARROW}, ROWS, shapes.per_token)
    yield entry("flatten", Flatten, {}, ROWS, shapes.flatten, tensors=False)
    yield entry("reshape", Reshape, {"shape": [3, 2, 1]}, ROWS, shapes.reshape, tensors=False)
    yield entry("mean_over_tokens", MeanOverTokens, {}, ROWS, "(n, size) -> (size,)")
    yield entry("last_token", LastToken, {}, ROWS, "(n, size) -> (size,)")
    yield entry("repeat", Repeat, {"layer": SQUARE, "times": 2}, ROW, shapes.repeat)
    yield entry(
        "branches", Branches, {"parts": two, "join": "difference", "slices": [3, 3]}, ROW + ROW,
        shapes.branches, tensors=False, relations=parts_fit,
    )  # fmt: skip
    yield entry("while_training", WhileTraining, {"layer": "dropout"}, ROW, shapes.while_training)


def entry(name, layer, example, taken, shape, formula="", tensors=True, **more):
    """One of a layer whose tensor form, if it has one, has its name."""
    form = f"neuroflow_plugins.combinator_forms:{layer.__name__}Form"
    return nf.LayerEntry(
        name=name, target=layer, summary=(layer.__doc__ or "").split("\n", 1)[0],
        example=example, example_inputs=(taken,), shape=shape, formula=formula,
        tensors=form if tensors else None, **more,
    )  # fmt: skip
