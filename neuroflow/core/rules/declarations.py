"""Read when an op is defined: its signature, and what is declared beside it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dis import get_instructions
from types import CodeType
from typing import Any

from neuroflow.core.rules.mistakes import Rule, many, mistake
from neuroflow.core.rules.places import check_kinks
from neuroflow.errors import DefinitionError, InputError, did_you_mean, short_repr

KEYWORDS = ("name", "formula", "domain", "kinks", "convention", "derivative", "step", "vectors",
            "checks", "relations")  # fmt: skip
"""What may be declared beside a rule."""

_STAR, _STARS, _YIELDS, _WAITS = 0x04, 0x08, 0x20, 0x80 | 0x200
"""Flags of a function's code: it takes *xs, it takes **settings, it yields, it is async."""


def function_of(rule: Rule) -> Any:
    """The function itself, below its decorators; anything else is refused."""
    function = inspect.unwrap(rule)
    if not inspect.isfunction(function):
        raise InputError(
            f"an op is made of a function, but got {rule!r}",
            remedy="write @op above def name(x): ...",
            got=rule,
        )
    return function


def signature(rule: Rule, name: str = "") -> tuple[tuple[str, ...], dict[str, float], set[str]]:
    """The names of the inputs, the defaults of the settings, and which settings have none.

    >>> def leaky(x, *, slope=0.1, shift): return x * slope + shift
    >>> signature(leaky)
    (('x',), {'slope': 0.1}, {'shift'})
    """
    function = function_of(rule)
    code, defaults = function.__code__, function.__kwdefaults__ or {}
    names = code.co_varnames[: code.co_argcount]
    settings = words(rule)
    problem = _problem(function, names) or _problem_of_settings(defaults)
    if problem:
        raise mistake(rule, name, *problem)
    return names, dict(defaults), set(settings) - set(defaults)


def _problem(function: Any, names: Sequence[str]) -> tuple[str, str, str] | None:
    """What is wrong with the parameters of a rule: what, what was expected, what to do."""
    code = function.__code__
    if code.co_flags & (_YIELDS | _WAITS):
        return "yields or is async", "a function that returns one number", "write return"
    if code.co_flags & _STARS:
        word = "takes any keyword (**)"
        return word, "each setting by its name", "write each after a *: (x, *, slope=0.1)"
    if code.co_flags & _STAR:
        star = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
        word = f"takes any number of inputs (*{star})"
        use = f"for a list of any length write @op(vectors=True) above def name({star})"
        return word, "inputs with names", use
    if function.__defaults__:
        name, default = names[-1], short_repr(function.__defaults__[-1])
        word = f"gives its input {name} the default {default}"
        use = (
            f"if {name} is a setting, fixed before the run, write it after a *: *, {name}={default}"
        )
        return word, "inputs without defaults, as an op is given all of them", use
    if not names:
        return "has no input", "at least one: def name(x)", "a constant is just a number"
    return None


def _problem_of_settings(defaults: Mapping[str, Any]) -> tuple[str, str, str] | None:
    for name, default in defaults.items():
        if hasattr(default, "backward"):
            word = f"has a Value as its setting: {name}={short_repr(default)}"
            return word, "a plain number", f"make {name} an input if it has a gradient"
        if isinstance(default, (str, bytes)) or not hasattr(type(default), "__float__"):
            word = f"has the setting {name}={short_repr(default)}"
            return word, "a number, for settings of ops are numbers", "write an op for each case"
    return None


@contextmanager
def declared(rule: Rule, facts: Mapping[str, Any]) -> Iterator[str]:
    """The name of an op that is being declared; errors meanwhile say whose declaration it is."""
    name = facts.get("name") or function_of(rule).__name__
    if "name" in facts and not (isinstance(name, str) and name.isidentifier()):
        what = f"has the name {short_repr(name)}"
        raise mistake(rule, "", what, "letters, digits and _: it is a method as well, x.name()")
    for word in facts:
        if word not in KEYWORDS:
            hint = did_you_mean(word, KEYWORDS, f"an op is declared with {', '.join(KEYWORDS)}")
            raise mistake(rule, name, f"is declared with {word!r}, which says nothing", remedy=hint)
    try:
        yield name
    except DefinitionError:
        raise
    except InputError as error:
        raise mistake(rule, name, f"is declared wrongly: {error.what}",
                      error.expected, error.remedy) from error  # fmt: skip


