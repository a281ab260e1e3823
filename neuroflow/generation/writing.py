"""Generation: a trained language model writes, one token at a time.

The keys and values of what was read are kept: each new token costs one pass of one token,
whatever came before it. Plain floats, which nothing records, are the specification; a compiled
run of the forward part alone gives the same numbers sooner.
"""

from __future__ import annotations

import copy
import math
import random
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from attrs import asdict, field, frozen

from neuroflow.core.module import Module, evaluating
from neuroflow.core.random import SplitMix32
from neuroflow.core.settings import Setting, check, declarations, declared
from neuroflow.data.dataset import Dataset
from neuroflow.engine.runner import check_eager, numbers_of
from neuroflow.errors import DomainError, InputError, NeuroflowWarning, TraceError, require
from neuroflow.pythonic import finite_number, pythonic_settings, whole_number

TOKENS_WORTH_COMPILING = 100
"""From so many tokens on, writing is faster compiled, the compilation included: tracing and
planning take as long as 20 to 80 tokens on plain floats, for large models and for small ones."""


class EagerWritingWarning(NeuroflowWarning):
    """A model could not be compiled for writing, which is slower without."""


@frozen
class Sampling:
    """How the next token is chosen from the scores of all.

    ``temperature`` divides the scores; 0 is greedy and takes the largest, the first of equals.
    ``top_k`` keeps the k likeliest tokens (0 for all), ``top_p`` the fewest that together have
    that probability (Holtzman et al. 2020, section 3.1).

    >>> Sampling().distribution([0.0, 0.0])
    [0.5, 0.5]
    >>> Sampling(temperature=0.0).distribution([1.0, 2.0, 1.0])
    [0.0, 1.0, 0.0]
    >>> Sampling(top_k=1).distribution([1.0, 2.0, 1.0])
    [0.0, 1.0, 0.0]
    """

    temperature: Annotated[
        float, Setting("what scores are divided by; 0 takes the likeliest token", "[0, inf)")
    ] = 1.0
    top_k: Annotated[
        int, Setting("choose among so many of the likeliest tokens; 0 for all", "[0, inf)")
    ] = 0
    top_p: Annotated[
        float, Setting("choose among the likeliest that reach this probability", "(0, 1]")
    ] = 1.0

    def __attrs_post_init__(self) -> None:
        check("sampling", declared(Sampling), pythonic_settings(asdict(self)))

    def distribution(self, logits: Sequence[float]) -> list[float]:
        """How probable each token is: the softmax of logits / temperature, cut and scaled.

        Raises :class:`DomainError` for logits that give no distribution: a nan or inf among them,
        or nothing but -inf.
        """
        _check_logits(logits)
        if self.temperature == 0.0:
            best = max(range(len(logits)), key=logits.__getitem__)
            return [float(k == best) for k in range(len(logits))]
        largest = max(logits)  # taken away first: no quotient of what is left is too large
        exps = [math.exp((x - largest) / self.temperature) for x in logits]
        total = sum(exps)
        return self._cut([x / total for x in exps])

    def _cut(self, probabilities: list[float]) -> list[float]:
        if not self.top_k and self.top_p == 1.0:
            return probabilities
        ranked = sorted(range(len(probabilities)), key=lambda k: -probabilities[k])
        cut, together = [0.0] * len(probabilities), 0.0
        for k in ranked[: self.top_k or None]:
            cut[k] = probabilities[k]
            together += probabilities[k]
            if together >= self.top_p:
                break
        return [p / together for p in cut]


def _check_logits(logits: Sequence[float]) -> None:
    """Refuse scores of which none is the largest: the choice would mean nothing."""
    require(logits, Sequence, "the logits", "a list with a number for each token")
    for token, x in enumerate(logits):
        if type(x) is not float and x not in (math.inf, -math.inf):
            finite_number(x, f"the logit of token {token}")
    wrong = [(x, token) for token, x in enumerate(logits) if math.isnan(x) or x == math.inf]
    if wrong or all(x == -math.inf for x in logits):
        found = f"{wrong[0][0]} for token {wrong[0][1]}" if wrong else "-inf for every token"
        raise DomainError(
            f"the model gives the logit {found}, so that no token can be drawn",
            expected="finite numbers, or -inf for what must not come",
            remedy="look for a weight that is not finite: nf.find_anomalies names the first; load"
            " an earlier checkpoint, or train again with a lower learning rate",
            got=wrong[0][0] if wrong else -math.inf,
        )


