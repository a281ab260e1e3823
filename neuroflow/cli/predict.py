"""``neuroflow predict MODEL``: rows in, answers out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from neuroflow.cli.shared.answers import Answered, answer_names, written
from neuroflow.cli.shared.output import BACKENDS, json_option, json_text, note, say
from neuroflow.cli.shared.streams import console
from neuroflow.cli.shared.texts import (
    SpokenText,
    answered_in_text,
    asked_texts,
    refuse_language_model,
)
from neuroflow.errors import InputError
from neuroflow.files import decoded, write_file

if TYPE_CHECKING:
    from neuroflow.data.asked import AskedRow, AskedTable
    from neuroflow.data.facts import DataFacts

CHUNK = 5000
"""So many rows are answered at a time."""


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("values", nargs=-1)
@click.option(
    "--csv",
    "source",
    metavar="FILE",
    help="Rows of a table, with or without a header; - reads standard input.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the answers to a file."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    help="How answers are written; a table on a terminal, CSV everywhere else if left out.",
)
@click.option("--backend", default="auto", help=f"{BACKENDS}.")
@click.option("--dtype", default="float64", help="float64, or float32 for compiled runs.")
@json_option
def predict(
    model: Path, values: tuple[str, ...], source: str | None, out: Path | None, form: str | None,
    backend: str, dtype: str, as_json: bool,
) -> None:  # fmt: skip
    """Ask MODEL, a run folder or a .safetensors file.

    Give one row as VALUES, or a CSV file, or rows on standard input. A header picks columns by
    the names that the model was trained with; other columns, such as one of ids, stand beside the
    answers. Rows are prepared and standardized as the training data were. On a terminal answers
    come first, and cells as far as they fit; in a file or a pipe everything is there.
    A model of texts takes a text as each of VALUES, a CSV file with its column, or lines on
    standard input, and tells their classes, or the answers to questions.

    \b
    Examples:
      neuroflow predict runs/moons 0.5 -0.25
      neuroflow predict runs/moons --csv points.csv --out answers.csv
      echo "1.2, 0.3" | neuroflow predict runs/moons
      neuroflow predict runs/reviews "a lovely film" "what a bore"
      neuroflow predict runs/addition 27+38
      neuroflow predict runs/moons --csv points.csv --dtype float32 --json
    """  # fmt: skip
    from neuroflow.checkpoint import file_of, inspect_file, load

    path = file_of(model, best=True)
    data, network = inspect_file(path).data, load(path)
    refuse_language_model(model, network, data, values[0] if values else "...")
    table = _asked(values, source or "-", network)
    in_text = data.get("task") == "sequence"
    told = (answered_in_text if in_text else _answered)(table.rows, network, backend, dtype)
    first = next(told)  # what is wrong with the model or the rows is told before anything
    spoken: Any = SpokenText() if in_text else Spoken.of(network, first[1])
    rows = chain([first], told)
    if as_json or form == "json":
        results = [spoken.as_json(row, answer, table) for row, answer in rows]
        lines = iter([json_text({"model": str(path), "predictions": results})])
    else:
        found = (Answered(spoken.by_name(answer), row.cells) for row, answer in rows)
        lines = written(table.names, found, form or _usual_form(out), console().width)
    if out is None:
        for line in lines:
            say(line)
    else:
        write_file(out, "".join(f"{line}\n" for line in lines))
        note(f"wrote {out}")


def _usual_form(out: Path | None) -> str:
    return "table" if out is None and console().is_terminal else "csv"


def _asked(values: tuple[str, ...], source: str, network: Any) -> AskedTable:
    """What is asked: the arguments, a file, or standard input."""
    from neuroflow.data.asked import AskedRow, AskedTable, asked_inputs, asked_table
    from neuroflow.data.facts import DataFacts
    from neuroflow.data.reading import TableSource

    facts = network.trained_on or DataFacts()
    if facts.tokenizer is not None and values:
        return asked_texts(values, facts)
    if values:
        inputs = asked_inputs(values, facts, "the arguments")
        named = facts.cells if len(facts.cells) == len(values) else map(str, range(len(values)))
        row = AskedRow(0, inputs, values, values)
        return AskedTable(tuple(named), tuple(range(len(values))), iter([row]))
    if source != "-":
        return asked_table(TableSource.of(source), facts)
    if sys.stdin.isatty():
        what = "texts" if facts.tokenizer is not None else "rows of a table"
        note(f"{what}, one a line; end with Ctrl-D", style="dim")
    if facts.tokenizer is not None:
        lines = decoded(sys.stdin.buffer.read(), "standard input").split("\n")
        return asked_texts([line for line in lines if line.strip()], facts)
    return asked_table(TableSource.of_bytes(sys.stdin.buffer.read(), "standard input"), facts)


def _answered(
    rows: Iterator[AskedRow], network: Any, backend: str, dtype: str
) -> Iterator[tuple[AskedRow, Any]]:
    """Each row with its answer; many rows are answered by a compiled model."""
    from neuroflow.training.predicting import ROWS_WORTH_COMPILING, answerer

    answers: Callable[[list[Any]], list[Any]] | None = None
    while chunk := list(islice(rows, CHUNK)):
        few = len(chunk) < ROWS_WORTH_COMPILING and backend == "auto" and dtype == "float64"
        if answers is None:
            answers = answerer(network, "eager" if few else backend, dtype)
        yield from zip(chunk, answers([row.inputs for row in chunk]), strict=True)


@frozen
class Spoken:
    """What the answers of a model are in words: the names of classes, and their probabilities."""

    network: Any
    facts: DataFacts
    has_labels: bool
    has_probabilities: bool

    @classmethod
    def of(cls, network: Any, answer: Any) -> Spoken:
        """How this model is spoken for, which gave this answer."""
        from neuroflow.data.facts import DataFacts
        from neuroflow.training.predicting import has_labels, probabilities_of

        labelled = has_labels(network)
        try:
            known = labelled and bool(probabilities_of(network, [answer]))
        except InputError:  # a loss that gives scores alone
            known = False
        return cls(network, network.trained_on or DataFacts(), labelled, known)

    def label(self, answer: Any) -> str:
        from neuroflow.training.predicting import label_of

        return label_of(self.network, answer)

    def probabilities(self, answer: Any) -> dict[str, float]:
        from neuroflow.training.predicting import probabilities_of

        return probabilities_of(self.network, [answer])[0]

    def by_name(self, answer: Any) -> dict[str, Any]:
        """The answer as columns: the class and its probabilities, or the numbers."""
        numbers = answer if isinstance(answer, list) else [answer]
        facts = self.facts
        label = f"predicted {facts.targets[0]}" if len(facts.targets) == 1 else "predicted"
        labels = {label: self.label(answer)} if self.has_labels else {}
        if self.has_probabilities:
            chances = self.probabilities(answer)
            return {**labels, **{f"P({name})": p for name, p in chances.items()}}
        names = answer_names(facts.labels, facts.targets, len(numbers))
        return {**labels, **dict(zip(names, numbers, strict=True))}

    def as_json(self, row: AskedRow, answer: Any, table: AskedTable) -> dict[str, Any]:
        """All of it, and the columns that were not asked for."""
        told: dict[str, Any] = {"input": self._inputs(row), "output": answer}
        if self.has_labels:
            told["label"] = self.label(answer)
        if self.has_probabilities:
            told["probabilities"] = self.probabilities(answer)
        if table.passed:
            told["beside"] = {table.names[j]: row.cells[j] for j in table.passed}
        return told

    def _inputs(self, row: AskedRow) -> list[Any]:
        """The cells that were asked: numbers where the model takes numbers, else texts."""
        preparation = self.facts.preparation
        if preparation is None:
            return list(row.asked) if self.facts.tokenizer else list(map(float, row.asked))
        return [preparation.value(k, cell) for k, cell in enumerate(row.asked)]
