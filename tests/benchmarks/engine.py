"""The engine beside its peers, in one run: every program from the same start to the same loss.

    python tests/benchmarks/engine.py --names NAMES.TXT [--only WORKLOAD]

Workloads: moons, microgpt, names32, digits, costs. Writes ``docs/benchmarks.json`` and the table
``docs/benchmarks.md``. Needs a C compiler, torch, jax, micrograd, scikit-learn and llvmlite; a peer
that is missing is left out. ``NAMES.TXT`` is the list of names that microgpt.py downloads; without
it, names are made up and the reference loss does not apply.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PEERS = HERE / "peers"
DOCS = HERE.parents[1] / "docs"
PYTHON = sys.executable

Result = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path, default=DOCS)
    options = parser.parse_args()
    old = options.out / "benchmarks.json"
    results = json.loads(old.read_text())["results"] if old.exists() and options.only else {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, options.names)
        for workload, programs in plan(folder).items():
            if options.only in ("", workload):
                results[workload] = [measure(folder, *program) for program in programs]
    facts = {"processor": processor(), "python": platform.python_version(), "cores": os.cpu_count()}
    old.write_text(json.dumps({"machine": facts, "results": results}, indent=1) + "\n")
    (options.out / "benchmarks.md").write_text(table(facts, results))
    check(results)


def prepare(folder: Path, names: Path | None) -> None:
    """Data and compiled peers, in a folder of their own."""
    for peer in PEERS.iterdir():
        shutil.copy(peer, folder)
    (folder / "data").mkdir()
    write_moons(folder / "data")
    write_names(folder / "data", names)
    write_digits(folder / "data")
    for program in ("moons", "microgpt"):
        for kind in ("double", "float"):
            command = ["gcc", "-O3", "-march=native", "-ffast-math", "-mprefer-vector-width=512"]
            command += [f"-DT={kind}", f"{program}.c", "-o", f"{program}_{kind}", "-lm"]
            subprocess.run(command, cwd=folder, check=True)


def write_moons(data: Path) -> None:
    """micrograd's demo: seeds 1337; each neuron's weights uniform in (-1, 1), then its bias 0."""
    import numpy as np
    from sklearn.datasets import make_moons

    np.random.seed(1337)
    random.seed(1337)
    points, labels = make_moons(n_samples=100, noise=0.1)
    labels = labels * 2 - 1
    numbers: list[float] = []
    for inputs, neurons in [(2, 16), (16, 16), (16, 1)]:
        for _ in range(neurons):
            numbers += [random.uniform(-1, 1) for _ in range(inputs)] + [0.0]
    facts = {"X": points.tolist(), "y": labels.tolist(), "p": numbers}
    (data / "moons.json").write_text(json.dumps(facts))
    packed = struct.pack("100d", *labels) + struct.pack("200d", *points.ravel())
    (data / "moons.bin").write_bytes(packed + struct.pack("337d", *numbers))


def write_names(data: Path, names: Path | None) -> None:
    """microgpt.py's start: seed 42, shuffled documents, then 4,192 gaussians."""
    random.seed(42)
    if names is None:
        letters = "abcdefghijklmnopqrstuvwxyz"
        documents = ["".join(random.choices(letters, k=random.randint(3, 10))) for _ in range(9000)]
    else:
        documents = [line.strip() for line in names.read_text().splitlines() if line.strip()]
    random.shuffle(documents)
    weights = [random.gauss(0, 0.08) for _ in range(4192)]
    (data / "gpt_init.bin").write_bytes(struct.pack("4192d", *weights))
    (data / "docs.txt").write_text("\n".join(documents) + "\n")


def write_digits(data: Path) -> None:
    """1,024 of scikit-learn's digits, and weights of an MLP 64-256-256-10."""
    import numpy as np
    from sklearn.datasets import load_digits

    digits, rng = load_digits(), np.random.default_rng(1)
    numbers: list[float] = []
    for a, b in ((64, 256), (256, 256), (256, 10)):
        for _ in range(b):
            numbers += [*(rng.normal(size=a) * (2 / a) ** 0.5).tolist(), 0.0]
    facts = {
        "X": (digits.data[:1024] / 16).tolist(), "y": digits.target[:1024].tolist(), "p": numbers,
    }  # fmt: skip
    (data / "digits.json").write_text(json.dumps(facts))


