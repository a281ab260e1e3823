"""Cost per node of trace, plan and run, memory per node, and kernels cold and cached."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

import neuroflow as nf
from neuroflow.engine.lower.kernels import Kernels
from neuroflow.engine.lower.lower import lower
from neuroflow.engine.plan.grouping import plan_of_tape
from neuroflow.engine.run.numpy_executor import NumpyCode
from neuroflow.engine.trace.tracer import tracing

WIDTH = 1000


def layers(xs, depth):
    """A graph of about 2 x WIDTH nodes per layer."""
    for _ in range(depth):
        xs = [(x * 0.5).tanh() for x in xs]
    return nf.sum(xs)


def planned(nodes, width=WIDTH):
    """Trace and plan one size; gives the seconds of both, the program and the kernels."""
    w = nf.Value(0.3)
    begin = time.process_time()
    with tracing([w]) as tracer:
        out = layers([w * tracer.input() for _ in range(width)], max(1, nodes // (2 * width)))
    traced = time.process_time()
    plan = plan_of_tape(tracer.tape, [out.cell])
    kernels = Kernels()
    program = lower(plan, kernels)
    return traced - begin, time.process_time() - traced, program, kernels


def size(nodes):
    """Measure one size: times first, then the same again under the eyes of tracemalloc."""
    planned(10, width=2)  # imports, and the registry of ops
    trace, plan, program, kernels = planned(nodes)
    n = program.plan.n_traced
    memory = np.zeros(program.size)
    code = NumpyCode(program, memory, np.zeros(1, np.int64), kernels)
    code.run(0, len(program.code))
    start = time.process_time()
    code.run(0, len(program.code))
    run = time.process_time() - start
    stored = memory.nbytes
    del memory, code, program
    tracemalloc.start()
    planned(nodes)
    return {
        "nodes": n,
        "trace_us": trace / n * 1e6,
        "plan_us": plan / n * 1e6,
        "run_ns": run / n * 1e9,
        "bytes": stored / n,
        "peak_bytes": tracemalloc.get_traced_memory()[1] / n,
    }


def eager_bytes(nodes=100_000):
    """Bytes per node of an eager graph."""
    tracemalloc.start()
    out = layers([nf.Value(0.1 * k) for k in range(WIDTH)], nodes // (2 * WIDTH))
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return used / nodes if out else 0.0


def kernels():
    """CPU seconds to compile or read the machine of microgpt, after the import of llvmlite."""
    sys.path.insert(0, str(Path(__file__).parent))
    import models

    import neuroflow.engine.native.executor  # noqa: F401  the import is not what is measured

    model = models.MicroGPT(random.Random(1))
    examples = models.microgpt_data(["emma", "olivia"])
    runner = nf.make_runner(
        model, models.name_loss, examples, nf.get("optimizer", "adam").load(), backend="llvm"
    )
    runner.session.batcher.schedule(*runner._chosen([[0], [1]]))
    begin = time.process_time()  # other programs on the machine do not count
    runner.executor.compile()
    print(time.process_time() - begin)


def main():
    sizes = []
    for nodes in (10_000, 100_000, 1_000_000, 10_000_000):
        command = [sys.executable, __file__, "size", str(nodes)]
        sizes.append(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NEUROFLOW_CACHE": cache}
        command = [sys.executable, __file__, "kernels"]
        cold, cached = (
            float(subprocess.run(command, capture_output=True, check=True, env=environment).stdout)
            for _ in range(2)
        )
    facts = {"sizes": sizes, "eager_bytes": eager_bytes(), "cold_s": cold, "cached_s": cached}
    print("RESULT", json.dumps(facts))


if __name__ == "__main__":
    if sys.argv[1:2] == ["size"]:
        print(json.dumps(size(int(sys.argv[2]))))
    elif sys.argv[1:2] == ["kernels"]:
        kernels()
    else:
        main()
