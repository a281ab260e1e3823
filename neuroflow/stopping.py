"""Ctrl-C and SIGTERM: a command stops at once, a run between two of its steps.

A step that takes longer than :data:`PATIENCE` after the signal is cut off: what is saved is then
that of an earlier step. A second signal does the same at once.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

PATIENCE = 1.0
"""So many seconds a step may take to its end after it was asked to stop."""


class Terminated(KeyboardInterrupt):
    """Something was stopped by SIGTERM; Ctrl-C is a plain KeyboardInterrupt."""


def terminate(number: int, frame: FrameType | None) -> None:
    """Stop as Ctrl-C does, so that what was begun is put away."""
    raise Terminated


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM stops what goes on inside, unless somebody else chose what it does."""
    in_charge = threading.current_thread() is threading.main_thread()
    if not in_charge or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Signals:
    """What was heard since the run began: the number of a signal, or 0."""

    def __init__(self) -> None:
        self.number = 0

    def hear(self, number: int, frame: FrameType | None = None) -> None:
        """Note a signal; stop at once if that is the second, or if patience has ended."""
        if self.number:
            raise KeyboardInterrupt
        self.number = number
        if hasattr(signal, "setitimer"):  # Windows has none: there a second Ctrl-C cuts a step off
            signal.signal(signal.SIGALRM, self.hear)
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def heard(self) -> bool:
        """Whether to stop; if so, what is being done now may take its time."""
        if self.number:
            _stop_the_clock()
        return bool(self.number)

    def stopped(self, told: str) -> KeyboardInterrupt:
        """What to raise for the signal that was heard; ``told`` says where the run stands."""
        return Terminated(told) if self.number == signal.SIGTERM else KeyboardInterrupt(told)


@contextlib.contextmanager
def listening() -> Iterator[Signals]:
    """Note signals instead of stopping in the middle of a step; in the main thread alone.

    SIGTERM is left to those who chose what it does.
    """
    signals = Signals()
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    before = {signal.SIGINT: signal.signal(signal.SIGINT, signals.hear)}
    if signal.getsignal(signal.SIGTERM) in (signal.SIG_DFL, terminate):
        before[signal.SIGTERM] = signal.signal(signal.SIGTERM, signals.hear)
    if hasattr(signal, "SIGALRM"):
        before[signal.SIGALRM] = signal.getsignal(signal.SIGALRM)
    try:
        yield signals
    finally:
        if signals.number:
            _stop_the_clock()
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_the_clock() -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
