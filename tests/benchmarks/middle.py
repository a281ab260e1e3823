"""Middle-sized models beside PyTorch and numpy: ``python tests/benchmarks/middle.py``.

A GPT of 4 layers in three sizes, with one text and with 16 texts a step, and two MLPs, each in
float64 and float32, on one thread and on two. The peers are PyTorch, eager and compiled, and numpy
by hand with its BLAS. Every figure is the least time of a step, measured in a process of its own:
on the clock, or with ``--cpu`` of the processor, which a busy machine disturbs less and which does
not tell what two threads gain. Writes
``docs/benchmarks-middle.json`` and the table beside it, in some eight minutes; ``--only TEXT``
takes the models whose name has that in it, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
DTYPES = ("float64", "float32")
SECONDS = 2.0
"""How long each figure is measured."""

GPTS = {f"GPT, {n} numbers, {block} positions": (n, block) for n, block in
        ((32, 64), (64, 64), (128, 128))}  # fmt: skip
MLPS = {"MLP 64-256-256-10": (64, 256, 256, 10), "MLP 784-512-10": (784, 512, 10)}

Figures = dict[str, Any]


# In a process of its own -----------------------------------------------------------------------


def own_gpt(n_embd: int, block: int, batch: int, dtype: str, threads: int) -> Figures:
    """The least time of a training step of a GPT with Adam, and the memory beyond the import's."""
    import neuroflow as nf

    before = peak()
    model = nf.build(
        "gpt", vocab_size=27, norm_gain=False, rng=nf.SplitMix32(1), n_layer=4, n_embd=n_embd,
        n_head=4, block_size=block,
    )  # fmt: skip
    cross_entropy = nf.get("loss", "cross_entropy").load()

    def loss(model: Any, tokens: Any, targets: Any) -> Any:
        return nf.mean([cross_entropy(x, t) for x, t in zip(model(tokens), targets, strict=True)])

    rng = nf.SplitMix32(2)
    texts = [[rng.randrange(27) for _ in range(block + 1)] for _ in range(batch)]
    examples = [(text[:-1], text[1:]) for text in texts]
    return figures_of(nf, model, loss, examples, "adam", dtype, threads) | {
        "peak_mb": peak() - before
    }


def own_mlp(dtype: str, threads: int, sizes: list[int]) -> Figures:
    """The least time of a training step of an MLP with SGD and 128 examples."""
    sys.path.insert(0, str(HERE))
    import models

    import neuroflow as nf

    rng = nf.SplitMix32(1)
    count = sum((a + 1) * b for a, b in pairwise(sizes))
    model = models.MLP([rng.gauss(0, 0.05) for _ in range(count)], sizes)
    examples = [
        ([rng.gauss(0, 1) for _ in range(sizes[0])], rng.randrange(sizes[-1])) for _ in range(128)
    ]
    return figures_of(nf, model, models.class_loss, examples, "sgd", dtype, threads)


def figures_of(
    nf: Any, model: Any, loss: Any, examples: Any, rule: str, dtype: str, threads: int
) -> Figures:
    """The first step, with compilation, and the least time of those that follow."""
    start = time.process_time()
    runner = nf.make_runner(
        model, loss, examples, nf.get("optimizer", rule).load(), dtype=dtype, backend="llvm",
        threads=threads,
    )  # fmt: skip
    batch = [*range(len(examples))]
    runner.run([batch], [0.001])
    first, end = time.process_time() - start, time.perf_counter() + SECONDS
    wall = cpu = float("inf")
    steps, before = (4, 16), {}
    while not before or time.perf_counter() < end:  # what a call of run costs is in both
        for n in steps:
            wall_start, cpu_start = time.perf_counter(), time.process_time()
            runner.run([batch] * n, [0.001] * n)
            taken = time.perf_counter() - wall_start, time.process_time() - cpu_start
            before[n] = [min(pair) for pair in zip(before.get(n, taken), taken, strict=True)]
    wall, cpu = [
        (many - few) / (steps[1] - steps[0])
        for few, many in zip(before[steps[0]], before[steps[1]], strict=True)
    ]
    return {"wall_ms": wall * 1e3, "cpu_ms": cpu * 1e3, "first_step_s": first}


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# Beside each other -----------------------------------------------------------------------------


