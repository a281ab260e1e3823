"""A writer: a model that reads a text token by token and says what comes next.

The keys and values of what was read are kept: each new token costs one pass of one token,
whatever came before it. Plain floats, which nothing records, are the specification; a compiled
run of the forward part alone gives the same numbers sooner.

A model sees as many tokens at once as its block has. A writer that slides goes on beyond: it
forgets the oldest token for each new one, and reads what is left anew, as every token stands one
place further to the front then, and what was made of them knew of the one that is forgotten.
"""

from __future__ import annotations

import copy
import warnings
from typing import Any

from neuroflow.core.module import evaluating
from neuroflow.engine.runner import check_eager, numbers_of
from neuroflow.errors import InputError, NeuroflowWarning, TraceError
from neuroflow.pythonic import whole_number


class EagerWritingWarning(NeuroflowWarning):
    """A model could not be compiled for writing, which is slower without."""


def can_write(model: Any) -> bool:
    """Whether a model goes on with a text: no token of what it writes looks at later ones."""
    if hasattr(model, "step"):
        return bool(reads_source(model) or getattr(model, "causal", True))
    return bool(reads_source(model) or (_is_causal(model) and hasattr(model, "block_size")))


def _is_causal(model: Any) -> bool:
    return getattr(model, "causal", False) is True


def reads_source(model: Any) -> bool:
    """Whether a model reads ``source_length`` tokens as a whole, and then goes on behind them."""
    return getattr(model, "writes_behind_source", False)


class Writer:
    """A model that reads a text token by token; its ``logits`` are those of what comes next.

    The model has ``step(token, past, position=None)``, ``no_past()`` and a setting
    ``block_size``, as the layer ``gpt``; or it has ``writes_behind_source = True`` and the settings
    ``source_length`` and ``block_size``, as ``encoder_decoder``: with ``read_source(tokens)``, what
    that gives is handed to each ``step`` as ``source``; without, the model is called with all
    tokens, anew for each, and so is one that has ``causal = True`` and a ``block_size`` but no
    ``step``, as ``language_model``. A text is written by the model as it was when it began, that
    is when its first token was read. With ``slides`` a full block is no end: the oldest token is
    forgotten for a new one. ``backend`` is "eager", a backend's name or "auto", the fastest here,
    which falls back to eager with a warning for a model that cannot be compiled. ``memory_limit``
    is in bytes.
    """

    def __init__(
        self, model: Any, *, backend: str = "eager", dtype: str = "float64",
        memory_limit: int | None = None, slides: bool = False,
    ) -> None:  # fmt: skip
        if not can_write(model):
            raise InputError(
                f"{type(model).__name__} cannot write",
                expected="a causal language model, in which no token looks at later ones, such as"
                " gpt",
            )
        self.block_size: int = model.configuration()["block_size"]
        self._slides = slides and not reads_source(model)
        self._steps = _make_steps(model, self.block_size, backend, dtype, memory_limit)
        self.backend: str = self._steps.backend
        self.dtype: str = self._steps.dtype
        self.begin()

    @property
    def length(self) -> int:
        """How many tokens were read, forgotten ones included."""
        return len(self._tokens)

    @property
    def is_full(self) -> bool:
        """Whether the model sees no token more at once."""
        return len(self._read) == self.block_size

    @property
    def oldest(self) -> list[int]:
        """The token that is the next to be forgotten, if any was read."""
        return self._tokens[len(self._tokens) - len(self._read) :][:1]

    @property
    def logits(self) -> list[float]:
        """The scores of the next token; none before the first, or the source, was read."""
        return self._read[-1] if self._read else []

    def begin(self) -> None:
        """Forget what was read."""
        self._tokens: list[int] = []
        self._read: list[list[float]] = []  # what came of each token that is not forgotten

    def back_to(self, length: int) -> None:
        """Forget what was read after the first ``length`` tokens."""
        kept = self._tokens[: whole_number(length, "the length")]
        if len(self._tokens) == len(self._read):
            del self._tokens[len(kept) :], self._read[len(kept) :]
        else:
            self.begin()
            for token in kept:
                self.read(token)

    def read(self, token: int) -> list[float]:
        """One token more; gives the logits of the next."""
        if self.is_full:
            self._make_room()
        self._tokens.append(token)
        self._go_on(token)
        return self.logits

    def _make_room(self) -> None:
        """Read all but the oldest of the tokens that the model sees anew, from the first place."""
        if not self._slides:
            raise InputError(
                f"the model got {self.length + 1} tokens",
                expected=f"1 to {self.block_size} (its block_size)",
                got=self.length + 1,
                remedy="shorten the text, or train with a larger block_size",
            )
        self._read = []
        for token in self._tokens[len(self._tokens) - self.block_size + 1 :]:
            self._go_on(token)

    def _go_on(self, token: int) -> None:
        if len(self._tokens) == 1:
            self._steps.begin()
        self._read.append(self._steps(token, len(self._read)))


