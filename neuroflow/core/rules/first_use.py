"""Looked at when an op computes for the first time: what its rules give."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any

from attrs import frozen

from neuroflow.core.inputs import real
from neuroflow.core.rules.declarations import what_changes, words
from neuroflow.core.rules.mistakes import Rule, listed, many, mistake
from neuroflow.errors import InputError, short_repr

_INSTEAD = {
    "math": "nf.exp for math.exp, and so on", "np": "nf.exp for np.exp, and so on",
    "numpy": "nf.exp for numpy.exp, and so on", "max": "nf.maximum for max",
    "min": "nf.minimum for min", "float": "x itself for float(x)", "int": "x itself for int(x)",
    "data": "x for x.data",
}  # fmt: skip
"""What cuts a result off from the inputs of a rule, by the name it uses, and what does not."""


@frozen(eq=False)
class FirstUse:
    """A rule whose first result on plain numbers is looked at; then the op has the rule itself."""

    op: Any
    name: str
    run: Rule

    def __call__(self, *numbers: Any) -> Any:
        """What the rule gives; raises if that is not what an op gives."""
        out = self.run(*numbers)
        check = check_result if self.name == "forward" else check_slopes
        check(self.op, numbers, out, self.run)
        if type(numbers[-1]) is float:
            setattr(self.op, self.name, self.run)
        return out


def prepared(op: Any, name: str) -> FirstUse:
    """``op.forward`` or ``op.partials_at`` as nodes run them: on numbers, with the settings.

    An op on vectors is given their numbers one behind the other.
    """
    rule = op.rule if name == "forward" else op.partials_rule
    if settings := {word: op.settings[word] for word in words(rule) if word in op.settings}:
        rule = partial(rule, **settings)
    return FirstUse(op, name, _on_flat(op, name, rule) if op.vectors else rule)


def looked_at(rule: Rule) -> Rule:
    """A rule as if its first result had been looked at: for checks, which look closer."""
    return rule.run if isinstance(rule, FirstUse) else rule


def _on_flat(op: Any, name: str, rule: Rule) -> Rule:
    """The rule of an op on vectors, given their numbers one behind the other."""
    split = op.splitter()
    if name == "forward":
        return lambda *xs: rule(*split(xs))
    return lambda out, *xs: flat(op, rule(out, *split(xs)), len(xs))


def check_result(op: Any, numbers: Sequence[Any], out: Any, run: Rule) -> None:
    """A rule gives one number, for the same inputs the same one, and depends on nothing else."""
    check_one_number(op, numbers, out)
    for reads, expected, remedy in what_changes(op):
        raise mistake(op.rule, op.name, reads, expected, remedy)
    if type(out) is float:
        again = run(*numbers)
        if again != out and again == again:
            raise mistake(
                op.rule, op.name, f"gave {out!r} for {listed(numbers)}, and then {again!r}",
                "the same number for the same inputs",
                "a random number is drawn outside and given as an input, and nothing is kept"
                " from one call to the next",
            )  # fmt: skip


def number_of(op: Any, numbers: Sequence[Any], out: Any) -> float:
    """The number that a rule gave, as a float."""
    check_one_number(op, numbers, out)
    if hasattr(type(out), "backward"):
        raise mistake(
            op.rule, op.name, f"gave {short_repr(out)}, a Value, for {listed(numbers)}",
            "a plain number for plain numbers",
            "a rule uses no Value of its own, whose gradient would be lost: make it an input",
        )  # fmt: skip
    return real(out)


def check_one_number(op: Any, numbers: Sequence[Any], out: Any) -> None:
    """Raise for nothing, several numbers or a text where a rule should give a number."""
    one = "one number: an op has a single output"
    if out is None:
        what = f"gave nothing for {listed(numbers)}"
        raise mistake(op.rule, op.name, what, one, "is a return missing?")
    if isinstance(out, (tuple, list, dict, set)):
        what = f"gave {short_repr(out)}, a {type(out).__name__}, for {listed(numbers)}"
        raise mistake(op.rule, op.name, what, one, "write an op for each output, or a function")
    if isinstance(out, (str, bytes)):
        raise mistake(op.rule, op.name, f"gave {short_repr(out)} for {listed(numbers)}", one)


def check_slopes(op: Any, numbers: Sequence[Any], slopes: Any, run: Rule) -> None:
    """A rule of partials, given the result and the inputs, gives a number for each input."""
    numbers = numbers[1:]
    one = f"a tuple with one number for each input ({', '.join(op.parameters)}), in order"
    if not isinstance(slopes, (tuple, list)):
        what = f"has partials that give {short_repr(slopes)}, which is no tuple"
        comma = f"mind the comma: return ({'..., ' * max(1, len(numbers))}".rstrip() + ")"
        raise mistake(op.partials_rule or op.rule, op.name, what, one, comma)
    if len(slopes) != len(numbers):
        what = f"has partials that give {many(len(slopes), 'number')} for"
        what += f" {many(len(numbers), 'input')}"
        raise mistake(op.partials_rule or op.rule, op.name, what, one)
    for slope in slopes:
        if slope is None or isinstance(slope, (tuple, list, dict, set, str)):
            what = f"has partials that give {short_repr(slope)} among others"
            raise mistake(op.partials_rule or op.rule, op.name, what, one)


def flat(op: Any, slopes: Any, count: int) -> tuple[Any, ...]:
    """The vectors of slopes one behind the other: ``count`` numbers, or an error that says so."""
    try:
        found = tuple(chain.from_iterable(slopes))
    except TypeError:
        raise _not_vectors(op, f"give {short_repr(slopes)}", count) from None
    if len(found) != count:
        raise _not_vectors(op, f"give {many(len(found), 'number')} in all", count)
    return found


def _not_vectors(op: Any, what: str, count: int) -> InputError:
    each = f"{count // len(op.parameters)} numbers for each of {', '.join(op.parameters)}"
    example = f"return ([...],{' [...],' * (len(op.parameters) - 1)})"
    told = f"has partials that {what}"
    return mistake(op.partials_rule, op.name, told, f"one list of {each}", example)


def cut_off(op: Any, numbers: Sequence[Any], out: Any) -> InputError:
    """The error for a rule without partials whose result does not come from its inputs."""
    check_one_number(op, numbers, out)
    what = f"gave {short_repr(out)}, of type {type(out).__name__}, for {listed(numbers)}: that is"
    what += " cut off from its inputs, so it has no derivative"
    used = inspect.unwrap(op.rule).__code__.co_names
    instead = [_INSTEAD[name] for name in used if name in _INSTEAD]
    remedy = f"write {' and '.join(instead or ['nf.where(x > 0, a, b) for an if'])}; where a"
    remedy += f" derivative of 0 is meant, declare it below @{op.name}.partials"
    return mistake(op.rule, op.name, what, "a result computed from the inputs alone", remedy)
