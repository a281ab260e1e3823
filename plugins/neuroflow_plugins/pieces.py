"""What tokenizers share: pieces of text by number, and what becomes of those unknown.

A tokenizer starts empty and learns its vocabulary from texts: ``Characters().learn(texts)``. Its
``configuration()`` builds it again. The ids are those of the pieces, then those that stand for
what is unknown, if there are any, and last BOS, which marks where a text begins and ends.
"""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from itertools import groupby
from typing import Annotated, Any, Literal

import neuroflow as nf

Pieces = Annotated[
    list[str] | None, nf.Setting("the texts of the ids 0, 1, 2 ...; learned if left out")
]
Unknown = Annotated[
    Literal["refuse", "replace", "bytes"],
    nf.Setting("what becomes of pieces that were not learned: an error, one token for all, bytes"),
]
UNKNOWN_TOKENS = {"refuse": 0, "replace": 1, "bytes": 256}
"""How many ids stand for what is unknown."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""What is read where the text is lost: the question mark in a diamond."""


class Tokenizer(nf.Configured, ABC):
    """What all tokenizers share: pieces of text, numbered in order, and BOS as the last id.

    ``pieces`` are the texts of the ids 0, 1, 2 ... A piece that is none of them is refused, or
    ``unknown`` says what it becomes: "replace" makes one token of it, whatever it is, "bytes" one
    token for each of its bytes in UTF-8, so that decoding gives it back.
    """

    def __init__(self, *, pieces: Pieces = None, unknown: Unknown = "refuse") -> None:
        self.pieces = list(pieces or [])
        self._ids = {piece: k for k, piece in enumerate(self.pieces)}
        self._n_unknown = UNKNOWN_TOKENS[unknown]
        start = len(self.pieces)
        self._byte_ids = range(start, start + 256 if unknown == "bytes" else start)

    @property
    def bos(self) -> int:
        """The id of the mark at the beginning and the end of a text."""
        return len(self.pieces) + self._n_unknown

    @property
    def vocab_size(self) -> int:
        """How many ids there are, BOS included."""
        return self.bos + 1

    def learn(self, texts: list[str]) -> Any:
        """A tokenizer like this one with the vocabulary of these texts."""
        return self.knowing(sorted({piece for text in texts for piece in self.split(text)}))

    def knowing(self, pieces: list[str], **learned: Any) -> Any:
        """A tokenizer with the settings of this one, these pieces, and what else was learned."""
        return type(self)(**{**self.configuration(), "pieces": pieces, **learned})

    @abstractmethod
    def split(self, text: str) -> list[str]:
        """The pieces of a text, joined again by nothing."""

    def encode(self, text: str) -> list[int]:
        """Token ids, without BOS. Raises InputError for what is unknown, if that is refused."""
        if not isinstance(text, str):
            raise nf.InputError(f"a tokenizer got {text!r}", expected="a text", got=text)
        ids: list[int] = []
        for piece in self.split(text):
            known = self._ids.get(piece)
            if known is not None:
                ids.append(known)
            elif self.unknown == "bytes":
                ids += [self._byte_ids[byte] for byte in piece.encode(errors="surrogatepass")]
            elif self.unknown == "replace":
                ids.append(len(self.pieces))
            else:
                raise self._not_known(piece, text, len(self.decode(ids)))
        return ids

    def decode(self, ids: list[int]) -> str:
        """The text of token ids, without BOS. Raises InputError for an id that there is not.

        A question mark in a diamond stands for what was replaced, and for bytes that are no UTF-8.
        """
        texts: list[str] = []
        marked = (k for k in self._checked_ids(ids) if k != self.bos)
        for are_bytes, group in groupby(marked, self._byte_ids.__contains__):
            if are_bytes:
                texts.append(bytes(map(self._byte_ids.index, group)).decode(errors="replace"))
            else:
                texts += map(self._text_of, group)
        return "".join(texts)

    def piece(self, k: int) -> str:
        """The text of one id; ``<BOS>``, ``<UNKNOWN>`` and ``<0xE9>`` for those that have none."""
        self._check_id(k)
        if k < len(self.pieces):
            return self.pieces[k]
        if k == self.bos:
            return "<BOS>"
        return f"<0x{self._byte_ids.index(k):02X}>" if k in self._byte_ids else "<UNKNOWN>"

    def _checked_ids(self, ids: Any) -> list[int]:
        listed = _listed(ids)
        for k in listed:
            self._check_id(k)
        return listed

    def _check_id(self, k: Any) -> None:
        """Refuse what is no id: Python's True would count as 1, and is the answer of a question."""
        whole = isinstance(k, numbers.Integral) and not isinstance(k, bool)
        if not whole or not 0 <= k < self.vocab_size:
            raise nf.InputError(
                f"no token has the id {k!r}", expected=f"0 to {self.vocab_size - 1}", got=k
            )

    def _text_of(self, k: int) -> str:
        piece = self.piece(k)
        return piece if k < len(self.pieces) else REPLACEMENT

    def _not_known(self, piece: str, text: str, start: int) -> nf.InputError:
        """The refusal of a piece that begins at a character of the text, counted from 0."""
        line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
        return nf.InputError(
            f"the tokenizer does not know {piece!r}, line {line}, character {column} of the text",
            remedy=f"its {len(self.pieces)} pieces are {_some(self.pieces)}: use texts of the kind"
            ' that it learned from, or let it learn with unknown = "replace" or "bytes"',
            got=piece,
        )


def _listed(ids: Any) -> list[int]:
    try:
        return list(ids)
    except TypeError as error:
        raise nf.InputError(f"got {ids!r}", expected="a list of token ids", got=ids) from error


def _some(pieces: list[str]) -> str:
    return " ".join(map(repr, pieces[:40])) + (" ..." if len(pieces) > 40 else "")
