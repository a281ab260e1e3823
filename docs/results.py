"""Measured figures for the prose: read from the files of results, and the code, when it is built.

A page writes ``{{ gpt_ratio }}``, so that no figure in it can be stale; ``figures()`` has them all.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from neuroflow_plugins.datasets import POINT
from neuroflow_plugins.sizes import PARAMETER

from neuroflow.memory import BYTES_PER_VALUE

HERE = Path(__file__).parent
CORE = HERE.parent / "neuroflow" / "core"


def results(name: str) -> Any:
    """The content of one file of results."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def figures() -> dict[str, str]:
    """Each figure as it stands in the prose."""
    eager, engine = results("benchmarks-eager"), results("benchmarks")["results"]
    per_node = [value for key, value in eager.items() if key.startswith("us per node")]
    gpt, moons = times(engine["microgpt"]), times(engine["moons"])
    (costs,) = engine["costs"]
    million = next(size for size in costs["sizes"] if size["nodes"] > 1_000_000)
    ours = "neuroflow llvm, float64"
    core = sum(map(lines, CORE.glob("*.py")))
    chapter = {name: lines(CORE / f"{name}.py") for name in ("value", "gradient")}
    return {
        "node_us": f"{min(per_node):.0f} to {max(per_node):.0f}",
        "node_bytes": f"{costs['eager_bytes']:.0f}",
        "traced_bytes": f"{million['peak_bytes']:.0f}",
        "gpt_ratio": rounded(gpt["microgpt.py, scalar Values"] / gpt[ours]),
        "gpt_c_ratio": f"{gpt[ours] / gpt['C by hand, float64']:.1f}",
        "moons_ratio": rounded(moons["micrograd"] / moons[ours]),
        "moons_c_ratio": f"{moons[ours] / moons['C by hand, float64']:.1f}",
        "core_lines": f"{100 * math.ceil(core / 100):,}",
        "chapter_lines": f"{sum(chapter.values())}",
        "value_lines": f"{chapter['value']}",
        "gradient_lines": f"{chapter['gradient']}",
        "eager_ratio": rounded(eager["ratio with dots"]),
        "value_bytes": f"{BYTES_PER_VALUE}",
        "parameter_bytes": f"{PARAMETER}",
        "point_bytes": f"{POINT}",
        **trust(results("trust")),
        **recipes(results("recipes")),
        "leaks_table": table_of_leaks(results("leaks")),
        **gpu(results("gpu")),
    }


def trust(found: dict[str, Any]) -> dict[str, str]:
    """What the sweeps measured, and where."""
    sweeps, machine = found["sweeps"], found["machine"]
    return {
        "sweeps_count": f"{len(sweeps)}",
        "sweeps_tried": f"{sum(sweep['tried'] for sweep in sweeps.values()):,}",
        "sweeps_faults": f"{sum(sweep['faults'] for sweep in sweeps.values())}",
        "sweeps_machine": f"{machine['system']} with Python {machine['python']}",
        "sweeps_table": table_of_sweeps(sweeps),
    }


def table_of_sweeps(sweeps: dict[str, dict[str, float]]) -> str:
    """A row for each: what was tried, how often, how often it failed, what else was measured."""
    rows = ["| promise | in | tried | faults | measured |", "|---|---|---:|---:|---|"]
    for name, measured in sorted(sweeps.items()):
        file, _, test = name.partition("::")
        others = [
            f"{key.replace('_', ' ')} {number:,}"
            for key, number in measured.items()
            if key not in ("tried", "faults")
        ]
        rows.append(
            f"| {test.removeprefix('test_').replace('_', ' ')} | `{file}` |"
            f" {measured['tried']:,} | {measured['faults']:,} | {', '.join(others)} |"
        )
    return "\n".join(rows)


def recipes(found: dict[str, Any]) -> dict[str, str]:
    """What every recipe reached, and where."""
    machine = found["machine"]
    return {
        "recipes_machine": f"{machine['system']} with Python {machine['python']}",
        "recipes_table": table_of_recipes(found["recipes"]),
    }


