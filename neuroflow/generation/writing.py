"""Generation: a trained language model writes, one token at a time."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from attrs import field, frozen

from neuroflow.core.module import Module
from neuroflow.core.protocols.drawing import random_generator
from neuroflow.core.random import SplitMix32
from neuroflow.core.settings import Setting, check, declarations
from neuroflow.data.dataset import Dataset
from neuroflow.data.prompting import Prompting, end_of_text
from neuroflow.errors import InputError, NeuroflowWarning, require, short_repr
from neuroflow.generation.sampling import Sampling
from neuroflow.generation.writer import Writer, can_write, reads_source
from neuroflow.pythonic import pythonic_settings

TOKENS_WORTH_COMPILING = 100
"""From so many tokens on, writing is faster compiled, the compilation included: tracing and
planning take as long as 20 to 80 tokens on plain floats, for large models and for small ones."""


class ForgettingWarning(NeuroflowWarning):
    """A text became longer than what a model sees at once, which forgets its beginning."""


@frozen
class Written:
    """A text that a model wrote, prompt included.

    ``tokens`` are those that it chose, the mark of the end among them where the text ``ended`` by
    itself, and ``answer`` is their text, without the prompt. ``probabilities`` has, for each, those
    of all tokens, if they were asked for. ``backend`` and ``dtype`` say what ran the model.
    """

    text: str
    tokens: tuple[int, ...]
    ended: bool
    probabilities: tuple[tuple[float, ...], ...] = field(default=(), repr=False)
    backend: str = "eager"
    dtype: str = "float64"
    answer: str = ""


def generate(
    model: Any, tokenizer: Any = None, rng: random.Random | None = None, *, prompt: str = "",
    count: Annotated[int, Setting("how many texts", "[1, inf)", each=500)] = 1,
    most_tokens: Annotated[int, Setting("end a text after so many; 0 for any", "[0, inf)")] = 0,
    show: bool = False, temperature: float = 1.0, top_k: int = 0,
    top_p: float = 1.0, backend: str = "auto", dtype: str = "float64",
    memory_limit: int | None = None,
) -> list[Written]:  # fmt: skip
    """Let a language model write ``count`` texts that begin with ``prompt``.

    ``model`` is a model, the path of a saved one, or the folder of a run; its ``tokenizer`` is
    the one that it was trained with, and ``rng`` is ``SplitMix32(0)``, unless others are given.
    A text ends by itself, or after ``most_tokens``. Beyond its block a model forgets the oldest
    token for each new one, and a warning says when it begins to; with ``most_tokens`` 0, and for a
    model that reads a source, a text ends where the block is full. ``rng`` draws each token by its
    ``choices``; with ``show`` the probabilities are kept. ``backend`` is "eager", a backend's name,
    or "auto", which compiles where so many tokens may be written that it makes up for it;
    ``dtype``, "float64" or "float32", and ``memory_limit``, in bytes, are for compiled runs. See
    :class:`Sampling` for the rest.

    Raises :class:`InputError` for a model that cannot write, and for a prompt that is too long
    or that the tokenizer does not know.
    """
    if isinstance(model, (str, Path)):
        from neuroflow.checkpoint import load

        model = load(model)
    rng = random_generator(rng)
    require(rng, (random.Random, type(None)), "rng", "a random.Random, such as nf.SplitMix32(0)")
    if isinstance(tokenizer, (str, list, tuple)):
        what = f"generate got {short_repr(tokenizer)} for a tokenizer"
        raise InputError(what, remedy="a text to go on from is given by name: prompt=...")
    tokenizer, rng = tokenizer or tokenizer_of(model), rng or SplitMix32(0)
    how_much = pythonic_settings({"count": count, "most_tokens": most_tokens})
    check("generate", declarations(generate), how_much)
    count, most_tokens = how_much.values()
    sampling = Sampling(temperature, top_k, top_p)
    _check_writes(model)
    prompting, forgets = _prompting_of(model), Forgetting(tokenizer, model)
    start = _beginning(model, prompting.tokens(tokenizer, _text(prompt)), most_tokens, forgets)
    most = _most(model, len(start), most_tokens)
    writer = Writer(
        model, backend=_worth(backend, dtype, len(start) + count * _steps(model, len(start), most)),
        dtype=dtype, memory_limit=memory_limit, slides=most_tokens > 0,
    )  # fmt: skip
    for token in start:
        writer.read(token)
    end, texts = end_of_text(tokenizer), []
    for _ in range(count):
        writer.back_to(len(start))
        chosen = list(_choices(writer, end, sampling, rng, most, forgets))
        tokens = tuple(token for token, _ in chosen)
        shown = tuple(tuple(p) for _, p in chosen) if show else ()
        answer, ended = tokenizer.decode(tokens), tokens[-1] == end
        text = prompting.text(prompt) + answer
        texts.append(Written(text, tokens, ended, shown, writer.backend, writer.dtype, answer))
    return texts


def tokenizer_of(model: Any) -> Any:
    """The tokenizer that a model was trained with; raises :class:`InputError` if there is none."""
    require(model, Module, "the model", "a neuroflow.Module, or the path of a saved one")
    if model.trained_on is None or model.trained_on.tokenizer is None:
        raise InputError(
            f"{type(model).__name__} has no tokenizer, so it writes no text",
            remedy="give a model that learned from text, or the tokenizer beside it",
            got=model,
        )
    return model.trained_on.tokenizer


def _check_writes(model: Any) -> None:
    if not can_write(model):
        raise InputError(
            f"{type(model).__name__} cannot write",
            expected="a causal language model, in which no token looks at later ones, such as gpt",
        )


def _prompting_of(model: Any) -> Prompting:
    """How a model's prompts become tokens: as those of its data did."""
    return Prompting() if model.trained_on is None else model.trained_on.prompting


