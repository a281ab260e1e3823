"""The words of formulas: constants, functions, relations, Greek letters, and what ends a factor."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

OLD = "old"
"""The index of a value as it was before a step: ``m_{t-1}`` beside ``m_t``."""

CONSTANTS = {"e": math.e, r"\pi": math.pi, r"\infty": math.inf}


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700.0 else 0.0


def _normal_cdf(x: float) -> float:
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def integrated(f: Callable[[float], float], low: float, high: float) -> float:
    """The integral of a smooth function: by Gauss's rule of five points, in 200 pieces.

    >>> round(integrated(lambda t: 3.0 * t * t, 0.0, 2.0), 12)
    8.0
    """
    nodes = ((0.0, 128 / 225), (0.5384693101056831, 0.47862867049936647),
             (0.906179845938664, 0.23692688505618908))  # fmt: skip
    half = (high - low) / 400
    middles = [low + (2 * k + 1) * half for k in range(200)]
    places = [(sign * x, w) for x, w in nodes for sign in ((-1, 1) if x else (1,))]
    return half * math.fsum(w * f(middle + half * x) for middle in middles for x, w in places)


WITH_BASIS = ("log", "lg")
"""Functions that may have a basis, written below them."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f: getattr(math, f) for f in ("exp", "sin", "cos", "tan", "tanh", "sinh", "cosh", "erf")},
    **{f"arc{f}": getattr(math, f"a{f}") for f in ("sin", "cos", "tan")},
    "ln": math.log, "log": math.log, "erfc": math.erfc, "sigma": _sigmoid, "sigmoid": _sigmoid,
    "Phi": _normal_cdf, "phi": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "sgn": lambda x: (x > 0) - (x < 0), "sign": lambda x: (x > 0) - (x < 0),
    "stop": lambda x: x, "relu": lambda x: max(0.0, x), "ReLU": lambda x: max(0.0, x),
    "softplus": lambda x: math.log1p(math.exp(-abs(x))) + max(x, 0.0),
    "max": max, "min": min, "clip": lambda x, low, high: min(max(x, low), high),
    "abs": abs, "Gamma": math.gamma, "lg": math.log10, "sech": lambda x: 1.0 / math.cosh(x),
    "coth": lambda x: 1.0 / math.tanh(x), "round": round, "expm1": math.expm1,
    "log1p": math.log1p, "sqrt": math.sqrt,
}  # fmt: skip
FOLDS: dict[str, Callable[[list[Any]], Any]] = {
    r"\sum": math.fsum, r"\prod": math.prod, r"\max": max, r"\min": min,
}  # fmt: skip
RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b), "<": lambda a, b: bool(a < b), ">": lambda a, b: bool(a > b),
    **dict.fromkeys((r"\le", r"\leq", r"\leqslant"), lambda a, b: bool(a <= b)),
    **dict.fromkeys((r"\ge", r"\geq", r"\geqslant"), lambda a, b: bool(a >= b)),
    **dict.fromkeys((r"\ne", r"\neq"), lambda a, b: bool(a != b)),
}  # fmt: skip
NAMING = {r"\operatorname", r"\mathrm", r"\text", r"\mathit", r"\textrm"}
GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "eta", "theta", "kappa", "lambda",
    "mu", "nu", "rho", "sigma", "tau", "phi", "varphi", "omega", "Phi", "Delta", "Gamma", "xi",
    "zeta", "chi", "psi", "ell", "iota", "Theta", "Lambda", "Sigma", "Omega", "vartheta", "varrho",
}  # fmt: skip
ENDS = {
    "}",
    ")",
    "]",
    "&",
    r"\\",
    ",",
    "",
    "|",
    r"\rvert",
    r"\rangle",
    r"\rfloor",
    r"\rceil",
    r"\rVert",
    r"\|",
    r"\}",
    r"\end",
    *RELATIONS,
}
CLOSING = {"(": ")", "{": "}", "[": "]", r"\{": r"\}"}
ROUNDED = {r"\lfloor": (r"\rfloor", math.floor), r"\lceil": (r"\rceil", math.ceil)}
NORMS = {r"\|": r"\|", r"\lVert": r"\rVert"}
LENGTHS: dict[str, Callable[[list[float]], float]] = {
    "1": math.fsum, "2": lambda sizes: math.hypot(*sizes), "infty": max,
}  # fmt: skip
ACCENTS = {
    r"\hat": "hat", r"\widehat": "hat", r"\tilde": "tilde", r"\widetilde": "tilde",
    r"\bar": "bar", r"\overline": "bar",
}  # fmt: skip
BOLD = {r"\mathbf", r"\mathbb", r"\boldsymbol", r"\bm", r"\vec", r"\mathcal"}
VECTORS = ("x", "a", "b", "z", "q", "k", "v", "p", "y")
"""Letters whose index is an entry; of other letters it belongs to the name, as of eta_0."""

TARGET = "y"
"""This index is an entry of whatever letter: the score of the right class, ``s_y``."""

TRANSPOSED = ("T", r"\top", r"\intercal", r"\mathsf{T}")
"""What in an exponent is a transpose; the letter T behind a capital one alone."""

DOTS = {"*", r"\cdot", r"\times", r"\odot"}
