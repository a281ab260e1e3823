"""What the backend numba generates for a model, to read: its kernels and its update rule."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from neuroflow.engine.lower.kernel import RuleError, update_kernel
from neuroflow.engine.lower.kernels import Kernels
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.native.codegen import map_text, update_text
from neuroflow.engine.trace.function import TracedFunction
from neuroflow.engine.trace.structure import flatten


def kernel_texts(training: Any) -> list[str]:
    """The texts of the kernels for the loss of a training's first example, then of its update.

    >>> import neuroflow as nf
    >>> print(kernel_texts(nf.train("moons"))[2])
    def map_relu(m: Numbers, n: Int, to_out: Int, at_x0: Int):
        for i in range(0, n, W):
            x0 = load(m, at_x0 + i)
            t0 = x0 > 0.0
            t1 = where(t0, x0, 0.0)
            store(m, to_out + i, t1)
    <BLANKLINE>
    """
    runner = training.runner
    function = TracedFunction(runner.example_loss, (runner.model,), runner.parameters)
    trace = function.trace(flatten(tuple(runner.examples[0]))[1])
    kernels = Kernels()
    lower(trace.plan, kernels)
    texts = [map_text(entry) for entry in kernels.entries if entry.kernel]
    with suppress(RuleError):  # such a rule runs in Python, as the run itself will say
        texts.append(update_text(update_kernel(runner.rule, runner.settings)))
    return texts
