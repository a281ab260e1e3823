"""Manners: what a plugin may not change in the process while it loads; it is put back and told.

Each line of :data:`GUARDED` is one thing that the rest of the process relies on. What a library
sets for good reasons stays as it is: environment variables, ``sys.path``, its own modules.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import locale
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from attrs import frozen

STREAMS = ("stdin", "stdout", "stderr")


@frozen
class Guarded:
    """One thing: how it is called, what it is now, and how to put it back."""

    name: str
    read: Callable[[], Any]
    put_back: Callable[[Any], object]


def folder() -> str | None:
    """Where relative paths begin; None if that folder is gone."""
    try:
        return os.getcwd()
    except OSError:
        return None


def umask() -> int:
    """Permissions that new files do not get; the system tells them only when they are set."""
    now = os.umask(0o077)
    os.umask(now)
    return now


SIGNALS = [
    getattr(signal, name)
    for name in (
        "SIGINT",
        "SIGTERM",
        "SIGHUP",
        "SIGQUIT",
        "SIGPIPE",
        "SIGALRM",
        "SIGCHLD",
        "SIGTSTP",
    )
    if hasattr(signal, name)
]
"""Those by which people and programs steer a process."""


def handlers() -> dict[int, Any]:
    """What is done about each signal."""
    return {number: signal.getsignal(number) for number in SIGNALS}


def put_handlers_back(before: dict[int, Any]) -> None:
    """Only the main thread may; what was set outside Python is not known and stays."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number, handler in before.items():
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)


def alarm() -> bool:
    """Whether an alarm is set that would end the process."""
    return hasattr(signal, "getitimer") and signal.getitimer(signal.ITIMER_REAL)[0] > 0


def put_alarm_back(was_set: bool) -> None:
    """Stop the clock if it was not running."""
    if not was_set:
        signal.setitimer(signal.ITIMER_REAL, 0)


def streams() -> list[Any]:
    """What ``print`` and ``input`` use."""
    return [getattr(sys, name) for name in STREAMS]


def put_streams_back(before: list[Any]) -> None:
    """A stream that was closed cannot be opened again."""
    for name, stream in zip(STREAMS, before, strict=True):
        setattr(sys, name, stream)


def filters() -> list[Any]:
    """Which warnings are shown, and which are errors, whoever they come from.

    That a library quietens one message, its own kind or one module is its own affair.
    """
    return [f for f in warnings.filters if is_for_all(f)]


def is_for_all(chosen: Any) -> bool:
    """Whether a filter is about a kind of warning of Python's own, whatever it says and where."""
    _, message, category, module, _ = chosen
    of_python = getattr(builtins, category.__name__, None) is category
    return message is None and module is None and of_python


def put_filters_back(before: list[Any]) -> None:
    """The list itself is known elsewhere: only what is in it changes."""
    kept = [f for f in warnings.filters if not is_for_all(f)]
    warnings.filters[:] = [*kept, *before]  # type: ignore[index]
    getattr(warnings, "_filters_mutated", lambda: None)()  # what was shown once is asked anew


USUAL_PRECISION = 28, "ROUND_HALF_EVEN"
"""What decimal starts with; it is not imported for this, for that takes longer than all else."""


def precision() -> tuple[int, str]:
    """Digits of decimal numbers, and how they are rounded or will be when they are imported."""
    if "decimal" not in sys.modules:
        return USUAL_PRECISION
    context = sys.modules["decimal"].getcontext()
    return context.prec, context.rounding


def put_precision_back(before: tuple[int, str]) -> None:
    """Digits and rounding; the rest of the context stays."""
    context = sys.modules["decimal"].getcontext()
    context.prec, context.rounding = before


USUAL = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
"""What numpy starts with."""


def numpy_errors() -> dict[str, str]:
    """What numpy does about overflow and the like, or will do when it is imported."""
    numpy = sys.modules.get("numpy")
    return dict(numpy.geterr()) if numpy else USUAL


GUARDED = [
    Guarded("the current folder", folder, lambda was: os.chdir(was) if was else None),
    Guarded("the umask", umask, os.umask),
    Guarded("the locale", lambda: locale.setlocale(locale.LC_ALL),
            lambda was: locale.setlocale(locale.LC_ALL, was)),
    Guarded("signal handlers", handlers, put_handlers_back),
    Guarded("the alarm clock", alarm, put_alarm_back),
    Guarded("the filters of warnings", filters, put_filters_back),
    Guarded("the random state", random.getstate, random.setstate),
    Guarded("the functions of random", lambda: vars(random).copy(), vars(random).update),
    Guarded("the precision of decimal", precision, put_precision_back),
    Guarded("the errors of numpy", numpy_errors,
            lambda was: sys.modules["numpy"].seterr(**was)),
    Guarded("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    Guarded("garbage collection", gc.isenabled, lambda was: gc.enable() if was else gc.disable()),
    Guarded("sys.excepthook", lambda: sys.excepthook, lambda was: setattr(sys, "excepthook", was)),
    Guarded("standard streams", streams, put_streams_back),
]  # fmt: skip
"""All that is looked at before and after a plugin is loaded."""


@contextlib.contextmanager
def mannered() -> Iterator[list[str]]:
    """Put back what is changed inside; afterwards the list names it.

    >>> import random
    >>> with mannered() as changed:
    ...     random.seed(1)
    >>> changed
    ['the random state']
    """
    changed: list[str] = []
    before = [thing.read() for thing in GUARDED]
    try:
        yield changed
    finally:
        for thing, was in zip(GUARDED, before, strict=True):
            if thing.read() != was:
                thing.put_back(was)
                changed.append(thing.name)
