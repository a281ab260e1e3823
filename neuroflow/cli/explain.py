"""``neuroflow explain``: receipts for gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from neuroflow.cli.shared.output import json_option, print_json, say

if TYPE_CHECKING:
    from neuroflow.cli.shared.topics import Topic
    from neuroflow.core.value import Value
    from neuroflow.inspect.overview import Overview
    from neuroflow.inspect.receipt import Receipt
    from neuroflow.inspect.what_if import WhatIf


@click.command()
@click.argument("target")
@click.argument("words", nargs=-1, metavar="[NAME=NUMBER ...] [PARAMETER ...]")
@click.option("--of", "of", multiple=True, metavar="NAME", help="Which value to explain.")
@click.option(
    "--example", "examples", multiple=True, type=int, metavar="K",
    help="Only this example of the data makes up the loss; may be repeated.",
)  # fmt: skip
@click.option("--depth", default=1, show_default=True, type=click.IntRange(1, 20),
              help="Explain upstream gradients too, so many steps.")  # fmt: skip
@click.option("--top", default=8, show_default=True, type=click.IntRange(1, 1000),
              help="List the largest parts; sum up the rest.")  # fmt: skip
@click.option("--latex", is_flag=True, help="Print LaTeX.")
@click.option("--what-if", "change", type=float, metavar="CHANGE",
              help="Also: what adding this to the value would do.")  # fmt: skip
@json_option
def command(
    target: str, words: tuple[str, ...], of: tuple[str, ...], examples: tuple[int, ...],
    depth: int, top: int, latex: bool, change: float | None, as_json: bool,
) -> None:  # fmt: skip
    """Why a gradient is what it is: every use, its local derivative times what comes upstream.

    TARGET is an expression (or a file that holds one) with numbers for its variables, or a run
    folder, a saved model, a configuration or a recipe, with names of parameters:

    \b
        neuroflow explain 'c = a*b; c + tanh(a)' a=2 b=-3
        neuroflow explain runs/moons layers.0.neurons.3.weights.1 --example 7

    Without a name, all gradients are listed, the steepest first.
    """
    from neuroflow.cli.shared.topics import find, is_run, topic_of

    run = is_run(target)
    topic = topic_of(target, words, examples)
    wanted = list(dict.fromkeys([*of, *(words if run else ())]))
    if not run and not wanted and len(words) == 1:
        wanted = [words[0].partition("=")[0]]
    if change is not None and not wanted:
        raise click.UsageError("--what-if needs the name of a value to change")
    values = [find(topic, name) for name in wanted] or [topic.output]
    found = [_explained(topic, value, top, change) for value in values]
    if as_json:
        facts = [
            why.to_dict() | ({"what_if": then.to_dict()} if then else {}) for why, then in found
        ]
        print_json({"target": target, "explained": facts})
        return
    for why, then in found:
        say(why.latex() if latex else _text(why, depth))
        if then is not None:
            say(f"\nif it changed by {change:g}:\n{then}")
        say("")


def _explained(
    topic: Topic, value: Value, top: int, change: float | None
) -> tuple[Receipt | Overview, WhatIf | None]:
    """Why a gradient is what it is, and what a change of the value would do."""
    from neuroflow.inspect.explain import explain
    from neuroflow.inspect.what_if import what_if

    output = None if value is topic.output else topic.output
    why = explain(value, output, model=topic.model, top=top)
    return why, what_if(topic.output, {value: change}) if change is not None else None


def _text(why: Receipt | Overview, depth: int) -> str:
    from neuroflow.inspect.receipt import Receipt

    return why.text(depth) if isinstance(why, Receipt) else why.text()
