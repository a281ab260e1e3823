r"""What the symbols of a layer's formula may stand for: inputs, parameters, settings, and more.

>>> free_indices(r"y_t = W x_t + b"), free_indices(r"\sum_i w_i x_i")
(('t',), ())
"""

from __future__ import annotations

import inspect
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from neuroflow.checks.formulas.matrices import Array, array, rank, transposed
from neuroflow.checks.layers.trials import Trial
from neuroflow.config import resolve, settings_of
from neuroflow.core.module import Module

Letters = dict[str, tuple[str, ...]]

LETTERS: dict[str, tuple[str, ...]] = {
    "weight": ("W", "w", "A", "M", "omega"), "matrix": ("W", "A", "M"), "kernel": ("K", "W", "k"),
    "table": ("E", "W"), "row": ("E", "W"), "bias": ("b", "beta", "c"), "biase": ("b", "beta", "c"),
    "shift": ("b", "beta"), "gain": ("g", "gamma"), "scale": ("g", "gamma", "s", "w", "a"),
    "factor": ("a", "w"), "query": ("W_Q", "W_q"), "key": ("W_K", "W_k"),
    "value": ("W_V", "W_v"), "slope": ("a", "alpha"), "of_state": ("U", "W_h"),
    "of_input": ("W", "W_x"), "mean": ("mu", "m"), "variance": ("v",), "matrice": ("W", "A", "M"),
}  # fmt: skip
"""Customary letters, by the words in the name of a parameter."""

OF_SETTINGS: dict[str, tuple[str, ...]] = {
    "activation": ("f", "phi", "sigma", "g"), "epsilon": ("epsilon", "varepsilon"),
    "eps": ("epsilon", "varepsilon"), "kernel_size": ("k", "K"), "stride": ("s",),
    "head_size": ("d", "d_k", "d_h"), "rate": ("p", "r"), "temperature": ("T", "tau"),
}  # fmt: skip

INDICES = ("t", "u", "v", "i", "j", "k")
NAMES_OF_ATTENTION = re.compile(r"(?:W_\{?[qkv]\}?|d_\{?[kv]\}?)(?![a-z])")
"""Here q, k and v are no indices but say which matrix it is."""


def free_indices(text: str) -> tuple[str, ...]:
    """The indices of what comes out: those that no sum counts."""
    if re.search(r"W_\{?q|d_\{?[kv]", text):
        text = NAMES_OF_ATTENTION.sub("", text)
    below = re.findall(r"_\{([^{}]*)\}|_([a-z])(?![a-z])", text)
    words = [re.sub(r"\\[a-z]+", "", group or letter) for group, letter in below]
    used = {letter for word in words for letter in re.findall(r"[a-z]", word)}
    folded = re.findall(r"\\(?:sum|prod|max|min)_\{?\s*([a-z])", text)
    names = {word for word in re.findall(r"[a-z]{2,}", " ".join(words)) if len(word) > 2}
    inside = {letter for name in names for letter in name}
    return tuple(i for i in INDICES if i in used - {*folded} - inside)


def parameters_in(module: Module) -> dict[str, Any]:
    """The parameters by the words of their paths, as arrays: ``neurons weights`` is a matrix."""
    groups: dict[tuple[str, ...], dict[tuple[int, ...], float]] = {}
    for path, value in module.named_values():
        words = tuple(part for part in path.split(".") if not part.isdigit())
        place = tuple(int(part) for part in path.split(".") if part.isdigit())
        groups.setdefault(words, {})[place] = value.data
    found = {" ".join(words): _nested(cells) for words, cells in groups.items()}
    variances = [name for name in found if name.split()[-1].startswith("variance")]
    return found | {f"root of {name}": _root(found[name]) for name in variances}


def _root(part: Any) -> Any:
    """What a formula calls sigma where a variance is kept."""
    return Array(map(_root, part)) if isinstance(part, Array) else math.sqrt(max(0.0, part))


def _nested(cells: Mapping[tuple[int, ...], float]) -> Any:
    if () in cells:
        return cells[()]
    first = sorted({place[0] for place in cells})
    inner = [{p[1:]: x for p, x in cells.items() if p[0] == k} for k in first]
    return Array(map(_nested, inner))


def letters_of(name: str) -> tuple[str, ...]:
    """The letters that a parameter may have."""
    words = [word for part in reversed(name.split()) for word in (part, part.removesuffix("s"))]
    found = [letter for word in words for letter in LETTERS.get(word, ())]
    return tuple(dict.fromkeys(found))


