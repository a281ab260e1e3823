"""What a trace rests on: all that a function sees without being given it, as it was.

A tape holds what the function did with its modules, their settings, its closure, its globals and
its defaults. Once one of them is another, the tape is of another function: whoever runs it asks
:meth:`Surroundings.is_current` first.

The numbers of parameters are not among them, for every run reads those anew.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from operator import itemgetter
from types import BuiltinMethodType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any
from weakref import ReferenceType

from attrs import define, field

from neuroflow.core.configured import fields
from neuroflow.core.module import Module, are_values
from neuroflow.core.settings import Checked
from neuroflow.core.value import Op, Value
from neuroflow.engine.trace.generators import described, is_generator, is_random, where_it_stands
from neuroflow.engine.trace.reads import ANY, reads_of

NOT_SETTINGS = ("training", "_names")
"""Fields of every module that are no settings: its mode, which is asked apart, and a memory."""

_OPERATORS = (
    "call", "getitem", "iter", "next", "len", "contains", "getattr", "getattribute", "get", "enter",
    "exit", "float", "int", "index", "bool", "abs", "neg", "pos", "lt", "le", "gt", "ge", "add",
    "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "floordiv", "rfloordiv", "mod",
    "rmod", "pow", "rpow", "matmul",
)  # fmt: skip
FIRST_READ = frozenset(("forward", "step", *[f"__{name}__" for name in _OPERATORS]))
"""Methods that others call without a word in the function's own code."""

_PLAIN = (float, int, bool, str, bytes, complex, type(None))
_NAMESPACES = {"types", "argparse", "_thread"}
_LIBRARIES = (sys.stdlib_module_names | {"builtins", "neuroflow", "numpy"}) - _NAMESPACES
"""Code that stays as it is, and objects whose fields are their own; namespaces are anybody's."""


@define(eq=False)
class Place:
    """Something that holds what a function may read, and what it held."""

    path: str
    holder: Any
    held: Any
    """A copy: a list, or a dict by name."""

    read: Callable[[Any], Any] | None = None
    """What reads the part that counts; without it all counts, and the holder compares as it is."""


@define(eq=False)
class Surroundings:
    """Everything that some functions and modules, the ``roots``, see at one moment."""

    roots: tuple[Any, ...]
    modes: tuple[bool, ...] = field(init=False)
    """Which modules are in training and which in evaluation."""

    values: list[Value] = field(init=False)
    """The Values that are there, whose numbers every run reads anew."""

    _places: list[Place] = field(init=False)
    _generators: list[tuple[str, Any]] = field(init=False)
    _live: list[Any] = field(init=False)
    _copies: list[Any] = field(init=False)
    _reads: list[tuple[Callable[[Any], Any], Any]] = field(init=False)
    _read: list[Any] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.look()

    def look(self) -> None:
        """Take all as it is now."""
        walk = _Walk(self.roots).finished()
        self._places, self._generators = walk.places, walk.generators
        self.values = walk.values
        self.modes = tuple([bool(vars(m).get("training", True)) for m in walk.modules])
        places = [place for place in walk.places if not isinstance(place.holder, tuple)]
        self._live = [place.holder for place in places if not place.read]
        self._copies = [_copied(holder) for holder in self._live]
        self._reads = [(place.read, place.holder) for place in places if place.read]
        self._read = [read(holder) for read, holder in self._reads]

    def is_current(self) -> bool:
        """Whether all that counts is still as it was; training and evaluation count apart."""
        return self._is_untouched() or not self.changes()

    def changes(self) -> list[Change]:
        """What is no longer as it was; where that is nothing that counts, all is taken anew."""
        now = Surroundings(self.roots)
        changed = list(_differences(self._places, now._places))
        if not changed:
            for name in (
                "modes",
                "values",
                "_places",
                "_generators",
                "_live",
                "_copies",
                "_reads",
                "_read",
            ):
                setattr(self, name, getattr(now, name))
        return changed

    def generators(self) -> list[Any]:
        """The generators of random numbers that the functions could draw from."""
        return [rng for _, rng in self._generators]

    def source(self, path: str) -> str:
        """What a generator is, for a message."""
        return described(dict(self._generators)[path])

    def states(self, random_only: bool = False) -> dict[str, Any]:
        """Where each of them stands; what tells no such thing is never where it was."""
        found = [(path, it) for path, it in self._generators if not random_only or is_random(it)]
        stood = {path: where_it_stands(it) for path, it in found}
        return {path: object() if state is None else state for path, state in stood.items()}

    def _is_untouched(self) -> bool:
        """Whether every list, dict and name holds what it held; runs at the speed of C."""
        try:
            if self._live != self._copies:
                return False
            return [read(holder) for read, holder in self._reads] == self._read
        except Exception:  # what compares in ways of its own, or a name that is gone
            return False


