"""Datasets: examples to learn from, checked once, split by seed.

A :class:`Dataset` holds rows of plain numbers. What a loss wants to see of a class (its number,
-1 and +1, or a one-hot list) is decided in training; here a class is always an integer from 0.
"""

from __future__ import annotations

import math
import numbers
import random
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import evolve, field, frozen

from neuroflow.core.protocols.shown import Shown
from neuroflow.data.columns import Columns
from neuroflow.data.frames import rows_of
from neuroflow.data.preparation import Preparation
from neuroflow.data.prompting import Prompting
from neuroflow.data.rows import Rows
from neuroflow.data.shapes import is_shaped, is_structured, shaped
from neuroflow.data.table import refuse_twice
from neuroflow.errors import InputError, did_you_mean, require
from neuroflow.pythonic import finite_number, pythonic, pythonic_parts
from neuroflow.registry.entries import TASKS

MOST_SHOWN = 6
"""So many names of columns are shown at a glance."""


@frozen
class Standardization:
    """What was subtracted from each column of the inputs, and what it was divided by."""

    means: tuple[float, ...]
    deviations: tuple[float, ...]

    def __attrs_post_init__(self) -> None:
        for j, (mean, deviation) in enumerate(zip(self.means, self.deviations, strict=True)):
            finite_number(mean, f"the mean of column {j}")
            finite_number(deviation, f"the deviation of column {j}", low=math.ulp(0.0))

    @classmethod
    def fit(
        cls, rows: Sequence[Sequence[float]], weights: Sequence[float] | None = None
    ) -> Standardization:
        """Mean and standard deviation of each column; a constant column is divided by 1.

        A row of weight 2 counts as two such rows, and without ``weights`` each counts once.
        A column is constant too if its numbers differ by rounding alone. Raises
        :class:`InputError` for no rows, for rows of unequal length and for numbers that are not
        finite.

        >>> Standardization.fit([[1.0, 5.0], [3.0, 5.0]])
        Standardization(means=(2.0, 5.0), deviations=(1.0, 1.0))
        >>> Standardization.fit([[1e200, 0.3], [-1e200, 0.1 + 0.2]]).deviations
        (1e+200, 1.0)
        """
        columns = _columns(rows)
        found = [_mean_and_deviation(column, weights) for column in columns]
        means, deviations = zip(*found, strict=True)
        return cls(means, deviations)

    def apply(self, row: Sequence[float]) -> list[float]:
        """One row with each column shifted and scaled."""
        parts = zip(_numbers(row, self.means), self.means, self.deviations, strict=True)
        return [standardized(x, mean, deviation) for x, mean, deviation in parts]

    def apply_all(self, rows: Sequence[Sequence[float]]) -> Rows:
        """Many rows, each as :meth:`apply` makes it."""
        if not isinstance(rows, Rows) or rows.width != len(self.means):
            return Rows.of_columns(list(zip(*map(self.apply, rows), strict=True)))
        parts = zip(range(rows.width), self.means, self.deviations, strict=True)
        return Rows.of_columns([
            array("d", [standardized(x, mean, deviation) for x in rows.column(j)])
            for j, mean, deviation in parts
        ])  # fmt: skip

    def undo(self, row: Sequence[float]) -> list[float]:
        """The row that :meth:`apply` made this one of."""
        parts = zip(_numbers(row, self.means), self.means, self.deviations, strict=True)
        return [x * deviation + mean for x, mean, deviation in parts]


ROUNDING = 8
"""Numbers that differ by so many units in the last place, or fewer, differ by rounding alone."""


def _mean_and_deviation(
    column: Sequence[float], weights: Sequence[float] | None = None
) -> tuple[float, float]:
    """Both, computed at a scale at which nothing overflows: 2^-k, which rounds nothing."""
    low, high = min(column), max(column)
    if low == high:
        return low, 1.0
    largest = max(-low, high)
    k = math.frexp(largest)[1]
    scaled = [math.ldexp(x, -k) for x in column]
    mean = _mean(scaled, weights)
    if high - low <= ROUNDING * math.ulp(largest):
        return math.ldexp(mean, k), 1.0
    spread = math.sqrt(_mean([(x - mean) ** 2 for x in scaled], weights))
    return math.ldexp(mean, k), math.ldexp(spread, k) or 1.0


