"""Predict a number and how uncertain it is: a layer of two outputs, and the loss that trains them.

Source: Nix and Weigend 1994, "Estimating the mean and variance of the target probability
distribution", equations 1 and 2.
"""

from __future__ import annotations

from typing import Annotated, Any

import neuroflow as nf


class GaussianHead(nf.Module):
    """Two weighted sums of the same inputs: the mean, and a spread that becomes a deviation.

    >>> head = GaussianHead(inputs=3, rng=nf.SplitMix32(0))
    >>> len(head.parameters())
    8
    """

    def __init__(
        self,
        *,
        inputs: Annotated[int, nf.Setting("how many numbers come in", "[1, inf)")],
        initializer: Annotated[
            Any, nf.Setting("how the weights are drawn", part="initializer")
        ] = "xavier",
        rng,
    ):
        draw = nf.resolve("initializer", initializer)
        self.weights = [[nf.Value(draw(rng, inputs, 2)) for _ in range(inputs)] for _ in range(2)]
        self.biases = [nf.Value(0.0), nf.Value(0.5)]

    def forward(self, xs):
        """(inputs,) -> [mean, spread]."""
        if len(xs) != self.inputs:
            raise nf.InputError(
                f"a Gaussian head got {len(xs)} inputs", expected=f"{self.inputs}", got=xs
            )
        return [nf.dot(row, xs) + bias for row, bias in zip(self.weights, self.biases, strict=True)]


_SMALLEST = 1e-3


def deviation(spread):
    """The standard deviation that a spread stands for: softplus keeps it positive.

    >>> deviation(-1000.0)
    0.001
    """
    return _SMALLEST + nf.ops.softplus(spread)


def gaussian_nll(prediction, target):
    """Minus the log of the density that N(mean, deviation^2) gives to the target.

    ln(sigma) + (y - mu)^2 / (2 sigma^2), without the constant ln(2 pi) / 2.

    >>> round(gaussian_nll([2.0, 0.0], 2.0), 6)
    -0.365071
    """
    mean, spread = prediction
    sigma = deviation(spread)
    error = (target - mean) / sigma
    return nf.log(sigma) + 0.5 * error * error


@nf.hookimpl
def neuroflow_layers():
    """The head, to be put behind any layer."""
    yield nf.LayerEntry(
        name="gaussian_head",
        target=GaussianHead,
        summary="Mean and spread of a normal distribution, from the same inputs.",
        formula=r"(\mu, s) = W x + b",
        reference="Nix and Weigend 1994, equation 1",
        example={"inputs": 3},
        example_inputs=([0.4, -0.2, 0.7],),
    )


@nf.hookimpl
def neuroflow_losses():
    """The loss that goes with it."""
    yield nf.LossEntry(
        name="gaussian_nll",
        target=gaussian_nll,
        summary="Minus the log density of a normal distribution with predicted mean and spread.",
        formula=r"\ln \sigma + \frac{(y - \mu)^2}{2 \sigma^2}"
        r" \quad \text{for a prediction of } \mu \text{ and } \sigma",
        reference="Nix and Weigend 1994, equation 2",
        examples=(
            ([0.5, 0.1], 1.0, [0.8, 0.1]),  # nearer to the target
            ([0.5, -2.0], 2.0, [0.5, 0.0]),  # far off: a larger deviation is better
            ([0.5, 2.0], 0.6, [0.5, 1.0]),  # close: a smaller one is
        ),
    )
