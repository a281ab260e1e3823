"""Byte pairs: a vocabulary that grows by joining the two tokens most often side by side.

The definition is :func:`textbook_merges` and :func:`textbook_split`: count all pairs, join the
commonest everywhere, and count again. :class:`BytePairs` finds the same merges and the same pieces
sooner: each different text is looked at once, and a merge touches only the places where its pair
stands. Source: Sennrich et al. 2016, algorithm 1.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Annotated, Any, Literal

import neuroflow as nf
from neuroflow_plugins.pieces import Pieces, Tokenizer, Unknown

Pair = tuple[str, str]
NO_PAIR: Pair = ("", "")

LONGEST_KEPT, MOST_KEPT = 64, 50_000
"""Characters of a word whose pieces are remembered, and how many words are."""

MANY_WORDS = 20_000
"""From so many words on, encoding takes long enough to say how far it is."""


def textbook_merges(texts: Sequence[str], n_merges: int) -> list[Pair]:
    """The definition of learning: join the commonest pair, ``n_merges`` times.

    Of pairs that are as common the first in the alphabet is joined; one that stands at a single
    place is no pair worth a token, and ends the learning.

    >>> textbook_merges(["banana", "bandana"], 2)
    [('a', 'n'), ('an', 'a')]
    """
    split = [list(text) for text in texts]
    merges: list[Pair] = []
    for _ in range(n_merges):
        counts = Counter(pair for parts in split for pair in pairwise(parts))
        if not counts or max(counts.values()) < 2:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        split = [joined(parts, best) for parts in split]
    return merges


def textbook_split(text: str, merges: Sequence[Pair]) -> list[str]:
    """The definition of encoding: the characters, with the merges applied in their order.

    >>> textbook_split("ban", [("a", "n"), ("an", "a")])
    ['b', 'an']
    """
    parts = list(text)
    for pair in merges:
        parts = joined(parts, pair)
    return parts


def joined(parts: Sequence[str], pair: Pair) -> list[str]:
    """The parts with every occurrence of a pair joined, from the left."""
    result: list[str] = []
    k = 0
    while k < len(parts):
        step = 2 if tuple(parts[k : k + 2]) == pair else 1
        result.append("".join(parts[k : k + step]))
        k += step
    return result


class Chain:
    """Words as tokens that know their neighbours, so that two can be joined at their place.

    Nothing, "", stands before, between and behind the words, and where a token was that is now a
    part of the one before it. A pair is named by the place of its first token.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.tokens = [""]
        for word in words:
            self.tokens += [*word, ""]
        self.before = list(range(-1, len(self.tokens) - 1))
        self.after = list(range(1, len(self.tokens) + 1))

    def pair(self, place: int) -> Pair:
        """The token at a place and the one after it; twice nothing where one of them is nothing."""
        first = self.tokens[place]
        second = first and self.tokens[self.after[place]]
        return (first, second) if second else NO_PAIR

    def join(self, place: int) -> None:
        """Make one token of a pair."""
        second = self.after[place]
        self.tokens[place] += self.tokens[second]
        self.tokens[second] = ""
        self.after[place] = behind = self.after[second]
        self.before[behind] = place


class PairCounts:
    """How often each pair stands in words, and where, kept while pairs are joined.

    ``words`` says how often each word occurs. A heap has the commonest pair first. What it says
    may be out of date: counts that fell are put right when they come up.
    """

    def __init__(self, words: Mapping[str, int]) -> None:
        self._chain = Chain(list(words))
        self._times = [0]  # of the word at each place
        for word, times in words.items():
            self._times += [times] * (len(word) + 1)
        self._counts: Counter[Pair] = Counter()
        self._places: dict[Pair, list[int]] = {}
        for place in range(len(self._times)):
            self._add(place)
        self._heap = [(-count, pair) for pair, count in self._counts.items()]
        heapify(self._heap)

    def commonest(self) -> Pair | None:
        """The pair that occurs most, of equals the first by letters; none that occurs once."""
        while self._heap:
            negative, pair = heappop(self._heap)
            count = self._counts[pair]
            if count == -negative >= 2:
                return pair
            if 2 <= count < -negative:
                heappush(self._heap, (-count, pair))
        return None

    def join(self, pair: Pair) -> None:
        """Make one token of a pair wherever it stands, from the left."""
        chain = self._chain
        new: dict[Pair, None] = {}
        for place in sorted(self._places.pop(pair)):
            if chain.pair(place) != pair:  # an overlapping one has taken a part of it
                continue
            left, second = chain.before[place], chain.after[place]
            for old in (left, place, second):
                self._remove(old)
            chain.join(place)
            for changed in (left, place):
                self._add(changed)
                new[chain.pair(changed)] = None
        for each in new:
            if each != NO_PAIR:
                heappush(self._heap, (-self._counts[each], each))

    def _add(self, place: int) -> None:
        pair = self._chain.pair(place)
        if pair != NO_PAIR:
            self._counts[pair] += self._times[place]
            self._places.setdefault(pair, []).append(place)

    def _remove(self, place: int) -> None:
        """Take a pair out of the counts; its place stays in the list and is passed over."""
        pair = self._chain.pair(place)
        if pair != NO_PAIR:
            self._counts[pair] -= self._times[place]


