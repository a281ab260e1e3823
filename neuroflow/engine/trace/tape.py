"""The tape: a traced function as flat columns, some fifteen bytes per node.

A *cell* is the number of a node, in the order of creation; leaves are cells too. The tape holds
no Python object per node, so that ten million nodes fit where ten million Values would not.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

Ints = NDArray[Any]
"""Whole numbers: cells and positions in 32 bits, offsets in memory in 64."""

CONSTANT, PARAMETER, INPUT, LIVE = 0, 1, 2, 3
"""Leaves, the first entries of every table of forms. A *live* one is a Value that is no parameter:
whoever holds it may change its number, so every run reads it anew."""

FIRST_OP = 4
"""The first number of a form that is an op."""

SHARED_FROM = 8
"""Vectors at least this long are written once, however many nodes read them."""

REMEMBERED = 1 << 17
"""Cells of written vectors that are remembered at once: bounded, however long the trace."""


@frozen(eq=False)
class Take:
    """The choice of one of its inputs by an index input; stands where an op stands."""

    index: int
    """Which of the example's inputs holds the index."""

    name: str = "take"
    step: str = "take"


@frozen(eq=False)
class Form:
    """An op with so many inputs, written as so many slices: two for a long dot, else one."""

    op: Any
    arity: int
    slices: int = 1


@define(eq=False)
class Forms:
    """The table that nodes point into: every op with every number of inputs that occurred."""

    entries: list[Form] = field(
        factory=lambda: [Form(name, 0) for name in ("constant", "parameter", "input", "live")]
    )
    _numbers: dict[Any, int] = field(factory=dict)
    _columns: Any = None

    def __getitem__(self, number: int) -> Form:
        return self.entries[number]

    def number(self, op: Any, arity: int) -> int:
        """The number of an op with so many inputs; a new one is added."""
        number = self._numbers.get((op, arity))
        if number is None:
            number = self._numbers[op, arity] = len(self.entries)
            vectors = len(op.parameters) if getattr(op, "vectors", False) else 1
            self.entries.append(Form(op, arity, vectors if arity >= vectors * SHARED_FROM else 1))
        return number

    def find(self, op: Any, arity: int) -> int:
        """The number of an op with so many inputs, or -1: no node has it."""
        return self._numbers.get((op, arity), -1)

    def of(self, op: Any) -> list[int]:
        """The numbers of an op, whatever its number of inputs."""
        return [number for number, form in enumerate(self.entries) if form.op is op]

    def takes(self) -> list[int]:
        """The numbers of choices by an index."""
        return [number for number, form in enumerate(self.entries) if isinstance(form.op, Take)]

    def columns(self) -> tuple[Ints, Ints]:
        """Inputs and slices of every form."""
        if self._columns is None or len(self._columns[0]) != len(self.entries):
            self._columns = (
                np.array([form.arity for form in self.entries], dtype=np.int32),
                np.array([form.slices for form in self.entries], dtype=np.int32),
            )
        return self._columns  # type: ignore[no-any-return]


@define(eq=False)
class Inputs:
    """The inputs of nodes: ``cells`` one behind the other, and where the slices of a node begin.

    A node of one slice points at its cells, a node of several at its entries in ``slices``, which
    point at cells. Equal long vectors (a row of weights, a layer's outputs) are written once.
    ``base`` is what was written before, by another.
    """

    base: tuple[int, int] = (0, 0)
    cells: Any = field(factory=lambda: array("i"))
    slices: Any = field(factory=lambda: array("i"))
    _known: dict[bytes, int] = field(factory=dict)
    _remembered: int = 0

    def write(self, form: Form, inputs: array[int]) -> int:
        """Write down the inputs of one node; returns what it points at."""
        if form.slices == 1:
            return self.vector(inputs)
        at = self.base[1] + len(self.slices)
        length = form.arity // form.slices
        for k in range(0, form.arity, length):
            self.slices.append(self.vector(inputs[k : k + length]))
        return at

    def vector(self, cells: array[int]) -> int:
        """Write down one slice; where it is."""
        at = self.base[0] + len(self.cells)
        if len(cells) >= SHARED_FROM:
            if self._remembered > REMEMBERED:
                self._known.clear()
                self._remembered = 0
            known = self._known.setdefault(cells.tobytes(), at)
            if known != at:
                return known
            self._remembered += len(cells)
        self.cells.extend(cells)
        return at