def settings_in(trial: Trial, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers and functions that settings are; words and lists stand for nothing in a formula."""
    found: dict[str, Any] = {}
    for setting in settings_of(trial.entry):
        value = settings.get(setting.name, setting.default)
        if setting.part == "activation" or setting.name.endswith("activation"):
            found[setting.name] = resolve("activation", value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found[setting.name] = value
    return found


def inputs_in(trial: Trial, inputs: Sequence[Any]) -> dict[str, Any]:
    """The inputs by the names that ``forward`` gives them."""
    names = [*inspect.signature(trial.target.forward).parameters][1:]
    return {name: array(x) for name, x in zip(names, inputs, strict=False)}


def letters(trial: Trial, numbers: Mapping[str, Any], names: Sequence[str]) -> Letters:
    """The letters of every quantity; ``names`` are those of the inputs."""
    found: Letters = {}
    for k, name in enumerate(names):
        usual = (("x", "X", "z", "s", "u", "p"), ("y", "Y", "z"))[k] if k < 2 else ()
        found[name] = (name.removesuffix("s"), *usual)
    for name in numbers:
        if name not in found:
            root = ("sigma",) if name.startswith("root of ") else ()
            own = root or STATISTICS.get(name) or OF_SETTINGS.get(name) or letters_of(name)
            word = name.split()[-1]
            is_array = isinstance(numbers[name], Array) and name not in STATISTICS
            first = (word[0], word[0].upper()) if is_array else ()
            found[name] = (*own, word, *first)
    for letter in ("W", "b"):  # numbered in their order: W_1, W_2
        having = [name for name, own in found.items() if letter in own and name not in names]
        for k, name in enumerate(having, start=1):
            found[name] = (*found[name], f"{letter}_{k}")
    return found


STATISTICS: Letters = {
    "mean of the inputs": ("mu", "m"), "deviation of the inputs": ("sigma",),
    "number of inputs": ("n", "d", "N", "D", "H"), "outputs": ("h", "y"),
}  # fmt: skip


def statistics_of(x: Any) -> dict[str, float]:
    """What a formula takes from a list of inputs without saying how: mean, deviation, number."""
    row = x[0] if rank(x) == 2 else x
    if rank(row) != 1 or not all(isinstance(number, (int, float)) for number in row):
        return {}
    mean = math.fsum(row) / len(row)
    variance = math.fsum((number - mean) ** 2 for number in row) / len(row)
    return {
        "mean of the inputs": mean,
        "deviation of the inputs": math.sqrt(variance),
        "number of inputs": float(len(row)),
    }


def forms(a: Any, sizes: Mapping[str, int]) -> dict[str, Any]:
    """An array as it is, transposed, and cut into pieces: how it is kept is no part of a formula.

    ``sizes`` are settings: each row of a matrix may be so many rows side by side.
    """
    found = {"": a}
    if rank(a) == 3:
        orders = itertools.permutations(range(3))
        found |= {f"order {o}": _permuted(a, o) for o in orders if o != (0, 1, 2)}
    if rank(a) != 2:
        return found
    found["transposed"] = transposed(a)
    for name, size in sizes.items():
        if size > 0 and len(a[0]) % (size * size) == 0:
            found[f"squares of {name}"] = _pieces(_pieces(a, size), size)
        if size > 0 and len(a[0]) % size == 0:
            found[f"pieces of {name}"] = _pieces(a, size)
    return found


def _permuted(a: Any, order: Sequence[int]) -> Any:
    lengths = (len(a), len(a[0]), len(a[0][0]))
    n = [lengths[k] for k in order]

    def entry(*place: int) -> Any:
        where = dict(zip(order, place, strict=True))
        return a[where[0]][where[1]][where[2]]

    return Array(
        Array(Array(entry(i, j, k) for k in range(n[2])) for j in range(n[1])) for i in range(n[0])
    )


def _pieces(a: Any, size: int) -> Any:
    """(out, size * rest) -> (size, out, rest); of what is pieces already, each."""
    if rank(a) > 2:
        return Array(_pieces(inner, size) for inner in a)
    rest = len(a[0]) // size
    return Array(Array(Array(row[k * rest : (k + 1) * rest]) for row in a) for k in range(size))
