"""Generation: a trained language model writes on, one token at a time.

The model's parameters stay Values; under ``no_grad`` nothing is recorded. With a cache each new
token costs one pass of one token, whatever came before it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import frozen

from neuroflow.core.arithmetic import dot
from neuroflow.core.errors import InputError
from neuroflow.core.random import SplitMix32
from neuroflow.core.value import no_grad
from neuroflow.engine.runner import numbers_of


@frozen
class Choice:
    """One step: what was chosen, and how probable each token was.

    ``probabilities`` has one number per token of the vocabulary, after temperature and the cuts
    of ``top_k`` and ``top_p``; they sum to 1.
    """

    token: int
    probabilities: tuple[float, ...]


@frozen
class Sample:
    """One text that a model wrote.

    ``tokens`` are those after the prompt, without the mark of the end; ``finished`` says whether
    the model ended the text itself. ``choices`` has one :class:`Choice` per step.
    """

    tokens: tuple[int, ...]
    finished: bool
    choices: tuple[Choice, ...]


def next_token_distribution(
    logits: Sequence[float], *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> list[float]:
    """How probable each token is next: the softmax of logits / temperature, perhaps cut.

    The temperature 0 gives all to the largest logit, the first of equals. ``top_k`` keeps the k
    most probable tokens (0 for all), ``top_p`` the fewest that together have that probability
    (Holtzman et al. 2020, section 3.1).

    >>> next_token_distribution([0.0, 0.0], temperature=0.5)
    [0.5, 0.5]
    >>> next_token_distribution([1.0, 2.0, 1.0], temperature=0.0)
    [0.0, 1.0, 0.0]
    """
    _check_cuts(temperature, top_k, top_p)
    if temperature == 0.0:
        best = max(range(len(logits)), key=logits.__getitem__)
        return [1.0 if k == best else 0.0 for k in range(len(logits))]
    scaled = [x / temperature for x in logits]
    largest = max(scaled)
    exps = [math.exp(x - largest) for x in scaled]
    total = sum(exps)
    probabilities = [x / total for x in exps]
    return _cut(probabilities, top_k, top_p) if top_k or top_p < 1.0 else probabilities


def _cut(probabilities: list[float], top_k: int, top_p: float) -> list[float]:
    """Only the most probable tokens, scaled up to sum to 1."""
    order = sorted(range(len(probabilities)), key=lambda k: -probabilities[k])
    kept, together = [], 0.0
    for k in order[: top_k or None]:
        kept.append(k)
        together += probabilities[k]
        if together >= top_p:
            break
    chosen = set(kept)
    return [p / together if k in chosen else 0.0 for k, p in enumerate(probabilities)]


def generate(
    model: Any, prompt: Sequence[int], *, end: int | None = None, temperature: float = 1.0,
    top_k: int = 0, top_p: float = 1.0, most: int | None = None, rng: random.Random | None = None,
    cached: bool = True,
) -> Sample:  # fmt: skip
    """Let a model such as ``gpt`` write on after a prompt, a list of at least one token id.

    Stops at the token ``end``, after ``most`` tokens, or when the model's ``block_size`` is
    full. ``rng`` draws by ``choices`` (by default :class:`SplitMix32` of 0). Without ``cached``
    the whole text is computed again for each token: slower, and the same.

    >>> from neuroflow import build
    >>> model = build("gpt", vocab_size=3, n_embd=4, n_head=1, block_size=4, rng=SplitMix32(0))
    >>> len(generate(model, [2]).tokens)
    4
    """
    _check_prompt(model, prompt)
    _check_cuts(temperature, top_k, top_p)
    rng = rng or SplitMix32(0)
    room = model.block_size - len(prompt) + 1
    most = room if most is None else min(most, room)
    choices: list[Choice] = []
    logits = _logits(model, prompt, cached)
    training = model.training
    model.eval()
    try:
        token: int | None = None
        while len(choices) < most:
            probabilities = next_token_distribution(
                logits.send(token), temperature=temperature, top_k=top_k, top_p=top_p
            )
            token = rng.choices(range(len(probabilities)), weights=probabilities)[0]
            choices.append(Choice(token, tuple(probabilities)))
            if token == end:
                break
    finally:
        model.train(training)
    finished = bool(choices) and choices[-1].token == end
    tokens = [choice.token for choice in choices]
    return Sample(tuple(tokens[:-1] if finished else tokens), finished, tuple(choices))


def _logits(model: Any, prompt: Sequence[int], cached: bool) -> Any:
    """A generator: send it a token (None at first), and it gives the logits after it."""
    return _with_cache(model, prompt) if cached else _from_scratch(model, prompt)


def _with_cache(model: Any, prompt: Sequence[int]) -> Iterator[list[float]]:
    cache = Memory()
    new: Sequence[int] = prompt
    while True:
        with no_grad():
            last = model.features(new, cache)[-1]
            logits = numbers_of(model.logits(last))
        new = [(yield logits)]  # type: ignore[list-item]


def _from_scratch(model: Any, prompt: Sequence[int]) -> Iterator[list[float]]:
    tokens = list(prompt)
    while True:
        with no_grad():
            logits = numbers_of(model(tokens)[-1])
        tokens.append((yield logits))  # type: ignore[arg-type]
