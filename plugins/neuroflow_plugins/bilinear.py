"""A layer of two inputs, whose every pair of numbers has a weight."""

from __future__ import annotations

from typing import Annotated

import neuroflow as nf
from neuroflow_plugins.parts import Bias, Initializer, Linear, Outputs
from neuroflow_plugins.shapes import check_numbers
from neuroflow_plugins.sizes import room_for

Left = Annotated[int, nf.Setting("numbers of the first input", "[1, inf)")]
Right = Annotated[int, nf.Setting("numbers of the second input", "[1, inf)")]


@nf.pure
class Bilinear(nf.Module):
    """How two lists of numbers go together: y_k = a . (W_k b) + c_k, a matrix for each output.

    Source: Tenenbaum and Freeman 2000, equation 1.

    >>> layer = Bilinear(left=2, right=3, outputs=1, rng=nf.SplitMix32(0))
    >>> len(layer([1.0, 2.0], [0.5, 0.0, 1.0])), len(layer.parameters())
    (1, 7)
    """

    def __init__(
        self, *, left: Left, right: Right, outputs: Outputs, bias: Bias = True,
        initializer: Initializer = "xavier", rng,
    ):  # fmt: skip
        room_for(outputs * (left * right + bias))
        common = {"initializer": initializer, "rng": rng}
        self.matrices = [Linear(inputs=right, outputs=left, **common) for _ in range(outputs)]
        self.biases = [nf.Value(0.0) for _ in range(outputs)] if bias else []

    def forward(self, a, b=None):
        """(left,) and (right,) -> (outputs,); both may come as one pair, or by name"""
        if b is None:
            a, b = pair_of(a)
        check_numbers(a, self.left, "a bilinear layer, first,")
        check_numbers(b, self.right, "a bilinear layer, second,")
        sums = [nf.dot(a, matrix(b)) for matrix in self.matrices]
        return [y + c for y, c in zip(sums, self.biases, strict=True)] if self.biases else sums


def pair_of(both):
    """The two lists of one input: a pair, or a table of two."""
    pair = [*(both.values() if isinstance(both, dict) else both)]
    if len(pair) != 2:
        raise nf.InputError(
            f"a bilinear layer got {len(pair)} numbers or lists in one input",
            expected="two lists, as one pair or one after the other",
            remedy="layer(a, b) or layer([a, b])", got=both,
        )  # fmt: skip
    return pair
