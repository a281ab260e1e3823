"""Isolation: each plugin loaded in a process of its own, which it may end or hold for ever.

Nothing inside a process can stop a plugin that calls ``os._exit``, crashes in a C library, or never
comes back from its import. From outside it is seen at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path

from attrs import frozen

from neuroflow.registry.discovery import PluginManager, is_bundled, provider_of
from neuroflow.registry.entries import Provider
from neuroflow.registry.points import installed_points

PROGRAM = "from neuroflow.registry.isolation import load_alone; load_alone()"


@frozen
class Verdict:
    """A plugin, and what it did to its process; ``deadly`` if it would have done so to any."""

    provider: Provider
    problem: str = ""
    deadly: bool = False


def verdicts(seconds: float) -> list[Verdict]:
    """Of each third-party plugin; each has so many seconds to load and to end."""
    points = [point for point in installed_points() if not is_bundled(point)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda point: verdict_of(point, seconds), points))


def verdict_of(point: EntryPoint, seconds: float) -> Verdict:
    """What one plugin does to a process of its own."""
    by = provider_of(point)
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        command = [sys.executable, "-c", PROGRAM, by.plugin, by.distribution, str(told)]
        with _started(command) as process:
            try:
                code = process.wait(seconds)
            except subprocess.TimeoutExpired:
                what = "has not loaded" if not told.exists() else "keeps its process from ending"
                return Verdict(by, f"it {what} after {seconds:g} s", deadly=True)
        if told.exists() and code == 0:
            return Verdict(by, json.loads(told.read_text()))
    return Verdict(by, f"it {_ending(code)} while it is loaded", deadly=True)


@contextlib.contextmanager
def _started(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process without input and output; at the end it and its children are gone."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        yield process
    finally:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
        process.wait()


def _ending(code: int) -> str:
    if code >= 0:
        return f"ends the process with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"ends the process with {signal.Signals(-code).name}"
    return f"ends the process with signal {-code}"


def load_alone() -> None:
    """Load the plugin that the command line names, and write down what became of it."""
    plugin, distribution, told = sys.argv[1:]
    points = [p for p in installed_points() if p.name == plugin]
    mine = [p for p in points if provider_of(p).distribution == distribution]
    failures = [plugin.failure for plugin in PluginManager(mine).failures]
    Path(told).write_text(json.dumps("".join(failures)))