def _text(prompt: str) -> str:
    require(prompt, str, "the prompt", "a text")
    return prompt


def _beginning(model: Any, start: list[int], most_tokens: int, forgets: Forgetting) -> list[int]:
    """What a model reads of a prompt before it writes, from its tokens.

    Raises :class:`InputError` for a source that is too short, and for a prompt that does not fit
    where nothing says how much is to be written beyond it.
    """
    block_size, what = _block_size(model), f"the prompt has {len(start)} tokens"
    if reads_source(model) and len(start) <= model.source_length:
        raise InputError(
            f"{what} with the marks before and behind it",
            expected=f"the {model.source_length} of a source, and one more to go on from",
            remedy="give a prompt that is as long as the questions of the training data",
            got=len(start),
        )
    if len(start) <= block_size:
        return start
    if most_tokens and not reads_source(model):
        forgets.tell(start[:-block_size])
        return start[-block_size:]
    raise InputError(
        f"{what} with the mark of its beginning",
        expected=f"at most {block_size} (the model's block_size)",
        remedy="shorten it"
        + ("" if reads_source(model) else ", or say with most_tokens how much to write beyond it"),
        got=len(start),
    )


def _most(model: Any, n_start: int, most_tokens: int) -> int:
    """How many tokens may be written behind so many: as the block has room, or as is said."""
    room = _block_size(model) - n_start + 1
    return min(most_tokens or room, room) if reads_source(model) else most_tokens or room


def _steps(model: Any, n_start: int, most: int) -> int:
    """How many tokens are read to write so many: beyond the block each means all of it anew."""
    beyond = max(0, n_start + most - 1 - _block_size(model))
    return most + beyond * _block_size(model)


def _block_size(model: Any) -> int:
    return int(model.configuration()["block_size"])


MOST_SHOWN = 40
"""So many forgotten tokens are told."""


class Forgetting:
    """Says once, when a model begins to forget, what it does not see any more."""

    def __init__(self, tokenizer: Any, model: Any) -> None:
        self._tokenizer, self._block_size, self._told = tokenizer, _block_size(model), False

    def tell(self, tokens: list[int]) -> None:
        """These tokens, the oldest, are no longer seen."""
        if self._told:
            return
        self._told = True
        shown = repr("".join(map(self._tokenizer.piece, tokens[:MOST_SHOWN])))
        more = len(tokens) - MOST_SHOWN
        what = (
            f"the text is longer than the {self._block_size} tokens that the model sees at once"
            f" (its block_size): from here on it forgets the oldest, first {shown}"
            f"{f' and {more} tokens more' if more > 0 else ''}"
        )
        warnings.warn(ForgettingWarning(what), stacklevel=4)


def _worth(backend: str, dtype: str, tokens: int) -> str:
    """The backend for so many tokens at most; only compiled runs know float32."""
    small = tokens < TOKENS_WORTH_COMPILING and dtype == "float64"
    return "eager" if backend == "auto" and small else backend


def _choices(
    writer: Writer, end: int, sampling: Sampling, rng: random.Random, most: int,
    forgets: Forgetting,
) -> Iterator[tuple[int, list[float]]]:  # fmt: skip
    """Each token that is chosen, and the distribution that it was drawn from."""
    tokens = range(len(writer.logits))
    for left in reversed(range(most)):
        probabilities = sampling.distribution(writer.logits)
        token = rng.choices(tokens, weights=probabilities)[0]
        yield token, probabilities
        if token == end:
            return
        if left:
            if writer.is_full:
                forgets.tell(writer.oldest)
            writer.read(token)


def texts_of(data: Dataset) -> list[str]:
    """The examples of a dataset as text."""
    tokenizer = data.tokenizer
    return [
        tokenizer.decode([*tokens, *targets[-1:]])
        for tokens, targets in zip(data.inputs, data.targets, strict=True)
    ]
