"""The schema: what a file may say about itself, declared once and checked before it is used.

A checksum tells that a description is whole, not that it makes sense: whoever writes a file
writes its checksum too. Here is what makes sense; whatever is read from a file is checked here
first, so nothing behind it needs to ask again.
"""

from __future__ import annotations

import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, get_args

from attrs import NOTHING, field, fields, frozen

from neuroflow.checkpoint.uses import Purpose, Used
from neuroflow.core.types import shown
from neuroflow.data.kinds import KINDS, MISSING, UNSEEN
from neuroflow.errors import Problem, StateError
from neuroflow.registry.entries import TASKS


class Expectation(ABC):
    """What a value has to be."""

    @abstractmethod
    def problem(self, value: Any, path: str) -> Problem | None:
        """The first thing that is wrong with a value, or with what is in it."""


@frozen
class Plain(Expectation):
    """A value that has nothing in it, or of which nothing is looked into."""

    expected: str
    is_right: Callable[[Any], bool]

    def problem(self, value: Any, path: str) -> Problem | None:
        return None if self.is_right(value) else Problem(path, shown(value), self.expected)


@frozen
class ListOf(Expectation):
    """A list, each of whose values is as expected."""

    each: Expectation

    def problem(self, value: Any, path: str) -> Problem | None:
        if not isinstance(value, list):
            return Problem(path, shown(value), "a list")
        found = (self.each.problem(x, f"{path}.{k}") for k, x in enumerate(value))
        return next(filter(None, found), None)


@frozen
class TableOf(Expectation):
    """A table: some keys must be there, some may, and all others are as ``rest`` says."""

    required: Mapping[str, Expectation] = field(factory=dict)
    optional: Mapping[str, Expectation] = field(factory=dict)
    rest: Expectation | None = None
    """None: there may be no others."""

    def problem(self, value: Any, path: str) -> Problem | None:
        if not isinstance(value, Mapping):
            return Problem(path, shown(value), "a table")
        for key in self.required:
            if key not in value:
                return Problem(_inside(path, key), "missing", "to be there")
        known = {**self.required, **self.optional}
        for key, inner in value.items():
            expectation = known.get(key, self.rest)
            if expectation is None:
                return Problem(_inside(path, key), "there", f"one of {', '.join(known)}")
            if found := expectation.problem(inner, _inside(path, key)):
                return found
        return None


@frozen
class TableBy(Expectation):
    """A table of one kind if it has a key, else of another."""

    key: str
    with_it: Expectation
    without: Expectation

    def problem(self, value: Any, path: str) -> Problem | None:
        has = isinstance(value, Mapping) and self.key in value
        return (self.with_it if has else self.without).problem(value, path)


def _inside(path: str, key: str) -> str:
    return f"{path}.{key[:60]}".lstrip(".")


def check(value: Any, expectation: Expectation, path: str = "", file: str = "") -> None:
    """Raise :class:`StateError` that names the first thing that is not as expected.

    >>> check({"step": "soon"}, TableOf({"step": COUNT}), "state")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    neuroflow.errors.StateError: state.step is 'soon' (a text); expected a whole number from 0 on...
    """
    problem = expectation.problem(value, path)
    if problem is not None:
        within = f"{file} says about itself what cannot be: " if file else ""
        what = f"{within}{problem.path or 'all of it'} is {problem.what}"
        remedy = "it was changed after it was written, so go back to an earlier one"
        raise StateError(what, expected=problem.expected, remedy=remedy, got=value, file=file)


# Expectations --------------------------------------------------------------------------------

LARGEST = 2**53
"""Up to here every whole number is a float too."""


LAST_SECOND = 253_402_300_799
"""Of the year 9999, the last that Python spells."""


def _is_number(x: Any) -> bool:
    if isinstance(x, bool) or not isinstance(x, (int, float)):
        return False
    return isinstance(x, float) or abs(x) <= LARGEST


def _is_finite(x: Any) -> bool:
    return _is_number(x) and abs(x) <= sys.float_info.max


def _is_id(x: Any) -> bool:
    return isinstance(x, str) and re.fullmatch(r"[^@]{1,200}@\d{1,9}", x) is not None