def _mean(numbers: Sequence[float], weights: Sequence[float] | None) -> float:
    total = math.fsum(weights) if weights is not None else 0.0
    if weights is None or not total:
        return math.fsum(numbers) / len(numbers)
    return math.fsum(w * x for w, x in zip(weights, numbers, strict=True)) / total


def _numbers(row: Any, means: Sequence[float]) -> list[float]:
    """A row with as many finite numbers as there are columns."""
    row = _listed(row)
    if len(row) != len(means):
        what = f"a row has {len(row)} numbers"
        raise InputError(what, expected=f"{len(means)}, one for each column", got=row)
    return [_finite(x, f"column {j} of a row") for j, x in enumerate(row)]


def standardized(x: float, mean: float, deviation: float) -> float:
    """One number less a mean, over a deviation."""
    shifted = x - mean
    return shifted / deviation if math.isfinite(shifted) else x / deviation - mean / deviation


def _columns(rows: Iterable[Any]) -> Iterable[Sequence[float]]:
    """The columns of rows of finite numbers."""
    if isinstance(rows, Rows):
        return map(rows.column, range(rows.width))
    return list(zip(*_equally_long(rows), strict=True))


def _equally_long(rows: Iterable[Any]) -> list[list[float]]:
    """Rows of finite numbers, as many in each. Raises :class:`InputError` for anything else."""
    listed = [_listed(row) for row in _rows(rows)]
    if not listed or not all(len(row) == len(listed[0]) > 0 for row in listed):
        raise InputError(
            f"there are {len(listed)} rows, of {sorted({len(row) for row in listed})} numbers",
            expected="at least one row, and as many numbers in each, at least one",
        )
    return [
        [_finite(x, f"row {k}, column {j}") for j, x in enumerate(row)]
        for k, row in enumerate(listed)
    ]


def _rows(rows: Iterable[Any]) -> Any:
    if isinstance(rows, Rows):
        return rows
    return rows_of(rows, "the examples of a dataset", "a list with one entry per example")


def _names(names: Iterable[str]) -> tuple[str, ...]:
    require(names, Iterable, "the names in a dataset", "a list of texts")
    listed = tuple(names)
    for name in listed:
        require(name, str, "a name in a dataset", "a text")
    return listed


