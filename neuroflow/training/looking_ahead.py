"""Looking ahead: whether a model sees the tokens that it must predict, tried before it is trained.

A model that reads its own answers learns to copy them, has a perplexity near 1, and can write
nothing. Whether it does is no matter of names: the last tokens of a text are changed, and no
score of an earlier one may change with them.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from neuroflow.core.module import Module, evaluating
from neuroflow.core.no_grad import no_grad
from neuroflow.data.dataset import Dataset
from neuroflow.engine.runner import numbers_of
from neuroflow.errors import InputError

LOOKED_AT = 4
"""So many answers of one example are looked at."""

EXAMPLES = 20
"""So many examples tell whether the data are of next tokens."""

ROUNDING = 1e-9
"""Scores that differ by less, beside the largest of them, differ by rounding alone."""

Answers = list[Any]


def refuse_looking_ahead(model: Module, data: Dataset) -> None:
    """Raise :class:`InputError` if the model sees what it must predict: the tokens that follow.

    Only where the targets are the inputs, one further, can answers be read ahead. It costs a few
    runs of the model on a few tokens, with plain floats.
    """
    tokens, answered = _next_tokens(data)
    if answered < 2 or data.vocab_size < 2:
        return
    tried, before = _moved(model, tokens)
    for first in range(len(tokens) - answered + 1, len(tokens)):
        later = [(token + 1) % data.vocab_size for token in tokens[first:]]
        changed = [*tokens[:first], *later]
        scored = slice(-answered, first - len(tokens))
        seen = _first_difference(before[scored], _answers(tried, changed)[scored])
        if seen is None or _differ(_answers(tried, tokens), before):  # the second: it draws
            continue
        culprit = _culprit(tried, tokens, changed, first)
        raise InputError(
            f"the model sees what it must predict: its scores for what follows token"
            f" {len(tokens) - answered + seen} change with what comes after token {first - 1}"
            f"{f', through {culprit}' if culprit else ''}",
            expected="a causal model, in which no token looks at later ones",
            remedy="use gpt, or give attention a mask: causal = true",
            scope=culprit,
        )


def _next_tokens(data: Dataset) -> tuple[list[int], int]:
    """The first tokens of an example and how many are answered, if targets are what follows."""
    example: Sequence[int] = ()
    answers = 0
    for tokens, targets in zip(data.inputs[:EXAMPLES], data.targets[:EXAMPLES], strict=True):
        if list(targets[:-1]) != list(tokens[len(tokens) - len(targets) + 1 :]):
            return [], 0
        if len(targets) > answers:
            example, answers = tokens, len(targets)
    answered = min(answers, LOOKED_AT)
    return list(example[: len(example) - answers + answered]), answered


def _moved(model: Module, tokens: list[int]) -> tuple[Module, Answers]:
    """A copy with floats for parameters, each moved a little, and what it answers.

    Zeros, as some models begin with, would hide who looks where. A model that cannot be copied,
    or is not made for floats, is asked itself.
    """
    rng = random.Random(0)
    moved: dict[int, Any] = {id(p): p.data + rng.gauss(0.0, 0.1) for p in model.parameters()}
    try:
        tried = copy.deepcopy(model, moved)
        return tried, _answers(tried, tokens)
    except Exception:  # anything that a layer of a plugin does
        return model, _answers(model, tokens)


def _answers(model: Module, tokens: list[int]) -> Answers:
    with evaluating(), no_grad():
        answers: Answers = numbers_of(model(list(tokens)))
        return answers


def _differ(a: Any, b: Any) -> bool:
    """Whether numbers, nested alike, differ by more than rounding."""
    first, second = list(_flat(a)), list(_flat(b))
    scale = max(map(abs, first), default=0.0)
    return len(first) != len(second) or any(
        abs(x - y) > ROUNDING * scale for x, y in zip(first, second, strict=True)
    )


def _first_difference(before: Answers, after: Answers) -> int | None:
    pairs = zip(before, after, strict=True)
    return next((k for k, (a, b) in enumerate(pairs) if _differ(a, b)), None)


def _flat(numbers: Any) -> Iterator[float]:
    if isinstance(numbers, (list, tuple)):
        for inner in numbers:
            yield from _flat(inner)
    elif isinstance(numbers, (int, float)):
        yield numbers


def _culprit(model: Module, tokens: list[int], changed: list[int], first: int) -> str:
    """The innermost module in which rows see later rows: its name and kind, or none if unknown.

    What goes into it differs from row ``first`` on, what comes out in an earlier one.
    """
    calls = zip(_calls(model, tokens), _calls(model, changed), strict=False)
    for (name, taken, given), (_, other_taken, other_given) in calls:
        lists = all(isinstance(rows, (list, tuple)) for rows in (taken, given))
        if not lists or len(taken) < 2 or len(given) != len(taken):
            continue
        ahead = first - len(tokens)  # counted from the end: some models leave a source out
        if _differ(given[:ahead], other_given[:ahead]) and not _differ(
            taken[:ahead], other_taken[:ahead]
        ):
            return name
    return ""


def _calls(model: Module, tokens: list[int]) -> list[tuple[str, Any, Any]]:
    """Each call of a module inside as (name, first input, output): inner ones before outer ones."""
    calls: list[tuple[str, Any, Any]] = []
    named = list(model.named_modules())
    for name, module in named:
        shown = f"{name or 'the model'} ({type(module).__name__})"
        vars(module)["forward"] = _noting(calls, shown, module.forward)
    try:
        _answers(model, tokens)
    finally:
        for _, module in named:
            del vars(module)["forward"]
    return calls


def _noting(
    calls: list[tuple[str, Any, Any]], name: str, forward: Callable[..., Any]
) -> Callable[..., Any]:
    def noting(*inputs: Any, **options: Any) -> Any:
        taken = numbers_of(inputs[0]) if inputs else None
        given = forward(*inputs, **options)
        calls.append((name, taken, numbers_of(given)))
        return given

    return noting
