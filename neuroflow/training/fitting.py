"""Fitting: a model takes from its data what only they know, and must answer as they need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neuroflow.config import FROM_DATA, REQUIRED, Tree, settings_of
from neuroflow.core.module import evaluating
from neuroflow.core.no_grad import no_grad
from neuroflow.core.value import Value
from neuroflow.data.dataset import Dataset
from neuroflow.errors import ConfigurationError, InputError, NeuroflowError, raised
from neuroflow.registry.entries import LossEntry
from neuroflow.registry.manager import get
from neuroflow.training.examples import name_of

LEAVE_OUT = "leave vocab_size out: the data know it"


def fill_in_from_data(table: Tree, data: Dataset) -> None:
    """What only the data knows of a model's table, such as how many tokens there are.

    Layers inside it are filled in too. Raises :class:`ConfigurationError` where the data do not
    know it either, or know of more tokens than the model's own table says.
    """
    for path, inner, own in _tables(table, "model"):
        settings = {setting.name: setting for setting in settings_of(get("layer", inner["use"]))}
        for name in set(FROM_DATA) & set(settings):
            if name in inner:
                if own and inner[name] < data.vocab_size:
                    raise _too_few_tokens(inner[name], data, f"{path}.{name}")
            elif data.vocab_size:
                inner[name] = data.vocab_size
            elif settings[name].default is REQUIRED:
                raise ConfigurationError(
                    f"missing, and {name_of(data)} has no vocabulary to take it from",
                    remedy="train this model on text, or set it",
                    path=f"{path}.{name}",
                )


def _too_few_tokens(size: int, data: Dataset, path: str) -> ConfigurationError:
    return ConfigurationError(
        f"got {size}, but {name_of(data)} has {data.vocab_size} tokens",
        expected=f"{data.vocab_size}",
        remedy=LEAVE_OUT,
        got=size,
        path=path,
    )


def _tables(table: Any, path: str, own: bool = True) -> Iterator[tuple[str, Tree, bool]]:
    """The table of a layer with its path, and those inside it, which are not the model's own."""
    if not isinstance(table, dict) or "use" not in table:
        return
    yield path, table, own
    for setting in settings_of(get("layer", table["use"])):
        if setting.part == "layer" and setting.name in table:
            inner = table[setting.name]
            if isinstance(inner, (list, tuple)):
                for k, each in enumerate(inner):
                    yield from _tables(each, f"{path}.{setting.name}.{k}", own=False)
            else:
                yield from _tables(inner, f"{path}.{setting.name}", own=False)


def check_answers(model: Any, data: Dataset, loss: LossEntry) -> None:
    """Run the model once, to say early and clearly that it does not fit the data."""
    answer = _answer(model, data)
    if data.task == "sequence":
        answer = _checked_texts(answer, data)
    got = _size(answer, data)
    expected = 2 if data.task == "binary" and loss.index_target else data.n_outputs
    if got != expected:
        of = {"classes": ", one per class", "sequence": ", one per token of the vocabulary"}
        raise InputError(
            f"the model answers with {got} number(s), but {name_of(data)} needs"
            f" {expected}{of.get(data.task, '')}",
            remedy="change the size of its last layer"
            + (f", or {LEAVE_OUT}" if data.task == "sequence" else ""),
            got=got,
        )


def _answer(model: Any, data: Dataset) -> Any:
    """What the model says to the first example; anything that goes wrong in it is told."""
    given = f"{data.n_inputs} numbers" if data.n_inputs else f"{len(data.inputs[0])} tokens"
    what = f"the model cannot take the inputs of {name_of(data)}, {given} each"
    try:
        with evaluating(), no_grad():
            return model(data.inputs[0])
    except NeuroflowError as error:
        raise InputError(f"{what}: {error.what}", **error.rest) from error
    except (TypeError, AttributeError, ValueError, LookupError) as error:
        raise InputError(
            f"{what}: {raised(error)}",
            expected="layers of which each takes what the one before it gives",
            remedy="see what each takes: neuroflow show layer NAME",
        ) from error


def _checked_texts(answers: Any, data: Dataset) -> Any:
    """The first of the answers to a text: one to each token, or to each of the last ones."""
    n_tokens, n_targets = len(data.inputs[0]), len(data.targets[0])
    answered = len(answers) if isinstance(answers, (list, tuple)) else 0
    if not n_targets <= answered <= n_tokens:
        raise InputError(
            f"the model answers to {answered} of the {n_tokens} tokens of an example of"
            f" {name_of(data)}",
            expected=f"a list with an answer to each, or at least to the last {n_targets}, which"
            " have targets",
            remedy="use a model that answers to tokens, such as gpt, or shorten its source",
            got=answered,
        )
    return answers[0]


def _size(answer: Any, data: Dataset) -> int:
    """How many numbers an answer has. Raises :class:`InputError` for what is no list of them."""
    numbers = answer if isinstance(answer, (list, tuple)) else [answer]
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, (int, float, Value)):
            raise InputError(
                f"the model answers to an input of {name_of(data)} with {_kind(answer)}",
                expected="a number, or a list of numbers",
                remedy="add a layer that gives as many numbers as the data need",
                got=answer,
            )
    return len(numbers)


def _kind(answer: Any) -> str:
    if isinstance(answer, (list, tuple)):
        return f"a list whose parts are {type(answer[0]).__name__}s"
    return f"a {type(answer).__name__}"
