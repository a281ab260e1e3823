"""f(x) as text: a small language of numbers, read with Python's grammar, never run as Python."""

from __future__ import annotations

import ast
import contextlib
import math
import warnings
from collections.abc import Callable, Collection, Mapping
from operator import add, mul, neg, pos, sub, truediv
from typing import Any

from attrs import frozen

from neuroflow.core import functions as elementary
from neuroflow.core.value import Value
from neuroflow.data.as_written import in_python
from neuroflow.errors import InputError, NeuroflowError, did_you_mean, reason
from neuroflow.files import BYTE_ORDER_MARK
from neuroflow.normal import erf

LONGEST = 500
MOST_PARTS = 200
LARGEST_EXPONENT = 100.0

_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv,
    ast.UAdd: pos, ast.USub: neg,
}  # fmt: skip
_CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": elementary.abs,
    "cos": elementary.cos,
    "erf": erf,
    "exp": elementary.exp,
    "log": elementary.log,
    "max": elementary.maximum,
    "min": elementary.minimum,
    "sin": elementary.sin,
    "sqrt": elementary.sqrt,
    "tan": lambda x: elementary.sin(x) / elementary.cos(x),
    "tanh": elementary.tanh,
}
_SEVERAL = ("max", "min")
ALLOWED = (
    f"write numbers, x, pi, e, + - * / **, brackets and {', '.join(FUNCTIONS)},"
    " such as sin(x) + x**2 / 10"
)


@frozen
class Expression:
    """A function of x, made by :func:`parse_expression`; call it with any kind of number."""

    text: str
    _tree: ast.expr
    _functions: Mapping[str, Callable[..., Any]] = FUNCTIONS

    def at(self, **numbers: Any) -> Any:
        """The value where each variable has the number given for it."""
        return _evaluate(self._tree, numbers, self._functions)

    def __call__(self, x: Any) -> Any:
        """f(x). Raises :class:`InputError` where a float has no finite result."""
        try:
            y = self.at(x=x)
        except (ArithmeticError, ValueError, TypeError) as error:
            if isinstance(error, NeuroflowError) and not isinstance(error, ArithmeticError):
                raise
            raise InputError(
                f"f(x) = {self.text} has no value at x = {x}: {reason(error.__cause__ or error)}",
                remedy="choose a range of x where it has one",
            ) from error
        if isinstance(y, float) and not math.isfinite(y):
            raise InputError(
                f"f(x) = {self.text} is {y} at x = {x}",
                remedy="choose a range of x where it is finite",
                got=y,
            )
        return y


def parse_expression(
    text: str,
    variables: Collection[str] = ("x",),
    functions: Mapping[str, Callable[..., Any]] = FUNCTIONS,
) -> Expression:
    """The function that a text describes, as people write it: ``2x``, ``x²``, ``|x|``, ``x^2``.

    Raises :class:`InputError` for anything but arithmetic of the variables and known functions.

    >>> f = parse_expression("x**2 - 2*x + 1")
    >>> f(3.0)
    4.0
    >>> parse_expression("__import__('os')")
    Traceback (most recent call last):
    ...
    neuroflow.errors.InputError: cannot read f(x) = __import__('os'): unknown function
    '__import__'; write numbers, x, pi, e, + - * / **, brackets and abs, cos, erf, exp, log, max,
    min, sin, sqrt, tan, tanh, such as sin(x) + x**2 / 10
    """
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"cannot read f(x) = {text!r}: it is no text", remedy=ALLOWED, got=text)
    if len(text) > LONGEST:
        raise InputError(
            f"f(x) has {len(text)} characters",
            remedy=f"at most {LONGEST} are read, so write it shorter",
        )
    text = text.removeprefix(BYTE_ORDER_MARK)
    tree, problem, part = _read(text, variables, functions)
    if problem:
        remedy = ALLOWED
        if isinstance(part, ast.Name) and part.id not in functions:
            remedy = did_you_mean(part.id, functions, ALLOWED)
        raise InputError(f"cannot read f(x) = {text.strip()}: {problem}", remedy=remedy, got=text)
    return Expression(text.strip(), tree, functions)


