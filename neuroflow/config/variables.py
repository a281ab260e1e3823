"""Variables: ``${train.seed}`` in a configuration stands for another value of the same tree.

    [data]
    noise = 0.1
    [train]
    l2 = "${data.noise}"

A text that is nothing but a variable becomes that value, with its type; within a text stands what
the value looks like. Names are paths of the tree, and nothing else is asked: no code, no
environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from neuroflow.config.extending import child
from neuroflow.config.reading import NUMBERS, copied
from neuroflow.config.settings import Tree
from neuroflow.core.types import shown
from neuroflow.errors import ConfigurationError, Problem, did_you_mean

VARIABLE = r"\$\{([^{}]*)\}"
"""What a variable looks like in a text."""

LARGEST = 100_000
"""So many values and letters may all variables of a tree bring in, since they may bring in others
that do."""


def without_variables(tree: Tree, where: str) -> Tree:
    """The tree with a value in the place of each variable.

    Raises :class:`ConfigurationError` for variables that name nothing, that lead back to
    themselves, or that stand for a table in the middle of a text.

    >>> without_variables({"data": {"noise": 0.1}, "train": {"l2": "${data.noise}"}}, "")["train"]
    {'l2': 0.1}
    """
    variables = Variables(tree)
    found: Tree = variables.replaced(tree, "")
    if variables.problems:
        raise ConfigurationError(where, problems=variables.problems)
    return found


@define
class Variables:
    """Replaces the variables of a tree, and notes what is wrong with each."""

    tree: Tree
    problems: list[Problem] = field(factory=list)
    _way: list[str] = field(factory=list)
    _known: dict[str, Any] = field(factory=dict)
    _brought: int = 0

    def replaced(self, value: Any, path: str) -> Any:
        """What stands at a path, without variables."""
        if isinstance(value, str):
            return self._text(value, path) if "${" in value else value
        if isinstance(value, Mapping):
            return {
                key: x if type(x) in NUMBERS else self.replaced(x, f"{path}.{key}".lstrip("."))
                for key, x in value.items()
            }
        if isinstance(value, list):
            return [
                x if type(x) in NUMBERS else self.replaced(x, f"{path}.{k}")
                for k, x in enumerate(value)
            ]
        return value

    def _text(self, text: str, path: str) -> Any:
        if whole := re.fullmatch(VARIABLE, text):
            return copied(self._value(whole[1], path))
        result = re.sub(VARIABLE, lambda found: self._within(found[1], path), text)
        if new := re.search(VARIABLE, result):  # a checked tree has to mean the same again
            made = f"the values within {shown(text)} make another variable, {new[0][:60]}"
            self._problem(path, made, "variables that hold none")
        return result

    def _within(self, name: str, path: str) -> str:
        """A value as it stands in the middle of a text."""
        value = self._value(name, path)
        if isinstance(value, (Mapping, list)):
            expected = "one number or one text, where it is a part of a text"
            self._problem(path, f"${{{name}}} is {shown(value)}", expected)
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _value(self, name: str, path: str) -> Any:
        """What a variable stands for; what stands there is replaced first."""
        name = name.strip()
        if name in self._way:
            circle = " -> ".join([*self._way[self._way.index(name) :], name])
            self._problem(path, f"${{{name}}} leads back to itself: {circle}", "a value at its end")
            return ""
        if name not in self._known:
            self._way.append(name)
            self._known[name] = self._found(name, path)
            self._way.pop()
        value = self._known[name]
        self._brought += _size(value)
        if self._brought > LARGEST:
            self._problem(path, f"${{{name}}} makes the configuration too large", "less to repeat")
            self._known = dict.fromkeys(self._known, "")
            return ""
        return value

    def _found(self, name: str, path: str) -> Any:
        here: Any = self.tree
        done = ""
        for key in name.split("."):
            if isinstance(here, str) and "${" in here:
                here = self.replaced(here, done)
            here = child(here, key)
            if here is ...:
                return self._unknown(name, path)
            done = f"{done}.{key}".lstrip(".")
        return self.replaced(here, name)

    def _unknown(self, name: str, path: str) -> str:
        then = "name a value that is written in this configuration by its path; variables are"
        then = f"{then} never taken from the environment"
        remedy = did_you_mean(name, [p for p in _paths(self.tree) if p != path], then)
        self._problem(path, f"${{{name[:60]}}} is no value of this configuration", remedy=remedy)
        return ""

    def _problem(self, path: str, what: str, expected: str = "", remedy: str = "") -> None:
        self.problems.append(Problem(path, what, expected, remedy))


def _size(value: Any) -> int:
    if isinstance(value, Mapping):
        return 1 + sum(map(_size, value.values()))
    if isinstance(value, list):
        return 1 + sum(map(_size, value))
    return len(value) if isinstance(value, str) else 1


def _paths(tree: Mapping[str, Any], path: str = "") -> list[str]:
    found = []
    for key, value in tree.items():
        here = f"{path}.{key}" if path else str(key)
        found += [here, *(_paths(value, here) if isinstance(value, Mapping) else ())]
    return found