@frozen
class Written:
    """A text that a model wrote, prompt included.

    ``tokens`` are those that it chose, the mark of the end among them where the text ``ended`` by
    itself. ``probabilities`` has, for each, those of all tokens, if they were asked for.
    ``backend`` and ``dtype`` say what ran the model.
    """

    text: str
    tokens: tuple[int, ...]
    ended: bool
    probabilities: tuple[tuple[float, ...], ...] = field(default=(), repr=False)
    backend: str = "eager"
    dtype: str = "float64"


def can_write(model: Any) -> bool:
    """Whether a model goes on token by token: it has ``step``, and no token looks at later ones."""
    return hasattr(model, "step") and getattr(model, "causal", True)


class Writer:
    """A model that reads a text token by token; its ``logits`` are those of what comes next.

    The model has ``step(token, past, position=None)``, ``no_past()`` and a setting
    ``block_size``, as the layer ``gpt``. A text is written by the model as it was when the text
    was begun, that is when its first token was read.
    ``backend`` is "eager", a backend's name or "auto", the fastest here, which falls back
    to eager with a warning for a model that cannot be compiled. ``memory_limit`` is in bytes.
    """

    def __init__(
        self, model: Any, *, backend: str = "eager", dtype: str = "float64",
        memory_limit: int | None = None,
    ) -> None:  # fmt: skip
        if not can_write(model):
            raise InputError(
                f"{type(model).__name__} cannot write",
                expected="a causal language model, in which no token looks at later ones, such as"
                " gpt",
            )
        self.block_size: int = model.configuration()["block_size"]
        self._steps = _make_steps(model, self.block_size, backend, dtype, memory_limit)
        self.backend: str = self._steps.backend
        self.dtype: str = self._steps.dtype
        self.begin()

    @property
    def length(self) -> int:
        """How many tokens were read."""
        return len(self._read)

    @property
    def logits(self) -> list[float]:
        """The scores of the next token; none before the first was read."""
        return self._read[-1] if self._read else []

    def begin(self) -> None:
        """Forget what was read."""
        self._read: list[list[float]] = []

    def back_to(self, length: int) -> None:
        """Forget what was read after the first ``length`` tokens."""
        del self._read[whole_number(length, "the length") :]

    def read(self, token: int) -> list[float]:
        """One token more; gives the logits of the next."""
        if self.length == self.block_size:
            raise InputError(
                f"the model got {self.length + 1} tokens",
                expected=f"1 to {self.block_size} (its block_size)",
                got=self.length + 1,
                remedy="shorten the text, or train with a larger block_size",
            )
        if not self._read:
            self._steps.begin()
        self._read.append(self._steps(token, self.length))
        return self.logits


class PlainSteps:
    """``model.step`` on plain floats: the specification of the compiled steps."""

    backend, dtype = "eager", "float64"

    def __init__(self, model: Any) -> None:
        self._of = model

    def begin(self) -> None:
        """A new text begins, by the model as it is now."""
        self._model = plain_copy(self._of)
        self._past = self._model.no_past()

    def __call__(self, token: int, position: int) -> list[float]:
        """The logits of the token after this one, which stands at ``position``."""
        kept = [[entries[:position] for entries in layer] for layer in self._past]
        logits, added = self._model.step(token, kept)
        for layer, entries in zip(kept, added, strict=True):
            for past, entry in zip(layer, entries, strict=True):
                past.append(entry)
        self._past = kept
        return numbers_of(logits)  # type: ignore[no-any-return]


def _make_steps(
    model: Any, block_size: int, backend: str, dtype: str, memory_limit: int | None
) -> Any:
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
        warnings.warn(EagerWritingWarning(what, **error.rest), stacklevel=4)
        return PlainSteps(model)