def _is_scale(x: Any) -> bool:
    """Means and deviations, one of each for every column, and no division by 0."""
    means, deviations = (x.get("means"), x.get("deviations")) if isinstance(x, Mapping) else (0, 0)
    if not (isinstance(means, list) and isinstance(deviations, list)):
        return False
    right = all(map(_is_finite, [*means, *deviations])) and all(x > 0 for x in deviations)
    return right and len(means) == len(deviations)


def one_of(*words: str) -> Expectation:
    """One of some words."""
    return Plain(f"one of {', '.join(map(repr, words))}", lambda x: x in words)


ANYTHING = Plain("anything", lambda x: True)
TEXT = Plain("a text", lambda x: isinstance(x, str))
TRUTH = Plain("true or false", lambda x: isinstance(x, bool))
COUNT = Plain("a whole number from 0 on", lambda x: type(x) is int and 0 <= x <= LARGEST)
CELL = Plain("a cell", lambda x: x is None or isinstance(x, str) or _is_finite(x))
NUMBER = Plain("a number", _is_number)
FINITE = Plain("a finite number", _is_finite)
TIME = Plain("seconds since 1970", lambda x: _is_finite(x) and 0 <= x <= LAST_SECOND)
PATH = Plain("a path", lambda x: isinstance(x, str) and x != "" and "\0" not in x)
ID = Plain("an id with a version, such as neuroflow/mlp@1", _is_id)
SCALE = Plain("as many finite means as deviations above 0", _is_scale)
PART = TableOf({"use": TEXT}, rest=ANYTHING)
MODEL = TableBy("given", TableOf({"given": TEXT}), PART)
"""One that was handed over as itself has a word to know it by, and nothing to build it from."""

USED = TableOf(
    {each.name: TEXT for each in fields(Used) if each.default is NOTHING} | {"id": ID},
    {"purpose": one_of(*get_args(Purpose)), "code": TEXT},
)

PROMPTING = TableOf(
    optional={"begins": TRUTH, "between": TEXT, "source_length": COUNT, "most": COUNT}
)

KIND = TableOf(
    {"kind": one_of(*KINDS), "name": TEXT, "missing": one_of(*MISSING), "fill": CELL},
    {
        "unseen": one_of(*UNSEEN),
        "categories": ListOf(TEXT),
        "order": ListOf(TEXT),
        "take": ListOf(TEXT),
        "format": TEXT,
    },
)

PREPARATION = TableOf(
    {
        "kinds": ListOf(KIND),
        "notation": TableOf(
            {"delimiter": TEXT, "decimal": TEXT, "thousands": TEXT, "encoding": TEXT},
            {"header": TRUTH},
        ),
    }
)

DATA = TableOf(
    optional={
        "name": TEXT,
        "task": one_of("", *TASKS),
        "labels": ListOf(TEXT),
        "columns": ListOf(TEXT),
        "n_inputs": COUNT,
        "n_outputs": COUNT,
        "baselines": TableOf(rest=NUMBER),
        "standardization": SCALE,
        "tokenizer": PART,
        "shaped": TRUTH,
        "loss": TEXT,
        "prompting": PROMPTING,
        "preparation": PREPARATION,
        "targets": ListOf(TEXT),
    },
    rest=ANYTHING,
)

ORIGIN = TableOf(
    {
        "begun": TIME,
        "neuroflow": TEXT,
        "configuration": TEXT,
        "examples": TEXT,
        "count": COUNT,
        "files": ListOf(TableOf({"path": PATH, "sha256": TEXT, "bytes": COUNT, "modified": TIME})),
        "code": TableOf(rest=TEXT),
    }
)

CONFIGURATION = TableOf(
    optional={"train": TableOf(optional={"generator": TEXT}, rest=ANYTHING)}, rest=ANYTHING
)
"""The rest is looked at by ``configure``, as every configuration."""

DESCRIPTION = TableOf(
    {
        "format": COUNT,
        "neuroflow": TEXT,
        "sha256": TEXT,
        "model": MODEL,
        "uses": ListOf(USED),
        "configuration": CONFIGURATION,
        "data": DATA,
        "state": TableOf(
            optional={
                "step": COUNT,
                "steps": COUNT,
                "training": TableOf(rest=ANYTHING),
                "origin": ORIGIN,
            },
            rest=ANYTHING,
        ),
    },
    optional={"frozen": ListOf(TEXT)},
)
"""All that a file says about itself; what a run needs to go on is in ``training.state``."""
