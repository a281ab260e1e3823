"""Memory while the same thing is done thousands of times: flat, or something is kept.

    python -m tests.benchmarks.leaks [--share 0.1] [NAMES ...]

Each workload runs in a process of its own. Its resident memory, and how many objects Python's
garbage collector knows, are noted at 10%, 50% and 100%. Writes docs/leaks.json, which
docs/explanation/trust.md shows.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import neuroflow as nf

RESULTS = Path(__file__).parents[2] / "docs" / "leaks.json"
SHORT = {"train.steps": 1, "train.backend": "numpy"}
SMALL = {
    **SHORT, "train.batch": 1, "optimizer.schedule.warmup": 0, "data.most_lines": 20,
    "model.n_embd": 4, "model.n_head": 1,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="which workloads; all if there are none")
    parser.add_argument("--share", type=float, default=1.0, help="of the counts")
    parser.add_argument("--one", action="store_true", help="run one workload here")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(options.names[0], options.share)))
        return
    found = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for name in options.names or WORKLOADS:
        command = [sys.executable, "-m", "tests.benchmarks.leaks", "--one", name]
        command += ["--share", str(options.share)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[name] = json.loads(done.stdout)
        print(f"{name:<50}{found[name]}", flush=True)
        kept = {name: found[name] for name in WORKLOADS if name in found}
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def measured(name: str, share: float = 1.0) -> dict[str, Any]:
    """Megabytes and objects at 10%, 50% and 100% of a workload."""
    count, work = WORKLOADS[name]
    count = max(10, int(count * share))
    warnings.simplefilter("ignore")
    megabytes, objects, done = [], [], 0
    turns = work()
    for upto in (count // 10, count // 2, count):
        for _ in islice(turns, upto - done):
            pass
        done = upto
        gc.collect()
        megabytes.append(round(resident() / 1e6, 1))
        objects.append(len(gc.get_objects()))
    return {"count": count, "megabytes": megabytes, "objects": objects}


def resident() -> int:
    """The memory of this process that is in use, in bytes; Linux tells."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


class Scaled(nf.Module):
    """A number times a weight."""

    def __init__(self) -> None:
        self.weight = nf.Value(1.0)

    def forward(self, x: Any) -> Any:
        return x * self.weight


def mean_error(model: Any, xs: Any) -> Any:
    return (model(nf.mean(xs)) - 1.0) ** 2


def steps() -> Iterator[Any]:
    """Training steps of the moons, many to a call."""
    runner = nf.train("moons").runner
    batches, rates = [[*range(k, k + 20)] for k in range(80)], [0.01] * 80
    while True:
        yield from runner.run(batches, rates)


def changing() -> Iterator[Any]:
    """Training steps on an example that is another one each time."""

    class Changing(list[Any]):
        def __getitem__(self, k: Any) -> Any:
            return ([rng.random() for _ in range(20)],)

    rng, rule = nf.SplitMix32(1), nf.get("optimizer", "sgd").load()
    runner = nf.make_runner(Scaled(), mean_error, Changing([0]), rule, compare=False)
    while True:
        yield runner.run([[0]], [0.01])


def functions() -> Iterator[Any]:
    """Fresh functions, compiled and called once."""
    while True:
        model = Scaled()
        yield nf.compile(lambda x, model=model: model(x)).value_and_gradients(2.0)


def structures() -> Iterator[Any]:
    """New structures of the inputs of one function."""
    fast = nf.compile(lambda xs, ys: nf.sum(xs) * nf.sum(ys))
    for n in range(1, 10**6):
        for m in range(1, 101):
            yield fast.value([0.5] * (n % 100 + 1), [0.5] * m)


def surgery() -> Iterator[Any]:
    """A parameter is replaced, and the model trained a step."""
    model, rule = Scaled(), nf.get("optimizer", "adam").load()
    runner = nf.make_runner(model, mean_error, [([1.0, 2.0],)], rule, compare=False)
    while True:
        model.weight = nf.Value(0.5)
        yield runner.run([[0]], [0.01])


def modules() -> Iterator[Any]:
    """Fresh models given to one compiled function."""
    fast = nf.compile(lambda model, x: model(x))
    while True:
        yield fast.value(Scaled(), 2.0)


def graphs() -> Iterator[Any]:
    """Graphs of plain Values, with their gradients."""
    model = nf.build("mlp", sizes=[2, 8, 1], activation="tanh", rng=nf.SplitMix32(0))
    while True:
        model.zero_grad()
        model([0.5, 1.0]).backward()
        yield


def messages() -> Iterator[Any]:
    """Messages to a live page."""
    from neuroflow.live.tab import Tab

    tab = Tab("classification")
    while True:
        yield tab.handle([{"do": "step", "count": 1}])
        yield tab.handle([{"do": "explain", "point": [0.5, 0.5]}])
        yield tab.handle([{"do": "configure", "setup": {"hidden": [4]}}])


def resumes() -> Iterator[Any]:
    """A run is read from its folder, and goes on to its end."""
    with tempfile.TemporaryDirectory() as folder:
        nf.Run.start("moons", Path(folder, "run"), SHORT).run()
        while True:
            yield nf.Run.resume(Path(folder, "run")).run()


def predictions() -> Iterator[Any]:
    """A saved model is loaded and asked."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "moons.safetensors")
        nf.save(nf.train("moons", SHORT).model, file)
        while True:
            yield nf.predict(file, [[0.5, 0.5]])


def texts() -> Iterator[Any]:
    """A language model writes a text, compiled."""
    model = nf.train("names", SMALL).model
    while True:
        yield nf.generate(model, most_tokens=5, backend="numpy")


WORKLOADS: dict[str, tuple[int, Callable[[], Iterator[Any]]]] = {
    "training steps": (100_000, steps),
    "steps on changing examples": (20_000, changing),
    "traces of fresh functions": (10_000, functions),
    "traces of new structures": (10_000, structures),
    "traces after a replaced parameter": (10_000, surgery),
    "models given to one compiled function": (10_000, modules),
    "graphs of plain Values": (10_000, graphs),
    "messages to a live page": (1_000, messages),
    "resumed runs": (1_000, resumes),
    "predictions of a saved model": (1_000, predictions),
    "generated texts": (1_000, texts),
}
"""How often, and what."""


if __name__ == "__main__":
    main()