@frozen(repr=False)
class Dataset(Shown):
    """Examples: inputs and what a model should answer to them.

    ``task`` says what a target is:

    - ``"regression"``: a number, or a list of numbers; for a loss of your own also lists in lists,
      or tuples and dicts of such;
    - ``"binary"``: 0 or 1, the number of one of two classes;
    - ``"classes"``: an integer from 0, the number of one of ``len(labels)`` classes;
    - ``"sequence"``: a list of token ids; inputs are lists of token ids too. The model answers
      once per input token, and the targets belong to the *last* ``len(target)`` answers, so a
      prompt can be left out of the loss.

    ``labels`` names the classes, ``columns`` the inputs. ``tokenizer`` turns text into token ids
    and back, ``vocab_size`` is how many there are; where classes have one, inputs are lists of
    token ids too. ``prompting`` says how a prompt becomes tokens. ``facts`` holds what else is
    worth showing, such as the ``baselines`` of a text. Inputs of a model of your own may be
    ``shaped``: lists in lists, or tuples and dicts of such, of any lengths; those in which
    something stands are anyway.

    Of a table, ``preparation`` is what its cells went through to become the inputs, and
    ``source`` holds them as they were. ``weights`` says how much the loss of each example counts.
    Many rows are best given as :class:`Rows`, which hold their numbers in one piece.

    ``overlap`` says that examples follow each other, as the windows of one text do, and how many
    of the next ones each shares some of its contents with: then the end is held out, whole.

    Raises :class:`InputError` for no examples, rows of unequal length, numbers that are not
    finite, and targets that do not fit the task.

    >>> data = Dataset([[0, 1], [1, 0]], [1, 0], "binary", labels=("left", "right"))
    >>> len(data), data.n_inputs, data.n_outputs, data[0]
    (2, 2, 1, ([0.0, 1.0], 1))
    """

    inputs: Any = field(converter=_rows)
    targets: Any = field(converter=_rows)
    task: str = "regression"
    labels: tuple[str, ...] = field(default=(), converter=_names)
    columns: tuple[str, ...] = field(default=(), converter=_names)
    name: str = ""
    tokenizer: Any = None
    vocab_size: int = 0
    standardization: Standardization | None = None
    preparation: Preparation | None = None
    source: Columns | None = field(default=None, repr=False)
    weights: Sequence[float] | None = field(default=None, repr=False)
    facts: dict[str, Any] = field(factory=dict)
    shaped: bool = False
    prompting: Prompting = field(factory=Prompting)
    overlap: int | None = None

    def __attrs_post_init__(self) -> None:
        what = f"dataset {self.name!r}" if self.name else "a dataset"
        if self.task not in TASKS:
            raise InputError(
                f"{what} has the task {self.task!r}",
                remedy=did_you_mean(str(self.task), TASKS, f"tasks: {', '.join(TASKS)}"),
                got=self.task,
            )
        if not len(self.inputs):
            raise InputError(f"{what} is empty", expected="at least one example", got=[])
        if len(self.inputs) != len(self.targets):
            raise InputError(
                f"{what} has {len(self.inputs)} inputs and {len(self.targets)} targets",
                expected="one target for each input",
            )
        refuse_twice(self.columns, f"{what} has", "columns")
        refuse_twice(self.labels, f"{what} has", "classes")
        if self.task == "sequence":
            self._check_sequences(what)
        elif self.vocab_size:
            self._check_tokens(what)
            self._check_targets(what)
        else:
            if self.shaped or is_shaped(self.inputs):
                object.__setattr__(self, "shaped", True)
                self.inputs[:] = shaped(self.inputs, f"{what}: the input")
            else:
                self._check_rows(what)
            self._check_targets(what)
        self._check_weights(what)

    def _check_weights(self, what: str) -> None:
        if self.weights is None:
            return
        if len(self.weights) != len(self):
            raise InputError(
                f"{what} has {len(self)} examples and {len(self.weights)} weights",
                expected="a weight for each example",
            )
        plain = set(map(type, self.weights)) == {float} and min(self.weights) >= 0
        if plain and math.isfinite(sum(self.weights)):
            return
        for k, weight in enumerate(self.weights):
            if not _finite(weight, f"{what}: the weight of row {k}") >= 0:
                raise InputError(
                    f"{what}: the weight of row {k} is {weight}", expected="at least 0", got=weight
                )

    def _check_rows(self, what: str) -> None:
        if isinstance(self.inputs, Rows) and math.isfinite(sum(self.inputs.flat)):
            return
        width = len(_listed(self.inputs[0]))
        for k, row in enumerate(self.inputs):
            cells = _listed(row)
            if not cells:
                raise InputError(f"{what}: row {k} of the inputs is empty", expected="numbers")
            if len(cells) != width:
                raise InputError(
                    f"{what}: row {k} of the inputs has {len(cells)} numbers, but row 0 has"
                    f" {width}",
                    expected="equally long rows",
                )
            self.inputs[k] = [
                _finite(x, f"{what}: row {k}, {self._column(j)} of the inputs")
                for j, x in enumerate(cells)
            ]

    def _check_targets(self, what: str) -> None:
        if self.task == "binary" and len(self.labels) not in (0, 2):
            raise InputError(
                f"{what} is binary but has {len(self.labels)} labels", expected="2", got=self.labels
            )
        if self.task == "binary" and not self.labels:
            object.__setattr__(self, "labels", ("0", "1"))
        if self._has_plain_targets():
            return
        if self.task == "regression" and is_structured(pythonic(self.targets[0])):
            self.targets[:] = shaped(self.targets, f"{what}: the target")
            return
        for k, target in enumerate(map(pythonic, self.targets)):
            where = f"{what}: the target of row {k}"
            if self.task == "regression" and isinstance(target, (list, tuple)):
                self.targets[k] = [_finite(x, where) for x in target]
            elif self.task == "regression":
                self.targets[k] = _finite(target, where)
            else:
                self.targets[k] = _class(target, where)
        if self.task == "regression":
            self._check_widths(what)
        else:
            self._check_classes(what)

    def _has_plain_targets(self) -> bool:
        """Whether all targets are right at a glance: a look at each takes a second a million."""
        if self.task == "regression":
            flat = self.targets.flat if isinstance(self.targets, Rows) else self.targets
            return set(map(type, flat)) == {float} and math.isfinite(sum(flat))
        numbered = len(self.labels) >= 2 and set(map(type, self.targets)) == {int}
        return numbered and min(self.targets) >= 0 and max(self.targets) < len(self.labels)

    def _check_widths(self, what: str) -> None:
        width = len(_listed(self.targets[0]))
        for k, target in enumerate(self.targets):
            if len(_listed(target)) != width or not width:
                raise InputError(
                    f"{what}: the target of row {k} has {len(_listed(target))} numbers, and that"
                    f" of row 0 has {width}",
                    expected="as many numbers in each, at least one",
                    got=target,
                )

    def _check_classes(self, what: str) -> None:
        if self.task == "classes" and not self.labels:
            labels = tuple(map(str, range(max(self.targets) + 1)))
            object.__setattr__(self, "labels", labels)
        if len(self.labels) < 2:
            raise InputError(
                f"{what} has the one class {self.labels[0]!r}",
                expected="at least 2 classes to tell apart",
                got=self.labels,
            )
        for k, target in enumerate(self.targets):
            if target >= len(self.labels):
                raise InputError(
                    f"{what}: the target of row {k} is class {target}",
                    expected=f"0 to {len(self.labels) - 1}, as there are {len(self.labels)}"
                    " classes",
                    got=target,
                )

    def _check_tokens(self, what: str) -> None:
        """Refuse inputs that are no lists of tokens."""
        for k, tokens in enumerate(self.inputs):
            self.inputs[k] = tokens = pythonic_parts(pythonic(tokens))
            require(tokens, (list, tuple), f"{what}: example {k}", "a list of token ids")
            if not tokens:
                raise InputError(f"{what}: example {k} is empty", expected="at least one token")
            self._check_known(tokens, what, k)

    def _check_known(self, tokens: Sequence[int], what: str, k: int) -> None:
        for token in tokens:
            if _class(token, f"{what}: a token of example {k}") >= self.vocab_size:
                raise InputError(
                    f"{what}: example {k} has the token {token}",
                    expected=f"0 to {self.vocab_size - 1}",
                    got=token,
                )

    def _check_sequences(self, what: str) -> None:
        object.__setattr__(self, "vocab_size", pythonic(self.vocab_size))
        if type(self.vocab_size) is not int or self.vocab_size < 1:
            raise InputError(
                f"{what} has the vocab_size {self.vocab_size!r}",
                expected="the number of its tokens, at least 1, as a sequence task needs it",
                got=self.vocab_size,
            )
        for listed in (self.inputs, self.targets):
            for k, part in enumerate(listed):
                words = "a list of token ids"
                listed[k] = part = pythonic_parts(pythonic(part))
                require(part, (list, tuple), f"{what}: a part of example {k}", words)
        for k, (tokens, targets) in enumerate(zip(self.inputs, self.targets, strict=True)):
            if not 1 <= len(targets) <= len(tokens):
                raise InputError(
                    f"{what}: example {k} has {len(tokens)} tokens and {len(targets)} targets",
                    expected="at least one target, and no more targets than tokens",
                )
            self._check_known((*tokens, *targets), what, k)

    def _column(self, j: int) -> str:
        return f"column {self.columns[j]!r}" if j < len(self.columns) else f"column {j}"

    def __len__(self) -> int:
        return len(self.inputs)

    def __repr__(self) -> str:
        """One line, however many examples there are."""
        named = f" {self.name!r}" if self.name else ""
        if self.task == "sequence":
            return f"<Dataset{named}: {len(self):,} texts, {self.vocab_size} tokens>"
        some = ", ".join(self.columns[:MOST_SHOWN]) + (", ..." * (len(self.columns) > MOST_SHOWN))
        inputs = f"{self.n_inputs} inputs{f' ({some})' if some else ''}"
        goal = f"{self.classes} classes" if self.classes else f"{self.n_outputs} to predict"
        return f"<Dataset{named}: {len(self):,} examples, {inputs}, {self.task}, {goal}>"

    def __getitem__(self, k: int) -> tuple[Any, Any]:
        return self.inputs[k], self.targets[k]

    @property
    def n_inputs(self) -> int:
        """How many numbers an input has; 0 for tokens, and for all that is no flat row."""
        return 0 if self.reads_tokens or self.shaped else len(self.inputs[0])

    @property
    def reads_tokens(self) -> bool:
        """Whether inputs are lists of token ids."""
        return self.vocab_size > 0

    @property
    def n_outputs(self) -> int:
        """How many numbers a model should answer: 1 for two classes, else one per class."""
        if self.task == "sequence":
            return self.vocab_size
        if self.task == "classes":
            return len(self.labels)
        return len(_listed(self.targets[0])) if self.task == "regression" else 1

    @property
    def classes(self) -> int:
        """How many classes there are; 0 if the task has none."""
        return len(self.labels) if self.task in ("binary", "classes") else 0

    def take(self, positions: Sequence[int]) -> Dataset:
        """The examples at these positions, counted from 0, in this order."""
        for k in positions:
            if type(k) is int and 0 <= k < len(self.inputs):
                continue
            if not isinstance(k, numbers.Integral) or not 0 <= k < len(self):
                raise InputError(
                    f"there is no example {k!r}", expected=f"0 to {len(self) - 1}", got=k
                )
        inputs = _taken(self.inputs, positions)
        return evolve(
            self,
            inputs=inputs,
            targets=inputs if self.reconstructs else _taken(self.targets, positions),
            source=self.source.take(positions) if self.source else None,
            weights=_taken(self.weights, positions) if self.weights is not None else None,
        )

    def split(self, fraction: float, rng: random.Random) -> tuple[Dataset, Dataset]:
        """Two datasets, drawn by ``rng``: to train on, and ``fraction`` of all to test on.

        Of examples that follow each other the last ones are held out, and none before them
        overlaps with them. Both keep the order of the examples. What a preparation learned is
        learned again, from the part to train on alone. Raises :class:`InputError` if one would
        be empty.

        >>> from neuroflow import SplitMix32
        >>> data = Dataset([[x] for x in range(10)], range(10))
        >>> part, held_out = data.split(0.2, SplitMix32(0))
        >>> len(part), len(held_out)
        (8, 2)
        """
        require(fraction, (int, float), "the fraction to test on", "a number between 0 and 1")
        if not 0 < fraction < 1:
            raise InputError(
                f"the fraction to test on is {fraction}",
                expected="a number between 0 and 1",
                got=fraction,
            )
        held_out = round(fraction * len(self))
        if not 0 < held_out < len(self):
            raise InputError(
                f"a test fraction of {fraction} splits {len(self)} examples into"
                f" {len(self) - held_out} and {held_out}",
                expected="at least one in both parts",
                got=fraction,
            )
        if self.overlap is not None:
            return self._split_at(len(self) - held_out)
        order = list(range(len(self)))
        rng.shuffle(order)
        train, test = self.take(sorted(order[held_out:])), self.take(sorted(order[:held_out]))
        if self.preparation is None or train.source is None:
            return train, test
        preparation = self.preparation.learned(train.source)
        return train.prepared(preparation), test.prepared(preparation)

    def prepared(self, preparation: Preparation) -> Dataset:
        """The rows of the table that it was made from, prepared in another way."""
        inputs = preparation.rows(self.source)
        return evolve(
            self,
            inputs=inputs,
            targets=inputs if self.reconstructs else self.targets,
            columns=preparation.names,
            preparation=preparation,
        )

    def _split_at(self, first: int) -> tuple[Dataset, Dataset]:
        """The examples that end before the one at ``first`` begins, and those from there on."""
        apart = first - (self.overlap or 0)
        if apart < 1:
            raise InputError(
                f"the first {first} of {len(self)} examples overlap with those held out",
                expected=f"more than {self.overlap} to train on",
                remedy="take a longer text, a smaller test fraction, or a larger stride",
                got=len(self),
            )
        return self.take(range(apart)), self.take(range(first, len(self)))

    def standardized(self, like: Standardization | None = None) -> Dataset:
        """Inputs with mean 0 and deviation 1 per column, or transformed like other data.

        Fit on the training part, and hand its ``standardization`` to the test part.
        """
        if self.reads_tokens:
            raise InputError(
                "token ids cannot be standardized", remedy="leave the option out for text"
            )
        if self.shaped:
            what = "inputs that are no flat rows have no columns to standardize"
            raise InputError(what, remedy="leave the option out, and scale the numbers yourself")
        scale = like or Standardization.fit(self.inputs, self.weights)
        inputs = scale.apply_all(self.inputs)
        targets = inputs if self.reconstructs else self.targets
        return evolve(self, inputs=inputs, targets=targets, standardization=scale)

    @property
    def reconstructs(self) -> bool:
        """Whether the inputs are the targets too, as an autoencoder has it."""
        return self.targets is self.inputs

    @property
    def raw_inputs(self) -> list[list[float]]:
        """The inputs as they were before they were standardized."""
        undo = self.standardization.undo if self.standardization else list
        return [undo(row) for row in self.inputs]


