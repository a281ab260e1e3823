"""Transformers in figures: ``python tests/benchmarks/transformer.py``.

Trains the recipes names and addition, measures training steps and generated tokens per second
(PyTorch, if it is installed, in the same run), and the cost of a generated token over the length
of what was read. Writes ``docs/benchmarks-transformer.json`` and the table beside it.
"""

from __future__ import annotations

import json
import math
import os
import platform
import resource
import time
from pathlib import Path

import neuroflow as nf
from neuroflow.generation.writer import plain_copy

DOCS = Path(__file__).parents[2] / "docs"
SIZES = {
    "microgpt": {"n_layer": 1, "n_embd": 16, "n_head": 4, "block_size": 16},
    "n_layer 4, n_embd 64, block 64": {"n_layer": 4, "n_embd": 64, "n_head": 4, "block_size": 64},
}


def recipe(name):
    """A whole training run: seconds with compilation, and how good the model is."""
    start = time.perf_counter()
    summary = nf.train(name).run().summary()
    facts = ("steps", "parameters", "examples", "test_examples", "backend", "test_loss",
             "test_perplexity", "test_accuracy", "baselines")  # fmt: skip
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
    seconds = reading(nf.Writer(model), block)
    start = time.process_time()
    writer = nf.Writer(model, backend="auto")
    writer.read(0)
    making = time.process_time() - start
    shown = sorted({1, block // 4, block // 2, block})
    return {
        "per_second": round(block / sum(seconds), 1),
        "compiled_per_second": round(block / sum(reading(writer, block)), 1),
        "compiled_backend": writer.backend,
        "compiled_first_token_seconds": round(making, 2),
        "milliseconds_after_n_tokens": {n: round(1e3 * seconds[n - 1], 2) for n in shown},
        "milliseconds_without_cache": {n: round(1e3 * anew(model, n), 2) for n in shown},
    }


def reading(writer, block):
    """Seconds of processor time for each token of a block, the best of five."""
    seconds = [math.inf] * block
    for _ in range(5):  # others use the machine too
        writer.begin()
        for position in range(block):
            start = time.process_time()
            writer.read(position % 27)
            seconds[position] = min(seconds[position], time.process_time() - start)
    return seconds


def anew(model, n):
    """Seconds for one token more if all n before it are computed again, on plain floats too."""
    plain, best = plain_copy(model), math.inf
    for _ in range(3):
        start = time.perf_counter()
        plain([position % 27 for position in range(n)])
        best = min(best, time.perf_counter() - start)
    return best


def torch_speed(settings):
    """Steps per second of PyTorch, eager, on one thread: the same model, texts and Adam."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    torch.manual_seed(1)
    n, heads, block = settings["n_embd"], settings["n_head"], settings["block_size"]

    def matrix(rows, columns):
        return (0.08 * torch.randn(rows, columns)).requires_grad_()

    words, places, head = matrix(27, n), matrix(block, n), matrix(27, n)
    layers = [
        [*(matrix(n, n) for _ in range(4)), matrix(4 * n, n), matrix(n, 4 * n)]
        for _ in range(settings["n_layer"])
    ]

    def norm(x):
        return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-5)

    def logits(tokens):
        x = words[tokens] + places
        for query, key, value, output, up, down in layers:
            y = norm(x)
            q, k, v = (
                (y @ w.T).view(block, heads, -1).transpose(0, 1) for w in (query, key, value)
            )
            y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + y.transpose(0, 1).reshape(block, n) @ output.T
            x = x + torch.relu(norm(x) @ up.T) @ down.T
        return x @ head.T

    weights = [words, places, head, *(w for layer in layers for w in layer)]
    optimizer = torch.optim.Adam(weights, lr=0.001)
    texts = torch.randint(27, (8, block + 1))

    def step(k):
        text = texts[k % 8]
        loss = torch.nn.functional.cross_entropy(logits(text[:-1]), text[1:])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    for k in range(20):
        step(k)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < 2.0:
        step(count)
        count += 1
    return round(count / (time.perf_counter() - start), 1)


def table(results):
    """The figures as a page for the documentation."""
    lines = [
        "---\norphan: true\n---\n\n# Transformers\n",
        "Written by `python tests/benchmarks/transformer.py` in one run on",
        f"{results['machine']}, CPython {results['python']}, float64; PyTorch is eager, float32,"
        " one thread.\n",
        "| model | parameters | steps/s | tokens/s | PyTorch steps/s | tokens written/s |"
        " compiled | peak memory |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, row in results["speed"].items():
        peer = row["pytorch_steps_per_second"]
        lines.append(
            f"| {name} | {row['parameters']:,} | {row['steps_per_second']:,} |"
            f" {row['tokens_per_second']:,} | {'not installed' if peer is None else f'{peer:,}'} |"
            f" {row['generated_tokens']['per_second']:,} |"
            f" {row['generated_tokens']['compiled_per_second']:,} | {row['peak_memory_mb']:,} MB |"
        )
    lines += ["\nOne token more, in milliseconds, by how many were read before:\n"]
    lines += ["| model | tokens | with the cache | computed anew |", "| --- | ---: | ---: | ---: |"]
    for name, row in results["speed"].items():
        cached = row["generated_tokens"]["milliseconds_after_n_tokens"]
        anew_ = row["generated_tokens"]["milliseconds_without_cache"]
        lines += [f"| {name} | {n} | {cached[n]} | {anew_[n]} |" for n in cached]
    lines += ["\n| recipe | seconds | test loss | bigram baseline | exact answers |"]
    lines += ["| --- | ---: | ---: | ---: | ---: |"]
    for name, row in results["recipes"].items():
        exact = f"{row['test_accuracy']:.1%}" if "test_accuracy" in row else ""
        lines.append(
            f"| {name} | {row['seconds_in_all']} | {row['test_loss']:.3g} |"
            f" {row['baselines']['bigram']:.4g} | {exact} |"
        )
    return "\n".join(lines) + "\n"


def main():
    results = {
        "machine": f"{os.cpu_count()} CPUs, {platform.machine()}",
        "python": platform.python_version(),
        "recipes": {name: recipe(name) for name in ("names", "addition")},
        "speed": {
            name: {**speed(settings), "pytorch_steps_per_second": torch_speed(settings)}
            for name, settings in SIZES.items()
        },
    }
    text = json.dumps(results, indent=2) + "\n"
    (DOCS / "benchmarks-transformer.json").write_text(text, encoding="utf-8")
    (DOCS / "benchmarks-transformer.md").write_text(table(results), encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
