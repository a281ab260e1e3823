"""The eager path beside micrograd 0.1.0, in one run: time and memory per node, start-up.

    python tests/benchmarks/eager.py

Writes ``docs/benchmarks-eager.json`` and the table beside it.

Needs micrograd. Its own ``nn`` module runs on either library's Value, so that "identical
arithmetic" is meant literally. Each measurement has a process of its own, for the cost of
garbage collection depends on what else lives there. CPython's automatic collection stays on, as
it is for users; the ratio with one collection per step instead is given too, because much of
micrograd's time goes there (its closures form reference cycles).
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import random
import statistics
import subprocess
import sys
import threading
import time
import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import micrograd.engine
import micrograd.nn

import neuroflow as nf

POINTS = 100
STEPS = {"micrograd": 8, "nodes": 8, "dots": 100}  # of the demo's 100: micrograd's cost the same
TABLE = Path(__file__).parents[2] / "docs" / "benchmarks-eager.md"
HEADER = f"""---
orphan: true
---

# Eager Python, beside micrograd 0.1.0

Written by `python tests/benchmarks/eager.py` in one run on CPython
{platform.python_version()}. A step is one of micrograd's moons demo: MLP 2-16-16-1, 100 points,
full batch. "Node by node" runs micrograd's own `nn` module on both libraries; "with dots" is
neuroflow's MLP, one `dot` node per neuron, over all 100 steps. micrograd spends most of its time
in the garbage collector, for its nodes form cycles; the ratio with one collection per step is
stated too.
"""


def moons() -> tuple[list[list[float]], list[float]]:
    data = nf.get("dataset", "moons").load()(nf.SplitMix32(1337), points=POINTS, noise=0.1)
    return data.inputs, data.targets


def micrograd_model(value: type) -> Any:
    """micrograd's MLP, made of the given Value class."""
    micrograd.nn.Value = value
    random.seed(1337)
    return micrograd.nn.MLP(2, [16, 16, 1])


def step_node_by_node(value: type, model: Any, points: Any, labels: Any, k: int) -> float:
    """Step ``k`` of micrograd's moons demo; gives the loss."""
    rows = [list(map(value, row)) for row in points]
    scores = [model(row) for row in rows]
    margins = [(1 + -y * s).relu() for y, s in zip(labels, scores, strict=True)]
    loss = sum(margins) * (1.0 / len(margins)) + 1e-4 * sum(p * p for p in model.parameters())
    model.zero_grad()
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= (1.0 - 0.009 * k) * parameter.grad
    return float(loss.data)


def step_with_dots(model: nf.Module, points: Any, labels: Any, k: int) -> float:
    """The same step in neuroflow's own words: one dot per neuron."""
    hinge = nf.get("loss", "hinge").load()
    loss = nf.mean([hinge(model(row), y) for row, y in zip(points, labels, strict=True)])
    parameters = model.parameters()
    loss = loss + 1e-4 * nf.dot(parameters, parameters)
    model.zero_grad()
    loss.backward()
    for parameter in parameters:
        parameter.data -= (1.0 - 0.009 * k) * parameter.grad
    return float(loss.data)


def steps(kind: str, collect: bool) -> tuple[float, list[float]]:
    """Median seconds of a step once the process is in its stride, and the losses."""
    points, labels = moons()
    if kind == "dots":
        model = nf.build("mlp", sizes=[2, 16, 16, 1], activation="relu", rng=nf.SplitMix32(1))
        step = partial(step_with_dots, model, points, labels)
    else:
        value = {"micrograd": micrograd.engine.Value, "nodes": nf.Value}[kind]
        step = partial(step_node_by_node, value, micrograd_model(value), points, labels)
    if not collect:
        gc.disable()

    def timed(k: int) -> tuple[float, float]:
        start = time.perf_counter()
        loss = step(k)
        if not collect:
            gc.collect()
        return time.perf_counter() - start, loss

    runs = [timed(k) for k in range(STEPS[kind])]
    return statistics.median(seconds for seconds, _ in runs[2:]), [loss for _, loss in runs]


def apart(kind: str, collect: bool = True) -> tuple[float, list[float]]:
    """:func:`steps` in a process of its own."""
    command = [sys.executable, __file__, "--worker", kind, *([] if collect else ["--no-gc"])]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, losses = json.loads(output)
    return seconds, losses


def chain(value: type, nodes: int) -> Any:
    """A graph of ``nodes`` nodes: products and sums."""
    x = y = value(0.999)
    for _ in range(nodes // 2):
        y = y * x + x
    return y


def cost_per_node(nodes: int) -> float:
    """Microseconds per node, forward and backward."""
    gc.collect()
    start = time.perf_counter()
    chain(nf.Value, nodes).backward()
    return (time.perf_counter() - start) / nodes * 1e6


def bytes_per_node(value: type, nodes: int = 20_000) -> float:
    gc.collect()
    tracemalloc.start()
    root = chain(value, nodes)
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert root is not None
    return used / nodes


def start_up(code: str, times: int = 40) -> float:
    """Milliseconds that a line of code takes in a fresh interpreter, beyond its start alone.

    Both take turns, so that a slow moment of the machine hits both.
    """
    seconds: dict[str, list[float]] = {"pass": [], code: []}
    for _ in range(times):
        for line, taken in seconds.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", line], check=True)
            taken.append(time.perf_counter() - start)
    bare, loaded = map(statistics.median, seconds.values())
    return (loaded - bare) * 1e3


def measure() -> dict[str, float]:
    theirs, their_losses = apart("micrograd")
    theirs_quiet, _ = apart("micrograd", collect=False)
    nodes, our_losses = apart("nodes")
    nodes_quiet, _ = apart("nodes", collect=False)
    dots, _ = apart("dots")
    agree = zip(their_losses, our_losses, strict=True)
    assert all(abs(a - b) < 1e-9 for a, b in agree), "both must see the same losses"
    return {
        "micrograd step, ms": theirs * 1e3,
        "neuroflow step node by node, ms": nodes * 1e3,
        "neuroflow step with dots, ms": dots * 1e3,
        "ratio node by node": theirs / nodes,
        "ratio node by node, one garbage collection per step": theirs_quiet / nodes_quiet,
        "ratio with dots": theirs / dots,
        "micrograd bytes per node": bytes_per_node(micrograd.engine.Value),
        "neuroflow bytes per node": bytes_per_node(nf.Value),
        **{f"us per node at {n}": cost_per_node(n) for n in (10**3, 10**4, 10**5, 10**6)},
        "import neuroflow, ms": start_up("import neuroflow"),
        "first registry use, ms": start_up("import neuroflow as n; n.names('op')"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=TABLE, help="where to write the table")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--no-gc", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        print(json.dumps(steps(arguments.worker, not arguments.no_gc)))
        return
    figures = measure()
    rows = "\n".join(f"| {name} | {figure:,.2f} |" for name, figure in figures.items())
    print(rows)
    arguments.out.with_suffix(".json").write_text(json.dumps(figures, indent=2) + "\n")
    arguments.out.write_text(f"{HEADER}\n| | |\n| --- | ---: |\n{rows}\n", encoding="utf-8")


if __name__ == "__main__":
    # micrograd walks its graph recursively: it needs a deep stack.
    threading.stack_size(512 * 1024 * 1024)
    sys.setrecursionlimit(10**6)
    worker = threading.Thread(target=main)
    worker.start()
    worker.join()
