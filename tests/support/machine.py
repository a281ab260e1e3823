"""Programs of functions, with what runs them: for tests of the machine itself."""

from __future__ import annotations

import neuroflow as nf
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.plan.function import TracedFunction
from neuroflow.engine.run.executor import NumpyExecutor
from neuroflow.engine.trace.structure import flatten


def program_of(function, example, lanes=32, width=32, model=None, gradients="all", merge=True):
    """A function's program, and the executor that has it."""
    modules = (model,) if model else ()
    parameters = model.parameters() if model else []
    traced = TracedFunction(function, modules, parameters)
    plan = traced.trace(flatten(tuple(example))[1]).plan
    executor = NumpyExecutor("float64", len(parameters), None)
    program = lower(plan, executor.kernels, lanes, width, gradients, merge=merge)
    return executor, program


def gpt(n_layer, n_embd, n_head, block, vocabulary):
    """A GPT, the mean loss over its positions, and an example."""
    sizes = {"n_layer": n_layer, "n_embd": n_embd, "n_head": n_head, "block_size": block}
    model = nf.build("gpt", vocab_size=vocabulary, rng=nf.SplitMix32(1), **sizes)
    loss = nf.get("loss", "cross_entropy").load()

    def total(model, tokens, targets):
        return nf.mean([loss(x, t) for x, t in zip(model(tokens), targets, strict=True)])

    tokens = [k % vocabulary for k in range(block)]
    return total, (tokens, [*tokens[1:], 0]), model
