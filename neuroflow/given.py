"""What was given: the first look at an argument, so that a wrong one is named as such."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from neuroflow.base.errors import FileError, InputError

LONGEST_NAME = 255
"""Bytes in the name of a file, on the file systems in use."""


def require(thing: Any, kinds: type | tuple[type, ...], role: str, wanted: str) -> None:
    """Raise :class:`InputError` unless a thing is of one of the kinds; ``wanted`` says what to do.

    >>> require(3, str, "the name", "a text, such as 'relu'")
    Traceback (most recent call last):
    ...
    neuroflow.base.errors.InputError: the name is 3, of type int; expected a text, such as 'relu'
    """
    if not isinstance(thing, kinds):
        text = repr(thing)
        text = text if len(text) <= 60 else f"{text[:57]}..."
        raise InputError(f"{role} is {text}, of type {type(thing).__name__}; expected {wanted}")


def path_of(thing: Any, role: str = "the path") -> Path:
    """A path that an operating system takes; not yet that anything is there.

    Raises :class:`InputError` for what is no path, and :class:`FileError` for one that is empty,
    holds the character 0, or has a name that is too long.
    """
    require(thing, (str, Path), role, "the path of a file or a folder, as a text or a Path")
    path = Path(thing)
    longest = max((len(os.fsencode(part)) for part in path.parts), default=0)
    problem = ""
    if not str(thing):
        problem = "it is empty"
    elif "\0" in str(thing):
        problem = "it holds the character 0"
    elif longest > LONGEST_NAME:
        problem = f"a name in it has {longest} bytes, and at most {LONGEST_NAME} are allowed"
    if problem:
        shown = str(thing) if len(str(thing)) < 80 else f"{str(thing)[:77]}..."
        raise FileError(f"{role} {shown!r} cannot be one: {problem}; give another path")
    return path
