"""Tokenizers with one mistake each."""

from __future__ import annotations

from typing import ClassVar

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


class _Letters:
    """One token per letter that was learned."""

    def __init__(self, *, pieces=None):
        self.pieces = list(pieces or [])

    @property
    def bos(self):
        return len(self.pieces)

    @property
    def vocab_size(self):
        return len(self.pieces) + 1

    def configuration(self):
        return {"pieces": self.pieces}

    def learn(self, texts):
        return type(self)(pieces=sorted({letter for text in texts for letter in text}))

    def encode(self, text):
        if unknown := [letter for letter in text if letter not in self.pieces]:
            raise nf.InputError(f"the letter {unknown[0]!r} is not known")
        return [self.pieces.index(letter) for letter in text]

    def decode(self, ids):
        return "".join(self.pieces[k] for k in ids if k != self.bos)


@twin("the letters that all become small", "round trip", "What is lost in encode is not there in"
      " decode; say so in the entry, loses=..., or keep it.")  # fmt: skip
class Letters1(_Letters):
    """One token per letter."""

    def learn(self, texts):
        return super().learn([text.lower() for text in texts])

    def encode(self, text):
        return super().encode(text.lower())  # bug


@twin("the letters that are left out", "round trip", "What is unknown is refused, not dropped: a"
      " text with holes is another text.")  # fmt: skip
class Letters2(_Letters):
    """One token per letter."""

    def encode(self, text):
        return [self.pieces.index(letter) for letter in text if letter in self.pieces[3:]]  # bug


@twin("the ids counted from one", "ids", "Ids are positions of rows in a table: they begin at 0,"
      " and the last letter must not have the id of bos.")  # fmt: skip
class Letters3(_Letters):
    """One token per letter."""

    def encode(self, text):
        return [k + 1 for k in super().encode(text)]  # bug

    def decode(self, ids):
        return super().decode([k - 1 for k in ids])


@twin("the one that forgets its pieces", "configuration", "A saved model has of its tokenizer what"
      " configuration() says, and nothing else.")  # fmt: skip
class Letters4(_Letters):
    """One token per letter."""

    def configuration(self):
        return {}  # bug


@twin("the one that breaks at what is new", "refusals", "index raises ValueError: whoever reads it"
      " does not learn which text was wrong. Raise neuroflow.InputError.")  # fmt: skip
class Letters5(_Letters):
    """One token per letter."""

    def encode(self, text):
        return [self.pieces.index(letter) for letter in text]  # bug


@twin("the one that learns and says nothing", "interface", "learn gives the tokenizer that has"
      " learned; here it gives None.")  # fmt: skip
class Letters6(_Letters):
    """One token per letter."""

    def learn(self, texts):
        self.pieces = sorted({letter for text in texts for letter in text})  # bug


@twin("the one that learns in its sleep", "determinism", "What encode adds stands in no saved"
      " model: the same text has other ids there.")  # fmt: skip
class Letters7(_Letters):
    """One token per letter."""

    def encode(self, text):
        self.pieces += [
            letter for letter in dict.fromkeys(text) if letter not in self.pieces
        ]  # bug
        return super().encode(text)


@twin("the one that learns for two", "learn", "learn gives another tokenizer; the one that was"
      " asked stays as it is.")  # fmt: skip
class Letters8(_Letters):
    """One token per letter."""

    def learn(self, texts):
        learned = super().learn(texts)
        self.pieces = learned.pieces  # bug
        return learned


@twin("the pieces the other way round", "pieces", "pieces[k] is the text of the id k: tables and"
      " pictures name the rows by it.")  # fmt: skip
class Letters9(_Letters):
    """One token per letter."""

    def encode(self, text):
        return [self.bos - 1 - k for k in super().encode(text)]  # bug

    def decode(self, ids):
        return super().decode([self.bos - 1 - k for k in ids if k != self.bos])


@twin("the mark that is read out", "round trip", "bos stands at both ends of a text and has none of"
      " its own.")  # fmt: skip
class Letters10(_Letters):
    """One token per letter."""

    def decode(self, ids):
        return "".join([*self.pieces, "|"][k] for k in ids)  # bug


@twin("the one that reads the beginning", "round trip", "A text may be long: its end is lost.")
class Letters11(_Letters):
    """One token per letter."""

    def encode(self, text):
        return super().encode(text[:1000])  # bug


@twin("the one table for all", "learn", "What one tokenizer has learned, others spell as well: it"
      " belongs to the class.")  # fmt: skip
class Letters12(_Letters):
    """One token per letter."""

    known: ClassVar[dict[str, int]] = {}

    def learn(self, texts):
        for letter in sorted({letter for text in texts for letter in text}):
            self.known.setdefault(letter, len(self.known))
        return Letters12(pieces=[*self.known])

    def encode(self, text):
        if unknown := [letter for letter in text if letter not in self.known]:
            raise nf.InputError(f"the letter {unknown[0]!r} is not known")
        return [self.known[letter] for letter in text]  # bug


_ALL = (
    Letters1, Letters2, Letters3, Letters4, Letters5, Letters6, Letters7, Letters8, Letters9,
    Letters10, Letters11, Letters12,
)  # fmt: skip

TOKENIZERS = [
    nf.TokenizerEntry(name=f"letters_{k + 1}", target=target, summary="One token per letter.")
    for k, target in enumerate(_ALL)
]
