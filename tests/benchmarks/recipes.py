"""Train every recipe to its end, and write what it reached into docs/recipes.json.

    python -m tests.benchmarks.recipes [NAMES ...]

A few minutes on two cores. With names only these are trained, and the others' figures stay; those
of recipes that are no more are left out. docs/reference/recipes.md shows the table.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import neuroflow as nf
from tests.benchmarks.trust import machine

RESULTS = Path(__file__).parents[2] / "docs" / "recipes.json"
KEPT = ("loss", "accuracy", "r2", "test_loss", "test_accuracy", "test_r2")
"""Which of its last metrics are kept."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="which recipes; all if there are none")
    wanted = parser.parse_args().names
    known = json.loads(RESULTS.read_text("utf-8"))["recipes"] if RESULTS.exists() else {}
    names = [entry.name for entry in nf.find("neuroflow/*", "recipe")]
    for name in wanted or names:
        known[name] = measured(name)
        print(f"{name:<24}{known[name]}", flush=True)
        kept = {each: known[each] for each in names if each in known}
        results = {"machine": machine(), "recipes": kept}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def measured(name: str) -> dict[str, Any]:
    """What a recipe reached with the backend that is fastest here, and in how much CPU time."""
    started = time.process_time()
    run = nf.train(name).run()
    seconds = time.process_time() - started
    reached = {key: round(run.metrics[key], 4) for key in KEPT if key in run.metrics}
    reached.setdefault("loss", round(run.loss, 4))
    baselines = run.dataset.facts.get("baselines", {})
    return {
        "parameters": len(run.runner.parameters), "seconds": round(seconds, 1), **reached,
        **({"pairs": round(baselines["bigram"], 4)} if "bigram" in baselines else {}),
    }  # fmt: skip


if __name__ == "__main__":
    main()
