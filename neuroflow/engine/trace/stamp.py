"""Stamps: what one call of a pure module wrote on the tape, written again for others like it.

A text of 128 positions calls each matrix of a layer 128 times, and four layers do the same four
times. A call is *like* another if its module has the same class, settings and shapes, and it is
given the same structure. Then the stretch of tape that the first left is copied, and its inputs
renumbered: arguments stand for arguments, parameters for parameters, in order, and what was made
inside is shifted.

Whatever is not known to be pure (see :func:`neuroflow.pure`) is traced, call after call.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from operator import is_
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from neuroflow.core.configured import fields
from neuroflow.core.module import Module, is_evaluating
from neuroflow.core.protocols.calls import OverseenCall, overseen
from neuroflow.core.value import Op, Value, builder
from neuroflow.engine.trace.tape import (
    CONSTANT,
    FIRST_OP,
    SHARED_FROM,
    Forms,
    Inputs,
    Ints,
    Tape,
    ranges,
)
from neuroflow.engine.trace.tracer import TracedParameter, TracedValue, Tracer
from neuroflow.errors import TraceError
from neuroflow.purity import is_pure

Bools = NDArray[np.bool_]
Rebuild = Callable[[int, tuple[Sequence[Any], Sequence[Any]]], Any]
"""From the first node of a copy, and what is given to it and what its module holds, to the result
of the call."""

FEWEST = 96
"""Nodes from which on a call is worth being repeated."""

MANY_SMALL = 8
"""Calls of a class that are not, after which none is looked at."""

MANY_SMALL_STRUCTURES = 96
"""The same of a function, each structure counted once: what it is given grows along a text."""


class Unlike(Exception):
    """Something of which nothing is known: the call is traced."""


@define(eq=False)
class Seen:
    """What a module is, or what a call is given: a key, and the cells in it in order.

    ``lists`` are all lists on the way, so that nobody is given one twice.
    """

    key: list[Any] = field(factory=list)
    cells: array[int] = field(factory=lambda: array("i"))
    values: list[Any] = field(factory=list)
    lists: dict[int, Any] = field(factory=dict)
    held: list[tuple[Any, Any]] = field(factory=list)
    """Lists and dicts, and what they held: whether a module still is what it was."""

    rows: list[tuple[Any, Any]] = field(factory=list)
    """The same of lists of parameters alone."""

    number: int = -1
    things: Any = None

    def is_current(self) -> bool:
        """Whether all still hold what they held."""
        try:  # parameters are equal if they are the same: one comparison of lists is quick
            if not all(holder == held for holder, held in self.rows):
                return False
        except TraceError:  # there is a number where a parameter was
            return False
        return all(_holds(holder, held) for holder, held in self.held)


def _holds(holder: Any, held: Any) -> bool:
    if type(holder) is dict:
        now = _looked_at(holder)
        return now.keys() == held.keys() and all(map(is_, now.values(), map(held.get, now)))
    return len(holder) == len(held) and all(map(is_, holder, held))


def _looked_at(held: dict[Any, Any]) -> dict[Any, Any]:
    return {name: thing for name, thing in held.items() if name not in _NOT_LOOKED_AT}


_PLAIN = (int, float, bool, str, bytes, type(None))
_NOT_LOOKED_AT = ("_names", "trained_on")


@define(eq=False)
class Looker:
    """Looks at modules and arguments with the eyes of one trace."""

    tracer: Tracer
    modules: dict[int, tuple[Any, Seen]] = field(factory=dict)
    numbers: dict[Any, int] = field(factory=dict)

    def module(self, module: Module | FunctionType) -> Seen:
        """What a module or a function is; raises :class:`Unlike` where that cannot be said."""
        known = self.modules.get(id(module))
        if known is None or not known[1].is_current():
            seen = Seen()
            self._thing(module, seen, inside=True)
            seen.number = self.numbers.setdefault(tuple(seen.key), len(self.numbers))
            known = self.modules[id(module)] = module, seen
        return known[1]

    def given(self, inputs: tuple[Any, ...], options: dict[str, Any]) -> Seen:
        """What a call is given."""
        seen = Seen(things=(inputs, options))
        self._thing(inputs, seen, inside=False)
        for name, thing in options.items():
            seen.key.append(name)
            self._thing(thing, seen, inside=False)
        return seen

    def _thing(self, thing: Any, seen: Seen, inside: bool) -> None:
        kind = type(thing)
        if kind is TracedValue:
            if inside:
                raise Unlike
            seen.key.append("value")
            seen.cells.append(thing.cell)
            seen.values.append(thing)
        elif kind in _PLAIN:
            seen.key += (kind, repr(thing) if kind is float else thing)
        elif kind in (list, tuple):
            self._entries(thing, seen, inside)
        elif kind is dict:
            self._note(thing, dict(thing), seen)
            seen.key += ("dict", *thing)
            for entry in thing.values():
                self._thing(entry, seen, inside)
        elif kind in (Value, TracedParameter):
            self._parameter(thing, seen)
        elif inside:
            self._object(thing, seen)
        else:
            raise Unlike

    def _note(self, holder: Any, held: Any, seen: Seen, is_row: bool = False) -> None:
        if type(holder) is not tuple:
            seen.lists[id(holder)] = holder
            (seen.rows if is_row else seen.held).append((holder, held))

    def _entries(self, thing: Any, seen: Seen, inside: bool) -> None:
        kinds = set(map(type, thing))
        self._note(thing, list(thing), seen, is_row=kinds == {TracedParameter})
        seen.key += (type(thing), len(thing))
        if kinds == {TracedValue} and not inside:
            seen.key.append("values")
            seen.cells.extend([x.cell for x in thing])
            seen.values += thing
        elif kinds == {TracedParameter}:
            known = self.tracer.parameter_cells
            cells = list(map(known.get, thing))
            if None in cells:
                raise Unlike
            seen.key.append("parameters")
            seen.cells.extend(cells)  # type: ignore[arg-type]
            seen.values += thing
        else:
            for entry in thing:
                self._thing(entry, seen, inside)

    def _parameter(self, value: Value, seen: Seen) -> None:
        cell = self.tracer.parameter_cells.get(value)
        if cell is None:
            raise Unlike
        seen.key.append("parameter")
        seen.cells.append(cell)
        seen.values.append(value)

    def _object(self, thing: Any, seen: Seen) -> None:
        """Something that a module holds beside numbers and lists."""
        if id(thing) in seen.lists:  # an alias: which of those before it is
            seen.key += ("again", list(seen.lists).index(id(thing)))
        elif isinstance(thing, Op):
            seen.key.append(thing)
        elif isinstance(thing, partial):
            self._thing([thing.func, list(thing.args), dict(thing.keywords)], seen, inside=True)
        elif isinstance(thing, (FunctionType, BuiltinFunctionType)):
            if not is_pure(thing):
                raise Unlike
            seen.key.append(thing)
        elif not hasattr(thing, "__dict__") or not is_of_pure_class(type(thing)):
            raise Unlike
        else:
            self._fields(thing, seen)

    def _fields(self, thing: Any, seen: Seen) -> None:
        held = vars(thing)
        seen.lists[id(thing)] = thing
        seen.held.append((held, _looked_at(held)))
        seen.key.append(type(thing))
        for name, entry in fields(thing):
            if name not in _NOT_LOOKED_AT:
                seen.key.append(name)
                self._thing(entry, seen, inside=True)


def is_of_pure_class(kind: type) -> bool:
    """Whether a class and all that it inherits from have said so, but for the roots of modules."""
    return all(is_pure(base) or base in _ROOTS for base in kind.__mro__)


_ROOTS = frozenset(Module.__mro__)


@define(eq=False)
class Slices:
    """Some vectors of cells one behind the other, some of which are to be filled in.

    Cell ``inner[0][k]`` is the node ``inner[1][k]`` of the copy, and cell ``outer[0][k]`` the one
    numbered ``outer[1][k]`` among those from outside.
    """

    cells: Ints
    lengths: Ints
    inner: tuple[Ints, Ints]
    outer: tuple[Ints, Ints]

    def filled(self, first: int, given: Ints) -> Ints:
        """The cells of a copy."""
        cells = self.cells.copy()
        cells[self.inner[0]] = self.inner[1] + first
        cells[self.outer[0]] = given[self.outer[1]]
        return cells

    def is_constant(self) -> Bools:
        """Which cells are those of constants, the same in every copy."""
        found = np.ones(len(self.cells), dtype=np.bool_)
        found[self.inner[0]] = found[self.outer[0]] = False
        return found

    def each(self, first: int, given: Ints) -> list[array[int]]:
        """The same, vector by vector."""
        cells = self.filled(first, given)
        bounds = np.cumsum(self.lengths).tolist()
        return [
            array("i", cells[end - n : end].tobytes())
            for end, n in zip(bounds, self.lengths.tolist(), strict=True)
        ]


@define(eq=False)
class Template:
    """A stretch of tape that can be written again.

    Node ``single[k]`` reads the slice ``of_single[k]``; node ``several[k]`` those in ``entries``
    from ``of_several[k]`` on. The slices are those of parameters and constants alone, those of
    other cells from outside, and the rest, numbered in this order.
    """

    form: Ints
    single: Ints
    of_single: Ints
    several: Ints
    of_several: Ints
    entries: Ints
    fixed: Slices
    outer: Slices
    rest: Slices
    outside: Ints
    """The cells from outside, each once."""

    of_given: Ints
    of_module: Ints
    """Which of them are those that the call was given, and those of its module, in order."""

    overlap: bool
    """Whether any of them are both."""

    constants: NDArray[np.float64]
    """The numbers that it reads."""

    scopes: list[tuple[int, str]]
    result: Rebuild
    fits_of: dict[int, tuple[Seen, Ints | None]] = field(factory=dict)
    at_of: dict[int, tuple[Seen, Ints]] = field(factory=dict)
    """Where the fixed slices of a module stand on the tape."""

    def fits(self, given: Seen, module: Seen, n_parameters: int) -> Ints | None:
        """The cells from outside for another call, each once.

        None where one of them stands at other places than in the first call.
        """
        known = self.fits_of.get(id(module))
        if known is None:
            known = self.fits_of[id(module)] = module, self._placed(module.cells, self.of_module)
        if known[1] is None:
            return None
        found, cells = known[1].copy(), np.array(given.cells, dtype=np.int32)
        if self.overlap or (cells < n_parameters).any():  # its own parameter may be given to it
            both = np.concatenate([self.of_given, self.of_module])
            return self._placed([*given.cells, *module.cells], both)
        if self._placed(given.cells, self.of_given) is None:
            return None
        found[self.of_given] = cells
        return found

    def alone(self, first: int) -> tuple[Ints, Ints, Ints]:
        """Cells, where nodes point, and entries of the stretch as a graph of its own.

        There the cells from outside come first, then the constants, and ``first`` is its own first.
        """
        groups = (self.fixed, self.outer, self.rest)
        given = np.arange(len(self.outside), dtype=np.int32)
        cells = np.concatenate([group.filled(first, given) for group in groups])
        is_constant = np.concatenate([group.is_constant() for group in groups])
        _, number = np.unique(cells[is_constant], return_inverse=True)
        cells[is_constant] = len(given) + number
        lengths = np.concatenate([group.lengths for group in groups])
        places = (np.cumsum(lengths) - lengths).astype(np.int32)
        at = np.empty(len(self.form), dtype=np.int32)
        at[self.single], at[self.several] = places[self.of_single], self.of_several
        return cells, at, places[self.entries]

    def _placed(self, cells: Sequence[int], of_cells: Ints) -> Ints | None:
        """Cells at their places, if each has one, and each place has one."""
        found = np.full(len(self.outside), -1, dtype=np.int32)
        found[of_cells] = cells
        if not np.array_equal(found[of_cells], cells):
            return None
        taken = np.sort(found[found >= 0])
        return None if (np.diff(taken) == 0).any() else found

    def write(self, tape: Tape, module: Seen, given: Ints, path: str) -> int:
        """Write the stretch again, for a module; where its nodes begin."""
        inputs, node = tape.inputs, len(tape)
        if id(module) not in self.at_of:
            self.at_of[id(module)] = module, _written(inputs, self.fixed.each(node, given))
        rest = inputs.base[0] + np.cumsum(self.rest.lengths) - self.rest.lengths
        outer = _written(inputs, self.outer.each(node, given))
        rest += len(inputs.cells)
        inputs.cells.frombytes(self.rest.filled(node, given).tobytes())
        places = np.concatenate([self.at_of[id(module)][1], outer, rest]).astype(np.int32)
        at = np.empty(len(self.form), dtype=np.int32)
        at[self.single] = places[self.of_single]
        at[self.several] = self.of_several + inputs.base[1] + len(inputs.slices)
        inputs.slices.frombytes(places[self.entries].tobytes())
        tape.form.frombytes(self.form.tobytes())
        tape.at.frombytes(at.tobytes())
        for offset, name in self.scopes:
            tape.enter_scope(node + offset, path + name)
        return node


def _written(inputs: Inputs, slices: list[array[int]]) -> Ints:
    return np.array([inputs.vector(cells) for cells in slices], dtype=np.int32)


@define(eq=False)
class Copied:
    """What nodes read in a stretch that is to be written again, taken off the tape."""

    form: Ints
    single: Ints
    of_single: Ints
    several: Ints
    of_several: Ints
    entries: Ints
    cells: Ints
    lengths: Ints
    is_constant: Bools
    """Of each cell that is read."""


def _copied(tape: Tape, start: int) -> Copied:
    """The nodes from ``start`` on, but for constants, and the slices that they read, each once."""
    forms, at = (np.frombuffer(x, np.int32)[start:] for x in (tape.form, tape.at))
    at, form = at[forms != CONSTANT], forms[forms != CONSTANT]
    if (form < FIRST_OP).any() or np.isin(form, tape.forms.takes()).any():
        raise Unlike
    arity, n_slices = (column[form] for column in tape.forms.columns())
    single, several = np.flatnonzero(n_slices == 1), np.flatnonzero(n_slices > 1)
    spans = n_slices[several]
    entries = np.frombuffer(tape.inputs.slices, np.int32)[ranges(at[several], spans)]
    starts = np.concatenate([at[single], entries])
    lengths = np.concatenate([arity[single], np.repeat(arity[several] // spans, spans)])
    first, which = _in_order(starts, np.concatenate([single, np.repeat(several, spans)]))
    cells = np.frombuffer(tape.inputs.cells, np.int32)[ranges(starts[first], lengths[first])]
    is_constant = np.frombuffer(tape.form, np.int32)[cells] == CONSTANT
    of_single, entries = which[: len(single)], which[len(single) :]
    before = np.cumsum(spans, dtype=np.int32) - spans
    return Copied(
        form, single.astype(np.int32), of_single, several.astype(np.int32), before, entries,
        cells, lengths[first], is_constant,
    )  # fmt: skip


def _in_order(starts: Ints, readers: Ints) -> tuple[Ints, Ints]:
    """Equal starts once, by their first reader: where each is, and which of these each is."""
    _, first, which = np.unique(starts, return_index=True, return_inverse=True)
    order = np.argsort(readers[first], kind="stable")
    return first[order], _ranks(order)[which]


def _ranks(order: Ints) -> Ints:
    ranks = np.empty(len(order), dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    return ranks


def template_of(
    tape: Tape, start: int, given: Seen, module: Seen, path: str, result: Any
) -> Template:
    """What a call wrote from ``start`` on, ready to be written again."""
    local = np.cumsum(np.frombuffer(tape.form, np.int32)[start:] != CONSTANT, dtype=np.int32) - 1
    copied = _copied(tape, start)
    cells = np.array([*given.cells, *module.cells], dtype=np.int32)
    outside, first, which = np.unique(cells, return_index=True, return_inverse=True)
    n, which = len(given.cells), which.astype(np.int32)
    inner = (copied.cells >= start) & ~copied.is_constant
    outer = ~inner & ~copied.is_constant
    number = np.searchsorted(outside, copied.cells[outer])
    if not np.array_equal(np.append(outside, -1)[number], copied.cells[outer]):
        raise Unlike  # it read something that it was not given
    kind = _kinds(copied, inner, outer, first[number] < n)
    rank = _ranks(np.argsort(kind, kind="stable"))
    codes = copied.cells.copy()
    codes[inner], codes[outer] = local[copied.cells[inner] - start], number
    groups = [_slices(copied, codes, inner, outer, np.flatnonzero(kind == k)) for k in range(3)]
    return Template(
        copied.form, copied.single, rank[copied.of_single], copied.several, copied.of_several,
        rank[copied.entries], groups[0], groups[1], groups[2], outside,
        which[:n], which[n:], bool(np.isin(which[:n], which[n:]).any()),
        _constants(tape, copied), _scopes(tape, start, local, path),
        Result(given, module, start, local).of(result),
    )  # fmt: skip


def _kinds(copied: Copied, inner: Any, outer: Any, is_given: Any) -> Ints:
    """For each slice 0 for parameters and constants alone, 1 for others from outside, else 2."""
    bounds = np.cumsum(copied.lengths) - copied.lengths
    given = outer.copy()
    given[outer] = is_given
    kind = np.where(np.logical_or.reduceat(given, bounds), 1, 0)
    kind[np.logical_or.reduceat(inner, bounds) | (copied.lengths < SHARED_FROM)] = 2
    return kind


def _slices(copied: Copied, codes: Ints, inner: Any, outer: Any, some: Ints) -> Slices:
    bounds, lengths = np.cumsum(copied.lengths) - copied.lengths, copied.lengths[some]
    at = ranges(bounds[some], lengths)
    pairs = [(np.flatnonzero(of[at]).astype(np.int32), codes[at][of[at]]) for of in (inner, outer)]
    return Slices(copied.cells[at], lengths, *pairs)


def _constants(tape: Tape, copied: Copied) -> NDArray[np.float64]:
    """The numbers of the constants that are read, in the order of their cells."""
    cells = np.unique(copied.cells[copied.is_constant])
    numbers = np.frombuffer(tape.numbers)[np.frombuffer(tape.at, np.int32)[cells]]
    return np.asarray(numbers, dtype=np.float64)


def _scopes(tape: Tape, start: int, local: Ints, path: str) -> list[tuple[int, str]]:
    """From which node on in which module, below that of the call."""
    starts, names = tape.scopes.starts, tape.scopes.names
    begin = bisect_right(starts, start) - 1
    found = []
    for k in range(begin, len(starts)):
        if not names[k].startswith(path):
            raise Unlike
        found.append((int(local[max(starts[k], start) - start]), names[k][len(path) :]))
    return found


@define(eq=False)
class Result:
    """Rebuilds what a call gave, out of the nodes of a copy and of what that is given."""

    given: Seen
    module: Seen
    start: int
    local: Ints
    lists: set[int] = field(factory=set)
    _places: dict[int, tuple[int, int]] = field(factory=dict)

    def place_of(self, value: Any) -> tuple[int, int] | None:
        """Where a value stands among those given (0) or those of the module (1), if it does."""
        if not self._places:
            for which, seen in enumerate((self.given, self.module)):
                self._places.update((id(x), (which, k)) for k, x in enumerate(seen.values))
        return self._places.get(id(value))

    def of(self, result: Any) -> Rebuild:
        """What gives the result of a copy: from its first node, and what is given to it."""
        kind = type(result)
        if kind in _PLAIN:
            return lambda first, values: result
        if kind in (list, tuple):
            return self._list(result)
        if kind is dict:
            whole = self._list(list(result.values()))
            return lambda first, values: dict(zip(result, whole(first, values), strict=True))
        if kind not in (TracedValue, Value, TracedParameter):
            raise Unlike
        known = self.place_of(result)
        if known is not None:
            which, k = known
            return lambda first, values: values[which][k]
        return self._made(result)

    def _made(self, result: Any) -> Rebuild:
        if type(result) is not TracedValue or result.cell < self.start:
            raise Unlike
        offset = int(self.local[result.cell - self.start])
        return lambda first, values: TracedValue(first + offset)

    def _list(self, result: Any) -> Rebuild:
        if (
            id(result) in self.lists
            or id(result) in self.given.lists
            or id(result) in self.module.lists
        ):
            raise Unlike
        self.lists.add(id(result))
        kind = type(result)
        if set(map(type, result)) == {TracedValue} and min(x.cell for x in result) >= self.start:
            offsets = [int(self.local[x.cell - self.start]) for x in result]
            return lambda first, values: kind([TracedValue(first + k) for k in offsets])
        each = [self.of(entry) for entry in result]
        return lambda first, values: kind([one(first, values) for one in each])


@define(eq=False)
class TracedCall:
    """A call in a trace, of a module or a pure function."""

    module: Any


@define(eq=False)
class CopiedCall(TracedCall):
    """A call that is a copy: of what, what it was given, and what its module is."""

    template: Template
    given: Any
    seen: Seen


@define(eq=False)
class TracedCalls:
    """The calls of a trace, those inside others behind these; a copy has none inside."""

    forms: Forms
    calls: list[TracedCall]


@define(eq=False)
class Stamper:
    """Runs the calls of modules in a trace: of those that are alike the first, and no other."""

    tracer: Tracer
    looker: Looker = field(init=False)
    templates: dict[Any, dict[int, Template]] = field(factory=dict)
    small: dict[Any, int] = field(factory=dict)
    """Of each class or function, how many calls were not worth it."""

    calls: list[TracedCall] | None = None
    """All calls in the order of their beginnings, where somebody wants to know."""

    def __attrs_post_init__(self) -> None:
        self.looker = Looker(self.tracer)

    def run(self, call: OverseenCall, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """What takes the place of ``forward``."""
        if self.calls is not None:
            self.calls.append(TracedCall(call.module))
        kind = _kind(call.module)
        if self._may(kind):
            with suppress(Unlike):
                given = self.looker.given(inputs, options)
                key = (kind, is_evaluating.get(), tuple(given.key))
                if key in self.templates:
                    found = self._stamped(call, given, self.templates[key])
                    if found is not None:
                        return found[0]
                return self._traced(call, given, key, inputs, options)
        return call.forward(*inputs, **options)

    def _may(self, kind: Any) -> bool:
        """Whether calls of a class may be copied now; for a while somebody else may make nodes."""
        small = self.small.get(kind)
        if small is None:
            pure = is_of_pure_class(kind) if isinstance(kind, type) else is_pure(kind)
            small = self.small[kind] = 0 if pure else _most_small(kind)
        return small < _most_small(kind) and getattr(builder.get(), "__self__", None) is self.tracer

    def _stamped(
        self, call: OverseenCall, given: Seen, templates: dict[int, Template]
    ) -> tuple[Any] | None:
        """What a copy gives; None where there is nothing to copy."""
        seen = self.looker.module(call.module)
        template = templates.get(seen.number)
        if template is None:
            return None
        cells = template.fits(given, seen, self.tracer.tape.n_parameters)
        if cells is None:
            return None
        first = template.write(self.tracer.tape, seen, cells, str(call))
        if self.calls is not None:
            self.calls[-1] = CopiedCall(call.module, template, given.things, seen)
        return (template.result(first, (given.values, seen.values)),)

    def _traced(
        self, call: OverseenCall, given: Seen, key: Any, inputs: tuple[Any, ...],
        options: dict[str, Any],
    ) -> Any:  # fmt: skip
        """The call itself, which is remembered."""
        module, tape = call.module, self.tracer.tape
        start = len(tape)
        result = call.forward(*inputs, **options)
        if len(tape) - start < FEWEST:
            if isinstance(key[0], type) or key not in self.templates:
                self.small[key[0]] += 1
                self.templates.setdefault(key, {})
            return result
        with suppress(Unlike):
            seen, known = self.looker.module(module), self.templates.setdefault(key, {})
            if seen.number not in known:
                known[seen.number] = template_of(tape, start, given, seen, str(call), result)
        return result


@contextmanager
def stamping(tracer: Tracer, keep_calls: bool = False) -> Iterator[Stamper]:
    """Trace once for a while what is alike."""
    stamper = Stamper(tracer, calls=[] if keep_calls else None)
    with overseen(stamper.run, functions=True):
        yield stamper


def _most_small(kind: Any) -> int:
    return MANY_SMALL if isinstance(kind, type) else MANY_SMALL_STRUCTURES


def _kind(called: Any) -> Any:
    """The class of a module; a function is one of a kind."""
    return called if isinstance(called, FunctionType) else type(called)