@define
class Change:
    """One thing that is no longer as it was."""

    path: str
    before: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.path} was {_shown(self.before)} and is {_shown(self.now)}"

    @property
    def is_plain(self) -> bool:
        """Whether a number or a text became another."""
        return isinstance(self.before, _PLAIN) and isinstance(self.now, _PLAIN)


class _Missing:
    def __repr__(self) -> str:
        return "missing"


_MISSING = _Missing()


class _Walk:
    """From the roots to all that they see, breadth first; each thing once."""

    def __init__(self, roots: Sequence[Any]) -> None:
        self.roots = roots
        self.names: set[str] = set(FIRST_READ)

    def finished(self) -> _Walk:
        """Walk until the code on the way reads no names that were not known before."""
        known = -1
        while known < len(self.names):
            known = len(self.names)
            self._walk()
        return self

    def _walk(self) -> None:
        self.places: list[Place] = []
        self.values: list[Value] = []
        self.modules: list[Module] = []
        self.generators: list[tuple[str, Any]] = []
        self._seen: set[int] = set()
        self._kept_alive: list[Any] = []
        self._next: deque[tuple[str, Any]] = deque((_name(root), root) for root in self.roots)
        while self._next:
            path, thing = self._next.popleft()
            if id(thing) not in self._seen:
                self._seen.add(id(thing))
                self._kept_alive.append(thing)  # or another thing may get its id
                self._see(path, thing)

    def _see(self, path: str, thing: Any) -> None:
        if isinstance(thing, Module):
            self._module(path, thing)
        elif isinstance(thing, (list, tuple, deque)):
            self._sequence(path, thing)
        elif isinstance(thing, dict):
            self._place(path, thing, dict(thing))
        elif isinstance(thing, (set, frozenset)):
            self.places.append(Place(path, thing, set(thing)))
        elif isinstance(thing, FunctionType):
            self._function(path, thing)
        elif isinstance(thing, (MethodType, BuiltinMethodType)):
            self._follow([(path, thing.__self__), (path, getattr(thing, "__func__", None))])
        elif isinstance(thing, partial):
            self._follow([(path, thing.func), (path, thing.args), (path, thing.keywords)])
        elif isinstance(thing, (staticmethod, classmethod)):
            self._follow([(path, thing.__func__)])
        elif isinstance(thing, property):
            self._follow([(path, thing.fget)])
        elif isinstance(thing, Checked):
            self._follow([(path, thing.function)])
        elif isinstance(thing, Op):
            self._follow([(path, thing.rule), (path, thing.partials_rule)])
        else:
            self._object(path, thing)

    def _follow(self, named: Iterable[tuple[str, Any]]) -> None:
        for path, thing in named:
            if isinstance(thing, Value):
                self.values.append(thing)
            elif not isinstance(thing, _PLAIN):
                self._next.append((path, thing))

    def _place(self, path: str, holder: Any, held: dict[Any, Any], read: Any = None) -> None:
        self.places.append(Place(path, holder, held, read))
        self._follow([(f"{path}.{name}", thing) for name, thing in held.items()])

    def _sequence(self, path: str, thing: Any) -> None:
        if not _is_computed(thing):
            self.places.append(Place(path, thing, list(thing)))
            if are_values(thing):
                self.values += thing
                return
            self._follow([(f"{path}.{k}", entry) for k, entry in enumerate(thing)])

    def _module(self, path: str, module: Module) -> None:
        self.modules.append(module)
        vars(module).setdefault("_names", {})  # its memory, or it would look like another later
        kept = vars(module).items()
        self._place(path, vars(module), {k: x for k, x in kept if self._counts(k, x)})
        slots = {k: x for k, x in fields(module) if k not in vars(module)}
        if slots:
            self._place(path, module, slots, _fields_reader(slots))
        self._class(type(module))

    def _counts(self, name: str, thing: Any) -> bool:
        """Whether a module's field is one that code reads, or a part of the model."""
        if name in NOT_SETTINGS:
            return False
        if name == "_frozen":
            return True
        return name in self.names or not self.names.isdisjoint(ANY) or _is_part(thing)

    def _class(self, kind: type) -> None:
        """What methods say and what a class holds for all its objects."""
        for base in kind.__mro__:
            library = _top(base) in _LIBRARIES and not issubclass(base, Module)
            if base is not Module and not library and id(base) not in self._seen:
                self._seen.add(id(base))
                held = {name: x for name, x in vars(base).items() if name in self.names}
                self._place(base.__qualname__, vars(base), held)

    def _function(self, path: str, function: FunctionType) -> None:
        """What a function refers to: its closure, its defaults, and globals by name."""
        reads = reads_of(function.__code__)
        self.names |= reads.of_attributes
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        held = {name: x for name, cell in cells.items() for x in _contents(cell)}
        own = {name: getattr(function, name) for name in _OF_FUNCTIONS}
        if _top(function) in _LIBRARIES:
            self._follow([(f"{path}.{name}", x) for name, x in {**held, **own}.items()])
            return
        if cells:
            found = tuple(cells.values())
            self._place(path, function, held, lambda _: [_contents(cell) for cell in found])
        self._place(path, function, own, _fields_reader(own))
        self._named(path, function.__globals__, reads.of_globals)
        if missing := tuple(reads.of_globals.difference(function.__globals__)):
            self._place(path, function.__globals__, {}, lambda it: [name in it for name in missing])

    def _named(self, path: str, holder: Mapping[str, Any], names: Iterable[str]) -> None:
        """Names in a table of globals."""
        if held := {name: holder[name] for name in sorted(names) if name in holder}:
            self._place(path, holder, held, itemgetter(*held))

    def _object(self, path: str, thing: Any) -> None:
        kind = type(thing)
        if is_generator(thing):
            self.generators.append((path, thing))
        elif kind.__name__ in ("ndarray", "array"):
            self.places.append(Place(path, thing, thing.tolist(), kind.tobytes))
        elif isinstance(thing, bytearray):
            self.places.append(Place(path, thing, list(thing), bytes))
        elif isinstance(thing, ContextVar):
            self._place(path, thing, {"now": thing.get(None)}, lambda it: [it.get(None)])
        elif isinstance(thing, ReferenceType):
            self._place(path, thing, {"now": thing()}, lambda it: [it()])
        elif isinstance(thing, ModuleType):
            self._python_module(path, thing)
        elif isinstance(thing, type):
            self._class(thing)
        elif _top(kind) not in _LIBRARIES:
            names = sorted(name for name in self.names if not name.startswith("__"))
            held = {k: x for k in names if (x := _field(thing, k)) is not _MISSING}
            self._place(path, thing, held, _own_reader(held))
            self._class(kind)

    def _python_module(self, path: str, module: ModuleType) -> None:
        """What its globals are; those of a library stay, but for what it draws numbers from."""
        if is_generator(module):
            self.generators.append((path, module))
        elif module is random:
            self.generators.append((path, random._inst))
        elif module.__name__ in ("numpy", "numpy.random"):
            self.generators.append((path, sys.modules["numpy.random"].get_state.__self__))
        elif _top(module) not in _LIBRARIES:
            self._named(path, vars(module), self.names)


