"""Two versions of neuroflow beside each other, in turns and in one run.

    python tests/benchmarks/compare.py BEFORE AFTER [--only eager|start|engine] [--rounds 5]

A version is a folder that holds ``neuroflow`` and ``plugins``, or a git revision. Each round runs
every group of measurements once per version, each time in a process of its own; a row shows the
best round, for all that a busy machine can do to a figure is make it worse. All figures are CPU
time, and plugins are those of the environment that runs this. Needs nothing but neuroflow and,
for the backend ``llvm``, llvmlite.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from time import process_time
from typing import Any

Figures = dict[str, float]

NODES = 10_000
CALLS = 2_000
MADE_UP_NAMES = 300


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


# Start-up --------------------------------------------------------------------------------------

LINES = {
    "import neuroflow, ms": "import neuroflow",
    "first exp of a Value, ms": "import neuroflow as nf; nf.exp(nf.Value(1.0))",
    "first use of the registry, ms": "import neuroflow as nf; nf.names('op')",
    "first training step, ms": "import neuroflow as nf; next(iter(nf.train('moons')))",
}


def start_up(environment: dict[str, str]) -> Figures:
    """CPU milliseconds of one line, the first of a fresh interpreter."""
    return {
        row: min(cpu_seconds(line, environment) for _ in range(5)) * 1e3
        for row, line in LINES.items()
    }


def cpu_seconds(line: str, environment: dict[str, str]) -> float:
    code = f"import time; start = time.process_time(); {line}; print(time.process_time() - start)"
    command = [sys.executable, "-P", "-c", code]
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(output.stdout)


# Both versions in turns ------------------------------------------------------------------------

GROUPS: dict[str, Callable[[], Figures]] = {"eager": eager, "engine": engine}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", help="a folder, or a git revision")
    parser.add_argument("after", help="a folder, or a git revision")
    parser.add_argument("--only", choices=("eager", "start", "engine"))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    groups = [options.only] if options.only else ["eager", "start", "engine"]
    with (
        folder_of(options.before) as before,
        folder_of(options.after) as after,
        tempfile.TemporaryDirectory() as cache,
    ):
        versions = [environment_of(root, cache) for root in (before, after)]
        rounds = [
            [measure(group, environment) for environment in versions]
            for group in groups
            for _ in range(options.rounds)
        ]
    print(table(best_of([pair[0] for pair in rounds]), best_of([pair[1] for pair in rounds])))


@contextmanager
def folder_of(version: str) -> Iterator[Path]:
    """The folder itself, or a git revision unpacked for a while."""
    if Path(version, "neuroflow").is_dir():
        yield Path(version).resolve()
        return
    archive = subprocess.run(["git", "archive", version], check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


def environment_of(root: Path, cache: str) -> dict[str, str]:
    """What makes a new interpreter take this version: its folders come before all others."""
    path = os.pathsep.join([str(root), str(root / "plugins")])
    keep_bytecode = {k: x for k, x in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {
        **keep_bytecode,  # as an installed package has it: no start compiles Python
        "PYTHONPYCACHEPREFIX": str(Path(cache, "bytecode")),
        "PYTHONPATH": path,
        "NEUROFLOW_CACHE": str(Path(cache, str(root).strip("/").replace("/", "_"))),
        "OPENBLAS_NUM_THREADS": "1",
    }


def measure(group: str, environment: dict[str, str]) -> Figures:
    """One group of one version, in a process of its own."""
    if group == "start":
        return start_up(environment)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import compare; compare.worker(sys.argv[2])"
    )
    command = [sys.executable, "-P", "-c", code, str(Path(__file__).parent), group]
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(output.stdout))


def worker(group: str) -> None:
    """Print the figures of a group, after a check that they are those of the wanted version."""
    import neuroflow as nf

    root = os.environ["PYTHONPATH"].split(os.pathsep)[0]
    assert Path(nf.__file__).is_relative_to(root), f"{nf.__file__} is not in {root}"
    print(json.dumps(GROUPS[group]()))


def better(row: str, a: float, b: float) -> float:
    return max(a, b) if row.endswith("/s") else min(a, b)


def best_of(rounds: list[Figures]) -> Figures:
    """The best figure of each row over all rounds."""
    found: Figures = {}
    for figures in rounds:
        for row, figure in figures.items():
            found[row] = better(row, figure, found.get(row, figure))
    return found


def table(before: Figures, after: Figures) -> str:
    """Both versions and their ratio, above 1 where the second is better, as Markdown."""
    lines = ["| | before | after | times as good |", "| --- | ---: | ---: | ---: |"]
    for row, a in before.items():
        b = after[row]
        ratio = b / a if row.endswith("/s") else a / b
        lines.append(f"| {row} | {a:,.1f} | {b:,.1f} | {ratio:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
