"""Where commands write: whatever is printed, nothing in it steers the terminal.

While a command runs, :func:`clean_streams` puts a :class:`PlainStream` in the place of standard
output and of standard error, so that everything printed passes through it: what a command says,
what a plugin prints, a warning, a traceback. Colours come from :func:`console` alone, which cleans
each text before it is coloured, and writes past it through the :class:`Stream` below.

A reader that is gone, as in ``neuroflow list ops | head -1``, and a stream that was closed before
the start are no errors: what nobody reads need not be written, and the work goes on.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from neuroflow.errors import printable
from neuroflow.registry.points import THREAD

if TYPE_CHECKING:
    from rich.console import Console

NARROWEST, WIDEST = 20, 10_000
"""A terminal of fewer or more columns is one that does not know its width."""

SUBSTITUTES = {
    **dict(zip("∂∇·⋅•×−–—━─│┤├┬┴┼┌┐└┘░▒▓█", "dV.**x------|||++++++.:%#", strict=True)),
    **dict(zip("⎧⎨⎩⎪⎛⎜⎝⎞⎟⎠⎡⎢⎣⎤⎥⎦", r"/{\|/|\\|/[[[]]]", strict=True)),
    **{"≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "→": "->", "←": "<-", "…": "...", "√": "sqrt"},
    **{chr(braille): "*" for braille in range(0x2801, 0x2900)},  # the dots of a sketch
}  # fmt: skip
"""What stands for a sign that the stream's encoding lacks; for any other its number stands."""


class Stream:
    """A stream that takes any text: what its encoding lacks is put in other words.

    ``is_vital``: it is an error if the text cannot be written, for example on a full disk.
    """

    def __init__(self, stream: Any, is_vital: bool) -> None:
        self.stream, self.is_vital = stream, is_vital

    def write(self, text: str) -> int:
        """Write a text as it is, as far as the encoding has it."""
        if text:  # click writes nothing, to see what kind of stream it is, and hides what fails
            with self._unread():
                self.stream.write(encodable(text, self.stream.encoding))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand on what was written."""
        with self._unread():
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    @contextlib.contextmanager
    def _unread(self) -> Iterator[None]:
        """What cannot be written goes nowhere from now on."""
        try:
            yield
        except OSError as error:
            with contextlib.suppress(OSError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self.stream.fileno())
                os.close(nowhere)
            if self.is_vital and not isinstance(error, BrokenPipeError):
                raise OSError(error.errno, error.strerror, "standard output") from error


class PlainStream(Stream):
    """A stream that takes any text, and on which nothing but letters, signs and spaces arrive.

    It is no terminal to those who ask, so that nobody sends it colours.
    """

    encoding = "utf-8"
    """Not that of the stream below: nothing need be left out here."""

    def __init__(self, stream: Any, is_vital: bool) -> None:
        super().__init__(stream, is_vital)
        self.below = Stream(stream, is_vital)

    def write(self, text: str) -> int:
        """Write a text, its control characters spelled out; a plugin's thread has no results."""
        if self is sys.stdout and hasattr(threading.current_thread(), THREAD):
            return int(sys.stderr.write(text))
        return super().write(printable(text))

    def isatty(self) -> bool:
        """Never."""
        return False


def encodable(text: str, encoding: str | None) -> str:
    r"""The text with what an encoding lacks in other words.

    >>> print(encodable("∂y/∂x ≤ żółw", "ascii"), encodable("żółw", "cp1252"))
    dy/dx <= \u017c\xf3\u0142w \u017có\u0142w
    """
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate({ord(c): _in_other_words(c, encoding) for c in set(text)})
    return text


def _in_other_words(character: str, encoding: str) -> str:
    spelled = character.encode(encoding, "backslashreplace").decode(encoding)
    return spelled if spelled == character else SUBSTITUTES.get(character, spelled)


@contextlib.contextmanager
def clean_streams() -> Iterator[None]:
    """While a command runs: standard streams that are there, are clean, and never fail."""
    _open_what_is_closed()
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115  as long as the process
    sys.stdout, sys.stderr = (
        PlainStream(stream or open(number, "w", closefd=False), is_vital=number == 1)  # noqa: SIM115
        for number, stream in enumerate(before[1:], 1)
    )
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def _open_what_is_closed() -> None:
    """A file that is opened later must not become standard output by its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one


def below(stream: Any) -> Any:
    """The stream under a clean one, for those who clean what they write themselves."""
    stream = getattr(stream, "rich_proxied_file", stream)
    return stream.below if isinstance(stream, PlainStream) else stream


def is_watched() -> bool:
    """Whether results go to a terminal, rather than into a pipe or a file."""
    return bool(getattr(below(sys.stdout), "isatty", lambda: False)())


def console(stderr: bool = False) -> Console:
    """Where to print in colour; without if NO_COLOR is set or nobody watches."""
    from neuroflow.cli.shared.screen import Screen

    stream = below(sys.stderr if stderr else sys.stdout)
    return Screen(
        file=stream, width=_sane("COLUMNS", 80), height=_sane("LINES", 25),
        highlight=False, emoji=False, markup=False,
    )  # fmt: skip


def _sane(variable: str, default: int) -> int | None:
    """None, which lets the terminal tell, if the environment says nothing or something likely."""
    told = os.environ.get(variable)
    if told is None or (told.isdecimal() and NARROWEST <= int(told[:6]) <= WIDEST):
        return None
    return default