@define(eq=False)
class Scopes:
    """In which module nodes were made: node ``starts[k]`` and those after it in ``names[k]``."""

    starts: Any = field(factory=lambda: array("i", [0]))
    names: list[str] = field(factory=lambda: [""])

    def enter(self, node: int, name: str) -> None:
        """From this node on, another module."""
        self.starts.append(node)
        self.names.append(name)

    def among(self, nodes: Ints) -> list[str]:
        """The modules of some nodes, each once."""
        which = np.searchsorted(np.frombuffer(self.starts, np.int32), nodes, side="right") - 1
        return sorted({self.names[k] for k in np.unique(which).tolist()})


@define(eq=False)
class Tape:
    """Nodes in creation order; a leaf points at its number among those of its form.

    ``numbers`` are the constants, ``live`` the Values that every run reads anew, and an input's
    number says which of the example's inputs it is.
    """

    forms: Forms = field(factory=Forms)
    form: Any = field(factory=lambda: array("i"))
    at: Any = field(factory=lambda: array("i"))
    inputs: Inputs = field(factory=Inputs)
    scopes: Scopes = field(factory=Scopes)
    numbers: Any = field(factory=lambda: array("d"))
    live: list[Any] = field(factory=list)
    live_cells: list[int] = field(factory=list)
    n_parameters: int = 0
    _call: object = ""
    _scope: str = ""

    def __len__(self) -> int:
        return len(self.form)

    def add(self, op: Any, inputs: array[int], call: object = "") -> int:
        """Write down one node, made in a call of a module; returns its cell."""
        node = len(self.form)
        if call is not self._call:
            self._enter(node, call)
        number = self.forms.number(op, len(inputs))
        self.form.append(number)
        self.at.append(self.inputs.write(self.forms.entries[number], inputs))
        return node

    def _enter(self, node: int, call: object) -> None:
        """From this node on, another call; often of the same module as before."""
        self.enter_scope(node, str(call))
        self._call = call

    def enter_scope(self, node: int, scope: str) -> None:
        """From this node on, perhaps another module; whose call it is, the next node tells."""
        self._call = None
        if scope != self._scope:
            self._scope = scope
            self.scopes.enter(node, scope)

    def leaf(self, form: int, number: int) -> int:
        """Write down a constant, a parameter or an input."""
        self.form.append(form)
        self.at.append(number)
        return len(self.form) - 1

    def constant(self, number: float) -> int:
        """Write down a number."""
        self.numbers.append(number)
        return self.leaf(CONSTANT, len(self.numbers) - 1)

    def parameters(self, n: int) -> range:
        """Write down the next parameters, so many; their cells."""
        first = len(self.form)
        self.form.extend([PARAMETER] * n)
        self.at.extend(range(self.n_parameters, self.n_parameters + n))
        self.n_parameters += n
        return range(first, first + n)

    def held(self, value: Any) -> int:
        """Write down a Value whose number every run reads anew."""
        self.live.append(value)
        cell = self.leaf(LIVE, len(self.live) - 1)
        self.live_cells.append(cell)
        return cell

    def freeze(self, k: int, number: float) -> None:
        """Make the k-th of the held Values a constant after all."""
        cell = self.live_cells[k]
        self.numbers.append(number)
        self.form[cell], self.at[cell] = CONSTANT, len(self.numbers) - 1


def pieces(n: int, size: int) -> Iterator[slice]:
    """Slices of at most ``size`` that cover n: work that needs little memory at once."""
    for first in range(0, n, size):
        yield slice(first, min(first + size, n))


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """starts[0], starts[0] + 1, ... for each length, one behind the other.

    >>> ranges(np.array([10, 20]), np.array([3, 2])).tolist()
    [10, 11, 12, 20, 21]
    """
    if len(lengths) and lengths[0] == 1 and bool((lengths == 1).all()):
        return starts
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
