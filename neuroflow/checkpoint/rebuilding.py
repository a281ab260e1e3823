"""Rebuilding: what is saved is what answers, so the table of a model has to build that model.

A model whose layers, functions or plain fields were changed by hand may be another one than its
settings say. Before it is written it is built again from them, and the two are compared.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Sequence
from types import FunctionType, MethodType
from typing import Any

from attrs import define, field

from neuroflow.config import (
    Tree,
    build,
    check_part,
    configuration_of,
    described_part,
    part_settings,
)
from neuroflow.config.sharing import PART_NAME
from neuroflow.core.configured import fields
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.core.settings import declared
from neuroflow.core.value import Op, Value
from neuroflow.errors import NeuroflowError, StateError, reason, short_repr
from neuroflow.registry.entries import Entry
from neuroflow.registry.lookups import Name, noting_lookups
from neuroflow.registry.manager import manager

ABSENT = object()
NOT_COMPARED = ("training", PART_NAME)
MOST_TOLD = 3
Pair = tuple[str, Any, Any]


def rebuilding_table(
    model: Module, without: Collection[Name] = (), deed: str = "saved"
) -> tuple[Tree, dict[Name, Entry]]:
    """The table that builds this very model again, and the entries asked for meanwhile.

    What is named in ``without`` is not asked for: what drew the numbers of a model that was loaded.
    Raises :class:`StateError` for a model that its settings do not build: it cannot be ``deed``.
    """
    with noting_lookups(without=without):
        table = configuration_of(model)
    name = type(model).__name__
    remedy = (
        "change its settings and build it anew, put its layers into a sequential, or keep"
        " model.state_dict() yourself"
    )
    try:
        with noting_lookups(without=without) as found:
            again = build(table, rng=SplitMix32(0))
    except NeuroflowError as error:
        what = f"{name} cannot be {deed}: its settings do not build it again: {reason(error)}"
        raise StateError(what, remedy=remedy, got=model) from error
    with noting_lookups(without=without):  # apart: what is compared is not what is needed
        differences = list(Comparison(first_places(model)).of(model, again))
    if differences:
        told = "; ".join(differences[:MOST_TOLD])
        more = len(differences) - MOST_TOLD
        told += f" and {more} more" if more > 0 else ""
        raise StateError(
            f"{name} cannot be {deed}: it is not what its settings build: {told}",
            expected="the model that its settings build, with other numbers alone",
            remedy=remedy,
            got=model,
        )
    return table, found


@define
class Comparison:
    """Two models side by side, field by field; the numbers of parameters may differ.

    Compared are modules, which Values are shared, functions, and plain settings. What a model
    keeps for itself in a field with an underscore, and a new one does not have yet, is a cache.
    """

    places: dict[int, str] = field(factory=dict)
    twins: dict[int, Any] = field(factory=dict)
    seen: dict[tuple[int, int], Any] = field(factory=dict)
    kinds: dict[type, dict[str, str]] = field(factory=dict)
    tables: dict[tuple[str, str], Any] = field(factory=dict)

    def of(self, model: Any, again: Any) -> Iterator[str]:
        """What differs, each with its place; iterative: lists are longer than Python's stack."""
        pairs: list[Pair] = [("", model, again)]
        while pairs:
            at, here, there = pairs.pop()
            if here is there or self.met(here, there):
                continue
            inner = self.inside(at, here, there)
            if inner is None:
                first = self.places.get(id(here), at)
                told = (
                    _difference(here, there) if first == at else f"is {first} itself, and another"
                )
                yield f"{at or 'it'} {told} when built again"
            else:
                pairs += reversed(inner)

    def met(self, here: Any, there: Any) -> bool:
        """Whether two functions or containers are compared already, maybe from inside them."""
        if isinstance(here, (Module, Value)) or not (callable(here) or isinstance(here, dict)):
            return False
        key = (id(here), id(there))
        met = key in self.seen
        self.seen[key] = (here, there)  # kept, so that no other thing gets their ids
        return met

    def inside(self, at: str, here: Any, there: Any) -> list[Pair] | None:
        """The pairs inside a pair that may be equal; None for one that is not."""
        if isinstance(here, (Module, Value)) or isinstance(there, (Module, Value)):
            if type(here) is not type(there):
                return None
            met = id(here) in self.twins
            if not self._are_twins(here, there):
                return None
            if isinstance(here, Value):
                return _value(at, here, there)
            return [] if met else self._fields(at, here, there)
        if isinstance(here, (list, tuple)) and isinstance(there, (list, tuple)):
            if len(here) != len(there):
                return None
            return [] if self._are_parameters(at, here, there) else _numbered(at, here, there)
        if isinstance(here, dict) and isinstance(there, dict):
            same = list(here) == list(there)
            return [(f"{at}.{k}", here[k], there[k]) for k in here] if same else None
        if callable(here) or callable(there):
            return self._function(at, here, there)
        return [] if _is_other(here) or _is_other(there) or here == there else None

    def _are_twins(self, here: Any, there: Any) -> bool:
        """Whether the two stand for each other everywhere: what is shared is shared in both."""
        twins = self.twins
        first = twins.setdefault(id(here), there) is there
        return twins.setdefault(id(there), here) is here and first

    def _are_parameters(self, at: str, here: Sequence[Any], there: Sequence[Any]) -> bool:
        """Whether two lists hold parameters alone, of one structure: most of a model is such."""
        return _is_kept(at) and all(
            type(a) is Value is type(b) and a.op is b.op is None and self._are_twins(a, b)
            for a, b in zip(here, there, strict=True)
        )

    def _fields(self, at: str, here: Module, there: Module) -> list[Pair]:
        """The fields of two modules of one class; parts as tables with all their settings."""
        kinds = self._kinds_of(type(here))
        ours, theirs = dict(fields(here)), dict(fields(there))
        pairs: list[Pair] = []
        for name in dict.fromkeys([*ours, *theirs]):
            a, b = ours.get(name, ABSENT), theirs.get(name, ABSENT)
            if name in NOT_COMPARED or _is_cache(name, a, b):
                continue
            if type(a) is str and a == b:
                continue
            if name in kinds and not _holds_module(a) and not _holds_module(b):
                a, b = self._spelled_out(kinds[name], a), self._spelled_out(kinds[name], b)
            pairs.append((f"{at}.{name}".lstrip("."), a, b))
        return pairs

    def _kinds_of(self, cls: type) -> dict[str, str]:
        """The settings of a class that are parts, each with its kind."""
        if cls not in self.kinds:
            layers = manager().registry.entries("layer")
            entry = next((e for e in layers if e.load() is cls), None)
            known = {s.name: s.part for s in declared(cls).values() if s.part}
            self.kinds[cls] = part_settings(entry) if entry else known
        return self.kinds[cls]

    def _spelled_out(self, kind: str, part: Any) -> Any:
        """A part as a table with every setting, whichever way it was given."""
        if part is None or part is ABSENT:
            return part
        if isinstance(part, (list, tuple)):
            return [self._spelled_out(kind, each) for each in part]
        known = (kind, repr(part))
        if known not in self.tables:
            self.tables[known] = check_part(kind, described_part(part))
        return self.tables[known]

    def _function(self, at: str, here: Any, there: Any) -> list[Pair] | None:
        """Functions are alike if they run the same code on what is alike."""
        here, there = _with_settings(here), _with_settings(there)
        if type(here) is not type(there):
            return None
        if isinstance(here, Op):
            same = here.rule is there.rule
            return [(at, dict(here.settings), dict(there.settings))] if same else None
        if isinstance(here, functools.partial):
            return [(at, here.func, there.func), (at, here.args, there.args),
                    (at, here.keywords, there.keywords)]  # fmt: skip
        if isinstance(here, MethodType):
            return [(at, here.__func__, there.__func__), (at, here.__self__, there.__self__)]
        if isinstance(here, FunctionType):
            same = here.__code__ is there.__code__
            return [(at, _bound(here), _bound(there))] if same else None
        if not hasattr(here, "__dict__") or isinstance(here, type):
            return [] if _name(here) == _name(there) else None  # such as math.sin, rng.random
        return [
            (f"{at}.{name}", a, vars(there).get(name, ABSENT)) for name, a in vars(here).items()
        ]


