"""Several processes at once, each of which runs one point of a sweep after the other."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import define, field

from neuroflow.errors import InputError
from neuroflow.registry.manager import manager

Task = dict[str, Any]
"""What :mod:`neuroflow.experiments.worker` is handed: source, changes and folder."""


@define(eq=False)
class Job:
    """A process that works, and is replaced by another where it ended in the middle of a run."""

    _process: Any = None
    _is_stopped: bool = False
    _lock: Any = field(factory=threading.Lock)

    def result_of(self, line: str) -> str:
        """What went wrong in a task; nothing is begun any more after :meth:`stop`."""
        with self._lock:
            if self._is_stopped:
                return "stopped"
            if self._process is None or self._process.poll() is not None:
                self._process = _process()
        answer = ""
        with contextlib.suppress(OSError, ValueError):  # it has ended
            self._process.stdin.write(line)
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        return str(json.loads(answer)["problem"]) if answer else self._how_it_ended()

    def stop(self) -> None:
        """Let the run be saved where it stands, and the process end."""
        with self._lock:
            self._is_stopped = True
            if self._process is not None:
                self._process.terminate()

    def close(self) -> None:
        """Wait for the end of the process."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"its process ended in the middle of the run, with {how}; run it again to go on"


def _process() -> subprocess.Popen[str]:
    """A worker that hears no Ctrl-C of the terminal: who started it stops it, once."""
    here = "" in sys.path or os.getcwd() in sys.path
    words = [sys.executable, *([] if here else ["-P"]), "-m", "neuroflow.experiments.worker"]
    words += [plugin.provider.file for plugin in manager().plugins if plugin.provider.is_local]
    return subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, encoding="utf-8", start_new_session=True,
    )  # fmt: skip


def results_of(tasks: Sequence[Task], count: int) -> Iterator[tuple[int, str]]:
    """The number of each task as it ends, and what went wrong in it; ``count`` at the same time.

    Who stops listening stops all: each run is saved where it stands.
    """
    lines = list(map(_line, tasks))
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(tasks)):
        waiting.put(number)
    ended: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
    jobs = [Job() for _ in range(min(count, len(tasks)))]
    threads = [threading.Thread(target=_feed, args=(job, lines, waiting, ended)) for job in jobs]
    try:
        for thread in threads:
            thread.start()
        for _ in tasks:
            yield ended.get()
    finally:
        for job in jobs:
            job.stop()
        for thread in threads:
            thread.join()
        for job in jobs:
            job.close()


def _feed(
    job: Job,
    lines: Sequence[str],
    waiting: queue.SimpleQueue[int],
    ended: queue.SimpleQueue[tuple[int, str]],
) -> None:
    """Hand a job one task after the other, and note how each ended."""
    with contextlib.suppress(queue.Empty):
        while True:
            number = waiting.get_nowait()
            ended.put((number, job.result_of(lines[number])))


def _line(task: Task) -> str:
    try:
        return json.dumps(task) + "\n"
    except (TypeError, ValueError) as error:
        raise InputError(
            f"a point cannot be handed to another process: {error}",
            expected="a file, a recipe, or a table of names and numbers",
            remedy="use jobs=1, which stays in this process",
            got=task,
        ) from error