def plan(folder: Path) -> dict[str, list[tuple[str, list[str]]]]:
    """The programs of each workload: a label, and a command."""

    def own(what: str, label: str, backend: str, bits: str, *sizes: str) -> tuple[str, list[str]]:
        command = [PYTHON, str(HERE / "workload.py"), what, backend, f"float{bits}", *sizes]
        return f"neuroflow {label}, float{bits}", command

    one, many = ("1", "1000"), ("32", "200")
    return {
        "moons": [
            own("moons", "llvm", "llvm", "64"),
            own("moons", "llvm", "llvm", "32"),
            own("moons", "numpy", "numpy", "64"),
            ("C by hand, float64", ["./moons_double"]),
            ("C by hand, float32", ["./moons_float"]),
            ("JAX scan, float32", [PYTHON, "moons_jax.py", "32", "scan"]),
            ("JAX step by step, float32", [PYTHON, "moons_jax.py", "32", "step"]),
            ("numpy by hand, float64", [PYTHON, "moons_numpy.py", "64"]),
            ("PyTorch eager, float32", [PYTHON, "moons_torch.py", "32", "eager"]),
            ("PyTorch compiled, float32", [PYTHON, "moons_torch.py", "32", "compile"]),
            ("micrograd", [PYTHON, "moons_micrograd.py", "2"]),
        ],
        "microgpt": [
            own("microgpt", "llvm", "llvm", "64", *one),
            own("microgpt", "llvm", "llvm", "32", *one),
            own("microgpt", "numpy", "numpy", "64", "1", "100"),
            ("C by hand, float64", ["./microgpt_double"]),
            ("C by hand, float32", ["./microgpt_float"]),
            ("JAX scan, float32", [PYTHON, "microgpt_jax.py", "32", "scan", *one]),
            ("JAX step by step, float32", [PYTHON, "microgpt_jax.py", "32", "step", *one]),
            ("numpy by hand, float64", [PYTHON, "microgpt_numpy.py", "64", "1000"]),
            ("PyTorch eager, float32", [PYTHON, "microgpt_torch.py", "32", "eager", *one]),
            ("PyTorch compiled, float32", [PYTHON, "microgpt_torch.py", "32", "compile", *one]),
            ("microgpt.py, scalar Values", [PYTHON, "microgpt_scalar.py", "5"]),
        ],
        "names32": [
            own("microgpt", "llvm", "llvm", "32", *many),
            own("microgpt", "llvm", "llvm", "64", *many),
            ("JAX scan, float32", [PYTHON, "microgpt_jax.py", "32", "scan", *many]),
            ("PyTorch eager, float32", [PYTHON, "microgpt_torch.py", "32", "eager", *many]),
            ("PyTorch compiled, float32", [PYTHON, "microgpt_torch.py", "32", "compile", *many]),
        ],
        "digits": [
            own("digits", "llvm", "llvm", "64", "48"),
            own("digits", "llvm", "llvm", "32", "48"),
            own("digits", "numpy", "numpy", "64", "48"),
            ("numpy by hand, float64", [PYTHON, "digits_numpy.py", "64", "48"]),
            ("numpy by hand, float32", [PYTHON, "digits_numpy.py", "32", "48"]),
        ],
        "costs": [("costs", [PYTHON, str(HERE / "costs.py")])],
    }


