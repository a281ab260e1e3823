"""Models of texts at the command line: what each is, how it is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroflow.errors import InputError
from neuroflow.files import in_shell

if TYPE_CHECKING:
    from neuroflow.checkpoint import SavedModel
    from neuroflow.data.asked import AskedRow, AskedTable
    from neuroflow.data.facts import DataFacts


def refuse_language_model(path: Path, model: Any, data: dict[str, Any], prompt: str) -> None:
    """Raise :class:`InputError` for a model that goes on with texts, and answers to none.

    One that learned questions and answers, or to answer to every token of a text, may be asked.
    ``model`` is loaded, ``data`` is what its file says of its data.
    """
    from neuroflow.generation.writer import can_write

    if data.get("task") != "sequence":
        return
    if "tokenizer" not in data:
        raise InputError(
            f"{path} reads token ids and was trained without a tokenizer, so no text can be given",
            remedy="ask it in Python: model = nf.load(path); model([token, ...])",
            file=str(path),
        )
    if can_write(model) and not model.trained_on.prompting.between:
        raise InputError(
            f"{path} is a language model, which reads text and goes on with it",
            remedy=f"use: neuroflow generate {in_shell(path)} --prompt {in_shell(prompt)}",
            file=str(path),
        )


def asked_texts(texts: Sequence[str], facts: DataFacts) -> AskedTable:
    """Texts as a table of one column. Raises :class:`InputError` if there are none."""
    from neuroflow.data.asked import AskedRow, AskedTable

    if not texts:
        raise InputError("standard input holds no text", remedy="give at least one line")
    rows = (AskedRow(k, facts.inputs(text), (text,), (text,)) for k, text in enumerate(texts, 1))
    return AskedTable((facts.columns or ("text",))[:1], (0,), rows)


def answered_in_text(
    rows: Iterator[AskedRow], network: Any, backend: str, dtype: str
) -> Iterator[tuple[AskedRow, str]]:
    """Each row with the text that a model answers: to its question, or token by token."""
    from neuroflow.generation.writer import can_write

    for row in rows:
        if can_write(network):
            yield row, _to_question(network, " ".join(row.asked), backend, dtype)
        else:
            yield row, _to_each_token(network, row.inputs)


def _to_question(network: Any, question: str, backend: str, dtype: str) -> str:
    """What a model answers to a question, by its likeliest tokens."""
    from neuroflow.generation.writing import generate

    (written,) = generate(network, prompt=question, temperature=0.0, backend=backend, dtype=dtype)
    return written.answer


def _to_each_token(network: Any, tokens: Sequence[float]) -> str:
    """The likeliest token at each place of a text, for a model that answers to all of them."""
    from neuroflow.core.no_grad import no_grad
    from neuroflow.engine.runner import numbers_of
    from neuroflow.evaluation.answers import class_of

    with no_grad():
        rows = numbers_of(network(tokens))
    return str(network.trained_on.tokenizer.decode([class_of(row) for row in rows]))


class SpokenText:
    """Answers that are texts themselves."""

    def by_name(self, answer: str) -> dict[str, Any]:
        """The answer as a column."""
        return {"answer": answer}

    def as_json(self, row: AskedRow, answer: str, table: AskedTable) -> dict[str, Any]:
        """The answer, and the columns that were not asked for."""
        told: dict[str, Any] = {"input": list(row.asked), "output": answer}
        if table.passed:
            told["beside"] = {table.names[j]: row.cells[j] for j in table.passed}
        return told


def no_writer(path: Path, about: SavedModel) -> InputError:
    """What a model is that writes no text, and the command that asks it."""
    folder, file = in_shell(path), str(path)
    if "tokenizer" in about.data:
        what = "tells texts apart" if about.data["task"] != "sequence" else "answers to each token"
        remedy = f"use: neuroflow predict {folder} 'some text'"
        return InputError(f"{path} {what} and writes none", remedy=remedy, file=file)
    what = f"{path} has no tokenizer, so it writes no text"
    if about.data.get("task") == "sequence":
        remedy = "ask it in Python: nf.generate(model, tokenizer), or model([token, ...])"
    else:
        remedy = f"ask it with rows of numbers: neuroflow predict {folder} --csv FILE"
    return InputError(what, remedy=remedy, file=file)


MOST_PIECES = 24
"""So many pieces and merges of a tokenizer are shown."""


def tokenizer_in_words(table: Mapping[str, Any]) -> list[str]:
    """What a saved tokenizer is: its name and settings, its first pieces and merges.

    >>> tokenizer_in_words({"use": "characters", "pieces": ["a", " "], "unknown": "bytes"})
    ["characters, unknown = 'bytes'", "2 pieces: 'a' ' '"]
    """
    lists = {"pieces": table.get("pieces"), "merges": table.get("merges")}
    settings = [f"{k} = {v!r}" for k, v in table.items() if k not in ("use", *lists)]
    lines = [", ".join([str(table["use"]), *settings])]
    for name, found in lists.items():
        if isinstance(found, list) and found:
            shown = (" ".join(map(repr, x)) if isinstance(x, list) else repr(x) for x in found)
            words = (" " if name == "pieces" else ", ").join(list(shown)[:MOST_PIECES])
            lines.append(f"{len(found):,} {name}: {words}{' ...' * (len(found) > MOST_PIECES)}")
    return lines


def prompting_in_words(table: Mapping[str, Any]) -> list[str]:
    """What stands around a text or a question, one line for each thing that is not usual.

    >>> prompting_in_words({"begins": True, "between": "=", "source_length": 5, "most": 0})
    ["between question and answer: '='", 'questions are filled up to 5 tokens']
    """
    says = {
        "learned from parts of one text, so that nothing marks a beginning": not table["begins"],
        f"between question and answer: {table['between']!r}": table["between"],
        f"questions are filled up to {table['source_length']} tokens": table["source_length"],
        f"texts are cut after {table['most']} tokens": table["most"],
    }
    return [words for words, is_so in says.items() if is_so]
