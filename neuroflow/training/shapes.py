"""Shapes of a run: whether data, layers and loss fit each other, known before a model is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neuroflow.config import (
    ANY,
    LayerShapes,
    Shape,
    Tree,
    coming_from,
    open_lengths,
    problems_of,
    shapes_of,
    shown_shape,
)
from neuroflow.data.dataset import Dataset
from neuroflow.errors import ConfigurationError, InputError
from neuroflow.registry.entries import LossEntry
from neuroflow.training.examples import AS_GIVEN, name_of
from neuroflow.training.fitting import SEE_LAYERS, outputs_of, what_it_is_given, wrong_answer

EXAMPLES = 100
"""So many examples tell the shape of inputs that are no flat rows."""


def shape_of_inputs(data: Dataset) -> Any:
    """The shape of one example; a length that differs from one to the next is a letter.

    >>> print(shape_of_inputs(Dataset([[1.0, 2.0], [3.0, 4.0]], [0.5, 1.0])))
    (2,)
    """
    if data.n_inputs:
        return Shape((data.n_inputs,))
    if data.reads_tokens:
        lengths = set(map(len, data.inputs))
        return Shape(["n" if len(lengths) > 1 else lengths.pop()], ids=True)
    return _common([Shape.of(x) for x in data.inputs[:EXAMPLES]])


def _common(shapes: Sequence[Any]) -> Any:
    """What all shapes have in common."""
    first = shapes[0]
    if isinstance(first, Mapping):
        return {key: _common([shape[key] for shape in shapes]) for key in first}
    if any(len(shape) != len(first) for shape in shapes):
        return ANY
    lengths = [each[0] if len(set(each)) == 1 else "n" for each in zip(*shapes, strict=True)]
    return Shape(lengths, ids=all(shape.ids for shape in shapes))


def fit_shapes(table: Tree, data: Dataset, loss: LossEntry) -> list[LayerShapes]:
    """The shapes of each layer of a model that is fed with these data.

    Lengths that the table leaves to what comes in are written into it. Raises
    :class:`ConfigurationError` for layers that do not fit each other, and
    :class:`InputError` for a model that does not fit the data.
    """
    name = name_of(data)
    came = coming_from(shape_of_inputs(data), name)
    rows, misfits = shapes_of(table, came)
    own = [str(misfit) for misfit in misfits if misfit.origin == name]
    if own:
        raise InputError(
            f"the model cannot take the inputs of {what_it_is_given(data)}: {'; '.join(own)}",
            remedy=SEE_LAYERS,
            got=shown_shape(came),
        )
    if problems := [*problems_of(misfits), *open_lengths(table)]:
        raise ConfigurationError("the model", problems=problems)
    if rows and loss.labels != AS_GIVEN:
        _check_answer(rows, data, loss)
    return rows


def _check_answer(rows: Sequence[LayerShapes], data: Dataset, loss: LossEntry) -> None:
    """Raise :class:`InputError` where the last shape is not what the loss needs."""
    given = rows[0].gives
    each = given[1:] if data.task == "sequence" else given
    if isinstance(given, Mapping) or given.is_open or len(each) > 1:
        return  # what a run of it will tell
    size = each[0] if each else 1
    if isinstance(size, int) and size != outputs_of(data, loss):
        last = [row for row in rows if row.gives == given][-1]
        where = f": {last.label} gives {given}" if last is not rows[0] else ""
        raise wrong_answer(size, data, loss, where)


def shapes_of_run(model: Any, data: Dataset) -> list[dict[str, str]]:
    """Each layer of a model with what it takes and gives of these data, as texts."""
    rows, _ = shapes_of(model, shape_of_inputs(data))
    return [
        {"path": row.path, "layer": row.name, "takes": shown_shape(row.takes),
         "gives": shown_shape(row.gives)}
        for row in rows
    ]  # fmt: skip


def shapes_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Those layers as a table.

    >>> print(shapes_table([{"path": "model", "layer": "mlp", "takes": "(2,)", "gives": "()"}]))
    layer         takes   gives
    model (mlp)   (2,)    ()
    """
    lines = [("layer", "takes", "gives")]
    lines += [(f"{row['path']} ({row['layer']})", row["takes"], row["gives"]) for row in rows]
    wide = [max(len(line[k]) for line in lines) for k in range(2)]
    return "\n".join(f"{a:<{wide[0]}}   {b:<{wide[1]}}   {c}".rstrip() for a, b, c in lines)
