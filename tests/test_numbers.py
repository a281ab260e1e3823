"""Numbers that come in: each public name refuses bad ones by an error of neuroflow's own."""

from __future__ import annotations

import math
from contextlib import suppress

import numpy as np
import pytest

import neuroflow as nf
from tests.support.sweeps import tries

FEW = [-1, 2.5, math.nan, math.inf, 10**400, np.int64(-5)]
MORE = [
    0, -0.0, 1e308, -1e308, 5e-324, 10**30, -(10**30), 2**63, -(10**400), -math.inf, True,
    np.float32(math.nan), np.uint8(255), np.True_, None, "3",
]  # fmt: skip

x = nf.Value(1.5, name="x")
y = x * x
LETTERS = nf.resolve("tokenizer", "characters")(pieces=["a", "b"])
GPT = nf.build("gpt", vocab_size=3, n_embd=2, n_head=1, block_size=4)
NET = nf.build("mlp", sizes=[2, 1])
DATA = nf.Dataset([[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0])
EXAMPLES = [([0.0, 1.0], 1.0), ([1.0, 0.0], 0.0)]
SGD, ADAM = (nf.get("optimizer", name).load() for name in ("sgd", "adam"))
SQUARE = nf.compile(lambda a: 1.0 * a * a, backend="numpy")


def loss(model, inputs, target):
    return (model(inputs) - target) ** 2


def runner(rule=SGD, backend="eager", **settings):
    return nf.make_runner(NET, loss, EXAMPLES, rule, backend=backend, **settings)


def trained(**changes):
    nf.train("moons", {"train.steps": 1, "data.points": 8, "train.backend": "eager", **changes})


ELEMENTARY = (
    "abs", "cos", "erf", "exp", "expm1", "log", "log1p", "sin", "sqrt", "stop_gradient", "tanh",
)  # fmt: skip
CALLS = {
    "AttentionTrace": lambda b: nf.trace_attention(GPT, [b]),
    "Dataset": lambda b: nf.Dataset([[b]], [b]),
    "Dataset.classes": lambda b: nf.Dataset([[0.0]], [b], "classes", labels="ab"),
    "Dataset.tokens": lambda b: nf.Dataset([[b]], [[b]], "sequence", vocab_size=3),
    "Dataset.vocab_size": lambda b: nf.Dataset([[0]], [[0]], "sequence", vocab_size=b),
    "Dataset.split": lambda b: DATA.split(b, nf.SplitMix32(0)),
    "Dataset.take": lambda b: DATA.take([b]),
    "Sampling": lambda b: nf.Sampling(temperature=b),
    "Sampling.top_k": lambda b: nf.Sampling(top_k=b),
    "Sampling.top_p": lambda b: nf.Sampling(top_p=b),
    "Sampling.distribution": lambda b: nf.Sampling().distribution([b, 0.0]),
    "Setting": lambda b: nf.Setting("m", "[0, 1]", type=float).problem(b),
    "Setting.each": lambda b: nf.Setting("m", each=b, type=int).problem(5),
    "SplitMix32": nf.SplitMix32,
    "Standardization": lambda b: nf.Standardization((b,), (1.0,)).apply([1.0]),
    "Standardization.deviations": lambda b: nf.Standardization((0.0,), (b,)).undo([1.0]),
    "Standardization.fit": lambda b: nf.Standardization.fit([[b], [1.0]]),
    "Standardization.apply": lambda b: nf.Standardization((0.0,), (1.0,)).apply([b]),
    "Value": nf.Value,
    "Value.pow": lambda b: x**b,
    "Writer": lambda b: nf.Writer(GPT).read(b),
    "Writer.back_to": lambda b: nf.Writer(GPT).back_to(b),
    "Writer.memory_limit": lambda b: nf.Writer(GPT, backend="numpy", memory_limit=b),
    "build": lambda b: nf.build("mlp", sizes=[2, b, 1]),
    "build.rate": lambda b: nf.build("dropout", rate=b),
    "build.block_size": lambda b: nf.build("learned_positions", size=2, block_size=b),
    "check_room": lambda b: nf.check_room(b, "rows"),
    "check_room.each": lambda b: nf.check_room(10, "rows", each=b),
    "compile": lambda b: SQUARE.value_and_gradients(b),
    "compile.threads": lambda b: nf.compile(SQUARE.function, threads=b).batch_value([1.0]),
    "compile.memory_limit": lambda b: nf.compile(SQUARE.function, memory_limit=b).value(1.0),
    "explain": lambda b: str(nf.explain(y, top=b)),
    "generate": lambda b: nf.generate(GPT, LETTERS, count=b, most_tokens=1),
    "generate.most_tokens": lambda b: nf.generate(GPT, LETTERS, most_tokens=b),
    "generate.rng": lambda b: nf.generate(GPT, LETTERS, b, most_tokens=1),
    "gradients": lambda b: nf.gradients(y, [b]),
    "jvp": lambda b: nf.jvp(y, [x], [b]),
    "make_runner.l2": lambda b: runner(l2=b),
    "make_runner.clip_norm": lambda b: runner(clip_norm=b),
    "make_runner.settings": lambda b: runner(ADAM, settings={"beta1": b}),
    "make_runner.threads": lambda b: runner(backend="numpy", threads=b),
    "make_runner.batch": lambda b: runner().run([[b]], [0.0]),
    "make_runner.rate": lambda b: runner().gradients([0]) and runner().run([[0]], [b]),
    "make_runner.compiled": lambda b: runner(backend="numpy").run([[b]], [0.0]),
    "ops": lambda b: nf.ops.leaky_relu(x, slope=b),
    "parse_expression": lambda b: nf.parse_expression("log(x) + x**x")(b),
    "predict": lambda b: nf.predict(NET, [[b, 1.0]]),
    "replay": lambda b: nf.replay(NET, loss, EXAMPLES, batch=[b]),
    "resolve": lambda b: nf.resolve("schedule", {"use": "step", "every": b}),
    "resolve.decode": lambda b: LETTERS.decode([b]),
    "take": lambda b: nf.take([1.0, 2.0], b),
    "train": lambda b: trained(**{"train.steps": b}),
    "train.rate": lambda b: trained(**{"optimizer.learning_rate": b}),
    "train.points": lambda b: trained(**{"data.points": b}),
    "train.seed": lambda b: trained(**{"train.seed": b}),
    "train.threads": lambda b: trained(**{"train.threads": b}),
    "update_rule": lambda b: SGD(1.0, b, 0.0, learning_rate=0.1, step=1),
    "update_rule.step": lambda b: ADAM(1.0, 1.0, 0.0, 0.0, learning_rate=0.1, step=b),
    "what_if": lambda b: nf.what_if(y, {x: b}),
    **{
        name: lambda b, name=name: (getattr(nf, name)(b), getattr(nf, name)(nf.Value(b)))
        for name in ELEMENTARY
    },
    **{
        name: lambda b, name=name: (getattr(nf, name)([b, 1.0]), getattr(nf, name)([b, x]))
        for name in ("sum", "mean", "maximum", "minimum")
    },
    "dot": lambda b: (nf.dot([b], [2.0]), nf.dot([b], [x])),
    "pow": lambda b: (nf.pow(2.0, b), nf.pow(b, 0.5)),
    "where": lambda b: nf.where(b, b, x),
}  # fmt: skip


@pytest.mark.sweep
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_bad_number_is_right_or_refused_by_an_error_of_our_own(call, figures):
    given = [*FEW, *MORE][: tries(len(FEW), full=len(FEW) + len(MORE))]
    for bad in given:
        with suppress(nf.NeuroflowError), np.errstate(all="ignore"):
            call(bad)
    figures(tried=len(given), faults=0)
