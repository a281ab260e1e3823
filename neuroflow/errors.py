"""Every error neuroflow raises: one tree, one file, each message in three parts.

A message says what happened (with the values), what was expected, and what to do about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class NeuroflowError(Exception):
    """The root of the tree: catch this one to catch them all."""


class InputError(NeuroflowError, ValueError):
    """A value, a label or a list handed to neuroflow is not of the kind that was expected."""


class DomainError(NeuroflowError, ArithmeticError):
    """An op was asked for a number outside its domain: ``log(-1)``, ``0 ** -1``, an overflow."""


class TraceError(NeuroflowError, TypeError):
    """A traced function needed a number that is not known until the compiled run."""


class StateError(NeuroflowError, ValueError):
    """A saved state does not fit the module, or the file that holds it is damaged."""


class ConfigurationError(NeuroflowError, ValueError):
    """A configuration has problems; the message lists them all, each with its path."""


class RegistryError(NeuroflowError, LookupError):
    """A name is unknown, ambiguous, or of another kind."""


class PluginError(NeuroflowError, RuntimeError):
    """A plugin failed; raised only where plugins are strict or one is needed and missing."""


class FileError(NeuroflowError, OSError):
    """A file could not be read or written; what existed before is untouched."""


class BackendError(NeuroflowError, RuntimeError):
    """A backend is missing, or cannot run what it was given."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The closest known spellings as ``"; did you mean 'tanh'?"``, or else just ``";"``.

    >>> did_you_mean("tahn", ["relu", "tanh"])
    "; did you mean 'tanh'?"
    >>> did_you_mean("swish", ["relu", "tanh"])
    ';'
    """
    close = difflib.get_close_matches(word, list(known), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ";"


def require(thing: Any, kinds: type | tuple[type, ...], role: str, wanted: str) -> None:
    """Raise :class:`InputError` unless a thing is of one of the kinds; ``wanted`` says what to do.

    >>> require(3, str, "the name", "a text, such as 'relu'")
    Traceback (most recent call last):
    ...
    neuroflow.errors.InputError: the name is 3, of type int; expected a text, such as 'relu'
    """
    if not isinstance(thing, kinds):
        text = repr(thing)
        text = text if len(text) <= 60 else f"{text[:57]}..."
        raise InputError(f"{role} is {text}, of type {type(thing).__name__}; expected {wanted}")
