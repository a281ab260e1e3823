"""Elementary steps: the alphabet of compiled code, and which of them an op declares to be.

A kernel is a list of steps on single numbers (or on vectors of lanes, number by number). The
steps that reduce whole vectors, ``dot`` and ``sum`` among them, are instructions of their own.
Any op can declare its step, whoever offers it: ``@op(step="exp")``.
"""

from __future__ import annotations

from typing import Any

from neuroflow.errors import BackendError, did_you_mean

OPERATORS = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "div": "{} / {}", "neg": "-{}",
    "greater": "{} > {}", "greater_equal": "{} >= {}", "less": "{} < {}",
    "less_equal": "{} <= {}", "nonzero": "{} != 0.0", "equal": "{} == {}",
}  # fmt: skip
"""Steps that are written as operators."""

FUNCTIONS = {
    "exp": 1, "log": 1, "log1p": 1, "expm1": 1, "log2": 1, "log10": 1, "sqrt": 1, "sin": 1,
    "cos": 1, "atan": 1, "tanh": 1, "erf": 1, "abs": 1, "floor": 1, "pow": 2, "mod": 2, "where": 3,
    "maximum": 2, "minimum": 2, "identity": 1,
}  # fmt: skip
"""Steps that are written as calls, and how many numbers each takes."""

CURVES = (
    "exp", "log", "log1p", "expm1", "log2", "log10", "sin", "cos", "atan", "tanh", "erf", "pow",
)  # fmt: skip
"""Functions that turn a rounded operand into a result with fewer right digits."""

OPPOSITES = {
    "greater": "less_equal", "less_equal": "greater", "less": "greater_equal",
    "greater_equal": "less",
}  # fmt: skip
"""Comparisons, and what holds for all numbers where the comparison does not; for nan, neither."""

CONDITIONS = (*OPPOSITES, "nonzero", "equal")
"""Steps that give a truth value, which only ``where`` and arithmetic read."""

BOUNDED = (
    *CONDITIONS, "where", "neg", "abs", "tanh", "sin", "cos", "atan", "erf", "floor", "maximum",
    "minimum", "identity",
)  # fmt: skip
"""Steps of a partial that are finite if what they read is; others may overflow."""

UNBOUNDED = ("div", "log", "log2", "log10", "pow", "mod")
"""Steps of a partial that can be infinite even where the op's value is finite."""

REDUCTIONS = {"dot": 2, "sum": 1, "maximum": 1, "minimum": 1}
"""Steps that make one number of vectors, and how many vectors each takes."""

ARITIES = {**{name: text.count("{}") for name, text in OPERATORS.items()}, **FUNCTIONS}


def reduction_of(op: Any) -> str:
    """The instruction on whole vectors that an op is: a name, or empty if it is none."""
    fits = op.step in REDUCTIONS and op.vectors and REDUCTIONS[op.step] == len(op.parameters)
    return op.step if fits else ""


def step_of(op: Any) -> str:
    """The step on single numbers that an op declares to be; empty if it has to be looked into.

    Raises :class:`BackendError` for a step that does not exist or takes other inputs.
    """
    if not op.step:
        return ""
    if reduction_of(op):
        return op.step if op.step in FUNCTIONS else ""
    if op.step not in ARITIES:
        known = [*ARITIES, *REDUCTIONS]
        raise BackendError(
            f"{op.name} declares the step {op.step!r}, which does not exist",
            expected=f"one of {', '.join(dict.fromkeys(known))}",
            remedy=did_you_mean(op.step, known, "or leave step out"),
            op=op.name,
        )
    if op.settings:
        raise BackendError(
            f"{op.name} declares the step {op.step!r} and has the settings"
            f" {', '.join(op.settings)}, which a step does not read",
            remedy="leave step out, or the settings",
            op=op.name,
        )
    if op.vectors or len(op.parameters) != ARITIES[op.step]:
        raise BackendError(
            f"{op.name}({', '.join(op.parameters)}) declares the step {op.step!r}",
            expected=f"{ARITIES[op.step]} numbers as its inputs",
            remedy="correct the step, or leave it out",
            op=op.name,
        )
    return str(op.step)
