"""Fitting: a model takes from its data what only they know, and must answer as they need it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve

from neuroflow.config import AUTO, DATA, FROM_DATA, REF, REQUIRED, Tree, settings_of
from neuroflow.core.module import evaluating
from neuroflow.core.no_grad import no_grad
from neuroflow.core.value import Value
from neuroflow.data.dataset import Dataset
from neuroflow.data.frames import shape_of
from neuroflow.data.shapes import is_structured
from neuroflow.errors import ConfigurationError, InputError, NeuroflowError, raised, short_repr
from neuroflow.pythonic import pythonic
from neuroflow.registry.entries import LossEntry
from neuroflow.registry.manager import get
from neuroflow.training.examples import AS_GIVEN, name_of

INPUT_SIZES = ("inputs", "in_features", "size")
"""Settings of a layer that are how many numbers it takes; other sizes are of what it gives."""

SIZES_OF_DATA = ("inputs", "in_features", "outputs", "out_features")
"""Settings of a layer that the data can say, where it is the whole model."""

SEE_LAYERS = "see what each layer takes: neuroflow show layer NAME"
LEAVE_OUT = "leave vocab_size out: the data know it"


def fill_in_from_data(table: Tree, data: Dataset, loss: LossEntry) -> None:
    """What only the data knows of a model's table, such as how many tokens there are.

    Layers inside it are filled in too, and each number that a table leaves to the data by the word
    "data" in its place. Raises :class:`ConfigurationError` where the data do not
    know it either, or know of more tokens than the model's own table says.
    """
    for path, inner, own in tables_of(table, "model"):
        _fill_in_sizes(inner, data, loss, path)
        settings = {setting.name: setting for setting in settings_of(get("layer", inner["use"]))}
        for name in set(FROM_DATA) & set(settings):
            if inner.get(name, AUTO) != AUTO:
                if own and inner[name] < data.vocab_size:
                    raise _too_few_tokens(inner[name], data, f"{path}.{name}")
            elif data.vocab_size:
                inner[name] = data.vocab_size
            elif settings[name].default is REQUIRED or name in inner:
                raise ConfigurationError(
                    f"missing, and {name_of(data)} has no vocabulary to take it from",
                    remedy="train this model on text, or set it",
                    path=f"{path}.{name}",
                )


def _fill_in_sizes(table: Tree, data: Dataset, loss: LossEntry, path: str) -> None:
    """How many inputs and outputs there are, where a table says "data" for a number of them."""
    for setting in settings_of(get("layer", table["use"])):
        name = setting.name
        value = _asked_of_data(name, table.get(name))
        here = f"{path}.{name}"
        sizes = value if isinstance(value, list) else [value]
        if DATA not in sizes or setting.problem(value) is None:
            continue
        if DATA in sizes[1:-1]:
            expected = f'"{DATA}" at the ends alone, for inputs and outputs'
            raise ConfigurationError(f"got {value}", expected=expected, got=value, path=here)
        counts = {True: data.n_inputs, False: outputs_of(data, loss)}
        ends = (
            [name in INPUT_SIZES]
            if value == DATA
            else [k < len(sizes) - 1 for k in range(len(sizes))]
        )
        filled = [
            counts[end] if size == DATA else size for size, end in zip(sizes, ends, strict=True)
        ]
        if 0 in filled:
            raise ConfigurationError(
                f'got "{DATA}", but the inputs of {name_of(data)} are no rows of one length,'
                f" {_of_first(data)}",
                expected="flat rows, or a number",
                remedy="make each input one row, such as X.reshape(len(X), -1) of an array",
                got=value,
                path=here,
            )
        table[name] = filled if isinstance(value, list) else filled[0]


def _asked_of_data(name: str, value: Any) -> Any:
    """A size that nothing comes in for, "auto" where outputs stand, is one that the data say."""
    if name in SIZES_OF_DATA and name not in INPUT_SIZES and value == AUTO:
        return DATA
    if isinstance(value, list) and value[-1:] == [AUTO]:
        return [*value[:-1], DATA]
    return value


def outputs_of(data: Dataset, loss: LossEntry) -> int:
    """How many numbers a model has to answer for this loss."""
    return 2 if data.task == "binary" and loss.index_target else data.n_outputs


def _too_few_tokens(size: int, data: Dataset, path: str) -> ConfigurationError:
    return ConfigurationError(
        f"got {size}, but {name_of(data)} has {data.vocab_size} tokens",
        expected=f"{data.vocab_size}",
        remedy=LEAVE_OUT,
        got=size,
        path=path,
    )


def tables_of(table: Any, path: str, own: bool = True) -> Iterator[tuple[str, Tree, bool]]:
    """The table of a layer with its path, and those inside it, which are not the model's own."""
    if isinstance(table, (list, tuple)):
        for k, each in enumerate(table):
            yield from tables_of(each, f"{path}.{k}", own)
    if not isinstance(table, dict) or REF in table:
        return
    if "use" not in table:
        for name, each in table.items():
            yield from tables_of(each, f"{path}.{name}", own)
        return
    yield path, table, own
    for setting in settings_of(get("layer", table["use"])):
        if setting.part == "layer" and setting.name in table:
            yield from tables_of(table[setting.name], f"{path}.{setting.name}", own=False)


