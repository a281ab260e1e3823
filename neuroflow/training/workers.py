"""Joining the workers of a job, as PyTorch's ``torchrun`` starts them.

``torchrun --nproc-per-node 2 -m neuroflow train moons`` starts the same command twice. Each process
reads from its environment which of them it is, and PyTorch's own engine adds numbers up over all.
"""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from neuroflow.engine.run.workers import Workers
from neuroflow.errors import InputError, NeuroflowError
from neuroflow.pythonic import whole_number

PLACE = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""The variables by which ``torchrun`` and others tell a process which worker it is."""

PATIENCE = timedelta(minutes=10)
"""How long a worker waits for one that is silent. That one has ended is noticed at once."""


class WorkerError(NeuroflowError, RuntimeError):
    """The workers of a job do not hear from each other, or are not of one job."""


class TorchWorkers(Workers):
    """Workers that add up through ``torch.distributed``: gloo on the processor, nccl on GPUs."""

    def __init__(self, rank: int, count: int) -> None:
        import torch

        self.rank, self.count = rank, count
        self._torch = torch

    def all_reduce(self, numbers: Any) -> None:
        torch = self._torch
        there = isinstance(numbers, torch.Tensor)
        tensor = numbers if there else torch.frombuffer(numbers, dtype=torch.float64)
        try:
            torch.distributed.all_reduce(tensor)
        except RuntimeError as error:
            raise WorkerError(
                "another worker of the job has ended or is silent, so no step can be made",
                expected="all workers, from the first step to the last",
                remedy="look for what it said, and start the job again",
            ) from error

    def leave(self) -> None:
        """Part from the others, who have come to the end too."""
        self._torch.distributed.destroy_process_group()


def check_alike(workers: Workers, things: Mapping[str, bytes]) -> None:
    """Raise :class:`WorkerError` where workers were given different things, by their names."""
    for name, content in things.items():
        digest = int.from_bytes(hashlib.sha256(content).digest()[:6], "big")  # a float is exact
        found = workers.gathered(float(digest))
        if others := [k for k, number in enumerate(found) if number != found[0]]:
            raise WorkerError(
                f"worker {others[0]} of {workers.count} has other {name} than worker 0",
                expected="the same in all workers",
                remedy="give all of them the same command, files and version of neuroflow",
            )


@contextmanager
def joined_workers() -> Iterator[Workers | None]:
    """The workers of this job, as ``torchrun`` started them; None for a process of its own.

    PyTorch is imported only where the environment has ``RANK``, ``WORLD_SIZE``, ``MASTER_ADDR`` and
    ``MASTER_PORT`` of more than one worker. What another worker than the first raises says which
    one it is. Raises :class:`InputError` without PyTorch, or for numbers that cannot be, and
    :class:`WorkerError` where the others do not come.

    >>> from neuroflow import train
    >>> changes = {"train.steps": 2, "train.backend": "eager", "data.points": 4}
    >>> with joined_workers() as workers:
    ...     run = train("moons", changes, workers=workers).run()
    >>> run.step, run.workers
    (2, None)
    """
    if not all(os.environ.get(name) for name in PLACE):
        yield None
        return
    count = _number("WORLD_SIZE", low=1, high=2**31)
    rank = _number("RANK", low=0, high=count - 1)
    if count == 1:
        yield None
        return
    try:
        workers = _joined(rank, count)
        yield workers
    except NeuroflowError as error:
        if rank:
            error.what = f"worker {rank} of {count}: {error.what}"
        raise
    workers.leave()


def _number(name: str, low: int, high: int) -> int:
    text = os.environ[name]
    if not text.isdecimal():
        raise InputError(
            f"the variable {name} of the environment is {text!r}",
            expected="a whole number, as torchrun sets it",
            remedy="unset it to train in one process",
            got=text,
        )
    return whole_number(int(text), name, low=low, high=high)


def _joined(rank: int, count: int) -> TorchWorkers:
    """The group of all workers, once the last of them has come."""
    try:
        from torch import cuda, distributed
    except ImportError as error:
        raise InputError(
            f"the environment asks for {count} workers, who talk through PyTorch, which is missing",
            remedy="pip install 'neuroflow[torch]', or unset WORLD_SIZE to train in one process",
        ) from error
    own = int(os.environ.get("LOCAL_RANK", "0"))
    there = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    has_gpus = cuda.is_available() and there <= cuda.device_count()
    if has_gpus:
        cuda.set_device(own)
    engines = "cpu:gloo,cuda:nccl" if has_gpus else "gloo"
    try:
        with _deaf():
            distributed.init_process_group(engines, timeout=PATIENCE)
    except RuntimeError as error:
        raise WorkerError(
            f"the {count} workers did not come together: {error}",
            remedy="start all of them with torchrun, and look above for what they said",
        ) from error
    return TorchWorkers(rank, count)


@contextmanager
def _deaf() -> Iterator[None]:
    """Let SIGTERM end the process at once: PyTorch hears none while it waits for the others."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
