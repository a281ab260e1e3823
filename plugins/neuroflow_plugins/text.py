"""Text datasets: a file as one text or as lines, columns of a table, tasks that are generated.

An example is a list of token ids and, for each of them or for the last few, the one that comes
next; or the class of the text. BOS, the tokenizer's last id, stands at both ends of a text.
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
TextFile = Annotated[str, nf.Setting("the file", file=True)]
Column = str | int
Delimiter = Annotated[
    str | None, nf.Setting("what stands between cells; recognised if left out", length="[1, 1]")
]
Encoding = Annotated[str | None, nf.Setting("how the file is encoded; recognised if left out")]
Header = Annotated[
    bool | None, nf.Setting("whether the first line has the names of columns; it has if left out")
]
MostLines = Annotated[int, nf.Setting("keep so many lines; 0 for all", "[0, inf)")]
Examples = Annotated[int, nf.Setting("how many examples", "[1, inf)", each=1000)]
Length = Annotated[int, nf.Setting("letters in each word", "[1, inf)", each=LETTER)]
Alphabet = Annotated[int, nf.Setting("letters to choose from: a, b, c ...", "[1, 26]")]

MOST_PIECES = 4096


def text(
    rng,
    *,
    path: Annotated[
        str, nf.Setting("the file; bundled names, shuffled, if left out", file=True)
    ] = "",
    tokenizer: Tokenizer = "characters",
    block_size: Annotated[int, nf.Setting("tokens of a window", "[1, inf)")] = 64,
    stride: Annotated[
        int,
        nf.Setting(
            "tokens from the beginning of a window to that of the next; 0 for block_size",
            "[0, inf)",
        ),
    ] = 0,
):
    """One long text: windows of ``block_size`` tokens, each to be gone on with token by token.

    The file is read as it is, ends of lines, blank lines and indentation included; only a byte
    order mark is left out, and a line ends with a single newline, also where the file ends lines as
    Windows does. All windows are equally long, so that a model is compiled once; what is left at
    the end of the text is less than a stride. A ``test`` fraction is the end of the text, and no
    window to train on reaches into it. The tokenizer learns its vocabulary from the whole file.

    Raises InputError for a text that is no longer than a window, and for a vocabulary of more than
    4,096 pieces.
    """
    content, name = (_text_of(path), Path(path).name) if path else (_shuffled_names(), "names")
    learned = learned_from(tokenizer, [content] if content else [], name)
    tokens, stride = learned.encode(content), stride or block_size
    if len(tokens) <= block_size:
        raise nf.InputError(
            f"{name} has {len(tokens):,} tokens",
            expected=f"more than the {block_size} of a window",
            remedy="give a longer text, or set a smaller block_size",
            got=len(tokens),
        )
    starts = range(0, len(tokens) - block_size, stride)
    return nf.Dataset(
        [tokens[start : start + block_size] for start in starts],
        [tokens[start + 1 : start + block_size + 1] for start in starts],
        "sequence", name=name, tokenizer=learned, vocab_size=learned.vocab_size,
        prompting=nf.Prompting(begins=False), overlap=block_size // stride,
    )  # fmt: skip


def lines(
    rng,
    *,
    path: TextFile,
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
        found, name = bundled_names().split("\n"), "names"
    texts = [text.strip() for text in found]
    return from_texts(rng, texts, tokenizer, block_size, most_lines, name)


def _shuffled_names():
    """The bundled names as one text, always in the same order, not that of the alphabet."""
    found = bundled_names().split()
    nf.SplitMix32(0).shuffle(found)
    return "\n".join([*found, ""])


def bundled_names():
    """A list of given names, one a line."""
    return files("neuroflow_plugins").joinpath("names.txt").read_text(encoding="utf-8")


def texts(
    rng,
    *,
    path: TextFile,
    column: Annotated[Column, nf.Setting("the column of the texts, by name or number", "[0, inf)")],
    target: Annotated[
        Column, nf.Setting("the column of their classes, by name or number", "[0, inf)")
    ],
    tokenizer: Tokenizer = "characters",
    block_size: Annotated[int, nf.Setting("cut texts after so many tokens", "[1, inf)")] = 64,
    labels: Annotated[
        list[str] | None,
        nf.Setting(
            "the classes in their order; found in the target if left out", length="[2, inf)"
        ),
    ] = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    header: Header = None,
):
    """Texts and their classes, two columns of a CSV file: tokens in, class out.

    BOS stands before a text. One that is longer than ``block_size`` tokens is cut there. A model
    for it is ``text_classifier``, with as many ``outputs`` as there are classes.
    """
    table = _text_columns(
        path, column=column, target=target, delimiter=delimiter, encoding=encoding, header=header
    )
    found = table.texts(table.names[0])
    table.texts(table.names[1])  # each has a class
    known, classes = nf.classes_of(table, 1, labels or ())
    name, prompting = Path(path).name, nf.Prompting(most=block_size)
    learned = learned_from(tokenizer, found, name)
    inputs = [prompting.tokens(learned, one) for one in nf.working_through(found, "encoding texts")]
    return nf.Dataset(
        inputs, classes, "classes", labels=known, name=name, tokenizer=learned,
        vocab_size=learned.vocab_size, prompting=prompting, columns=table.names[:1],
        facts={"recognised": str(table.notation)},
    )  # fmt: skip


def text_pairs(
    rng,
    *,
    path: TextFile,
    source: Annotated[
        Column, nf.Setting("the column of the questions, by name or number", "[0, inf)")
    ],
    target: Annotated[
        Column, nf.Setting("the column of the answers, by name or number", "[0, inf)")
    ],
    tokenizer: Tokenizer = "characters",
    between: Annotated[
        str, nf.Setting("what stands between question and answer", length="[1, 100]")
    ] = "\n",
    source_length: Annotated[
        int,
        nf.Setting(
            "fill questions up to so many tokens, for encoder_decoder; 0 for no", "[0, inf)"
        ),
    ] = 0,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    header: Header = None,
):
    """Questions and answers, two columns of a CSV file; only the answers count in the loss.

    An example is BOS, the question, what stands ``between``, the answer, and BOS. For a model that
    reads a source of fixed length, as ``encoder_decoder`` does, set the same ``source_length``
    here: BOS and the question are filled up with BOS to so many tokens.
    """
    table = _text_columns(
        path, source=source, target=target, delimiter=delimiter, encoding=encoding, header=header
    )
    questions, answers = map(table.texts, table.names)
    prompting = nf.Prompting(between=between, source_length=source_length)
    name = Path(path).name
    learned = learned_from(tokenizer, [*questions, *answers, between], name)
    return question_answers(
        name, questions, answers, learned, prompting, columns=table.names[:1],
        facts={"recognised": str(table.notation)},
    )  # fmt: skip


def _text_columns(path, *, delimiter, encoding, header, **columns):
    """Some columns of a table, in the order in which they are asked for, as texts."""

    def wanted(found):
        places = [found.position(column, role) for role, column in columns.items()]
        if len(set(places)) < len(places):
            raise nf.InputError(
                f"{' and '.join(columns)} are both the column {found.names[places[0]]!r}",
                expected="two columns: an answer that is its own question teaches nothing",
            )
        return nf.Wanted(places, as_texts=frozenset(places))

    return nf.read_columns(path, wanted, delimiter=delimiter, encoding=encoding, header=header)


def _lines_of(path):
    return _text_of(path).split("\n")


def _text_of(path):
    try:
        return nf.read_text(path)
    except nf.FileError as error:
        what = f"cannot read text from {path}: {error.__cause__ or error.what}"
        raise nf.InputError(what, **error.rest) from error


def from_texts(rng, texts, tokenizer, block_size, most_lines, name):
    """A dataset of next tokens, from plain texts; those of nothing but blanks are left out."""
    texts = [text for text in texts if text.strip()]
    rng.shuffle(texts)
    texts = texts[: most_lines or None]
    learned = learned_from(tokenizer, texts, name)
    inputs, targets = [], []
    for text in nf.working_through(texts, "encoding texts"):
        tokens = [learned.bos, *learned.encode(text), nf.end_of_text(learned)]
        for start in range(0, len(tokens) - 1, block_size):
            window = tokens[start : start + block_size + 1]
            inputs.append(window[:-1])
            targets.append(window[1:])
    return nf.Dataset(
        inputs, targets, "sequence", name=name, tokenizer=learned, vocab_size=learned.vocab_size
    )


def learned_from(tokenizer, texts, name):
    """A tokenizer that knows texts: one by name learns them. Raises InputError if there are none.

    Raises InputError for what is no tokenizer, and for more pieces than a model should have.
    """
    if not texts:
        raise nf.InputError(f"{name} holds no text", expected="at least one line that is not empty")
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
    return learned


def question_answers(name, questions, answers, learned, prompting, **about):
    """A dataset in which only the answers count: what follows the tokens of each prompt."""
    inputs, targets = [], []
    pairs = list(zip(questions, answers, strict=True))
    for question, answer in nf.working_through(pairs, "encoding questions"):
        answered = [*learned.encode(answer), nf.end_of_text(learned)]
        inputs.append([*prompting.tokens(learned, question), *answered[:-1]])
        targets.append(answered)
    return nf.Dataset(
        inputs, targets, "sequence", name=name, tokenizer=learned, vocab_size=learned.vocab_size,
        prompting=prompting, **about,
    )  # fmt: skip


def _task(name, questions, answers, characters):
    """A dataset in which only the answer counts: what follows the ``=`` of each question."""
    learned = nf.resolve("tokenizer", "characters")().learn([characters])
    return question_answers(name, questions, answers, learned, nf.Prompting(between="="))


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
    folder = Path(__file__).parent
    few = {"example": {"examples": 40}}
    facts: dict[Any, dict[str, Any]] = {
        text: {"fixed": True, "example": {"path": str(folder.joinpath("recipes", "moons.toml"))}},
        lines: {"example": {"path": str(folder.joinpath("names.txt")), "most_lines": 40}},
        names: {"example": {"most_lines": 40}},
        texts: {"fixed": True}, text_pairs: {"fixed": True},
        copy: few, reverse: few, sort: few,
        addition: {"example": {"digits": 1, "examples": 40}},
    }  # fmt: skip
    for dataset in (
        text, lines, names, texts, text_pairs, copy, reverse, sort, addition,
    ):  # fmt: skip
        summary = (dataset.__doc__ or "").split("\n", 1)[0]
        known = facts.get(dataset, {})
        yield nf.DatasetEntry(name=dataset.__name__, target=dataset, summary=summary, **known)
