"""Tokenizers: text to token ids and back, ``decode(encode(text)) == text``.

By characters, by words, by bytes; :mod:`byte_pairs` has the one that joins characters, and
:mod:`byte_level` the one that joins bytes.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Any

import neuroflow as nf
from neuroflow_plugins.byte_level import ByteLevelBPE
from neuroflow_plugins.byte_pairs import BytePairs
from neuroflow_plugins.pieces import Pieces, Tokenizer, Unknown
from neuroflow_plugins.pretokens import PATTERNS

MostPieces = Annotated[
    int, nf.Setting("learn so many pieces, the commonest; 0 for all", "[0, inf)")
]


class Vocabulary(Tokenizer):
    """A tokenizer that learns the pieces of texts as they are, all or the commonest."""

    def __init__(
        self, *, pieces: Pieces = None, unknown: Unknown = "refuse", most_pieces: MostPieces = 0
    ) -> None:
        super().__init__(pieces=pieces, unknown=unknown)

    def learn(self, texts: list[str]) -> Any:
        """The pieces of these texts; of those that are as common, the first in the alphabet."""
        counts = Counter(piece for text in texts for piece in self.split(text))
        ranked = sorted(counts, key=lambda piece: (-counts[piece], piece))
        return self.knowing(sorted(ranked[: self.most_pieces or None]))


class Characters(Vocabulary):
    """One token per character.

    >>> letters = Characters().learn(["emma", "ava"])
    >>> letters.encode("eva"), letters.decode([0, 3, 0]), letters.vocab_size
    ([1, 3, 0], 'ava', 5)
    >>> with_bytes = Characters(unknown="bytes").learn(["emma", "ava"])
    >>> with_bytes.encode("é"), with_bytes.decode(with_bytes.encode("évé"))
    ([199, 173], 'évé')
    """

    def split(self, text: str) -> list[str]:
        """The characters."""
        return list(text)


class Words(Vocabulary):
    """One token per word, stretch of white space, or other character.

    >>> Words().split("to be, or")
    ['to', ' ', 'be', ',', ' ', 'or']
    >>> few = Words(most_pieces=2, unknown="replace").learn(["to be or not to be"])
    >>> few.pieces, [few.piece(k) for k in few.encode("to be")]
    ([' ', 'be'], ['<UNKNOWN>', ' ', 'be'])
    """

    def split(self, text: str) -> list[str]:
        """Words, white space and marks, in order."""
        return re.findall(r"\w+|\s+|[^\w\s]", text)


class Bytes(Tokenizer):
    """One token per byte of UTF-8: 256 and BOS, whatever the text.

    Unknown is only half of a surrogate pair, which UTF-8 cannot spell.

    >>> Bytes().encode("é")
    [195, 169]
    """

    def __init__(self, *, pieces: Pieces = None, unknown: Unknown = "refuse") -> None:
        super().__init__(pieces=[chr(k) for k in range(256)], unknown=unknown)
        self._byte_ids = range(256)
        self._n_unknown = int(unknown == "replace")  # as all bytes are here

    def configuration(self) -> dict[str, Any]:
        """The pieces need not be remembered."""
        return {"unknown": self.unknown} if self.unknown != "refuse" else {}

    def learn(self, texts: list[str]) -> Any:
        """Bytes need no learning."""
        return self

    def split(self, text: str) -> list[str]:
        """The bytes, each as the character with its number; half of a pair as it is."""
        pieces: list[str] = []
        for part in re.split("([\ud800-\udfff])", text):
            spelled = not "\ud800" <= part[:1] <= "\udfff"
            pieces += part.encode().decode("latin-1") if spelled else [part]
        return pieces

    def _not_known(self, piece: str, text: str, start: int) -> nf.InputError:
        return nf.InputError(
            f"the text has half of a surrogate pair at character {start}, which UTF-8 cannot spell",
            remedy="repair the text",
            got=text,
        )


@nf.hookimpl
def neuroflow_tokenizers():
    """All tokenizers by name."""
    for name, tokenizer in {
        "characters": Characters, "words": Words, "bytes": Bytes, "byte_pairs": BytePairs,
    }.items():  # fmt: skip
        summary = (tokenizer.__doc__ or "").split("\n", 1)[0]
        yield nf.TokenizerEntry(name=name, target=tokenizer, summary=summary)
    yield nf.TokenizerEntry(
        name="byte_level_bpe",
        target=ByteLevelBPE,
        loses='how accents were spelled, with normal_form = "NFC"',
        summary=(ByteLevelBPE.__doc__ or "").split("\n", 1)[0],
        checks=nf.Checks(
            settings=[{"pattern": each} for each in PATTERNS]
            + [{"normal_form": "NFC"}, {"n_merges": 3}, {"unknown": "replace"}]
        ),
    )
