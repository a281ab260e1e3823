"""What ``explain`` and ``draw`` look at: an expression, or one step of a training run."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from neuroflow.errors import FileError, InputError, composed, did_you_mean

if TYPE_CHECKING:
    from neuroflow.core.value import Value
    from neuroflow.data.expression import Expression

MOST_EXAMPLES = 100
"""Without a choice, at most so many examples make up the loss."""


@frozen
class Topic:
    """A value, the model that it came from if there is one, and named values in it."""

    output: Value
    names: dict[str, Value]
    model: Any = None
    title: str = ""


def is_run(target: str) -> bool:
    """Whether a target is a run folder, a file or a recipe rather than an expression."""
    from neuroflow.config import recipes

    path = Path(target)
    known = path.suffix in (".toml", ".json", ".safetensors") or _is(Path.is_dir, path)
    return known or any(recipe.name == target for recipe in recipes())


def _is(test: Callable[[Path], bool], path: Path) -> bool:
    """What a path is; an expression may be too long to be one."""
    try:
        return test(path)
    except OSError:
        return False


def topic_of(target: str, words: Sequence[str], examples: Sequence[int]) -> Topic:
    """The topic of a command line; ``words`` are values such as ``a=2`` for an expression."""
    from neuroflow.config import read

    if is_run(target):
        return step_of(target, examples)
    if not words and re.fullmatch(r"[\w./-]+", target) and not _is(Path.is_file, Path(target)):
        read(target)  # a misspelled recipe: the error knows what there is
    return expression_topic(target, words)


def expression_topic(target: str, words: Sequence[str]) -> Topic:
    """An expression, or a file that holds one: ``c = a * b; c + a`` with ``a=2`` and ``b=3``.

    Steps are separated by semicolons or lines; each may be given a name.
    """
    from neuroflow.core.value import Value
    from neuroflow.data.expression import FUNCTIONS
    from neuroflow.registry.manager import ops_by_name

    path = Path(target)
    text = _text_of(path) if _is(Path.is_file, path) else target
    names = {name: Value(number, name) for name, number in _numbers(words).items()}
    one_input = {name: op for name, op in ops_by_name().items() if op.arity == 1}
    steps = [step for step in re.split(r"[;\n]", text) if step.strip()]
    if not steps:
        raise click.UsageError(
            f"{target!r} is no expression; write one, such as: neuroflow explain 'a*b + a' a=2 b=3"
        )
    output: Any = None
    for step in steps:
        match = re.fullmatch(r"\s*([A-Za-z_]\w*)\s*=(?!=)(.*)", step)
        formula = match[2] if match else step
        output = _read(formula, names, {**one_input, **FUNCTIONS}).at(**names)
        output = output if isinstance(output, Value) else Value(output)
        if match:
            if output.op is not None and not output.name:
                output.name = match[1]
            names[match[1]] = output
    return Topic(output, names, title=text.strip() if len(text) < 60 else path.name)


def _read(formula: str, names: Collection[str], functions: Mapping[str, Any]) -> Expression:
    """A step of an expression; one that cannot be meant is a wrong usage."""
    from neuroflow.data.expression import parse_expression

    try:
        return parse_expression(formula, names, functions)
    except InputError as error:
        raise click.UsageError(str(error)) from error


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(
            f"cannot read {path}: {error}", remedy="give the path of a text file", file=str(path)
        ) from error


def _numbers(words: Sequence[str]) -> dict[str, float]:
    numbers = {}
    for word in words:
        name, _, number = word.partition("=")
        try:
            if not name.isidentifier():
                raise ValueError
            numbers[name] = float(number)
        except ValueError:
            raise click.UsageError(
                f"{word!r} gives no variable a number; write it like a=2 or rate=-1e-3"
            ) from None
    return numbers


def training_of(target: str) -> Any:
    """The run of a folder as it stands, of a saved model, or of a recipe before its first step.

    Raises :class:`InputError` for a saved model that does not know what it was trained on.
    """
    from neuroflow.checkpoint import load_parameters, read_arrays
    from neuroflow.checkpoint.origin import Origin
    from neuroflow.config import configure
    from neuroflow.training import Training, read_run
    from neuroflow.training.resuming import check_data
    from neuroflow.training.run import origin_of

    path = Path(target)
    eager = {"train.backend": "eager"}  # the steps are looked at, not made
    if path.is_dir():
        return read_run(path)
    if path.suffix != ".safetensors":
        return Training(configure(target, eager))
    saved, arrays = read_arrays(path)
    if not saved.configuration:
        raise InputError(
            f"{path} holds a model without the data that it was trained on",
            remedy="give the folder of its run, or draw the model alone",
            file=str(path),
        )
    training = Training(configure(saved.configuration, eager))
    check_data(path.parent, Origin.from_state(saved.state), origin_of(training))
    load_parameters(training.model, arrays, path)
    return training


def step_of(target: str, examples: Sequence[int]) -> Topic:
    """The mean loss of some examples of a run, with the graph that it was computed by."""
    from neuroflow.core.vectors import mean
    from neuroflow.inspect.sources import record_sources

    training = training_of(target)
    runner, model = training.runner, training.model.eval()
    count = len(training.dataset)
    most = 1 if training.dataset.task == "sequence" else min(count, MOST_EXAMPLES)
    for k in examples:
        if not 0 <= k < count:
            raise click.UsageError(f"there is no example {k}; the data has 0 to {count - 1}")
    with record_sources():
        losses = [runner.example_loss(model, *runner.examples[k]) for k in examples or range(most)]
        loss = losses[0] if len(losses) == 1 else mean(losses)
    loss.name = "loss"
    return Topic(loss, dict(model.named_values()), model, Path(target).stem or target)


def find(topic: Topic, name: str) -> Value:
    """A named value; raises a usage error with a suggestion."""
    if name not in topic.names:
        known = list(topic.names)
        names = f"names: {', '.join(known[:6])}{' ...' if len(known) > 6 else ''}"
        remedy = did_you_mean(name, known, names)
        raise click.UsageError(composed(f"nothing is named {name!r}", remedy=remedy))
    return topic.names[name]
