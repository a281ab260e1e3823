"""Settings: named choices with a type, a range and a meaning, declared once, in a signature.

    def leaky_relu(x, *, slope: Annotated[float, Setting("the slope below 0", "[0, inf)")] = 0.01)

The name, the type and the default are Python's own; :class:`Setting` adds what Python cannot
say. From this one line come the checks of calls and of configurations, the tables in the
documentation and in help texts, and the forms of pages. Annotations are read when somebody asks.
"""

from __future__ import annotations

import inspect
import math
import sys
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any

from attrs import evolve, field, frozen

from neuroflow.core.domain import Domain
from neuroflow.core.protocols.definitions import Wrapped, wrapped
from neuroflow.core.types import (
    REQUIRED,
    a,
    fits,
    in_words,
    is_list,
    plain_number,
    shown,
)
from neuroflow.errors import InputError, Problem, did_you_mean, require
from neuroflow.memory import check_room
from neuroflow.pythonic import pythonic_settings


@frozen
class Setting:
    """What a setting means, and which values are right.

    ``within`` is the interval of a number, or of each number in a list, as mathematics writes
    it: ``"[0, 1)"``. ``length`` is the interval of how long a list or a text is. ``part`` is the
    kind of entry that the setting names, such as ``"activation"``; a list type means several.
    ``each`` is how many bytes each of so many takes at least: what does not fit in memory is
    refused. ``file`` is whether a text is the path of a file, ``unbuilt`` whether a layer takes a
    part as its table. ``unless`` is the name of the setting that may be given in its place: one of
    the two there has to be. Words to choose from are a ``Literal`` type, parts by name a ``dict``.

    >>> rate = Setting("how many are dropped", "[0, 1)", name="rate", type=float)
    >>> rate.range, rate.problem(0.5)
    ('at least 0 and below 1', None)
    >>> print(rate.problem(1.5))
    rate: got 1.5; expected a number at least 0 and below 1
    """

    meaning: str = ""
    within: str = ""
    length: str = ""
    part: str = ""
    each: int = 0
    file: bool = False
    unbuilt: bool = False
    unless: str = ""
    name: str = ""
    type: Any = Any
    default: Any = field(factory=lambda: REQUIRED)  # by itself it would read as no default

    def __attrs_post_init__(self) -> None:
        for interval in (self.within, self.length):
            require(
                interval, str, "the range of a setting", "an interval as a text, such as '[0, 1)'"
            )
        require(self.each, int, "how many bytes each takes", "a whole number")

    @property
    def required(self) -> bool:
        """Whether there is no default, or none where what it may be left out for is not given."""
        return self.default is REQUIRED or bool(self.unless)

    @property
    def many(self) -> bool:
        """Whether a list is expected."""
        return any(is_list(hint) for hint in (self.type, *typing.get_args(self.type)))

    @property
    def type_name(self) -> str:
        """The type in words: ``a whole number``, ``a list of numbers``, ``an activation``."""
        if self.part:
            one = f"a list of {self.part}s" if self.many else a(self.part)
            return f"a table of {one} each" if typing.get_origin(self.type) is dict else one
        return in_words(self.type)

    @property
    def range(self) -> str:
        """The allowed range in words; empty if there is no bound."""
        each = "each " if self.many and self.within else ""
        unit = "of them" if self.many else "in length"
        size = f"{_bounds(self.length)} {unit}" if self.length else ""
        return ", ".join(filter(None, [each + _bounds(self.within), size]))

    @property
    def low(self) -> float:
        """The lower end of the range; -inf if there is none."""
        return _interval(self.within).intervals[0].low if self.within else -math.inf

    @property
    def high(self) -> float:
        """The upper end of the range; inf if there is none."""
        return _interval(self.within).intervals[-1].high if self.within else math.inf

    @property
    def expected(self) -> str:
        """Type and range in words."""
        return (
            f"{self.type_name}{', ' if self.many else ' '}{self.range}"
            if self.range
            else self.type_name
        )

    def problem(self, value: Any, path: str = "") -> Problem | None:
        """What is wrong with a value, or None; parts are not looked into."""
        path = path or self.name
        if self.part or (value is None and self.default is None):
            return None
        if not fits(value, self.type):
            return Problem(path, f"got {shown(value)}", self.expected, self._hint(value))
        if not self._in_range(value):
            expected = self.expected if self.within or self.length else f"{self.type_name} (finite)"
            return Problem(path, f"got {shown(value)}", expected)
        return self._too_many(value, path) if self.each else None

    def _too_many(self, value: int, path: str) -> Problem | None:
        try:
            check_room(value, self.name or "of them", self.each)
        except InputError as error:
            return Problem(path, f"got {shown(value)}: {error.what}", error.expected, error.remedy)
        return None

    def _in_range(self, value: Any) -> bool:
        measured = self.length and isinstance(value, (list, tuple, str))
        if measured and len(value) not in _interval(self.length):
            return False
        if isinstance(value, (int, float)):
            return self._allows(value)
        numbers = value if isinstance(value, (list, tuple)) else ()
        return all(self._allows(x) for x in numbers if isinstance(x, (int, float)))

    def _allows(self, x: float) -> bool:
        """Whether a float can hold the number, and it lies in the range."""
        return abs(x) <= sys.float_info.max and (not self.within or x in _interval(self.within))

    def _hint(self, value: Any) -> str:
        words = [hint for hint in typing.get_args(self.type) if isinstance(hint, str)]
        return did_you_mean(value, words, "") if isinstance(value, str) else ""