def _taken(rows: Any, positions: Sequence[int]) -> Any:
    return rows.take(positions) if isinstance(rows, Rows) else [rows[k] for k in positions]


def _listed(row: Any) -> Sequence[Any]:
    row = pythonic(row)
    return row if isinstance(row, (list, tuple)) else [row]


def _finite(x: Any, where: str) -> float:
    x = pythonic(x)
    if isinstance(x, bool) or not isinstance(x, numbers.Real):
        raise InputError(f"{where} is {x!r}", expected="a number", remedy=_as_number(x), got=x)
    if not abs(x) <= sys.float_info.max:  # type: ignore[operator]  # any real number
        raise InputError(
            f"{where} is {_shown(x)}",
            expected="a finite number",
            remedy="repair the data",
            got=x,
        )
    return float(x)


MISSING = "fill in what is missing, or leave such rows out"


def _as_number(x: Any) -> str:
    """What to do about something that is no number, where that is plain."""
    if x is None or type(x).__name__ in ("NAType", "NaTType"):  # those of pandas
        return MISSING
    if isinstance(x, bool):
        return "make numbers of truth values: X.astype(float)"
    return "make numbers of texts: X.astype(float)" if isinstance(x, str) and _reads(x) else ""


def _reads(x: str) -> bool:
    """Whether a text is a number in words."""
    try:
        float(x)
    except ValueError:
        return False
    return True


def _shown(x: Any) -> str:
    return repr(float(x)) if isinstance(x, float) else f"{str(x)[:20]}..."


def _class(x: Any, where: str) -> int:
    x = pythonic(x)
    if isinstance(x, bool) or not isinstance(x, numbers.Integral) or x < 0:
        raise InputError(f"{where} is {x!r}", expected="a class number: an integer from 0", got=x)
    return int(x)