def plain_copy(model: Any) -> Any:
    """The model in evaluation mode with floats for parameters: the same numbers, sooner.

    Layers are written for any kind of number, so that on floats they make no nodes at all.
    """
    numbers: dict[int, Any] = {id(p): p.data for p in model.parameters()}
    return copy.deepcopy(model, numbers).eval()


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
    A text ends by itself, after ``most_tokens`` (0 for any number), or where the model's block
    is full. ``rng`` draws each token by its ``choices``; with ``show`` the probabilities are
    kept. ``backend`` is "eager", a backend's name, or "auto", which compiles where so many tokens
    may be written that it makes up for it; ``dtype``, "float64" or "float32", and
    ``memory_limit``, in bytes, are for compiled runs. See :class:`Sampling` for the rest.

    Raises :class:`InputError` for a model that cannot write, and for a prompt that is too long
    or that the tokenizer does not know.
    """
    if isinstance(model, (str, Path)):
        from neuroflow.checkpoint import load

        model = load(model)
    require(rng, (random.Random, type(None)), "rng", "a random.Random, such as nf.SplitMix32(0)")
    tokenizer, rng = tokenizer or tokenizer_of(model), rng or SplitMix32(0)
    how_much = pythonic_settings({"count": count, "most_tokens": most_tokens})
    check("generate", declarations(generate), how_much)
    count, most_tokens = how_much.values()
    sampling = Sampling(temperature, top_k, top_p)
    block_size = model.configuration()["block_size"] if can_write(model) else 0
    start = _beginning(tokenizer, prompt, block_size)
    most = count * min(most_tokens or block_size, block_size - len(start) + 1) + len(start)
    chosen_backend = _worth(backend, dtype, most)
    writer = Writer(model, backend=chosen_backend, dtype=dtype, memory_limit=memory_limit)
    for token in start:
        writer.read(token)
    texts = []
    for _ in range(count):
        writer.back_to(len(start))
        chosen = list(_choices(writer, tokenizer.bos, sampling, rng, most_tokens))
        tokens = tuple(token for token, _ in chosen)
        shown = tuple(tuple(p) for _, p in chosen) if show else ()
        text = prompt + tokenizer.decode(tokens)
        ended = tokens[-1] == tokenizer.bos
        texts.append(Written(text, tokens, ended, shown, writer.backend, writer.dtype))
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


def _beginning(tokenizer: Any, prompt: str, block_size: int) -> list[int]:
    """The mark of the beginning and the tokens of a prompt; 0 for a block of any size."""
    require(prompt, str, "the prompt", "a text")
    start = [tokenizer.bos, *tokenizer.encode(prompt)]
    if block_size and len(start) > block_size:
        raise InputError(
            f"the prompt has {len(start)} tokens with the mark of its beginning",
            expected=f"at most {block_size} (the model's block_size)",
            remedy="shorten it",
            got=len(start),
        )
    return start


def _worth(backend: str, dtype: str, tokens: int) -> str:
    """The backend for so many tokens at most; only compiled runs know float32."""
    small = tokens < TOKENS_WORTH_COMPILING and dtype == "float64"
    return "eager" if backend == "auto" and small else backend


def _choices(
    writer: Writer, end: int, sampling: Sampling, rng: random.Random, most: int
) -> Iterator[tuple[int, list[float]]]:
    """Each token that is chosen, and the distribution that it was drawn from."""
    room = writer.block_size - writer.length + 1
    for left in reversed(range(min(most, room) if most else room)):
        probabilities = sampling.distribution(writer.logits)
        token = rng.choices(range(len(probabilities)), weights=probabilities)[0]
        yield token, probabilities
        if token == end:
            return
        if left:
            writer.read(token)


def texts_of(data: Dataset) -> list[str]:
    """The examples of a dataset as text."""
    tokenizer = data.tokenizer
    return [
        tokenizer.decode([*tokens, *targets[-1:]])
        for tokens, targets in zip(data.inputs, data.targets, strict=True)
    ]
