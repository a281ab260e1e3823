"""How much faster two workers are than one, each with one thread of a processor.

    python tests/benchmarks/workers.py [--counts 1 2] [--backend llvm] [--out docs/workers.json]

A GPT of two layers trains in float64 with one global batch, once per number of workers; the script
starts itself as each of them. It prints the time of a step, and the time that the processor of the
first worker was busy in it, and writes them with the facts of the machine. On a machine that does
other things the first is that of its neighbours too: the load is written beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STEPS, REPEATS = 8, 3
SETTINGS = {
    "model.n_layer": 2, "model.n_embd": 32, "train.batch": 64,
    "train.steps": STEPS * (REPEATS + 1), "train.report_every": STEPS, "data.test": 0.0,
    "train.evaluate_every": 1_000_000, "optimizer.schedule": "constant", "train.compare": False,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--backend", default="llvm")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if "RANK" in os.environ:
        measure(options.backend)
        return
    steps = {count: job(count, options.backend) for count in options.counts}
    first = steps[options.counts[0]]
    for count, step in steps.items():
        wall, busy = step["seconds"], step["busy"]
        print(f"{count} workers: {wall * 1e3:.1f} ms a step ({first['seconds'] / wall:.2f} times as"
              f" fast), {busy * 1e3:.1f} ms busy, loss {step['losses'][-1]:.15f}")  # fmt: skip
    if options.out:
        found = {"machine": machine(), "settings": SETTINGS, "backend": options.backend}
        options.out.write_text(json.dumps({**found, "steps": steps}, indent=1) + "\n")


def measure(backend: str) -> None:
    """As one of the workers: the best time of a stretch of steps, told by the first."""
    import neuroflow as nf

    with nf.joined_workers() as workers:
        times, busy, losses = [], [], []
        start, began = time.perf_counter(), time.process_time()
        run = nf.train("names", {**SETTINGS, "train.backend": backend}, workers=workers)
        for step in run:
            times.append((time.perf_counter() - start) / len(step.losses))
            busy.append((time.process_time() - began) / len(step.losses))
            losses.append(step.loss)
            start, began = time.perf_counter(), time.process_time()
        if workers is None or workers.is_first:
            print(json.dumps({"seconds": min(times[1:]), "busy": min(busy[1:]), "losses": losses}))


def job(count: int, backend: str) -> dict[str, Any]:
    """A step of so many workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = {"WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    place |= {"OMP_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1}
    every = {name: str(value) for name, value in place.items()}
    workers = [
        subprocess.Popen(
            [sys.executable, __file__, "--backend", backend], stdout=subprocess.PIPE, text=True,
            env={**os.environ, **every, "RANK": str(rank)},
        )
        for rank in range(count)
    ]  # fmt: skip
    told = [worker.communicate()[0] for worker in workers]
    found: dict[str, Any] = json.loads(told[0])
    return found


def machine() -> dict[str, Any]:
    """The machine, and how busy it was."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"processor": platform.machine(), "cores": os.cpu_count(), "load": load}


if __name__ == "__main__":
    main()
