"""Byte-level BPE, the tokenizer of GPT-2 and of those after it: byte pairs that begin with bytes.

A text is cut into pre-tokens, each pre-token written as its bytes, and neighbours are joined by
:class:`~neuroflow_plugins.byte_pairs.Merger`. As every text is made of bytes, none is unknown.
Source: Radford et al. 2019, section 2.2.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import Annotated, Any, Literal

import neuroflow as nf
from neuroflow_plugins.byte_pairs import Merger, learned_merges
from neuroflow_plugins.pieces import REPLACEMENT, Pieces, Tokenizer, Unknown
from neuroflow_plugins.pretokens import PATTERNS, pretokens

HALF = re.compile("([\ud800-\udfff])")
"""Half of a surrogate pair, which UTF-8 cannot spell."""


@cache
def byte_letters() -> str:
    """Each byte as one visible character, in which pieces are written: a blank is ``Ġ``.

    Bytes that Latin-1 shows are their own letter; the others have those from 256 on, in order.

    >>> byte_letters()[ord("a")], byte_letters()[ord(" ")], byte_letters()[0]
    ('a', 'Ġ', 'Ā')
    """
    shown = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return "".join(chr(byte if byte in shown else next(others)) for byte in range(256))


def in_letters(text: str) -> str:
    """The bytes of a text as their letters; half of a surrogate pair as it is.

    >>> in_letters(" é")
    'ĠÃ©'
    """
    letters = byte_letters()
    return "".join(
        part if HALF.fullmatch(part) else "".join(letters[byte] for byte in part.encode())
        for part in HALF.split(text)
    )


class ByteLevelBPE(Tokenizer):
    """Bytes, and pairs of tokens that were often side by side within a word, merged.

    As in GPT-2, Llama 3, SmolLM and Qwen2, whose ``tokenizer.json`` is read by
    :func:`~neuroflow_plugins.tokenizer_json.read_tokenizer`. Pieces are written in the letters of
    :func:`byte_letters`. Of ``bos_token`` and ``eos_token`` one that is not named is the other;
    where neither is, one more id stands for both. Source: Radford et al. 2019, section 2.2.

    >>> bpe = ByteLevelBPE(n_merges=3).learn(["to be or not to be"])
    >>> bpe.merges, bpe.split("to be")
    ([['b', 'e'], ['t', 'o'], ['Ġ', 'be']], ['to', 'Ġbe'])
    >>> bpe.decode(bpe.encode("日本 👍"))
    '日本 👍'
    """

    def __init__(
        self, *, pieces: Pieces = None, unknown: Unknown = "refuse",
        merges: Annotated[
            list[list[str]] | None, nf.Setting("pairs, the one that is joined first first")
        ] = None,
        n_merges: Annotated[int, nf.Setting("how many pairs to learn", "[0, inf)")] = 50,
        pattern: Annotated[
            Literal["gpt2", "llama-3", "smollm", "qwen2"], nf.Setting("whose pattern cuts texts")
        ] = "gpt2",
        normal_form: Annotated[
            Literal["none", "NFC"], nf.Setting("the form that Unicode gives a text first")
        ] = "none",
        ignore_merges: Annotated[
            bool, nf.Setting("whether a pre-token that is a piece stays whole, whatever the merges")
        ] = False,
        special: Annotated[
            list[str] | None, nf.Setting("pieces that are found in a text before it is cut")
        ] = None,
        bos_token: Annotated[str, nf.Setting("the special piece that begins a text")] = "",
        eos_token: Annotated[str, nf.Setting("the special piece that ends a text")] = "",
    ) -> None:  # fmt: skip
        super().__init__(pieces=pieces, unknown=unknown)
        self.merges = [list(pair) for pair in merges or []]
        self.special = list(special or [])
        _check_marks(self.special, self._ids, bos_token, eos_token)
        self._merger = Merger([(a, b) for a, b in self.merges], in_turn=False)
        self._as_they_are = frozenset(self.special)
        longest_first = sorted(self.special, key=len, reverse=True)
        self._special = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")")
        self._byte_of = {letter: byte for byte, letter in enumerate(byte_letters())}

    @property
    def bos(self) -> int:
        """The id of the mark at the beginning of a text, which is behind all others if unnamed."""
        return self._ids.get(self.bos_token or self.eos_token, super().bos)

    @property
    def eos(self) -> int:
        """The id of the mark at the end of a text."""
        return self._ids.get(self.eos_token, self.bos)

    @property
    def vocab_size(self) -> int:
        """How many ids there are, those of the marks included."""
        marked = bool(self.bos_token or self.eos_token)
        return len(self.pieces) + self._n_unknown + (not marked)

    def learn(self, texts: list[str]) -> Any:
        """Merge the commonest pair, ``n_merges`` times; then the ids of bytes, merges, specials."""
        found = (each for text in texts for each in self._words(text))
        words = Counter(word for word, special in found if not special)
        spelled: Counter[str] = Counter()
        for word, times in words.items():
            spelled[in_letters(HALF.sub("", word))] += times
        merges = learned_merges(spelled, self.n_merges)
        pieces = dict.fromkeys([*byte_letters(), *(a + b for a, b in merges), *self.special])
        return self.knowing(list(pieces), merges=[list(pair) for pair in merges])

    def split(self, text: str) -> list[str]:
        """The pieces, in letters; special ones as they are."""
        pieces: list[str] = []
        for word, special in self._words(text):
            pieces += [word] if special else self._pieces(word)
        return pieces

    def decode(self, ids: list[int]) -> str:
        """The text of token ids, without the marks. Raises InputError for an id there is not.

        A question mark in a diamond stands for bytes that are no UTF-8, and for what was replaced.
        """
        marks = {self.bos, self.eos}
        read = (self._bytes_of(k) for k in self._checked_ids(ids) if k not in marks)
        return b"".join(read).decode(errors="replace")

    def _words(self, text: str) -> list[tuple[str, bool]]:
        """Special pieces, and the pre-tokens of what lies between them; which is which."""
        words: list[tuple[str, bool]] = []
        for k, part in enumerate(self._special.split(text) if self.special else [text]):
            if k % 2:
                words.append((part, True))
                continue
            normal = part if self.normal_form == "none" else unicodedata.normalize("NFC", part)
            words += ((word, False) for word in pretokens(normal, PATTERNS[self.pattern]))
        return words

    def _pieces(self, word: str) -> list[str]:
        letters = in_letters(word)
        if self.ignore_merges and letters in self._ids:
            return [letters]
        return self._merger.pieces(letters)

    def _bytes_of(self, k: int) -> bytes:
        """The bytes of one id; a piece that is not all letters of bytes is spelled as it is."""
        if k in self._byte_ids:
            return bytes([self._byte_ids.index(k)])
        piece = self.pieces[k] if k < len(self.pieces) else REPLACEMENT
        if piece in self._as_they_are or not self._byte_of.keys() >= {*piece}:
            return piece.encode(errors="replace")
        return bytes(map(self._byte_of.__getitem__, piece))

    def _not_known(self, piece: str, text: str, start: int) -> nf.InputError:
        if not HALF.fullmatch(piece):
            return super()._not_known(piece, text, start)
        return nf.InputError(
            f"the text has half of a surrogate pair at character {start}, which UTF-8 cannot spell",
            remedy="repair the text",
            got=text,
        )


def _check_marks(special: list[str], ids: dict[str, int], *marks: str) -> None:
    """Special pieces have a text, marks are special, and all have ids as soon as any piece has."""
    for each in special:
        if not each or HALF.search(each) or (ids and each not in ids):
            raise nf.InputError(
                f"special has {each!r}", expected="one of the pieces, not empty", got=each
            )
    for mark in marks:
        if mark and mark not in special:
            raise nf.InputError(
                f"the mark {mark!r} is not special", expected="one of special", got=mark
            )
