r"""Spans: where each value of a TOML or JSON text stands, which their readers do not tell.

The text was read before, so it is known to be right; here only keys, quotes, brackets and comments
are told apart. A path is the keys and positions on the way to a value, as ``--set`` has them.
"""

from __future__ import annotations

import re
import tomllib

from attrs import define, field, frozen

from neuroflow.config.reading import not_too_deep


@frozen
class Span:
    """Where a value stands: the line of its key, and its first and last letter's place."""

    line: int
    start: int
    end: int


@frozen
class Opening:
    """Where a table takes one more key: behind what it has so far.

    ``key`` is the beginning of the key there, such as ``schedule.`` under ``[optimizer]``; a table
    in braces is written ``in_braces``.
    """

    at: int
    key: str = ""
    in_braces: bool = False
    is_empty: bool = False


@frozen
class Spans:
    """The values of a text, and the tables in it, by path."""

    values: dict[str, Span]
    openings: dict[str, Opening]


def spans_of(text: str, is_json: bool = False) -> Spans:
    """Where everything stands in a text that is known to be TOML, or JSON.

    >>> text = "seed = 3\\n[model]\\nsizes = [2, 1]  # in and out\\n"
    >>> spans = spans_of(text)
    >>> [(path, span.line, text[span.start : span.end]) for path, span in spans.values.items()]
    [('seed', 1, '3'), ('model.sizes', 3, '[2, 1]'), ('model.sizes.0', 3, '2'),
     ('model.sizes.1', 3, '1')]
    >>> spans.openings["model"].at == len(text) - 1
    True
    """
    scanner = _Scanner(text)
    with not_too_deep("the configuration"):
        scanner.value("", 0) if is_json else scanner.document()
    return Spans({path: span for path, span in scanner.values.items() if path}, scanner.openings)


_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_KEY = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|[\w-]+")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"\s*[=:]\s*")
_TEXT = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r"|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'", re.DOTALL
)
_WORD = re.compile(r"[^\s,\]}#]+(?: [0-9][^\s,\]}#]*)?")  # a date may have a space before its time
_REST = re.compile(r"[^\n]*")


@define
class _Scanner:
    """Walks over a text once, from its beginning; ``at`` is where it is."""

    text: str
    at: int = 0
    values: dict[str, Span] = field(factory=dict)
    openings: dict[str, Opening] = field(factory=dict)
    _counts: dict[str, int] = field(factory=dict)
    _line: int = 1
    _counted: int = 0

    def document(self) -> None:
        """A whole TOML text: lines with keys, below lines with the names of tables."""
        table = ""
        self.openings[table] = Opening(0)
        self._take(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._assignment(table)
            self._take(_BLANK)

    def _header(self) -> str:
        is_list = self.text.startswith("[[", self.at)
        self.at += 2 if is_list else 1
        self._take(_BLANK)
        path = ""
        keys = self._keys()
        for k, key in enumerate(keys):
            path = _joined(path, key)
            last = k == len(keys) - 1
            if last and is_list:
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = f"{path}.{self._counts[path]}"
        self._take(_REST)
        self.openings[path] = Opening(self.at)
        return path

    def _assignment(self, table: str) -> None:
        line, (*parents, last) = self._line_here(), self._keys()
        self._take(_EQUALS)
        inner = ".".join(parents)
        self.value(_joined(_joined(table, inner), last), line)
        self._take(_REST)
        self.openings[table] = Opening(self.at)
        for k in range(len(parents)):
            begun = ".".join(parents[: k + 1])
            self.openings[_joined(table, begun)] = Opening(self.at, f"{begun}.")

    def value(self, path: str, line: int) -> None:
        """A value, and all that is in it."""
        self._take(_BLANK)
        start = self.at
        line = line or self._line_here()
        self.values[path] = Span(line, start, start)  # what it is in comes first
        if self.text[start] == "[":
            self._list(path)
        elif self.text[start] == "{":
            self._table(path)
        elif self.text[start] in "\"'":
            self._take(_TEXT)
        else:
            self._take(_WORD)
        self.values[path] = Span(line, start, self.at)

    def _list(self, path: str) -> None:
        self.at += 1
        self._take(_BLANK)
        k = 0
        while self.text[self.at] != "]":
            self.value(_joined(path, str(k)), 0)
            self._comma()
            k += 1
        self.at += 1

    def _table(self, path: str) -> None:
        self.at += 1
        self._take(_BLANK)
        behind, is_empty = self.at, True
        while self.text[self.at] != "}":
            line, keys = self._line_here(), self._keys()
            self._take(_EQUALS)
            self.value(_joined(path, ".".join(keys)), line)
            behind, is_empty = self.at, False
            self._comma()
        self.openings[path] = Opening(behind, in_braces=True, is_empty=is_empty)
        self.at += 1

    def _comma(self) -> None:
        self._take(_BLANK)
        if self.text[self.at] == ",":
            self.at += 1
            self._take(_BLANK)

    def _keys(self) -> list[str]:
        keys = [_plain_key(self._take(_KEY))]
        while _DOT.match(self.text, self.at):
            self._take(_DOT)
            keys.append(_plain_key(self._take(_KEY)))
        return keys

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise AssertionError(f"no {pattern.pattern} at {self.at}")
        self.at = found.end()
        return found[0]

    def _line_here(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path and key else path or key


def _plain_key(key: str) -> str:
    return str(tomllib.loads(f"key = {key}")["key"]) if key[0] in "\"'" else key