def _read(
    text: str, variables: Collection[str], known: Mapping[str, Callable[..., Any]]
) -> tuple[ast.expr, str, ast.AST]:
    """A text as Python has it, or as people write it; and what is not allowed in it."""
    with contextlib.suppress(InputError):
        tree = _tree_of(text)
        problem, part = _problem(tree, variables, known)
        if not problem:
            return tree, problem, part
    with contextlib.suppress(InputError):
        written = _tree_of(in_python(text))
        if not _problem(written, variables, known)[0]:
            return written, "", written
    tree = _tree_of(text)
    return tree, *_problem(tree, variables, known)


def _tree_of(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as "invalid escape sequence": refused later
            return ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it is nested too deeply"
        raise InputError(
            f"cannot read f(x) = {text.strip()}: {reason}", remedy=ALLOWED, got=text
        ) from error


def _problem(
    tree: ast.expr, variables: Collection[str], known: Mapping[str, Callable[..., Any]]
) -> tuple[str, ast.AST]:
    """What is not allowed in a tree, or an empty text; and the part that it is about."""
    parts = list(ast.walk(tree))
    if len(parts) > MOST_PARTS:
        return f"it has {len(parts)} parts and at most {MOST_PARTS} are read", tree
    functions = {id(part.func) for part in parts if isinstance(part, ast.Call)}
    for part in parts:
        problem = _problem_of(part, id(part) in functions, variables, known)
        if problem:
            return problem, part
    return "", tree


def _problem_of(
    part: ast.AST,
    is_function: bool,
    variables: Collection[str],
    functions: Mapping[str, Callable[..., Any]],
) -> str:
    match part:
        case ast.Constant(value=value):
            return _problem_of_number(value)
        case ast.Name(id=name) if is_function:
            if name not in functions:
                return f"unknown function {name!r}"
        case ast.Name(id=name):
            if name in functions and name not in variables:
                return f"{name} is a function: write {name}(...)"
            if name not in variables and name not in _CONSTANTS:
                return f"unknown name {name!r}"
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
            wrong = len(arguments) < 2 if name in _SEVERAL else len(arguments) != 1
            if name in functions and (wrong or keywords):
                count = "two or more numbers" if name in _SEVERAL else "one number"
                return f"{name} takes {count}"
        case ast.Call():
            return "only the known functions can be called"
        case ast.BinOp(op=ast.Pow(), right=exponent):
            return _problem_of_exponent(exponent)
        case ast.BinOp(op=op) | ast.UnaryOp(op=op):
            return "" if type(op) in _OPERATORS else f"{type(op).__name__} is no operator here"
        case ast.operator() | ast.unaryop() | ast.expr_context():
            return ""
        case _:
            return f"{type(part).__name__} is not arithmetic"
    return ""


def _problem_of_number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"{value!r} is no number"
    try:
        finite = math.isfinite(float(value))
    except OverflowError:
        finite = False
    return "" if finite else "a number is too large"


def _problem_of_exponent(exponent: ast.expr) -> str:
    number = exponent.operand if isinstance(exponent, ast.UnaryOp) else exponent
    value = number.value if isinstance(number, ast.Constant) else 0
    if isinstance(value, (int, float)) and abs(value) > LARGEST_EXPONENT:
        return f"the exponent {value} is beyond {LARGEST_EXPONENT:g}"
    return ""


def _evaluate(
    tree: ast.expr, numbers: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
) -> Any:
    def of(part: ast.expr) -> Any:
        return _evaluate(part, numbers, functions)

    match tree:
        case ast.Constant(value=value):
            return float(value)  # type: ignore[arg-type]  # checked by _problem_of_number
        case ast.Name(id=name):
            return numbers[name] if name in numbers else _CONSTANTS[name]
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return functions[name](*map(of, arguments))
        case ast.BinOp(op=ast.Pow(), left=left, right=right):
            base, exponent = of(left), of(right)
            if isinstance(base, Value) or isinstance(exponent, Value):
                return base**exponent
            return elementary.pow(base, exponent)
        case ast.BinOp(op=op, left=left, right=right):
            return _OPERATORS[type(op)](of(left), of(right))
        case ast.UnaryOp(op=op, operand=operand):
            return _OPERATORS[type(op)](of(operand))
    raise InputError(f"{type(tree).__name__} is not arithmetic")  # _problem_of lets none pass
