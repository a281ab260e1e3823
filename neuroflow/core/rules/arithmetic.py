"""Arithmetic in a text, ``-2 * limit``: which names it has, and what it is with their numbers.

A few functions may be called, so that places without end can be told: ``x = round(x)``.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_CALLED: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "cos": math.cos,
    "round": round,
    "sin": math.sin,
}
_UNARY: dict[type, Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}


def names_in(text: str) -> set[str]:
    """The names in a text; one that none can have where it is no arithmetic.

    >>> sorted(names_in("low + 2 * high")), names_in("low or high")
    (['high', 'low'], {'?'})
    >>> names_in("2 * round(x / 2)")
    {'x'}
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
        found = {node.id for node in names if id(node) not in called}
        _number(tree, dict.fromkeys(found, 0.7))
    except (SyntaxError, ValueError):
        return {"?"}
    except ArithmeticError:  # with these numbers only
        pass
    return found


def compute(text: str, numbers: Mapping[str, float]) -> float:
    """What a text of arithmetic is; raises KeyError for a name without a number."""
    return float(_number(ast.parse(text.strip(), mode="eval").body, numbers))


def _number(node: ast.expr, numbers: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if isfinite(number):
            return number
        case ast.Name(id=name):
            return numbers[name]
        case ast.UnaryOp(op=sign, operand=part) if type(sign) in _UNARY:
            return float(_UNARY[type(sign)](_number(part, numbers)))
        case ast.Call(func=ast.Name(id=name), args=[part], keywords=[]) if name in _CALLED:
            return float(_CALLED[name](_number(part, numbers)))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            return float(_BINARY[type(sign)](_number(left, numbers), _number(right, numbers)))
    raise ValueError(f"no arithmetic: {ast.unparse(node)}")