def measure(folder: Path, label: str, command: list[str]) -> Result:
    """One program, pinned to one core unless its matrix products want more."""
    print(label, "...", end=" ", flush=True, file=sys.stderr)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment |= {"NEUROFLOW_CACHE": str(folder / "cache"), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if not lines:
        print("left out:", done.stderr.strip().splitlines()[-1:], file=sys.stderr)
        return {"label": label, "missing": True}
    result: Result = {"label": label, **json.loads(lines[-1].removeprefix("RESULT "))}
    if "train_s" in result:
        result["us_per_step"] = result["train_s"] / result["steps"] * 1e6
        print(f"{result['us_per_step']:.1f} us", file=sys.stderr)
    else:
        print("done", file=sys.stderr)
    return result


TITLES = {
    "moons": "Moons: MLP 2-16-16-1, 100 points, full batch, 100 steps",
    "microgpt": "microgpt: transformer of 4,192 parameters, one name per step, 1,000 steps, Adam",
    "names32": "The same with 32 names per step, 200 steps",
    "digits": "Digits: MLP 64-256-256-10, batch 128, 48 steps",
}


def table(facts: Result, results: dict[str, list[Result]]) -> str:
    """The results as a page: times and ratios to the first line of each workload."""
    lines = [
        "---", "orphan: true", "---", "", "# Benchmarks", "",
        f"One run on {facts['processor']} ({facts['cores']} cores, one used), Python"
        f" {facts['python']}; `python tests/benchmarks/engine.py` writes this page anew. A ratio"
        " above 1 means that the line takes so many times as long as neuroflow's first line.",
        "Times are the least of several runs. Compilation is not in them; it is stated apart.", "",
    ]  # fmt: skip
    for workload, title in TITLES.items():
        rows = [row for row in results.get(workload, []) if "us_per_step" in row]
        if not rows:
            continue
        base = rows[0]["us_per_step"]
        lines += [f"## {title}", "", "| program | us per step | ratio | last loss |"]
        lines += ["| --- | ---: | ---: | ---: |"]
        lines += [
            f"| {row['label']} | {row['us_per_step']:,.1f} | {row['us_per_step'] / base:,.2f} |"
            f" {row['final_loss']:.10g} |"
            for row in rows
        ]
        lines += [""]
        lines += first_calls([row for row in rows if "trace_s" in row])
    costs = next((row for row in results.get("costs", []) if "sizes" in row), None)
    return "\n".join([*lines, *(cost_lines(costs) if costs else [])]) + "\n"


def first_calls(rows: list[Result]) -> list[str]:
    """What a first run costs beside its steps."""
    lines = [
        f"- {row['label']}: trace and plan of one structure {row['trace_s']:.2f} s, of all with"
        f" schedules {row['plan_s']:.2f} s, kernels {row['compile_s']:.2f} s;"
        f" `Runner.run` as called {row['run_s'] / row['steps'] * 1e6:,.1f} us per step"
        for row in rows
    ]
    return [*lines, ""]


def cost_lines(costs: Result) -> list[str]:
    """Cost per node and first calls."""
    lines = [
        "## Costs",
        "",
        "| nodes | trace, us/node | plan, us/node | run, ns/node | bytes/node |",
    ]
    lines += ["| ---: | ---: | ---: | ---: | ---: |"]
    lines += [
        f"| {s['nodes']:,} | {s['trace_us']:.2f} | {s['plan_us']:.2f} | {s['run_ns']:.2f} |"
        f" {s['bytes']:.0f} (traced peak {s['peak_bytes']:.0f}) |"
        for s in costs["sizes"]
    ]
    lines += [
        "",
        f"An eager node takes {costs['eager_bytes']:.0f} bytes."
        f" Kernels for microgpt: {costs['cold_s']:.2f} s cold, {costs['cached_s']:.2f} s from the"
        " cache on disk, after the import of llvmlite.",
    ]
    return lines


def check(results: dict[str, list[Result]]) -> None:
    """All programs of a workload end at the same loss; float32 within its precision."""
    for workload in TITLES:
        losses = {
            row["label"]: row["final_loss"]
            for row in results.get(workload, [])
            if "final_loss" in row
            and row["steps"] > 5
            and row.get("steps") != 100 * (workload == "microgpt")
        }
        if losses and max(losses.values()) - min(losses.values()) > 1e-3 * max(losses.values()):
            raise SystemExit(f"{workload}: losses differ: {losses}")


def processor() -> str:
    """The name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(
            line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.processor() or "an unknown processor"


if __name__ == "__main__":
    main()
