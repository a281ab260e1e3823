"""Transformers in figures: ``python tests/benchmarks/transformer.py [FILE.json]``.

Trains the recipes names and addition, measures training steps and generated tokens per second,
and the cost of a generated token over the length of what was read.
"""

from __future__ import annotations

import json
import math
import os
import platform
import resource
import sys
import time

import neuroflow as nf
from neuroflow.generation import plain_copy

SIZES = {
    "microgpt": {"n_layer": 1, "n_embd": 16, "n_head": 4, "block_size": 16},
    "n_layer 4, n_embd 64, block 64": {"n_layer": 4, "n_embd": 64, "n_head": 4, "block_size": 64},
}


def recipe(name):
    """A whole training run: seconds with compilation, and how good the model is."""
    start = time.perf_counter()
    summary = nf.train(name).run().summary()
    facts = ("steps", "parameters", "examples", "test_examples", "backend", "test_loss",
             "test_perplexity", "test_accuracy", "floors")  # fmt: skip
    found = {fact: summary[fact] for fact in facts if fact in summary}
    return {**found, "seconds_in_all": round(time.perf_counter() - start, 2)}


def speed(settings):
    """Steps and tokens per second of one full block at a time, and of writing."""
    block = settings["block_size"]
    model = nf.build("gpt", vocab_size=27, norm_gain=False, rng=nf.SplitMix32(1), **settings)
    cross_entropy = nf.get("loss", "cross_entropy").load()

    def loss(model, tokens, targets):
        pairs = zip(model(tokens), targets, strict=True)
        return nf.mean([cross_entropy(x, t) for x, t in pairs])

    rng = nf.SplitMix32(2)
    texts = [[rng.randrange(27) for _ in range(block + 1)] for _ in range(8)]
    examples = [(text[:-1], text[1:]) for text in texts]
    runner = nf.make_runner(model, loss, examples, nf.get("optimizer", "adam").load())
    start = time.perf_counter()
    runner.run([[0]], [0.001])
    compilation = time.perf_counter() - start
    steps = 2
    while (seconds := timed(runner, steps)) < 1.0:
        steps *= 4
    return {
        "parameters": len(model.parameters()),
        "first_step_seconds": round(compilation, 2),
        "steps_per_second": round(steps / seconds, 2),
        "tokens_per_second": round(block * steps / seconds, 1),
        "generated_tokens": writing(model, block),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def timed(runner, steps):
    start = time.perf_counter()
    runner.run([[k % 8] for k in range(steps)], [0.001] * steps)
    return time.perf_counter() - start


def writing(model, block):
    """Seconds for one token more, by how many were read before; and tokens per second."""
    writer = nf.Writer(model)
    seconds = [math.inf] * block
    for _ in range(5):  # the best of five: others use the machine too
        writer.begin()
        for position in range(block):
            start = time.perf_counter()
            writer.read(position % 27)
            seconds[position] = min(seconds[position], time.perf_counter() - start)
    shown = sorted({1, block // 4, block // 2, block})
    return {
        "per_second": round(block / sum(seconds), 1),
        "milliseconds_after_n_tokens": {n: round(1e3 * seconds[n - 1], 2) for n in shown},
        "milliseconds_without_cache": {n: round(1e3 * anew(model, n), 2) for n in shown},
    }


def anew(model, n):
    """Seconds for one token more if all n before it are computed again, on plain floats too."""
    plain, best = plain_copy(model), math.inf
    for _ in range(3):
        start = time.perf_counter()
        plain([position % 27 for position in range(n)])
        best = min(best, time.perf_counter() - start)
    return best


def main():
    results = {
        "machine": f"{os.cpu_count()} CPUs, {platform.machine()}",
        "python": platform.python_version(),
        "recipes": {name: recipe(name) for name in ("names", "addition")},
        "speed": {name: speed(settings) for name, settings in SIZES.items()},
    }  # fmt: skip
    text = json.dumps(results, indent=2) + "\n"
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w", encoding="utf-8") as file:
            file.write(text)
    print(text, end="")


if __name__ == "__main__":
    main()
