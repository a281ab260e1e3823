"""A check that does not end is stopped, and the line is named at which it was."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_ulong, py_object
from pathlib import Path
from types import FrameType

from neuroflow.core.rules import line_at
from neuroflow.files import LIBRARY

SECONDS = 60.0
"""How long the checks of one entry may take; a bundled one needs about a second."""


class TookTooLongError(BaseException):
    """Raised inside a check whose time is up; no rule that catches its errors catches this."""


@contextmanager
def at_most(seconds: float) -> Iterator[list[str]]:
    """Raise :class:`TookTooLongError` in the block after so many seconds.

    The list gets the line of the rule that ran then. Only Python code can be stopped: a function
    of an extension that does not come back is waited for.
    """
    from ctypes import pythonapi

    thread, places, turn, over = threading.get_ident(), list[str](), threading.Lock(), list[bool]()

    def stop() -> None:
        with turn:
            if not over:
                places.append(_place(sys._current_frames().get(thread)))
                pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread), py_object(TookTooLongError))

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    try:
        timer.start()
    except RuntimeError:  # in a browser there are no threads
        yield places
        return
    try:
        yield places
    finally:
        timer.cancel()
        with turn:
            over.append(True)
        timer.join()
        if places:  # it may not have been raised yet
            pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread), None)


def _place(frame: FrameType | None) -> str:
    """The line of the rule that a check runs: the outermost one that is not neuroflow's."""
    place, checks = "", Path(__file__).parent
    while frame is not None and checks not in Path(frame.f_code.co_filename).parents:
        if not frame.f_code.co_filename.startswith((str(LIBRARY), "<")):
            place, _ = line_at(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return place