_OF_FUNCTIONS = ("__code__", "__defaults__", "__kwdefaults__")


def _is_part(thing: Any) -> bool:
    """Whether it is a module or a number of one, or a list or dict of such."""
    while isinstance(thing, (list, tuple, dict)) and thing:
        thing = next(iter(thing.values() if isinstance(thing, dict) else thing))
    return isinstance(thing, (Module, Value))


def _field(thing: Any, name: str) -> Any:
    """What an object itself holds under a name, found without running any of its code."""
    own = getattr(thing, "__dict__", {})
    if name in own:
        return own[name]
    is_slot = type(getattr(type(thing), name, None)).__name__ == "member_descriptor"
    return getattr(thing, name, _MISSING) if is_slot else _MISSING


def _fields_reader(held: Iterable[str]) -> Callable[[Any], Any]:
    names = tuple(held)
    return lambda holder: [getattr(holder, name) for name in names]


def _own_reader(held: Iterable[str]) -> Callable[[Any], Any]:
    """Reads an object's fields, and how many it has: one more may hide what its class holds."""
    names = tuple(held)
    return lambda it: [len(getattr(it, "__dict__", ())), *[getattr(it, name) for name in names]]


def _contents(cell: Any) -> list[Any]:
    try:
        return [cell.cell_contents]
    except ValueError:  # a name that is given its value later is still empty
        return []


