"""One neuroflow workload in a process of its own; prints ``RESULT {...}``.

    python workload.py moons|microgpt|digits BACKEND DTYPE [batch] [steps]

``train_s`` is the least time of the steps inside the backend, as for JAX's scan and C: data are
prepared, code is compiled. ``run_s`` is ``Runner.run`` as a user calls it, schedules and all.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

import numpy as np

import neuroflow as nf
from neuroflow.engine.plan.function import TracedFunction

sys.path.insert(0, str(Path(__file__).parent))
import models

DATA = Path("data")


def moons():
    data = json.loads((DATA / "moons.json").read_text())
    examples = list(zip(data["X"], map(float, data["y"]), strict=True))
    model = models.MLP(data["p"], [2, 16, 16, 1])
    rates = [1.0 - 0.9 * k / 100 for k in range(100)]
    return model, models.hinge, examples, "sgd", {}, [list(range(100))] * 100, rates, 1e-4


def digits(steps):
    data = json.loads((DATA / "digits.json").read_text())
    examples = list(zip(data["X"], data["y"], strict=True))
    model = models.MLP(data["p"], [64, 256, 256, 10])
    batches = [list(range(k * 128 % 1024, k * 128 % 1024 + 128)) for k in range(steps)]
    return model, models.class_loss, examples, "sgd", {}, batches, [0.1] * steps, 0.0


def microgpt(batch, steps):
    documents = (DATA / "docs.txt").read_text().split()
    rng = random.Random()
    model = models.MicroGPT(rng)
    for p, x in zip(model.parameters(), np.fromfile(DATA / "gpt_init.bin").tolist(), strict=True):
        p.data = x
    examples = models.microgpt_data(documents[: batch * steps])
    batches = [list(range(s * batch, s * batch + batch)) for s in range(steps)]
    settings = {"beta1": 0.85, "beta2": 0.99, "epsilon": 1e-8}
    rates = [0.01 * (1 - s / 1000) for s in range(steps)]
    return model, models.name_loss, examples, "adam", settings, batches, rates, 0.0


def token_weighted(model, examples, batches):
    """With several names per step the peers weigh tokens, not names, equally: so do we."""
    weighted = []
    for batch in batches:
        total = sum(len(examples[k][0]) for k in batch)
        weighted.append([len(examples[k][0]) * len(batch) / total for k in batch])
    return weighted


def weighted_name_loss(model, tokens, targets, weight):
    return models.name_loss(model, tokens, targets) * weight


def main(what, backend, dtype, *sizes):
    made = {"moons": moons, "digits": digits, "microgpt": microgpt}[what](*map(int, sizes))
    model, loss, examples, rule, settings, batches, rates, l2 = made
    if what == "microgpt" and len(batches[0]) > 1:
        weights = token_weighted(model, examples, batches)
        examples = [
            (*examples[k], w)
            for batch, ws in zip(batches, weights, strict=True)
            for k, w in zip(batch, ws, strict=True)
        ]
        loss = weighted_name_loss
    start = [p.data for p in model.parameters()]
    runner = nf.make_runner(
        model, loss, examples, nf.get("optimizer", rule).load(),
        settings=settings, l2=l2, backend=backend, dtype=dtype,
    )  # fmt: skip
    result = {"backend": runner.backend, "dtype": dtype, "steps": len(batches)}
    result["trace_s"] = trace_time(model, loss, examples)
    begin = time.perf_counter()
    if hasattr(runner, "session"):
        schedule = runner.session.batcher.schedule(*runner._chosen(batches))
        result["plan_s"] = time.perf_counter() - begin
        begin = time.perf_counter()
        if backend == "llvm":
            runner.executor.compile()
        result["compile_s"] = time.perf_counter() - begin
    losses = runner.run(batches, rates)
    times = []
    for _ in range(int(backend != "eager") * 9):
        runner.executor.parameters[:] = start
        runner.executor.state[:] = 0
        begin = time.perf_counter()
        steps = runner.executor.train(schedule, np.array(rates), 1, True)
        times.append(time.perf_counter() - begin)
        losses = steps[:, 0].tolist()
    for p, x in zip(model.parameters(), start, strict=True):
        p.data = x
    begin = time.perf_counter()
    runner.run(batches, rates)
    result["run_s"] = time.perf_counter() - begin
    result["train_s"] = min(times, default=result["run_s"])
    result |= {"final_loss": losses[-1], "mean_loss": sum(losses) / len(losses)}
    print("RESULT", json.dumps(result))


def trace_time(model, loss, examples):
    """Trace and plan of one example, the longest."""
    longest = max(examples, key=lambda example: len(str(example)))
    from neuroflow.engine.trace.structure import flatten

    begin = time.perf_counter()
    TracedFunction(loss, (model,), model.parameters()).trace(flatten(tuple(longest))[1])
    return time.perf_counter() - begin


if __name__ == "__main__":
    main(*sys.argv[1:])
