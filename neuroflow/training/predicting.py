"""Predicting: what a model, or the file of one, answers to raw rows of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from neuroflow.core.module import Module, evaluating
from neuroflow.core.no_grad import no_grad
from neuroflow.data.columns import Columns
from neuroflow.data.facts import checked_row
from neuroflow.data.frames import columns_in, is_frame, rows_of
from neuroflow.data.shapes import is_shaped, shaped
from neuroflow.engine.runner import check_eager, numbers_of
from neuroflow.errors import InputError, require
from neuroflow.evaluation.answers import class_of, class_probabilities
from neuroflow.registry.manager import get

ROWS_WORTH_COMPILING = 500
"""From so many rows on, predicting is faster compiled, the compilation included."""


def predict(
    model: Any,
    rows: Any,
    *,
    labels: bool = False,
    probabilities: bool = False,
    backend: str = "auto",
    dtype: str = "float64",
) -> list[Any]:
    """What a model answers to each row, as floats or lists of floats; or the names of classes.

    ``model`` is a model, the path of a saved one, or the folder of a run: all three answer alike.
    Rows are raw, as they stand in the data that it was trained on, and are standardized as those
    were; each is a list of numbers, or a dict by the names of columns. They may be an array, or a
    frame, of which the columns that were trained on are taken by their names. With ``labels`` a
    classifier names the class of each row, and with ``probabilities`` it gives a dict of the
    probability of each class by its name. ``backend`` is "eager", a backend's name, or "auto",
    which compiles where there are enough rows to make up for it; ``dtype``, "float64" or
    "float32", is for compiled runs.

    Raises :class:`InputError` for rows that are not of finite numbers or not as in the data, and
    where probabilities are asked of a model whose loss gives none, such as hinge.

    >>> from neuroflow import SplitMix32, build
    >>> predict(build("mlp", sizes=[2, 1], rng=SplitMix32(1)), [[0.0, 0.0]])
    [0.0]
    """
    if isinstance(model, (str, Path)):
        from neuroflow.checkpoint import load

        model = load(model)
    require(model, Module, "the model", "a neuroflow.Module, or the path of a saved one")
    facts = model.trained_on
    if facts and facts.preparation and is_frame(rows):
        rows = Columns.of(rows, "the frame").dicts()
    named = is_frame(rows) and facts and facts.columns
    rows = columns_in(rows, facts.columns) if named else rows_of(rows)
    if probabilities and labels:
        raise InputError("labels and probabilities are both asked for", expected="one of them")
    if not rows:
        raise InputError("there are no rows to predict", remedy="give at least one", got=rows)
    answers = answers_to(model, _inputs(facts, rows), backend, dtype)
    if probabilities:
        return probabilities_of(model, answers)
    return [label_of(model, answer) for answer in answers] if labels else answers


def _inputs(facts: Any, rows: list[Any]) -> list[Any]:
    """Rows as the model saw those that it was trained on, if it was."""
    if facts is None and is_shaped(rows):
        return shaped(rows, "the input")
    checked = facts.inputs if facts else checked_row
    return [checked(row, f"row {k}") for k, row in enumerate(rows)]


def has_labels(model: Any) -> bool:
    """Whether a model was trained to tell classes apart."""
    facts = model.trained_on
    return facts is not None and facts.task in ("binary", "classes")


def label_of(model: Any, answer: Any) -> str:
    """The name of the class that an answer stands for.

    Raises :class:`InputError` for a model that was not trained to tell classes apart.
    """
    _require_labels(model)
    return str(model.trained_on.label(class_of(answer)))


def probabilities_of(model: Any, answers: Sequence[Any]) -> list[dict[str, float]]:
    """The probability of each class by its name, as the loss of the training reads the answers.

    Raises :class:`InputError` for a model that was not trained to tell classes apart, or with a
    loss that gives scores and no probabilities.
    """
    _require_labels(model)
    facts = model.trained_on
    if not facts.loss:
        raise InputError(
            f"{type(model).__name__} does not know the loss that it was trained with",
            expected="a model of nf.train or nf.fit, whose loss says what its answers mean",
            got=model,
        )
    loss = get("loss", facts.loss)
    rows = [class_probabilities(loss, answer) for answer in answers]
    return [{facts.label(k): p for k, p in enumerate(row)} for row in rows]


def _require_labels(model: Any) -> None:
    if not has_labels(model):
        raise InputError(
            f"{type(model).__name__} has no names for its answers",
            expected="a model that was trained to tell classes apart",
            got=model,
        )


def answers_to(model: Any, rows: list[Any], backend: str, dtype: str) -> list[Any]:
    """What a model says to rows as it saw them in training, as floats or lists of floats."""
    if backend == "auto" and dtype == "float64" and len(rows) < ROWS_WORTH_COMPILING:
        backend = "eager"
    return answerer(model, backend, dtype)(rows)


def answerer(model: Any, backend: str, dtype: str) -> Callable[[list[Any]], list[Any]]:
    """What answers to inputs such as the model was trained on, again and again, compiled once."""
    if backend == "eager":
        check_eager(dtype)
        return lambda inputs: _eager_answers(model, inputs)
    from neuroflow.engine.compile import compile

    compiled = compile(lambda model, x: model(x), backend=backend, dtype=dtype)

    def answers(inputs: list[Any]) -> list[Any]:
        with evaluating():
            return compiled.batch_value(model, inputs)

    return answers


def _eager_answers(model: Any, inputs: list[Any]) -> list[Any]:
    with evaluating(), no_grad():
        return [numbers_of(model(row)) for row in inputs]
