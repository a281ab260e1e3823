"""The registry with 100 synthetic plugins and 5,000 entries: first use, and look-ups.

Run: python tests/benchmarks/registry.py [--json]. First use is compared with importing the very
same modules by hand, in a fresh process each time; a look-up with one in a registry of 50 entries.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PLUGINS, ENTRIES, ROUNDS = 100, 50, 9

MODULE = """
import neuroflow as nf

ENTRIES = [
    nf.ActivationEntry(name=f"act_{number}_{{k}}", target="math:tanh", summary="One of many.")
    for k in range({entries})
]

@nf.hookimpl
def neuroflow_activations():
    return ENTRIES
"""

BY_HAND = """
import time
start = time.perf_counter()
import neuroflow.registry.manager
from importlib import import_module
from importlib.metadata import entry_points
for point in entry_points(group="neuroflow"):
    import_module(point.value)
print(time.perf_counter() - start)
"""

FIRST_USE = """
import time
start = time.perf_counter()
import neuroflow as nf
nf.get("activation", "relu")
print(time.perf_counter() - start)
"""

LOOK_UP = """
import timeit
from neuroflow.registry.manager import manager
registry = manager().registry
name = [e.name for e in registry.entries("activation")][-1]
registry.get("activation", name)
print(min(timeit.repeat(lambda: registry.get("activation", name), number=2000, repeat=5)) / 2000)
"""


def install(folder: Path, plugins: int) -> None:
    """Distributions as pip leaves them behind, one plugin each."""
    for number in range(plugins):
        name = f"synthetic_{number}"
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[neuroflow]\n{name} = {name}\n")
        (folder / f"{name}.py").write_text(MODULE.format(number=number, entries=ENTRIES))


def seconds(program: str, folder: Path) -> float:
    """What a program prints, as the median over fresh processes."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", program]
    outputs = [
        subprocess.run(command, env=environment, text=True, capture_output=True, check=True).stdout
        for _ in range(ROUNDS)
    ]
    return statistics.median(map(float, outputs))


def measure() -> dict[str, float]:
    """All figures, in seconds, and the two ratios."""
    with tempfile.TemporaryDirectory() as folder:
        many, one = Path(folder) / "many", Path(folder) / "one"
        install(many, PLUGINS)
        install(one, 1)
        seconds(BY_HAND, many)  # writes the compiled modules
        seconds(BY_HAND, one)
        by_hand, first_use = seconds(BY_HAND, many), seconds(FIRST_USE, many)
        small, large = seconds(LOOK_UP, one), seconds(LOOK_UP, many)
    return {
        "plugins": PLUGINS,
        "entries": PLUGINS * ENTRIES,
        "imports_by_hand_s": by_hand,
        "first_use_s": first_use,
        "first_use_ratio": first_use / by_hand,
        "look_up_50_s": small,
        "look_up_5000_s": large,
        "look_up_ratio": large / small,
    }


def main() -> None:
    """Print the figures; fail if a bound is broken."""
    figures = measure()
    if "--json" in sys.argv:
        print(json.dumps(figures))
    else:
        print(f"{figures['plugins']} plugins, {figures['entries']} entries")
        print(f"imports by hand  {figures['imports_by_hand_s'] * 1e3:8.1f} ms")
        print(f"first use        {figures['first_use_s'] * 1e3:8.1f} ms"
              f"   {figures['first_use_ratio']:.2f} times")  # fmt: skip
        print(f"one look-up      {figures['look_up_5000_s'] * 1e6:8.2f} us"
              f"   {figures['look_up_ratio']:.2f} times that among 50 entries")  # fmt: skip
    sys.exit(0 if figures["first_use_ratio"] <= 1.5 and figures["look_up_ratio"] <= 2.0 else 1)


if __name__ == "__main__":
    main()
