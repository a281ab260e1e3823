"""Evaluating: how good a run, a model or the file of one is, on its own data or on others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neuroflow.checkpoint import load_with_facts
from neuroflow.core.module import Module
from neuroflow.data.dataset import Dataset
from neuroflow.data.facts import DataFacts
from neuroflow.errors import InputError, require
from neuroflow.evaluation.evaluation import WORST, Evaluation, evaluation_of
from neuroflow.evaluation.metrics import as_tables, asked_metrics, usual_metrics
from neuroflow.registry.manager import get
from neuroflow.training.loading import load_like, raw_like
from neuroflow.training.predicting import answers_to
from neuroflow.training.run import read_run
from neuroflow.training.scores import answers_by
from neuroflow.training.using import Trained


def evaluate(
    what: Any,
    X: Any = None,
    y: Any = None,
    *,
    part: str = "",
    loss: str = "",
    metrics: Sequence[Any] = (),
    worst: int = WORST,
    backend: str = "auto",
) -> Evaluation:
    """How good a model is: loss and metrics, and where and how it is wrong.

    ``what`` is a run, the folder of one, a model, or the file of one. A run is evaluated on a
    ``part`` of its data: ``"test"``, ``"validation"`` or ``"train"``, the first of them that it
    has if none is said; the folder of a run that keeps its best is evaluated at its best. ``X``
    and ``y`` are other examples, raw, as they were before standardization: arrays or lists as
    :func:`neuroflow.fit` takes them, or a dataset alone; of a folder or file ``X`` may be the path
    of a file, read as the data that the model was trained on. ``metrics`` are told beside the
    usual ones, and ``loss`` is the name of one for a model that does not know its own.

    Raises :class:`InputError` for a part that a run does not have, and for data that are not such
    as the model was trained on.

    >>> from neuroflow import train
    >>> run = train("moons", {"train.steps": 2, "train.backend": "eager", "data.points": 10})
    >>> evaluation = evaluate(run.run())
    >>> evaluation.examples, sorted(evaluation.scores)
    (10, ['accuracy', 'loss'])
    """
    if part and X is not None:
        raise InputError(
            f"part = {part!r} beside data of its own", expected="one of the two", got=part
        )
    if isinstance(what, Trained):
        return what.evaluate(X, y, part=part, metrics=metrics, worst=worst)
    if isinstance(what, (str, Path)) and X is None:
        training = read_run(what)
        with training.as_at_its_best():
            return training.evaluate(part=part, metrics=metrics, worst=worst)
    model, data = _model_and_data(what, X, y)
    entry = get("loss", loss or _loss_of(model))
    answers = answers_by(
        lambda: answers_to(model, list(data.inputs), backend, "float64"), data, entry, entry.load()
    )
    chosen = [*usual_metrics(data), *asked_metrics(as_tables(metrics), data, entry)]
    return evaluation_of(answers, chosen, worst=worst)


def _model_and_data(what: Any, X: Any, y: Any) -> tuple[Module, Dataset]:
    """The model, and the examples as it wants them."""
    configuration: Mapping[str, Any] = {}
    if isinstance(what, (str, Path)):
        what, saved = load_with_facts(what)
        configuration = saved.configuration
    require(what, Module, "what is evaluated", "a run, a model, or the path of one")
    facts = what.trained_on or DataFacts()
    if isinstance(X, (str, Path)):
        if "data" not in configuration:
            raise InputError(
                f"{type(what).__name__} does not know how the file {str(X)!r} is to be read",
                expected="the folder of a run, whose configuration says it",
                remedy="give the examples themselves, as arrays, lists or a neuroflow.Dataset",
            )
        X = load_like(configuration["data"], str(X), facts)
    return what, raw_like(X, y, facts)


def _loss_of(model: Module) -> str:
    facts = model.trained_on
    if facts is None or not facts.loss:
        raise InputError(
            f"{type(model).__name__} does not know the loss that it was trained with",
            expected='the name of one: loss = "cross_entropy"',
        )
    return f"{facts.loss}"