def process(command: list[Any], threads: int = 1) -> Figures | None:
    """What a program prints as its result; None if it cannot run here, which is told why."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads),
                   "OMP_NUM_THREADS": str(threads)}  # fmt: skip
    ran = subprocess.run(
        [sys.executable, *map(str, command)], env=environment, capture_output=True, text=True
    )
    lines = [line for line in ran.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        why = ran.stderr.strip().splitlines() or [f"it ended with {ran.returncode}"]
        print(f"no figures of {command}: {why[-1]}", file=sys.stderr)
    return dict(json.loads(lines[-1][7:])) if lines else None


def own(*arguments: Any) -> Figures | None:
    """Our own figures, without which there is no row: an error there is one here."""
    found = process([Path(__file__).resolve(), "--own", json.dumps(arguments)])
    if found is None:
        raise SystemExit(f"neuroflow gave no figures for {arguments}: the cause stands above")
    return found


def rows(only: str) -> Iterator[Figures]:
    """One model, kind of number and size of a batch after the other, with all that run it."""
    for name, (n_embd, block) in GPTS.items():
        for dtype in DTYPES if only in name else ():
            for batch in (1, 16):
                sizes = (n_embd, block, batch, dtype)
                torch = [
                    process([HERE / "peers" / "gpt_torch.py", *sizes, mode, 1, SECONDS])
                    for mode in ("eager", "compile")
                ]
                yield {
                    "model": name, "dtype": dtype, "batch": batch,
                    "one": own("gpt", *sizes, 1),
                    "two": own("gpt", *sizes, 2) if batch > 1 else None,
                    "peers": dict(zip(("eager", "compiled"), torch, strict=True)),
                }  # fmt: skip
    for name, layers in MLPS.items():
        for dtype in DTYPES if only in name else ():
            numpy = process([HERE / "peers" / "mlp_numpy.py", dtype, SECONDS, *layers])
            yield {
                "model": name, "dtype": dtype, "batch": 128,
                "one": own("mlp", dtype, 1, layers), "two": own("mlp", dtype, 2, layers),
                "peers": {"numpy": numpy},
            }  # fmt: skip


def line(row: Figures, clock: str) -> str:
    """A row of the table: times, their ratio to the faster peer, and what two threads gain."""

    def shown(figures: Figures | None) -> str:
        return f"{figures[clock]:.2f}" if figures else ""

    peers = {name: figures for name, figures in row["peers"].items() if figures}
    one, two = row["one"], row["two"]
    best = min((figures[clock] for figures in peers.values()), default=None)
    ratio = f"{one[clock] / best:.2f}" if best else ""
    by_clock = clock == "wall_ms"  # the processor's time is that of both threads together
    gain = f"{one[clock] / two[clock]:.2f}" if two and by_clock else ""
    memory = [f"{f['peak_mb']:.0f}" for f in (one, peers.get("eager")) if f and "peak_mb" in f]
    cells = [
        row["model"], row["dtype"], str(row["batch"]), shown(one),
        ", ".join(f"{shown(figures)} {name}" for name, figures in peers.items()), ratio,
        shown(two), gain, " / ".join(memory), f"{one['first_step_s']:.1f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def table(results: Figures) -> str:
    """The figures as a page for the documentation."""
    clock = "cpu_ms" if results["cpu"] else "wall_ms"
    what = "processor time, for the machine was busy" if results["cpu"] else "time on the clock"
    lines = [
        "---\norphan: true\n---\n\n# Middle-sized models\n",
        "Written by `python tests/benchmarks/middle.py` in one run on",
        f"{results['machine']}, CPython {results['python']}: milliseconds a training step ({what},"
        " the least of many), peers on one thread.\n",
        "| model | numbers | batch | neuroflow | peers | ratio to the faster | on two threads |"
        " gain | peak MB, ours / PyTorch | first step, CPU-s |",
        "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |",
        *[line(row, clock) for row in results["rows"]],
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--own", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.own:
        what, *arguments = json.loads(options.own)
        print("RESULT", json.dumps({"gpt": own_gpt, "mlp": own_mlp}[what](*arguments)))
        return
    results: Figures = {
        "machine": f"{os.cpu_count()} CPUs, {platform.machine()}",
        "python": platform.python_version(), "cpu": options.cpu, "rows": [],
    }  # fmt: skip
    for row in rows(options.only):
        results["rows"].append(row)
        print(line(row, "cpu_ms" if options.cpu else "wall_ms"), flush=True)
    if not options.only:
        text = json.dumps(results, indent=1) + "\n"
        (DOCS / "benchmarks-middle.json").write_text(text, encoding="utf-8")
        (DOCS / "benchmarks-middle.md").write_text(table(results), encoding="utf-8")


if __name__ == "__main__":
    main()
