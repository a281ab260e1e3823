"""Facts: what a model knows of the data that it was trained on, to be asked about new ones."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from neuroflow.data.dataset import Dataset, Standardization
from neuroflow.data.preparation import Preparation
from neuroflow.data.prompting import Prompting
from neuroflow.data.shapes import shaped
from neuroflow.errors import InputError, did_you_mean
from neuroflow.pythonic import pythonic, pythonic_parts


@frozen
class DataFacts:
    """What belongs to a trained model beside its numbers: it takes raw rows and names its answers.

    ``standardization`` is what its inputs went through, ``columns`` are their names, ``labels``
    those of the classes and ``targets`` those of what is to be predicted. ``preparation`` is what
    the cells of a table go through before all of that, ``tokenizer`` is what reads and writes
    texts, and ``prompting`` says how a prompt becomes tokens. ``shaped`` inputs are no flat rows:
    see :class:`Dataset`. ``loss`` is what the model was trained with: it reads probabilities out
    of answers.

    >>> data = Dataset([[1.0, 5.0], [3.0, 5.0]], [0, 1], "binary", columns=("x", "y"))
    >>> facts = DataFacts.of(data.standardized())
    >>> facts.inputs([3.0, 5.0]), facts.inputs({"y": 5.0, "x": 3.0})
    ([1.0, 0.0], [1.0, 0.0])
    >>> facts.label(1)
    '1'
    """

    name: str = ""
    task: str = ""
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    n_inputs: int = 0
    n_outputs: int = 0
    baselines: Mapping[str, float] | None = None
    standardization: Standardization | None = None
    tokenizer: Any = None
    preparation: Preparation | None = None
    targets: tuple[str, ...] = ()
    shaped: bool = False
    loss: str | None = None
    prompting: Prompting = field(factory=Prompting)

    @classmethod
    def of(cls, data: Dataset) -> DataFacts:
        """Those of a dataset."""
        return cls(
            data.name, data.task, data.labels, data.columns, data.n_inputs, data.n_outputs,
            data.facts.get("baselines"), data.standardization, data.tokenizer,
            data.preparation, tuple(data.facts.get("targets", ())), data.shaped,
            prompting=data.prompting,
        )  # fmt: skip

    def inputs(self, row: Any, where: str = "the row") -> list[float]:
        """A row, a list or a dict by the names of columns, as the model saw rows in training.

        For a model that learned from texts the row is a text, or a list of token ids; for one that
        learned from a table it has the cells of one: numbers, words and dates.

        Raises :class:`InputError` for what is no row of finite numbers, or not of this length.
        """
        if self.tokenizer is not None and isinstance(row, Mapping):
            (row,) = self._in_order(row, where)
        if self.tokenizer is not None and isinstance(row, str):
            return self.prompting.tokens(self.tokenizer, row)  # type: ignore[return-value]
        if self.shaped:
            return shaped([row], where)[0]  # type: ignore[no-any-return]
        if self.preparation is not None:
            row = self.preparation.row(row, where)
        row = checked_row(self._in_order(row, where) if isinstance(row, Mapping) else row, where)
        scale = self.standardization
        expected = len(scale.means) if scale else self.n_inputs
        if expected and len(row) != expected:
            raise InputError(
                f"{where} has {len(row)} numbers",
                expected=f"{expected}, as in the data that the model was trained on",
                got=row,
            )
        return scale.apply(row) if scale else row

    @property
    def cells(self) -> tuple[str, ...]:
        """The names of what a row has, in its order; empty where nobody named them."""
        return self.preparation.columns if self.preparation else self.columns

    def label(self, number: int) -> str:
        """The name of a class."""
        return self.labels[number] if number < len(self.labels) else str(number)

    def _in_order(self, row: Mapping[str, Any], where: str) -> list[Any]:
        """The numbers of a dict in the order of the columns."""
        if not self.columns:
            raise InputError(
                f"{where} is a dict, and the model knows no names of columns",
                expected="a list of numbers",
                got=row,
            )
        for name in self.columns:
            if name not in row:
                known = f"it has: {', '.join(map(str, row)) or 'nothing'}"
                raise InputError(
                    f"{where} has no {name!r}",
                    remedy=did_you_mean(name, map(str, row), known),
                    got=row,
                )
        return [row[name] for name in self.columns]


def checked_row(row: Any, where: str) -> list[float]:
    """The row itself, if it is a list of finite numbers."""
    row = pythonic_parts(pythonic(row))
    if not isinstance(row, (list, tuple)):
        raise InputError(f"{where} is {row!r}", expected="a list of numbers", got=row)
    for j, x in enumerate(row):
        number = isinstance(x, (int, float)) and not isinstance(x, bool)
        if not number or not abs(x) <= sys.float_info.max:
            raise InputError(f"{where}, number {j} is {x!r}", expected="a finite number", got=x)
    return list(row)