def check_declared(op: Any) -> None:
    """Raise for what is declared beside a rule and cannot be meant."""
    if len(op.domain) != len(op.parameters):
        raise mistake(
            op.rule, op.name, f"declares {many(len(op.domain), 'domain')} for"
            f" {many(len(op.parameters), 'input')} ({', '.join(op.parameters)})",
            "one for each input, in order", 'for example domain=("(0, inf)", "(-inf, inf)")',
        )  # fmt: skip
    for field in ("formula", "convention", "step"):
        if not isinstance(getattr(op, field), str):
            got = short_repr(getattr(op, field))
            raise mistake(op.rule, op.name, f"has the {field} {got}", "a text")
    check_kinks(op)
    _check_derivative(op)


def _check_derivative(op: Any) -> None:
    what = op.beside.get("derivative")
    if what is None or (isinstance(what, str) and what.strip()):
        return
    if inspect.isfunction(what):
        code = what.__code__
        if code.co_varnames[: code.co_argcount] == op.parameters:
            return
    form = f"lambda {', '.join(op.parameters)}: ..."
    raise mistake(
        op.rule, op.name, f"has the derivative {short_repr(what)}",
        f"the function whose derivative its partials are meant to be, of its inputs: {form};"
        " or a text that says what they are instead",
    )  # fmt: skip


def what_changes(op: Any) -> Iterator[tuple[str, str, str]]:
    """What its rules read around themselves that can change: what, what was expected, what to do.

    A rule depends on its inputs alone: compiled code is made of what it once did.
    """
    for rule in filter(None, (op.rule, op.partials_rule)):
        for name, thing in _read_outside(inspect.unwrap(rule)):
            if (problem := _changes(thing)) is not None:
                yield f"reads {name}, {problem[0]}", "a rule of its inputs alone", problem[1]


def _read_outside(function: Any) -> Iterable[tuple[str, Any]]:
    """What the names of a function mean that are neither inputs nor its own."""
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    around = function.__globals__
    suspects = {x for x in _names_in(code) if x in around and _changes(around[x]) is not None}
    for name in suspects & set(_globals_in(code)) if suspects else ():
        yield name, around[name]


def _names_in(code: CodeType) -> Iterator[str]:
    """Every name that a function uses: of globals, and of attributes as well."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names_in(inner)


def _globals_in(code: CodeType) -> Iterator[str]:
    """The names of globals alone: slower to tell."""
    yield from (step.argval for step in get_instructions(code) if step.opname == "LOAD_GLOBAL")
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _globals_in(inner)


def _changes(thing: Any) -> tuple[str, str] | None:
    """What kind of changing thing it is and what to do, or None for one that stays as it is."""
    if isinstance(thing, (list, dict, set, bytearray)):
        kind = type(thing).__name__
        tuple_instead = "write a tuple, which cannot change, or make it a setting"
        return f"a {kind}, which can change between calls", tuple_instead
    if hasattr(type(thing), "getrandbits") or hasattr(type(thing), "bit_generator"):
        return "a random generator", "draw the number outside and give it as an input"
    if hasattr(type(thing), "backward") and hasattr(thing, "grad"):
        return "a Value, whose gradient would be lost", "make it an input of the op"
    return None


def words(rule: Rule) -> tuple[str, ...]:
    """The names of the settings that a rule takes."""
    code = function_of(rule).__code__
    return tuple(code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount])


def check_partials(op: Any, rule: Rule) -> None:
    """Raise for a rule of partials that does not take what the op has."""
    function = function_of(rule)
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    form = ", ".join(["out", *op.parameters])
    remedy = f"write @{op.name}.partials above def _({form})"
    if not code.co_flags & _STAR and not _named_alike(names, op.parameters):
        told = f"has partials that take ({', '.join(names)})"
        expected = f"({form}): the result and then the inputs, named alike and in order"
        raise mistake(rule, op.name, told, expected, remedy)
    known = {*op.settings, *op.required}
    for name in words(rule):
        if name not in known and name not in (function.__kwdefaults__ or {}):
            what = f"has partials with the setting {name!r}, which its rule has not"
            hint = did_you_mean(name, known, f"its settings: {', '.join(known) or 'none'}")
            raise mistake(rule, op.name, what, remedy=hint)


def _named_alike(names: Sequence[str], parameters: Sequence[str]) -> bool:
    """Whether the names are ``out`` and then the inputs; an underscore marks one that is unused."""
    pairs = list(zip(names[1:], parameters, strict=False))
    return len(names) == len(parameters) + 1 and all(
        name.lstrip("_") in ("", parameter) for name, parameter in pairs
    )
