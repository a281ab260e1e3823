"""Generation: a trained language model writes, one token at a time.

It runs on plain floats, which nothing records, and keeps the keys and values of what it has
read: each new token costs one pass of one token, whatever came before it.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import field, frozen

from neuroflow.base.errors import InputError
from neuroflow.data import Dataset
from neuroflow.engine.runner import numbers_of


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

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __attrs_post_init__(self) -> None:
        if not 0.0 <= self.temperature < math.inf:
            raise InputError(f"the temperature is {self.temperature}; expected 0 (greedy) or more")
        if self.top_k < 0:
            raise InputError(f"top_k is {self.top_k}; expected how many to keep, or 0 for all")
        if not 0.0 < self.top_p <= 1.0:
            raise InputError(f"top_p is {self.top_p}; expected more than 0, and at most 1 for all")

    def distribution(self, logits: Sequence[float]) -> list[float]:
        """How probable each token is: the softmax of logits / temperature, cut and scaled."""
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


@frozen
class Written:
    """A text that a model wrote, prompt included.

    ``tokens`` are those that it chose, the mark of the end among them where the text ``ended`` by
    itself. ``probabilities`` has, for each, those of all tokens, if they were asked for.
    """

    text: str
    tokens: tuple[int, ...]
    ended: bool
    probabilities: tuple[tuple[float, ...], ...] = field(default=(), repr=False)


def can_write(model: Any) -> bool:
    """Whether a model goes on token by token: it has ``step``, and no token looks at later ones."""
    return hasattr(model, "step") and getattr(model, "causal", True)


class Writer:
    """A model that reads a text token by token; its ``logits`` are those of what comes next.

    The model has ``step(token, past)``, ``no_past()`` and a setting ``block_size``, as the layer
    ``gpt``. Its parameters are read once, when the writer is made.
    """

    def __init__(self, model: Any) -> None:
        if not can_write(model):
            raise InputError(
                f"{type(model).__name__} cannot write: expected a causal language model, in which"
                " no token looks at later ones, such as gpt"
            )
        self.block_size: int = model.configuration()["block_size"]
        self._model = plain_copy(model)
        self.begin()

    def begin(self) -> None:
        """Forget what was read."""
        self.length = 0
        self.logits: list[float] = []
        self._past = self._model.no_past()

    def read(self, token: int) -> list[float]:
        """One token more; gives the logits of the next."""
        logits, added = self._model.step(token, self._past)
        for layer, entries in zip(self._past, added, strict=True):
            for kept, entry in zip(layer, entries, strict=True):
                kept.append(entry)
        self.length += 1
        self.logits = numbers_of(logits)
        return self.logits


def plain_copy(model: Any) -> Any:
    """The model in evaluation mode with floats for parameters: the same numbers, sooner.

    Layers are written for any kind of number, so that on floats they make no nodes at all.
    """
    numbers: dict[int, Any] = {id(p): p.data for p in model.parameters()}
    return copy.deepcopy(model, numbers).eval()


def generate(
    model: Any, tokenizer: Any, rng: random.Random, *, prompt: str = "", count: int = 1,
    most_tokens: int = 0, show: bool = False, temperature: float = 1.0, top_k: int = 0,
    top_p: float = 1.0,
) -> list[Written]:  # fmt: skip
    """Let a language model write ``count`` texts that begin with ``prompt``.

    A text ends by itself, after ``most_tokens`` (0 for any number), or where the model's block
    is full. ``rng`` draws each token by its ``choices``; with ``show`` the probabilities are
    kept. See :class:`Sampling` for the rest.

    Raises :class:`InputError` for a model that cannot write, and for a prompt that is too long
    or that the tokenizer does not know.
    """
    writer, sampling = Writer(model), Sampling(temperature, top_k, top_p)
    start = [tokenizer.bos, *tokenizer.encode(prompt)]
    if len(start) > writer.block_size:
        raise InputError(
            f"the prompt has {len(start)} tokens with the mark of its beginning; expected at most"
            f" {writer.block_size} (the model's block_size): shorten it"
        )
    texts = []
    for _ in range(count):
        chosen = list(_choices(writer, start, tokenizer.bos, sampling, rng, most_tokens))
        tokens = tuple(token for token, _ in chosen)
        shown = tuple(tuple(p) for _, p in chosen) if show else ()
        text = prompt + tokenizer.decode(tokens)
        texts.append(Written(text, tokens, tokens[-1] == tokenizer.bos, shown))
    return texts


def _choices(
    writer: Writer, start: list[int], end: int, sampling: Sampling, rng: random.Random, most: int
) -> Iterator[tuple[int, list[float]]]:
    """Each token that is chosen, and the distribution that it was drawn from."""
    writer.begin()
    for token in start:
        writer.read(token)
    room = writer.block_size - len(start) + 1
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
