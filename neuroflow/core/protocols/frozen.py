"""Freezing: which parameters of a module stay as they are while all others are trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any, Self

from neuroflow.errors import InputError, require

UNFROZEN = "!"
"""What a pattern begins with that takes parameters out again."""


class Freezable:
    """What :class:`neuroflow.Module` can do with its parameters beside training them.

    Patterns are kept in the module, not marks in parameters: what takes the place of a frozen
    layer is frozen too, and files tell the patterns.
    """

    def freeze(self, *patterns: str) -> Self:
        """Let training leave parameters alone: those of the patterns, or all without one.

        A pattern fits a parameter by its dotted name, by the name of what it lies in, or by its
        field, with wildcards: ``"layers.0"``, ``"layers.*.bias"``, ``"bias"``. A frozen parameter
        has no gradient in training and is in no penalty; no decay moves it.

        Raises :class:`InputError` for a pattern that names no parameter.

        >>> from neuroflow import SplitMix32, build
        >>> model = build("mlp", sizes=[1, 1, 1], rng=SplitMix32(0)).freeze("layers.0", "bias")
        >>> model.frozen
        ['layers.0.neurons.0.weights.0', 'layers.0.neurons.0.bias', 'layers.1.neurons.0.bias']
        >>> model.unfreeze("layers.0.*").frozen
        ['layers.1.neurons.0.bias']
        """
        return self._note("", patterns)

    def unfreeze(self, *patterns: str) -> Self:
        """Train parameters again: those of the patterns, or all without one."""
        return self._note(UNFROZEN, patterns)

    @property
    def frozen(self) -> list[str]:
        """The names of the parameters that training leaves alone."""
        return frozen_in(self)

    def _note(self, mark: str, patterns: Sequence[str]) -> Self:
        names = [name for name, _ in _named(self)]
        for pattern in patterns:
            require(pattern, str, "what is to be frozen", "a name of a parameter, or a pattern")
            if not any(is_within(name, pattern) for name in names):
                raise no_such_parameter(pattern, names)
        before = vars(self).get("_frozen", ()) if patterns else ()
        vars(self)["_frozen"] = (*before, *(mark + pattern for pattern in patterns or ("*",)))
        return self


def _named(module: Any) -> Iterator[tuple[str, Any]]:
    return module.named_parameters()  # type: ignore[no-any-return]


def frozen_in(module: Any) -> list[str]:
    """The names of the frozen parameters of a module, also by patterns of modules inside it.

    The last pattern that fits counts, and what an outer module says goes before an inner one.
    """
    rules = {
        name: inner._frozen for name, inner in module.named_modules() if "_frozen" in vars(inner)
    }
    return [name for name, _ in _named(module) if _is_frozen(name, rules)] if rules else []


def _is_frozen(name: str, rules: dict[str, tuple[str, ...]]) -> bool:
    for path in sorted(rules, key=len):
        if path and not name.startswith(f"{path}."):
            continue
        inner = name[len(path) + 1 :] if path else name
        for rule in reversed(rules[path]):
            if is_within(inner, rule.removeprefix(UNFROZEN)):
                return not rule.startswith(UNFROZEN)
    return False


def is_within(name: str, pattern: str) -> bool:
    """Whether a pattern fits a parameter: its name, that of what it lies in, or its field.

    >>> is_within("layers.0.neurons.2.bias", "layers.0"), is_within("layers.0.bias", "bias")
    (True, True)
    >>> is_within("layers.10.bias", "layers.1"), is_within("table.3.1", "table")
    (False, True)
    """
    words = name.split(".")
    around = [".".join(words[:k]) for k in range(1, len(words) + 1)]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    return any(fnmatchcase(each, pattern) for each in (*around, words[-1]))


def no_such_parameter(pattern: str, names: Sequence[str]) -> InputError:
    """What to say of a pattern that names nothing, with the names that there are."""
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return InputError(
        f"{pattern!r} names no parameter of the model",
        remedy=f"its parameters are called {shown}: use such a name, or a wildcard",
        got=pattern,
    )


def patterns_of(module: Any) -> list[str]:
    """The patterns of a module, behind the names that those of modules inside it fit."""
    found: list[str] = []
    for path, inner in reversed(list(module.named_modules())):
        for rule in vars(inner).get("_frozen", ()):
            mark = UNFROZEN if rule.startswith(UNFROZEN) else ""
            fits = [name for name, _ in _named(inner) if is_within(name, rule[len(mark) :])]
            found += [f"{mark}{path}.{name}" for name in fits] if path else [rule]
    return found


def take_patterns(module: Any, patterns: Sequence[str]) -> None:
    """Freeze what :func:`patterns_of` a module told, and nothing else."""
    for _, inner in module.named_modules():
        vars(inner).pop("_frozen", None)
    if patterns:
        vars(module)["_frozen"] = tuple(patterns)