def first_places(model: Module) -> dict[int, str]:
    """Where each module and each parameter of a model stands first: what is shared stands again."""
    return {id(part): name for name, part in [*model.named_modules(), *model.named_values()]}


def _with_settings(function: Any) -> Any:
    """An op with settings that are bound to it from outside as one that has them."""
    if isinstance(function, functools.partial) and isinstance(function.func, Op):
        return function if function.args else function.func.bind(**function.keywords)
    return function


def _value(at: str, here: Value, there: Value) -> list[Pair] | None:
    """Parameters may hold other numbers; what no file keeps may not."""
    if (here.op is None) != (there.op is None):
        return None
    return [] if _is_kept(at) or here.data == there.data else None


def _is_kept(at: str) -> bool:
    """Whether what stands at a place is in files: no field on the way begins with an underscore."""
    return "._" not in f".{at}"


def _name(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def _numbered(at: str, here: Any, there: Any) -> list[Pair]:
    return [(f"{at}.{k}", a, b) for k, (a, b) in enumerate(zip(here, there, strict=True))]


def _bound(function: Any) -> list[Any]:
    """What a function has taken in: closure, defaults."""
    closure = [cell.cell_contents for cell in function.__closure__ or ()]
    return [closure, list(function.__defaults__ or ()), dict(function.__kwdefaults__ or {})]


def _is_cache(name: str, here: Any, there: Any) -> bool:
    """What came to a model later and decides nothing, such as a mask that was made once."""
    if there is ABSENT and not callable(here) and not isinstance(here, (Module, Value)):
        return True
    is_empty = there is None or (isinstance(there, (list, tuple, dict)) and not there)
    return name.startswith("_") and not callable(here) and is_empty


def _holds_module(thing: Any) -> bool:
    several = thing.values() if isinstance(thing, dict) else thing
    inner = several if isinstance(thing, (list, tuple, dict)) else [thing]
    return any(isinstance(each, Module) for each in inner)


def _is_other(thing: Any) -> bool:
    """Neither a plain number, a truth value, a text nor nothing: generators, tables of others."""
    return not (thing is None or thing is ABSENT or isinstance(thing, (bool, int, float, str)))


def _difference(here: Any, there: Any) -> str:
    if type(here) is type(there) and isinstance(here, (Module, Value)):
        return "stands in other places than"
    return f"is {_told(here)}, and {_told(there)}"


def _told(thing: Any) -> str:
    if thing is ABSENT:
        return "absent"
    if isinstance(thing, (Module, list, tuple, dict)):
        size = f" of {len(thing)}" if isinstance(thing, (list, tuple, dict)) else ""
        return f"a {type(thing).__name__}{size}"
    if isinstance(thing, FunctionType):
        return f"the function {thing.__name__}"
    return short_repr(thing)