def _copied(holder: Any) -> Any:
    """What ``holder ==`` compares with, entry by entry."""
    if isinstance(holder, MappingProxyType):
        return dict(holder)
    return holder.copy()


def _differences(before: Sequence[Place], now: Sequence[Place]) -> Iterator[Change]:
    old, new = _by_path(before), _by_path(now)
    for key in dict.fromkeys([*old, *new]):
        yield from _within(key[0], old.get(key, _MISSING), new.get(key, _MISSING))


def _by_path(places: Sequence[Place]) -> dict[tuple[str, int], Any]:
    """What places hold; some of one path, such as the closure and the globals of a function."""
    seen: Counter[str] = Counter()
    found = {}
    for place in places:
        found[place.path, seen[place.path]] = place.held
        seen[place.path] += 1
    return found


def _within(path: str, before: Any, now: Any) -> Iterator[Change]:
    """The entries that differ, or that one of the two lacks."""
    if isinstance(before, list) and isinstance(now, list):
        before, now = dict(enumerate(before)), dict(enumerate(now))
    if not (isinstance(before, dict) and isinstance(now, dict)):
        if before != now:
            yield Change(path, before, now)
        return
    for name in dict.fromkeys([*before, *now]):
        a, b = before.get(name, _MISSING), now.get(name, _MISSING)
        if not _is_alike(a, b):
            yield Change(f"{path}.{name}", a, b)


def _is_alike(a: Any, b: Any) -> bool:
    """The same thing, an equal number or text, or lists, whose entries have places of their own."""
    if a is b:
        return True
    if type(a) is type(b) and isinstance(a, (*_PLAIN, MethodType)):
        return repr(a) == repr(b) if isinstance(a, float) else bool(a == b)
    if _is_computed(a) and _is_computed(b):
        return True
    return type(a) is type(b) and isinstance(a, (list, tuple, dict, set, frozenset))


def _is_computed(thing: Any) -> bool:
    """Whether it is the result of some call that a module keeps for others to look at."""
    while isinstance(thing, (list, tuple)) and thing:
        thing = thing[0]
    if not isinstance(thing, Value):
        return False
    try:
        return _op(thing) is not None
    except AttributeError:  # a traced value has none
        return True


_op = vars(Value)["op"].__get__


def _name(root: Any) -> str:
    return getattr(root, "__name__", type(root).__name__)


def _top(thing: Any) -> str:
    """The package that a function, a class or a Python module comes from."""
    home = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", "")
    return str(home).partition(".")[0]


def _shown(thing: Any) -> str:
    text = repr(thing)
    return text if len(text) <= 60 else f"{text[:57]}..."
