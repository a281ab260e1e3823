"""Tokenizers: text to token ids and back, ``decode(encode(text)) == text``.

A tokenizer starts empty and learns its vocabulary from texts: ``Characters().learn(texts)``. Its
``configuration()`` builds it again. The last id is BOS, which marks where a text begins and ends.
"""

from __future__ import annotations

import numbers
import re
from abc import ABC, abstractmethod
from collections import Counter
from itertools import pairwise
from typing import Annotated, Any

import neuroflow as nf

Pieces = Annotated[
    list[str] | None, nf.Setting("the texts of the ids 0, 1, 2 ...; learned if left out")
]


class Tokenizer(nf.Configured, ABC):
    """What all tokenizers share: pieces of text, numbered in order, and BOS after the last.

    ``pieces`` are the texts of the ids 0, 1, 2 ...
    """

    def __init__(self, *, pieces: Pieces = None) -> None:
        self.pieces = list(pieces or [])
        self._ids = {piece: k for k, piece in enumerate(self.pieces)}

    @property
    def bos(self) -> int:
        """The id of the mark at the beginning and the end of a text."""
        return len(self.pieces)

    @property
    def vocab_size(self) -> int:
        """How many ids there are, BOS included."""
        return len(self.pieces) + 1

    def learn(self, texts: list[str]) -> Any:
        """A tokenizer of this kind with the vocabulary of these texts."""
        return type(self)(pieces=sorted({piece for text in texts for piece in self.split(text)}))

    @abstractmethod
    def split(self, text: str) -> list[str]:
        """The pieces of a text, joined again by nothing."""

    def encode(self, text: str) -> list[int]:
        """Token ids, without BOS. Raises InputError for what the vocabulary lacks."""
        if not isinstance(text, str):
            raise nf.InputError(f"a tokenizer got {text!r}", expected="a text", got=text)
        ids = []
        for piece in self.split(text):
            if piece not in self._ids:
                raise nf.InputError(
                    f"the tokenizer does not know {piece!r}",
                    remedy=f"its {len(self.pieces)} pieces are {_some(self.pieces)}: use texts of"
                    " the kind that it learned from",
                    got=piece,
                )
            ids.append(self._ids[piece])
        return ids

    def decode(self, ids: list[int]) -> str:
        """The text of token ids; BOS is left out. Raises InputError for an unknown id."""
        return "".join(self.piece(k) for k in _listed(ids) if k != self.bos)

    def piece(self, k: int) -> str:
        """The text of one id, ``<BOS>`` for the mark."""
        if not isinstance(k, numbers.Integral) or not 0 <= k < self.vocab_size:
            raise nf.InputError(
                f"no token has the id {k!r}", expected=f"0 to {self.vocab_size - 1}", got=k
            )
        return "<BOS>" if k == self.bos else self.pieces[k]


class Characters(Tokenizer):
    """One token per character.

    >>> letters = Characters().learn(["emma", "ava"])
    >>> letters.encode("eva"), letters.decode([0, 3, 0]), letters.vocab_size
    ([1, 3, 0], 'ava', 5)
    """

    def split(self, text: str) -> list[str]:
        """The characters."""
        return list(text)


class Words(Tokenizer):
    """One token per word, stretch of white space, or other character.

    >>> Words().split("to be, or")
    ['to', ' ', 'be', ',', ' ', 'or']
    """

    def split(self, text: str) -> list[str]:
        """Words, white space and marks, in order."""
        return re.findall(r"\w+|\s+|[^\w\s]", text)


class Bytes(Tokenizer):
    """One token per byte of UTF-8: 256 and BOS, whatever the text.

    >>> Bytes().encode("é")
    [195, 169]
    """

    def __init__(self, *, pieces: Pieces = None) -> None:
        super().__init__(pieces=[chr(k) for k in range(256)])

    def configuration(self) -> dict[str, Any]:
        """Nothing to remember."""
        return {}

    def learn(self, texts: list[str]) -> Any:
        """Bytes need no learning."""
        return self

    def split(self, text: str) -> list[str]:
        """The bytes, each as the character with its number. Raises InputError for half a pair."""
        try:
            return list(text.encode("utf-8").decode("latin-1"))
        except UnicodeEncodeError as error:
            raise nf.InputError(
                f"the text has half of a surrogate pair at character {error.start}, which UTF-8"
                " cannot spell",
                remedy="repair the text",
                got=text,
            ) from error

    def decode(self, ids: list[int]) -> str:
        """The text of the bytes; what is no UTF-8 becomes a question mark in a diamond."""
        raw = "".join(self.piece(k) for k in _listed(ids) if k != self.bos).encode("latin-1")
        return raw.decode("utf-8", errors="replace")


class BytePairs(Tokenizer):
    """Characters, and pairs of tokens that were often side by side, merged again and again.

    Source: Sennrich et al. 2016, algorithm 1.

    >>> pairs = BytePairs(n_merges=2).learn(["banana", "bandana"])
    >>> pairs.merges, pairs.split("ban")
    ([['a', 'n'], ['an', 'a']], ['b', 'an'])
    """

    def __init__(
        self, *, pieces: Pieces = None,
        merges: Annotated[
            list[list[str]] | None, nf.Setting("pairs in the order in which they were learned")
        ] = None,
        n_merges: Annotated[int, nf.Setting("how many pairs to learn", "[0, inf)")] = 50,
    ) -> None:  # fmt: skip
        super().__init__(pieces=pieces)
        self.merges = [list(pair) for pair in merges or []]

    def learn(self, texts: list[str]) -> Any:
        """Merge the commonest pair, ``n_merges`` times; of equals the first in the alphabet."""
        split = [list(text) for text in texts]
        merges: list[list[str]] = []
        for _ in range(self.n_merges):
            counts = Counter(pair for parts in split for pair in pairwise(parts))
            if not counts or max(counts.values()) < 2:
                break
            best = min(counts, key=lambda pair: (-counts[pair], pair))
            merges.append(list(best))
            split = [_merged(parts, best) for parts in split]
        pieces = {piece for text in texts for piece in text} | {a + b for a, b in merges}
        return BytePairs(pieces=sorted(pieces), merges=merges, n_merges=self.n_merges)

    def split(self, text: str) -> list[str]:
        """The characters, with the merges applied in their order."""
        parts = list(text)
        for a, b in self.merges:
            parts = _merged(parts, (a, b))
        return parts


def _merged(parts: list[str], pair: tuple[str, str]) -> list[str]:
    """The parts with every occurrence of a pair joined, from the left."""
    joined: list[str] = []
    k = 0
    while k < len(parts):
        step = 2 if tuple(parts[k : k + 2]) == pair else 1
        joined.append("".join(parts[k : k + step]))
        k += step
    return joined


def _listed(ids: Any) -> list[int]:
    try:
        return list(ids)
    except TypeError as error:
        raise nf.InputError(f"got {ids!r}", expected="a list of token ids", got=ids) from error


def _some(pieces: list[str]) -> str:
    return " ".join(map(repr, pieces[:40])) + (" ..." if len(pieces) > 40 else "")


@nf.hookimpl
def neuroflow_tokenizers():
    """All tokenizers by name."""
    for name, tokenizer in {
        "characters": Characters, "words": Words, "bytes": Bytes, "byte_pairs": BytePairs,
    }.items():  # fmt: skip
        summary = (tokenizer.__doc__ or "").split("\n", 1)[0]
        yield nf.TokenizerEntry(name=name, target=tokenizer, summary=summary)