class PlainSteps:
    """``model.step`` on plain floats: the specification of the compiled steps."""

    backend, dtype = "eager", "float64"

    def __init__(self, model: Any) -> None:
        self._of = model

    def begin(self) -> None:
        """A new text begins, by the model as it is now."""
        self._model = plain_copy(self._of)
        self._past = self._model.no_past()
        self._source: dict[str, Any] = {}

    def read_source(self, tokens: list[int]) -> None:
        """From here on each step looks at this source."""
        self._source = {"source": numbers_of(self._model.read_source(tokens))}

    def __call__(self, token: int, position: int) -> list[float]:
        """The logits of the token after this one, which stands at ``position``."""
        kept = [[entries[:position] for entries in layer] for layer in self._past]
        logits, added = self._model.step(token, kept, **self._source)
        for layer, entries in zip(kept, added, strict=True):
            for past, entry in zip(layer, entries, strict=True):
                past.append(entry)
        self._past = kept
        return numbers_of(logits)  # type: ignore[no-any-return]


class BehindSource:
    """Steps of a model that reads a source: as a whole, once, and then what comes behind it."""

    def __init__(self, steps: Any, source_length: int) -> None:
        self._steps, self._source_length = steps, source_length
        self.backend, self.dtype = steps.backend, steps.dtype

    def begin(self) -> None:
        """A new text begins, by the model as it is now."""
        self._steps.begin()
        self._source: list[int] = []

    def __call__(self, token: int, position: int) -> list[float]:
        """The logits of the token after this one; none as long as the source is not read."""
        if position >= self._source_length:
            return self._steps(token, position - self._source_length)  # type: ignore[no-any-return]
        self._source = [*self._source[:position], token]
        if len(self._source) == self._source_length:
            self._steps.read_source(self._source)
        return []


class WholeTexts:
    """A model without steps of its own is asked anew for each token: with all so far.

    Compiled, it is traced once for each length.
    """

    def __init__(self, model: Any, backend: str, dtype: str, memory_limit: int | None) -> None:
        self._model, self.backend, self.dtype = model, backend, dtype
        self._compiled = None
        if backend == "eager":
            check_eager(dtype)
        else:
            from neuroflow.engine.compile import compile  # needs numpy, which pages are without

            self._compiled = compile(
                _last_answer, backend=backend, dtype=dtype, memory_limit=memory_limit
            )
            self.backend = self._compiled.backend

    def begin(self) -> None:
        """A new text begins, by the model as it is now."""
        self._tokens: list[int] = []
        self._plain = self._model if self._compiled else plain_copy(self._model)

    def __call__(self, token: int, position: int) -> list[float]:
        """The logits of the token after this one; none as long as the source is not read."""
        self._tokens = [*self._tokens[:position], token]
        if len(self._tokens) <= getattr(self._model, "source_length", 0):
            return []
        if self._compiled is None:
            return numbers_of(_last_answer(self._plain, self._tokens))  # type: ignore[no-any-return]
        with evaluating():
            return self._compiled.value(self._model, self._tokens)  # type: ignore[no-any-return]


def _last_answer(model: Any, tokens: list[int]) -> Any:
    return model(tokens)[-1]


def _make_steps(
    model: Any, block_size: int, backend: str, dtype: str, memory_limit: int | None
) -> Any:
    if reads_source(model) and hasattr(model, "read_source"):
        length = model.source_length
        steps = _make_own_steps(model, block_size - length, backend, dtype, memory_limit)
        return BehindSource(steps, length)
    if reads_source(model) or not hasattr(model, "step"):
        plain = backend == "auto" and dtype == "float64"
        return WholeTexts(model, "eager" if plain else backend, dtype, memory_limit)
    return _make_own_steps(model, block_size, backend, dtype, memory_limit)


def _make_own_steps(
    model: Any, block_size: int, backend: str, dtype: str, memory_limit: int | None
) -> Any:
    """Runs of ``model.step``."""
    if backend == "eager":
        check_eager(dtype)
        return PlainSteps(model)
    from neuroflow.generation.compiled import CompiledSteps

    try:
        with evaluating():
            return CompiledSteps(model, block_size, backend, dtype, memory_limit)
    except (InputError, TraceError) as error:
        if backend != "auto" or dtype != "float64":
            raise
        what = f"writing with plain floats, which is slower: {error.what}"
        warnings.warn(EagerWritingWarning(what, **error.rest), stacklevel=5)
        return PlainSteps(model)


def plain_copy(model: Any) -> Any:
    """The model in evaluation mode with floats for parameters: the same numbers, sooner.

    Layers are written for any kind of number, so that on floats they make no nodes at all.
    """
    numbers: dict[int, Any] = {id(p): p.data for p in model.parameters()}
    return copy.deepcopy(model, numbers).eval()
