"""The keys of a ``config.json``: each is read, known to change no number, or refused by name."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from attrs import define, field

from neuroflow.core.types import shown
from neuroflow.errors import StateError

NO_MATTER = frozenset({
    "_name_or_path", "architectures", "attention_dropout", "attn_pdrop", "bos_token_id",
    "classifier_dropout", "dtype", "embd_pdrop", "eos_token_id", "hidden_dropout",
    "initializer_range", "is_decoder", "max_window_layers", "model_type", "pad_token_id",
    "pretraining_tp", "reorder_and_upcast_attn", "resid_pdrop", "summary_activation",
    "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj",
    "task_specific_params", "torch_dtype", "transformers_version", "use_cache", "n_ctx",
    "gradient_checkpointing",
})  # fmt: skip
"""Keys of training, of texts and of the program that wrote them: no logit depends on them."""


@define
class Keys:
    """What a configuration says; ``read`` are the keys that somebody asked for.

    >>> keys = Keys({"n_head": 2, "scale": 3}, "config.json")
    >>> keys.whole("n_head"), keys.whole("n_layer", 1)
    (2, 1)
    >>> keys.no_others()
    Traceback (most recent call last):
    ...
    neuroflow.errors.StateError: config.json says scale = 3, which is not supported; expected ...
    """

    table: Mapping[str, Any]
    file: str
    read: set[str] = field(factory=set)

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number, at least 0; null is the default."""
        found: int = self._typed(name, default, "a whole number", int)
        return found

    def number(self, name: str, default: float | None = None) -> float:
        """A number."""
        return float(self._typed(name, default, "a number", int, float))

    def truth(self, name: str, default: bool) -> bool:
        """True or false."""
        found: bool = self._typed(name, default, "true or false", bool)
        return found

    def part(self, *names: str) -> Keys:
        """The table of the first of these names that is there, or an empty one."""
        name = next((name for name in names if self.table.get(name) is not None), names[0])
        self.read.update(names)
        inner = self.table.get(name) or {}
        if not isinstance(inner, dict):
            raise self.refused(name, "a table")
        return Keys(inner, f"{self.file}: {name}")

    def word(self, name: str, known: Mapping[str, Any], default: str = "") -> Any:
        """What a word stands for."""
        self.read.add(name)
        found = self.table.get(name, default)
        if not isinstance(found, str) or found not in known:
            raise self.refused(name, f"one of {', '.join(known)}")
        return known[found]

    def words(self, name: str) -> list[str] | None:
        """A list of words, or None where there is none."""
        self.read.add(name)
        found = self.table.get(name)
        if found is not None and not (
            isinstance(found, list) and all(isinstance(word, str) for word in found)
        ):
            raise self.refused(name, "a list of words")
        return found

    def only(self, name: str, *values: Any) -> None:
        """Only these values are supported; a key that is left out is right."""
        self.read.add(name)
        if name in self.table and self.table[name] not in values:
            raise self.refused(name, " or ".join(map(shown, values)))

    def no_others(self) -> None:
        """Raise :class:`StateError` that names the keys that nobody read."""
        others = [name for name in self.table if name not in self.read | NO_MATTER]
        if others:
            said = ", ".join(f"{name[:60]} = {shown(self.table[name])}" for name in others[:5])
            raise StateError(
                f"{self.file} says {said}, which is not supported",
                expected="keys whose meaning is known",
                remedy="take a model without, or leave them out if no number depends on them",
                file=self.file,
            )

    def refused(self, name: str, expected: str) -> StateError:
        """The error for a value that is not supported."""
        value = self.table.get(name)
        return StateError(
            f"{self.file} says {name} = {shown(value)}", expected=expected, got=value,
            file=self.file,
        )  # fmt: skip

    def _typed(self, name: str, default: Any, expected: str, *types: type) -> Any:
        self.read.add(name)
        found = self.table.get(name)
        if found is None and default is not None:
            return default
        right = type(found) in types
        if not right or (bool not in types and not 0 <= found <= sys.float_info.max):  # type: ignore[operator]
            raise self.refused(name, expected)
        return found
