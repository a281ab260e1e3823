"""``neuroflow draw``: pictures of networks and computation graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from neuroflow.cli.shared.output import json_option, note, print_json, say
from neuroflow.errors import one_line


@click.command()
@click.argument("target")
@click.argument("words", nargs=-1, metavar="[NAME=NUMBER ...]")
@click.option(
    "-o", "--output", multiple=True, type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write: .svg, .html, .json or .txt; may be repeated.",
)  # fmt: skip
@click.option("--graph", is_flag=True, help="The computation graph of the loss, not the network.")
@click.option(
    "--example", "examples", multiple=True, type=int, metavar="K",
    help="Only this example of the data makes up the loss; may be repeated.",
)  # fmt: skip
@click.option("--open", "opened", multiple=True, metavar="BOX",
              help="A box to show the inside of; may be repeated.")  # fmt: skip
@click.option("--title", default="", help="What to write above it.")
@json_option
def command(
    target: str, words: tuple[str, ...], output: tuple[Path, ...], graph: bool,
    examples: tuple[int, ...], opened: tuple[str, ...], title: str, as_json: bool,
) -> None:  # fmt: skip
    """Draw a network, or a computation graph with data and gradient of every node.

    TARGET is a run folder, a saved model, a configuration or a recipe; or an expression with
    numbers for its variables, whose graph is drawn:

    \b
        neuroflow draw runs/moons -o net.svg
        neuroflow draw runs/moons --graph --example 0 -o step.html
        neuroflow draw 'a*b + tanh(a)' a=2 b=-3 -o graph.svg

    An .svg is a still picture; an .html opens from disk, and in it every box of a graph can be
    opened down to single scalars. Without -o both are written.
    """
    from neuroflow.cli.shared.topics import is_run

    run = is_run(target)
    drawing = _drawing(target, words, run and not graph, examples, opened, title)
    stem = "network" if run and not graph else "graph"
    folder = Path(target) if Path(target).is_dir() else Path()
    paths = list(output) or [folder / f"{stem}.svg", folder / f"{stem}.html"]
    for path in paths:
        drawing.save(path)
    if as_json:
        print_json({"target": target, "files": [str(path) for path in paths],
                    "text": drawing.text})  # fmt: skip
    else:
        say(drawing.text)
        for path in paths:
            note(f"wrote {one_line(str(path))}")


def _drawing(
    target: str, words: tuple[str, ...], network: bool, examples: tuple[int, ...],
    opened: tuple[str, ...], title: str,
) -> Any:  # fmt: skip
    from neuroflow.cli.shared.topics import topic_of, training_of
    from neuroflow.view.drawing import draw

    if network:
        for given, name in ((examples, "--example"), (opened, "--open"), (words, "NAME=NUMBER")):
            if given:
                raise click.UsageError(f"{name} belongs to a graph; add --graph")
        return draw(_model_of(target, training_of), title=title or one_line(Path(target).stem))
    topic = topic_of(target, words, examples)
    return draw(
        topic.output, model=topic.model, title=title or topic.title or one_line(target), open=opened
    )


def _model_of(target: str, training_of: Any) -> Any:
    """The model of a saved file alone, without its data; else that of the run."""
    if Path(target).suffix == ".safetensors":
        from neuroflow.checkpoint import load

        return load(target)
    return training_of(target).model