@cache
def _interval(text: str) -> Domain:
    return Domain.parse(text)


def _bounds(text: str) -> str:
    """An interval in words: ``above 0 and at most 1``."""
    if not text:
        return ""
    (interval,) = _interval(text).intervals
    if interval.low == interval.high:
        return f"exactly {plain_number(interval.low)}"
    ends = [
        ("at least" if interval.includes_low else "above", interval.low),
        ("at most" if interval.includes_high else "below", interval.high),
    ]
    return " and ".join(f"{word} {plain_number(x)}" for word, x in ends if abs(x) < math.inf)


# Reading -------------------------------------------------------------------------------------


@cache
def declared(target: Callable[..., Any], positional: bool = False) -> dict[str, Setting]:
    """The settings of a class or a function, by name, as its signature declares them.

    Those of a class are the arguments of ``__init__``; those of a function the keyword-only
    ones, or with ``positional`` all: what is positional usually comes from whoever calls it. Of
    a parameter that is not annotated only the name and the default are known. ``rng`` is none.

    >>> def shrink(x, *, factor: Annotated[float, Setting("how much", "(0, 1]")] = 0.5): ...
    >>> declared(shrink)["factor"].default, declared(shrink)["factor"].range
    (0.5, 'above 0 and at most 1')
    """
    is_class = inspect.isclass(target)
    function = target.__init__ if is_class else target
    hints = _hints(target if "__attrs_attrs__" in vars(target) else function)
    return {
        name: _read(name, hints.get(name, _type_of(p.default)), p.default)
        for name, p in inspect.signature(function).parameters.items()
        if name not in ("self", "rng")
        and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        and (is_class or positional or p.kind is p.KEYWORD_ONLY)
    }


@cache
def declarations(target: Callable[..., Any], positional: bool = False) -> dict[str, Setting]:
    """Those settings of which somebody said what they mean: calls are checked for these alone."""
    found = declared(target, positional)
    return {name: setting for name, setting in found.items() if setting.meaning}


@cache
def of_rule(rule: Callable[..., Any]) -> dict[str, Setting]:
    """The settings of the rule of an op or an optimizer: numbers, and truth values as 0 and 1.

    >>> def shrink(x, *, twice=False): ...
    >>> of_rule(shrink)["twice"].expected
    'true or false or a number at least 0 and at most 1'
    """
    from_run = ("learning_rate", "step")
    found = declared(rule)
    hints = _hints(rule)
    return {name: _as_number(found[name], hints) for name in found if name not in from_run}


def _as_number(setting: Setting, hints: Mapping[str, Any]) -> Setting:
    """A number, unless the annotation says which: a default of 3 allows 2.5 as well."""
    if setting.type is bool:
        return evolve(setting, type=bool | float, within="[0, 1]")
    stated = setting.meaning or hints.get(setting.name) is int
    return setting if stated else evolve(setting, type=float)


def _hints(annotated: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(annotated, include_extras=True)
    except Exception:  # an annotation that cannot be evaluated checks nothing
        return {}


def _read(name: str, hint: Any, default: Any) -> Setting:
    setting = Setting()
    if typing.get_origin(hint) is Annotated:
        hint, *facts = typing.get_args(hint)
        setting = next((fact for fact in facts if isinstance(fact, Setting)), setting)
    return evolve(setting, name=name, type=hint, default=default)


def _type_of(default: Any) -> Any:
    return type(default) if type(default) in (bool, int, float, str) else Any


# Checking ------------------------------------------------------------------------------------


def check(owner: str, settings: Mapping[str, Setting], given: Mapping[str, Any]) -> None:
    """Raise :class:`InputError` for every value that its setting refuses.

    >>> rate = Setting("how many are dropped", "[0, 1)", name="rate", type=float)
    >>> check("dropout", {"rate": rate}, {"rate": 2})
    Traceback (most recent call last):
    ...
    neuroflow.errors.InputError: dropout got rate = 2; expected a number at least 0 and below 1
    """
    problems = [
        problem
        for name, value in given.items()
        if name in settings and (problem := settings[name].problem(value)) is not None
    ]
    if len(problems) == 1:
        (problem,) = problems
        what = f"{owner} got {problem.path} = {problem.what.removeprefix('got ')}"
        got = given[problem.path]
        raise InputError(what, expected=problem.expected, remedy=problem.remedy, got=got)
    if problems:
        raise InputError(
            "\n  ".join([f"{owner} got {len(problems)} wrong settings:", *map(str, problems)])
        )


class Checked(Wrapped):
    """A function that refuses wrong settings."""

    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        settings = pythonic_settings(settings)
        check(self.function.__name__, declarations(self.function), settings)
        return self.function(*inputs, **settings)


def checked(thing: Any) -> Any:
    """A function, made to refuse wrong settings; the thing itself if it declares none."""
    return wrapped(Checked, thing) if inspect.isfunction(thing) and _declares(thing) else thing


def unchecked(thing: Any) -> Any:
    """What :func:`checked` was given, where the settings are known to be right."""
    return thing.function if isinstance(thing, Checked) else thing


def _declares(function: Any) -> bool:
    """Whether a keyword-only parameter is annotated; without evaluating annotations."""
    code = function.__code__
    names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return any(name in function.__annotations__ for name in names)