def learned_merges(words: Mapping[str, int], n_merges: int) -> list[Pair]:
    """The merges of :func:`textbook_merges` for words that occur so often.

    >>> learned_merges({"banana": 1, "bandana": 1}, 2)
    [('a', 'n'), ('an', 'a')]
    """
    counts = PairCounts(words)
    merges: list[Pair] = []
    for _ in nf.working_through(range(n_merges), "learning pairs of tokens"):
        pair = counts.commonest()
        if pair is None:
            break
        merges.append(pair)
        counts.join(pair)
    return merges


def ranks_of(merges: Sequence[Pair]) -> dict[Pair, list[int]]:
    """When each pair is joined: the places that it has in the list, as it may be learned again."""
    ranks: dict[Pair, list[int]] = {}
    for rank, pair in enumerate(merges):
        ranks.setdefault(pair, []).append(rank)
    return ranks


def split_by_ranks(
    word: str, ranks: Mapping[Pair, Sequence[int]], *, in_turn: bool = True
) -> list[str]:
    """The pieces of :func:`textbook_split`: always join the pair that was learned first.

    In turn, a merge whose turn is over joins no pair that comes up later. Otherwise it does, as
    GPT-2 has it, which looks through all merges anew after each.

    >>> split_by_ranks("ban", ranks_of([("a", "n"), ("an", "a")]))
    ['b', 'an']
    >>> early = ranks_of([("ab", "c"), ("a", "b")])
    >>> split_by_ranks("abc", early), split_by_ranks("abc", early, in_turn=False)
    (['ab', 'c'], ['abc'])
    """
    chain = Chain([word])
    pairs = ((chain.pair(place), place) for place in range(len(chain.tokens)))
    heap = [(ranks[pair][0], place, pair) for pair, place in pairs if pair in ranks]
    heapify(heap)
    while heap:
        rank, place, pair = heappop(heap)
        if chain.pair(place) != pair:  # one of the two is a part of another by now
            continue
        chain.join(place)
        for changed in (chain.before[place], place):
            new = chain.pair(changed)
            if new in ranks:
                later = (
                    bisect_right(ranks[new], rank) if in_turn else 0
                )  # what comes before is over
                if later < len(ranks[new]):
                    heappush(heap, (ranks[new][later], changed, new))
    return [token for token in chain.tokens if token]


class Merger:
    """Merges by which words become pieces; those of short words are kept, as they come again.

    >>> Merger([("a", "n"), ("an", "a")]).pieces("ban")
    ['b', 'an']
    """

    def __init__(self, merges: Sequence[Pair], *, in_turn: bool = True) -> None:
        self._ranks = ranks_of(merges)
        self._in_turn = in_turn
        self._kept: dict[str, list[str]] = {}

    def pieces(self, word: str) -> list[str]:
        """The pieces of a word, see :func:`split_by_ranks`."""
        if word in self._kept:
            return self._kept[word]
        pieces = split_by_ranks(word, self._ranks, in_turn=self._in_turn)
        if len(word) <= LONGEST_KEPT and len(self._kept) < MOST_KEPT:
            self._kept[word] = pieces
        return pieces


class BytePairs(Tokenizer):
    """Characters, and pairs of tokens that were often side by side, merged again and again.

    Within a "text" pairs may join across blanks; within "words", each with the blank before it, as
    in GPT-2, they do not, which is learned and encoded several times as fast. Source: Sennrich et
    al. 2016, algorithm 1.

    >>> pairs = BytePairs(n_merges=2).learn(["banana", "bandana"])
    >>> pairs.merges, pairs.split("ban")
    ([['a', 'n'], ['an', 'a']], ['b', 'an'])
    """

    def __init__(
        self, *, pieces: Pieces = None, unknown: Unknown = "refuse",
        merges: Annotated[
            list[list[str]] | None, nf.Setting("pairs in the order in which they were learned")
        ] = None,
        n_merges: Annotated[int, nf.Setting("how many pairs to learn", "[0, inf)")] = 50,
        within: Annotated[
            Literal["text", "words"], nf.Setting("what pairs do not join across the ends of")
        ] = "text",
    ) -> None:  # fmt: skip
        super().__init__(pieces=pieces, unknown=unknown)
        self.merges = [list(pair) for pair in merges or []]
        self._merger = Merger([(a, b) for a, b in self.merges])
        self._inside = {letters for a, b in self.merges for letters in pairwise(a + b)}

    def learn(self, texts: list[str]) -> Any:
        """Merge the commonest pair, ``n_merges`` times; of equals the first in the alphabet."""
        words = Counter(word for text in texts for word in self._words(text))
        merges = learned_merges(words, self.n_merges)
        pieces = {letter for word in words for letter in word} | {a + b for a, b in merges}
        return self.knowing(sorted(pieces), merges=[list(pair) for pair in merges])

    def split(self, text: str) -> list[str]:
        """The characters, with the merges applied in their order."""
        words = [part for word in self._words(text) for part in self._apart(word)]
        shown = nf.working_through(words, "encoding text") if len(words) >= MANY_WORDS else words
        return [piece for word in shown for piece in self._merger.pieces(word)]

    def _words(self, text: str) -> list[str]:
        """What pairs are joined within."""
        return [text] if self.within == "text" else re.findall(r" ?\w+| ?[^\w\s]+|\s+", text)

    def _apart(self, word: str) -> list[str]:
        """A word cut between letters that stand side by side in no piece: no merge joins them."""
        letters = enumerate(pairwise(word), 1)
        cuts = [0, *(k for k, pair in letters if pair not in self._inside), len(word)]
        return [word[start:end] for start, end in pairwise(cuts)]
