"""Workers of one job as threads of this process: what they agree on, without PyTorch."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from neuroflow.engine.run.workers import Workers

PATIENCE = 60.0


class ThreadWorkers(Workers):
    """A worker in a thread; ``shared`` is what all of them see, ``calls`` counts the sums."""

    def __init__(self, rank, count, shared, barrier):
        self.rank, self.count = rank, count
        self.shared, self.barrier = shared, barrier
        self.calls = 0

    def all_reduce(self, numbers):
        self.calls += 1
        is_tensor = hasattr(numbers, "numpy")
        own = numbers.numpy() if is_tensor else np.frombuffer(numbers, dtype=np.float64)
        self.shared[self.rank] = own.copy()
        self.barrier.wait(PATIENCE)
        assert len({len(each) for each in self.shared}) == 1, "they are asked different things"
        total = sum(self.shared[1:], self.shared[0].copy())
        self.barrier.wait(PATIENCE)
        own[:] = total


def job(count, work):
    """What ``work(workers)`` gives in each of so many workers; the first error ends all."""
    shared, barrier = [None] * count, threading.Barrier(count)

    def one(rank):
        try:
            return work(ThreadWorkers(rank, count, shared, barrier))
        except BaseException:
            barrier.abort()
            raise

    with ThreadPoolExecutor(count) as pool:
        tasks = [pool.submit(one, rank) for rank in range(count)]
    errors = [task.exception() for task in tasks if task.exception()]
    for error in errors:
        if not isinstance(error, threading.BrokenBarrierError):
            raise error
    return [task.result() for task in tasks]
