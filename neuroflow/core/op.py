"""``@op``: how an op is written down, by this package and by everybody else.

    @op(formula=r"\\frac{1}{1 + e^{-x}}")
    def sigmoid(x):
        '''Logistic sigmoid, a smooth step from 0 to 1.'''
        return 1 / (1 + exp(-x))

    @sigmoid.partials
    def _(out, x):
        return (out * (1 - out),)

Fed with floats the rules give values and gradients; with Values, gradients that are graphs
themselves; with traced values, native code; with symbols, the formula in the documentation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from inspect import isfunction
from typing import Any, overload

from neuroflow.core.rules import Rule, declared
from neuroflow.core.value import Op
from neuroflow.core.vectors import VectorOp

_BESIDE = ("derivative", "checks", "relations")
Kinks = tuple[float | str, ...] | Callable[..., tuple[float, ...]]


@overload
def op(
    rule: Rule, /, *, name: str = "", formula: str = "", domain: str | tuple[str, ...] = (),
    kinks: Kinks = (), convention: str = "", derivative: Rule | str | None = None,
    step: str = "", vectors: bool = False, checks: Any = None, relations: Any = None,
) -> Op: ...  # fmt: skip
@overload
def op(
    *, name: str = "", formula: str = "", domain: str | tuple[str, ...] = (),
    kinks: Kinks = (), convention: str = "", derivative: Rule | str | None = None,
    step: str = "", vectors: bool = False, checks: Any = None, relations: Any = None,
) -> Callable[[Rule], Op]: ...  # fmt: skip
def op(rule: Rule | None = None, /, **facts: Any) -> Op | Callable[[Rule], Op]:
    """Turn a rule into an :class:`Op`; the mathematics is declared beside it.

    ``formula`` is LaTeX, ``domain`` an interval such as ``"(0, inf)"`` (or one per input),
    ``kinks`` the points where the derivative jumps, as numbers, settings, arithmetic of settings
    (``"-2 * limit"``) or inputs (``"a = b"``), or as a function of the settings that gives them;
    ``convention`` is the derivative there. Where the partials are meant to be those of another
    function, ``derivative`` is that function; else it is a text that says what they are instead.
    With ``vectors`` every input is a list, all equally long. ``step`` names the engine's step that
    computes the same, if any; other rules become steps by themselves. ``checks`` tells the checks
    where to look (:class:`neuroflow.Checks`), ``relations`` refuses settings that are at odds.

    Raises :class:`DefinitionError`, with the line of the rule, for what cannot be meant.

    >>> from neuroflow.core.value import Value
    >>> @op(formula="x^3")
    ... def cube(x):
    ...     '''The cube of x.'''
    ...     return x * x * x
    >>> cube(2.0), cube(Value(2.0))
    (8.0, Value(8.0, cube))
    """
    if rule is None:
        return partial(op, **facts)
    with declared(rule, facts) as name:
        kind = VectorOp if facts.pop("vectors", False) else Op
        beside: dict[str, Any] = {key: facts.pop(key) for key in _BESIDE if key in facts}
        if isfunction(facts.get("kinks")):
            beside["kinks"] = facts.pop("kinks")
        known = {key: x for key, x in facts.items() if key != "name"}
        return kind(rule, name, beside=beside, **known)