def check_answers(model: Any, data: Dataset, loss: LossEntry) -> None:
    """Run the model once, to say early and clearly that it does not fit the data.

    What a loss of the caller's own can take is known to that alone.
    """
    answer = _answer(model, data)
    if loss.labels == AS_GIVEN:
        return
    if data.task == "sequence":
        answer = _checked_texts(answer, data)
    got = _size(answer, data)
    if got != outputs_of(data, loss):
        raise wrong_answer(got, data, loss)


def wrong_answer(got: int, data: Dataset, loss: LossEntry, where: str = "") -> InputError:
    """What to say of a model that answers with so many numbers, but not as many as are needed."""
    of = {"classes": ", one per class", "sequence": ", one per token of the vocabulary"}
    return InputError(
        f"the model answers with {got} number(s), but {name_of(data)} needs"
        f" {outputs_of(data, loss)}{of.get(data.task, '')}{where}",
        remedy="change the size of its last layer"
        + (f", or {LEAVE_OUT}" if data.task == "sequence" else ""),
        got=got,
    )


def check_loss(model: Any, example: Sequence[Any], data: Dataset, loss: LossEntry) -> None:
    """Raise :class:`InputError` if a loss of the caller's own gives no number for an example."""
    if loss.labels != AS_GIVEN or data.task == "sequence":
        return
    inputs, target, *_ = example
    with evaluating(), no_grad():
        given = pythonic(loss.load()(model(inputs), target))
    if isinstance(given, bool) or not isinstance(given, (int, float, Value)):
        several = isinstance(given, (list, tuple))
        raise InputError(
            f"the loss {loss.name} gives {short_repr(given)} for the first example",
            expected="one number, a Value that was computed from the prediction",
            remedy="add its numbers up: nf.sum(...)" if several else "let it return one",
            got=given,
        )


def is_scored(answer: Any, data: Dataset, loss: LossEntry) -> bool:
    """Whether an answer means a class or a target as it stands, so that it is right or wrong.

    A loss of the caller's own may take anything: answers are scored if they are one number for
    each class, or as many as there are targets.
    """
    if loss.labels != AS_GIVEN:
        return True
    if is_structured(data.targets[0]) or is_structured(answer):
        return False
    got = len(answer) if isinstance(answer, (list, tuple)) else 1
    return got == (data.classes or data.n_outputs)


def _answer(model: Any, data: Dataset) -> Any:
    """What the model says to the first example; anything that goes wrong in it is told."""
    what = f"the model cannot take the inputs of {what_it_is_given(data)}"
    try:
        with evaluating(), no_grad():
            return model(data.inputs[0])
    except NeuroflowError as error:
        rest = {**error.rest, "remedy": error.remedy or SEE_LAYERS}
        raise InputError(f"{what}: {error.what}", **rest) from error
    except (TypeError, AttributeError, ValueError, LookupError) as error:
        raise InputError(
            f"{what}: {raised(error)}",
            expected="layers of which each takes what the one before it gives",
            remedy=SEE_LAYERS,
        ) from error


def what_it_is_given(data: Dataset) -> str:
    """The data by name, and what one input of them is."""
    given = f"{data.n_inputs} numbers each" if data.n_inputs else _of_first(data)
    return f"{name_of(data)}, {given}"


def _of_first(data: Dataset) -> str:
    """What the first input is, where all may differ."""
    first = data.inputs[0]
    if data.task == "sequence":
        return f"{len(first)} tokens each"
    return f"the first {'with the keys ' if isinstance(first, dict) else 'of shape '}" + (
        ", ".join(map(str, first)) if isinstance(first, dict) else shape_of(first)
    )


def whole_where_needed(model: Any, data: Dataset) -> Dataset:
    """The data with whole numbers as inputs, if the model takes these and no floats.

    So it is where they choose, such as the rows of an embedding.
    """
    if data.standardization or not data.n_inputs or _takes(model, data.inputs[0]):
        return data
    if not all(x.is_integer() for row in data.inputs for x in row):
        return data
    whole = [[int(x) for x in row] for row in data.inputs]
    return evolve(data, inputs=whole, shaped=True) if _takes(model, whole[0]) else data


def _takes(model: Any, x: Any) -> bool:
    """Whether a model answers to an input; what else is wrong with it, others tell."""
    try:
        with evaluating(), no_grad():
            model(x)
    except Exception:  # anything that the code of somebody else does
        return False
    return True


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
