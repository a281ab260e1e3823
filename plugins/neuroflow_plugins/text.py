"""Text datasets: lines of a file, given names, and tasks that are generated.

An example is a list of token ids and, for each of them or for the last few, the one that comes
next. BOS, the tokenizer's last id, stands at both ends of a text.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import neuroflow as nf

LETTER = 40
"""Bytes that a letter takes: in its question, in its answer, and as tokens of both."""

Tokenizer = Annotated[Any, nf.Setting("what cuts a text into tokens", part="tokenizer")]
BlockSize = Annotated[int, nf.Setting("the longest example, in tokens", "[1, inf)")]
MostLines = Annotated[int, nf.Setting("keep so many lines; 0 for all", "[0, inf)")]
Examples = Annotated[int, nf.Setting("how many examples", "[1, inf)", each=1000)]
Length = Annotated[int, nf.Setting("letters in each word", "[1, inf)", each=LETTER)]
Alphabet = Annotated[int, nf.Setting("letters to choose from: a, b, c ...", "[1, 26]")]

MOST_PIECES = 4096


def lines(
    rng,
    *,
    path: Annotated[str, nf.Setting("the file", file=True)],
    tokenizer: Tokenizer = "characters",
    block_size: BlockSize = 64,
    most_lines: MostLines = 0,
):
    """One text per line of a UTF-8 file, in an order drawn by ``rng``; blank lines are left out.

    A line is kept as it is, indentation and blanks at its end included; only the end of the line
    and a byte order mark are no part of it. The tokenizer learns its vocabulary from the file.
    Longer texts are read in windows of ``block_size`` tokens; ``most_lines`` keeps so many of the
    shuffled lines (0 for all). Raises InputError for a file that holds no text, and for a
    vocabulary of more than 4,096 pieces.
    """
    texts = _lines_of(path)
    return from_texts(rng, texts, tokenizer, block_size, most_lines, Path(path).name)


def names(
    rng,
    *,
    path: Annotated[str, nf.Setting("the file; a bundled list if left out", file=True)] = "",
    tokenizer: Tokenizer = "characters",
    block_size: BlockSize = 16,
    most_lines: MostLines = 0,
):
    """Given names, one per line: a bundled list, or the file at ``path``."""
    if path:
        found, name = _lines_of(path), Path(path).name
    else:
        text = files("neuroflow_plugins").joinpath("names.txt").read_text(encoding="utf-8")
        found, name = text.split("\n"), "names"
    texts = [text.strip() for text in found]
    return from_texts(rng, texts, tokenizer, block_size, most_lines, name)


def _lines_of(path):
    try:
        return nf.read_text(path).split("\n")
    except nf.FileError as error:
        what = f"cannot read text from {path}: {error.__cause__ or error.what}"
        raise nf.InputError(what, **error.rest) from error


def from_texts(rng, texts, tokenizer, block_size, most_lines, name):
    """A dataset of next tokens, from plain texts; those of nothing but blanks are left out."""
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise nf.InputError(f"{name} holds no text", expected="at least one line that is not empty")
    rng.shuffle(texts)
    texts = texts[: most_lines or None]
    learned = nf.resolve("tokenizer", tokenizer)()
    if getattr(learned, "pieces", None) is None:
        raise nf.InputError(
            f"the tokenizer is {tokenizer!r}",
            expected="a name, or a class with pieces, learn, encode and decode",
            got=tokenizer,
        )
    if not learned.pieces:
        learned = learned.learn(texts)
    if learned.vocab_size > MOST_PIECES:
        raise nf.InputError(
            f"{name} has {learned.vocab_size:,} different pieces",
            expected=f"at most {MOST_PIECES:,}",
            remedy='use tokenizer = "bytes", or {use = "byte_pairs", n_merges = 200}',
            got=learned.vocab_size,
        )
    inputs, targets = [], []
    for text in texts:
        tokens = [learned.bos, *learned.encode(text), learned.bos]
        for start in range(0, len(tokens) - 1, block_size):
            window = tokens[start : start + block_size + 1]
            inputs.append(window[:-1])
            targets.append(window[1:])
    return nf.Dataset(
        inputs, targets, "sequence", name=name, tokenizer=learned, vocab_size=learned.vocab_size
    )


def _task(name, questions, answers, characters):
    """A dataset in which only the answer counts: what follows the ``=`` of each question."""
    learned = nf.resolve("tokenizer", "characters")().learn([characters])
    inputs, targets = [], []
    for question, answer in zip(questions, answers, strict=True):
        tokens = [learned.bos, *learned.encode(question + answer), learned.bos]
        inputs.append(tokens[:-1])
        targets.append(tokens[len(question) + 1 :])
    return nf.Dataset(
        inputs, targets, "sequence", name=name, tokenizer=learned, vocab_size=learned.vocab_size
    )


def _words(rng, examples, length, alphabet):
    letters = "abcdefghijklmnopqrstuvwxyz"[:alphabet]
    return ["".join(rng.choice(letters) for _ in range(length)) for _ in range(examples)]


def _word_task(name, rng, examples, length, alphabet, answer):
    nf.check_room(examples * length, "letters", each=LETTER)
    words = _words(rng, examples, length, alphabet)
    letters = "abcdefghijklmnopqrstuvwxyz"[:alphabet] + "="
    return _task(name, [word + "=" for word in words], list(map(answer, words)), letters)


def copy(rng, *, examples: Examples = 1000, length: Length = 5, alphabet: Alphabet = 8):
    """Write a word again: ``cab=cab``."""
    return _word_task("copy", rng, examples, length, alphabet, lambda word: word)


def reverse(rng, *, examples: Examples = 1000, length: Length = 5, alphabet: Alphabet = 8):
    """Write a word backwards: ``cab=bac``."""
    return _word_task("reverse", rng, examples, length, alphabet, lambda word: word[::-1])


def sort(rng, *, examples: Examples = 1000, length: Length = 5, alphabet: Alphabet = 8):
    """Write the letters of a word in order: ``cab=abc``."""
    return _word_task("sort", rng, examples, length, alphabet, lambda word: "".join(sorted(word)))


def addition(
    rng,
    *,
    digits: Annotated[int, nf.Setting("digits of each number", "[1, 3]")] = 2,
    examples: Annotated[int, nf.Setting("keep so many pairs; 0 for all", "[0, inf)")] = 0,
    reverse_answer: Annotated[bool, nf.Setting("whether sums are written from the right")] = True,
):
    """Sums of two numbers: ``27+38=56`` stands for 65, its digits from the right.

    All pairs of numbers in an order drawn by ``rng``, or the first ``examples`` of them. From
    the right is the order in which people add (Lee et al. 2023).
    """
    numbers = range(10**digits)
    pairs = [(a, b) for a in numbers for b in numbers]
    rng.shuffle(pairs)
    pairs = pairs[: examples or None]
    questions = [f"{a:0{digits}}+{b:0{digits}}=" for a, b in pairs]
    sums = [f"{a + b:0{digits + 1}}" for a, b in pairs]
    answers = [text[::-1] for text in sums] if reverse_answer else sums
    return _task("addition", questions, answers, "0123456789+=")


@nf.hookimpl
def neuroflow_datasets():
    """All text datasets by name."""
    for dataset in (lines, names, copy, reverse, sort, addition):
        summary = (dataset.__doc__ or "").split("\n", 1)[0]
        yield nf.DatasetEntry(name=dataset.__name__, target=dataset, summary=summary)