def table_of_recipes(found: dict[str, dict[str, float]]) -> str:
    """A row for each: its size, how long it took, and how good it is, on held-out data too."""
    heads = ["recipe", "parameters", "seconds of CPU", "loss", "on held-out data", "counted pairs"]
    rows = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * (len(heads) - 1)}"]
    for name, reached in sorted(found.items()):
        good = [
            f"{what} {reached[key]:.3f}"
            for key, what in (
                ("test_loss", "loss"), ("test_accuracy", "accuracy"), ("test_r2", "$R^2$"),
            )
            if key in reached
        ]  # fmt: skip
        pairs = f"{reached['pairs']:.3f}" if "pairs" in reached else ""
        rows.append(
            f"| {{nf:recipe}}`{name}` | {reached['parameters']:,} | {reached['seconds']:.0f} |"
            f" {reached['loss']:.3f} | {', '.join(good)} | {pairs} |"
        )
    return "\n".join(rows)


def table_of_leaks(found: dict[str, Any]) -> str:
    """A row for each workload: how often, and what was in memory on the way."""
    rows = ["| | times | megabytes | thousand objects |", "|---|---:|---:|---:|"]
    for name, measured in found.items():
        megabytes = ", ".join(f"{x:.0f}" for x in measured["megabytes"])
        objects = ", ".join(f"{x / 1000:.1f}" for x in measured["objects"])
        rows.append(f"| {name} | {measured['count']:,} | {megabytes} | {objects} |")
    return "\n".join(rows)


def gpu(found: dict[str, Any]) -> dict[str, str]:
    """What was measured on a GPU, and on which."""
    facts = found["facts"]
    return {
        "gpu_card": f"{facts['card']}, PyTorch {facts['torch']}, {facts['date']}",
        "gpu_scalars_table": table_of_gpu_scalars(found),
        "gpu_layers_table": table_of_gpu_layers(found),
    }


GPU_WAYS = ("neuroflow, float32", "by hand, eager", "by hand, compiled", "by hand, graph")


def table_of_gpu_scalars(found: dict[str, Any]) -> str:
    """A row for each size: milliseconds a step in each way, and ours beside the others."""
    rows: dict[tuple[str, int], dict[str, float]] = {}
    for figure in found.values():
        if figure.get("way") in GPU_WAYS and "ms" in figure:
            row = rows.setdefault((figure["model"], figure["batch"]), {})
            row[figure["way"]] = figure["ms"]
    heads = [*GPU_WAYS, "eager / neuroflow", "neuroflow / graph"]
    shown = [f"| GPT | batch | {' | '.join(heads)} |", f"|---|{'---:|' * (1 + len(heads))}"]
    for (model, batch), row in sorted(rows.items()):
        ours, eager, _, graph = [row.get(way, math.nan) for way in GPU_WAYS]
        cells = [f"{row.get(way, math.nan):.3g}" for way in GPU_WAYS]
        cells += [f"{eager / ours:.2f}", f"{ours / graph:.2f}"]
        shown.append(f"| {model} | {batch:,} | {' | '.join(cells)} |")
    return "\n".join(shown)


def table_of_gpu_layers(found: dict[str, Any]) -> str:
    """A row for each way of running PyTorch: milliseconds a step of both models."""
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for figure in found.values():
        if "precision" in figure and "ms" in figure:
            rows.setdefault((figure["precision"], figure["how"]), {})[figure["way"]] = figure["ms"]
    shown = ["| precision | PyTorch | nf.to_torch | by hand | ratio |", "|---|---|---:|---:|---:|"]
    for (precision, how), row in rows.items():
        ours, hand = [row.get(way, math.nan) for way in ("nf.to_torch", "by hand")]
        shown.append(f"| {precision} | {how} | {ours:.3g} | {hand:.3g} | {ours / hand:.2f} |")
    return "\n".join(shown)


def lines(file: Path) -> int:
    """How long a file is, docstrings and blank lines included."""
    return len(file.read_text(encoding="utf-8").splitlines())


def times(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Microseconds a step of each line of a table."""
    return {row["label"]: row["us_per_step"] for row in rows}


def rounded(value: float) -> str:
    """Two digits that count: 10702 is 11,000."""
    return f"{float(f'{value:.2g}'):,.0f}"
