"""What two versions of neuroflow are measured by, group by group: see ``guard.py``.

Run in a process of its own for each version. Needs nothing but neuroflow and, for the backend
``llvm``, llvmlite, and only names that old versions have too. All figures are CPU time or memory;
a row whose name ends in "/s" is better the larger it is, every other the smaller.
"""

from __future__ import annotations

import gc
import random
import resource
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

Figures = dict[str, float]

NODES = 10_000
CALLS = 2_000
MADE_UP_NAMES = 300
MIDDLE = {"n_layer": 2, "n_embd": 32, "n_head": 4, "block_size": 32}
"""A transformer of a middle size, whose first step takes a while."""


# Eager -----------------------------------------------------------------------------------------


def eager() -> Figures:
    """What a node, a gradient, a call and a training step cost."""
    import neuroflow as nf

    def products() -> None:
        a, b = nf.Value(2.0), nf.Value(3.0)
        for _ in range(NODES):
            a * b

    def chain() -> Any:
        y = nf.Value(1.0)
        for _ in range(NODES):
            y = y * 0.999 + 0.001
        return y

    def tangents() -> None:
        a, tanh = nf.Value(0.5), nf.tanh
        for _ in range(NODES):
            tanh(a)

    def chained() -> None:
        a = nf.Value(0.5)
        for _ in range(NODES):
            a.relu()

    def calls() -> None:
        for _ in range(CALLS // len(nest.parts)):
            nest(1.0)

    end, nest = chain(), nested(nf)
    gc.disable()
    figures = {
        "a * b, ns": best(products) / NODES * 1e9,
        "y * 0.999 + 0.001, ns": best(chain) / NODES * 1e9,
        "tanh(x), ns": best(tangents) / NODES * 1e9,
        "x.relu(), ns": best(chained) / NODES * 1e9,
        "backward per node, ns": best(end.backward) / (2 * NODES) * 1e9,
        "module call, ns": best(calls) / CALLS * 1e9,
        "memory per node, bytes": memory_per_node(chain),
    }
    gc.enable()
    return figures | built_models(nf) | moons_steps(nf)


def best(function: Callable[[], Any], times: int = 9) -> float:
    """The least CPU seconds of a call."""
    taken = []
    for _ in range(times):
        start = process_time()
        function()
        taken.append(process_time() - start)
    return min(taken)


def nested(nf: Any) -> Any:
    """A module that calls 20 others, none of which computes anything."""

    class Through(nf.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return x

    class Nest(nf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            self.parts = [Through() for _ in range(20)]

        def forward(self, x: Any) -> Any:
            for part in self.parts:
                x = part(x)
            return x

    return Nest()


def memory_per_node(chain: Callable[[], Any]) -> float:
    gc.collect()
    tracemalloc.start()
    end = chain()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used / (2 * NODES) if end else 0.0


def built_models(nf: Any) -> Figures:
    """What it takes to make a model from names: its layers check and keep their settings."""

    def build(use: str, **settings: Any) -> Callable[[], Any]:
        return lambda: nf.build(use, rng=nf.SplitMix32(1), **settings)

    mlp = build("mlp", sizes=[64, 64, 10])
    gpt = build("gpt", vocab_size=27, n_layer=1, n_embd=16, n_head=4, block_size=16)
    return {
        "build an MLP 64-64-10, ms": best(mlp, 5) * 1e3,
        "build a GPT of 4,192 parameters, ms": best(gpt, 5) * 1e3,
    }


def moons_steps(nf: Any) -> Figures:
    """A step of micrograd's moons demo: with one ``dot`` per neuron, and one node per product."""
    data = nf.get("dataset", "moons").load()(nf.SplitMix32(1337), points=100, noise=0.1)
    examples = list(zip(data.inputs, data.targets, strict=True))
    model = nf.build("mlp", sizes=[2, 16, 16, 1], activation="relu", rng=nf.SplitMix32(1))
    layers = by_hand(nf)
    weights = [p for layer in layers for ws, b in layer for p in (*ws, b)]

    def with_dots() -> None:
        parameters = model.parameters()
        loss = nf.mean([(1 - y * model(row)).relu() for row, y in examples])
        (loss + 1e-4 * nf.dot(parameters, parameters)).backward()

    def node_by_node() -> None:
        losses = [(1 - y * run_by_hand(layers, row)).relu() for row, y in examples]
        (sum(losses) * 0.01 + 1e-4 * sum(p * p for p in weights)).backward()

    return {
        "moons step with dots, ms": best(with_dots, 5) * 1e3,
        "moons step node by node, ms": best(node_by_node, 2) * 1e3,
    }


def by_hand(nf: Any) -> list[list[tuple[list[Any], Any]]]:
    """The weights and the bias of each neuron of an MLP 2-16-16-1."""
    rng = random.Random(1337)
    return [
        [([nf.Value(rng.uniform(-1, 1)) for _ in range(n)], nf.Value(0.0)) for _ in range(m)]
        for n, m in ((2, 16), (16, 16), (16, 1))
    ]


def run_by_hand(layers: list[list[tuple[list[Any], Any]]], xs: list[Any]) -> Any:
    for layer in layers:
        sums = [sum((w * x for w, x in zip(ws, xs, strict=True)), b) for ws, b in layer]
        xs = [x.relu() for x in sums] if layer is not layers[-1] else sums
    return xs[0]


# Engine ----------------------------------------------------------------------------------------


def engine() -> Figures:
    """Steps per second of compiled training, for each backend; data and code are prepared."""
    sys.path.insert(0, str(Path(__file__).parent))
    import models

    import neuroflow as nf

    rng = random.Random(42)
    data = nf.get("dataset", "moons").load()(nf.SplitMix32(1337), points=100, noise=0.1)
    moons = list(zip(data.inputs, data.targets, strict=True))
    numbers = [rng.uniform(-1, 1) for _ in range(337)]
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = ["".join(rng.choices(letters, k=rng.randint(3, 10))) for _ in range(MADE_UP_NAMES)]
    figures: Figures = {}
    for backend in backends(nf):
        mlp = models.MLP(numbers, [2, 16, 16, 1])
        runner = nf.make_runner(
            mlp, models.hinge, moons, nf.get("optimizer", "sgd").load(), l2=1e-4, backend=backend
        )
        figures[f"moons, {row_of(backend)}, steps/s"] = speed(runner, [list(range(100))] * 200)
        gpt = models.MicroGPT(random.Random(1))
        examples = models.microgpt_data(names)
        adam = nf.get("optimizer", "adam").load()
        runner = nf.make_runner(gpt, models.name_loss, examples, adam, backend=backend)
        batches = [[k] for k in range(MADE_UP_NAMES)]
        figures[f"microgpt, {row_of(backend)}, steps/s"] = speed(runner, batches)
    return figures


def backends(nf: Any) -> list[str]:
    """numpy, and native code under the name that this version has for it."""
    return ["numpy", *(name for name in ("llvm", "numba") if name in nf.names("backend"))]


def row_of(backend: str) -> str:
    return "numpy" if backend == "numpy" else "native"


def speed(runner: Any, batches: list[list[int]]) -> float:
    """Steps per CPU second, the best of four runs after a first that compiles."""
    rates = [0.01] * len(batches)
    runner.run(batches, rates)
    return len(batches) / best(lambda: runner.run(batches, rates), 4)


# Middle sizes ----------------------------------------------------------------------------------


def middle() -> Figures:
    """A GPT of a middle size: its first step, one text and sixteen a step, writing, memory."""
    import neuroflow as nf

    examples = texts(nf, MIDDLE["block_size"])
    figures: Figures = {}
    for batch in (1, 16):
        model = nf.build("gpt", vocab_size=27, rng=nf.SplitMix32(1), **MIDDLE)
        adam = nf.get("optimizer", "adam").load()
        start = process_time()
        runner = nf.make_runner(model, mean_cross_entropy(nf), examples, adam)
        runner.run([list(range(batch))], [0.001])
        figures[f"GPT, batch {batch}, first step, ms"] = (process_time() - start) * 1e3
        batches = [[(k + n) % len(examples) for n in range(batch)] for k in range(64 // batch)]
        figures[f"GPT, batch {batch}, steps/s"] = speed(runner, batches)
    figures["GPT, peak memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures["GPT, letters written/s"] = written_per_second(nf.Writer(model, backend="auto"))
    return figures


def texts(nf: Any, length: int) -> list[tuple[list[int], list[int]]]:
    """Sixteen texts of random letters, and what follows each letter."""
    rng = nf.SplitMix32(2)
    drawn = [[rng.randrange(27) for _ in range(length + 1)] for _ in range(16)]
    return [(text[:-1], text[1:]) for text in drawn]


def mean_cross_entropy(nf: Any) -> Callable[..., Any]:
    of = nf.get("loss", "cross_entropy").load()

    def loss(model: Any, tokens: Any, targets: Any) -> Any:
        return nf.mean([of(x, t) for x, t in zip(model(tokens), targets, strict=True)])

    return loss


def written_per_second(writer: Any) -> float:
    """Letters read one by one, each with its probabilities, per CPU second."""

    def whole_text() -> None:
        writer.begin()
        for k in range(MIDDLE["block_size"]):
            writer.read(k % 27)

    return MIDDLE["block_size"] / best(whole_text, 5)


GROUPS: dict[str, Callable[[], Figures]] = {"eager": eager, "engine": engine, "middle": middle}
