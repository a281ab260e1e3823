"""Predicting: what a model, or the file of one, answers to rows of numbers."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neuroflow.core.module import Module, evaluating
from neuroflow.core.no_grad import no_grad
from neuroflow.data.dataset import Standardization
from neuroflow.engine.runner import check_eager, numbers_of
from neuroflow.errors import InputError, require
from neuroflow.pythonic import pythonic, pythonic_parts

ROWS_WORTH_COMPILING = 500
"""From so many rows on, predicting is faster compiled, the compilation included."""


def predict(
    model: Any, rows: Sequence[Any], *, backend: str = "auto", dtype: str = "float64"
) -> list[Any]:
    """What a model answers to each row, as floats or lists of floats.

    ``model`` is a model, or the path of a saved one; then rows are standardized as its training
    data were. ``backend`` is "eager", a backend's name, or "auto", which compiles where there
    are enough rows to make up for it; ``dtype``, "float64" or "float32", is for compiled runs.

    Raises :class:`InputError` for rows that are no lists of finite numbers.

    >>> from neuroflow import SplitMix32, build
    >>> predict(build("mlp", sizes=[2, 1], rng=SplitMix32(1)), [[0.0, 0.0]])
    [0.0]
    """
    rows = pythonic(rows)
    if isinstance(model, (str, Path)):
        from neuroflow.checkpoint import load_with_facts

        model, saved = load_with_facts(model)
        rows = standardized_rows(rows, saved.data)
    require(model, Module, "the model", "a neuroflow.Module, or the path of a saved one")
    require(rows, Sequence, "the rows", "a list of rows, each a list of numbers")
    if not rows:
        raise InputError("there are no rows to predict", remedy="give at least one", got=rows)
    rows = [_checked_row(row, k) for k, row in enumerate(rows)]
    if backend == "auto" and dtype == "float64" and len(rows) < ROWS_WORTH_COMPILING:
        backend = "eager"
    with evaluating():
        if backend == "eager":
            check_eager(dtype)
            with no_grad():
                return [numbers_of(model(row)) for row in rows]
        from neuroflow.engine.compile import compile

        compiled = compile(lambda model, x: model(x), backend=backend, dtype=dtype)
        return compiled.batch_value(model, rows)


def standardized_rows(rows: Sequence[Any], facts: Mapping[str, Any]) -> list[Any]:
    """Rows as the model of a file saw them in training."""

    scale = facts.get("standardization")
    if not scale:
        return list(rows)
    fitted = Standardization(tuple(scale["means"]), tuple(scale["deviations"]))
    rows = [_checked_row(row, k) for k, row in enumerate(rows)]
    for k, row in enumerate(rows):
        if len(row) != len(fitted.means):
            raise InputError(
                f"row {k} has {len(row)} numbers",
                expected=f"{len(fitted.means)}, as in the data that the model was trained on",
                got=row,
            )
    return [fitted.apply(row) for row in rows]


def _checked_row(row: Any, k: int) -> Any:
    row = pythonic_parts(pythonic(row))
    if not isinstance(row, (list, tuple)):
        raise InputError(f"row {k} is {row!r}", expected="a list of numbers", got=row)
    for j, x in enumerate(row):
        number = isinstance(x, (int, float)) and not isinstance(x, bool)
        if not number or not abs(x) <= sys.float_info.max:
            raise InputError(f"row {k}, number {j} is {x!r}", expected="a finite number", got=x)
    return row
