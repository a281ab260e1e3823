"""``neuroflow init``: a first configuration for somebody's data, asked for step by step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neuroflow.cli.shared.output import (
    ask,
    json_option,
    note,
    print_json,
    say,
    somebody_answers,
    table,
)
from neuroflow.cli.shared.streams import console
from neuroflow.errors import FileError, one_line
from neuroflow.files import in_shell, write_file

if TYPE_CHECKING:
    from neuroflow.scaffold.drafts import DataLook

TASKS = ("auto", "regression", "binary", "classes")


@click.command("init")
@click.option("--data", metavar="FILE|RECIPE", help="A table, a text, or a recipe to begin with.")
@click.option("--target", metavar="COLUMN", help="The column of the answers, in a table.")
@click.option("--task", type=click.Choice(TASKS), help="What is to be learned, in a table.")
@click.option("--hidden", metavar="SIZES", help="The sizes of hidden layers, such as 16,16.")
@click.option("--out", metavar="FILE", help="The configuration to write.")
@click.option("--yes", is_flag=True, help="Ask nothing: take what is proposed.")
@json_option
def command(
    data: str | None,
    target: str | None,
    task: str | None,
    hidden: str | None,
    out: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Write a configuration to start from, with comments and a schema for editors.

    Looks at a table (CSV and what plugins read) or a text, proposes what to learn and how,
    asks, and writes a TOML file. What a flag says is not asked; --yes asks nothing.

    \b
    Examples:
      neuroflow init
      neuroflow init --data iris.csv --target species --yes
      neuroflow init --data moons --out mine.toml --yes
    """
    questions = Questions(yes)
    questions.check()
    source = questions.ask("Learn from which file, or which recipe?", data, "moons")
    recipe = _recipe(source)
    if recipe is not None:
        path = _new_file(questions.ask("Write which file?", out, f"{recipe.name}.toml"))
        text = f"#:schema ./{_schema_file()}\n{recipe.text}"
    else:
        text, path = _for_data(source, target, task, hidden, out, questions)
    files = _written(path, text)
    if as_json:
        print_json({"files": files, "next": _next(path)})
        return
    say(f"wrote {' and '.join(map(one_line, files))}\n\nNext:")
    say("\n".join(f"  {line}" for line in _next(path)))


class Questions:
    """Asks for what no flag says; with ``yes`` it takes what is proposed."""

    def __init__(self, yes: bool) -> None:
        self.yes = yes

    def check(self) -> None:
        """Refuse to ask where nobody can answer."""
        if not self.yes and not somebody_answers():
            raise click.UsageError(
                "init asks questions, and standard input is no terminal; give --yes to take what is"
                " proposed, and flags for what should be otherwise"
            )

    def ask(self, question: str, said: str | None, proposed: str) -> str:
        if said is not None or self.yes:
            return proposed if said is None else said
        return ask(question, proposed)


def _for_data(
    source: str, target: str | None, task: str | None, hidden: str | None, out: str | None,
    questions: Questions,
) -> tuple[str, Path]:  # fmt: skip
    """The text of a configuration for a file, and where it goes."""
    from neuroflow.scaffold.drafts import as_file, drafted, look_at, title_of

    look = look_at(source)
    note(f"{one_line(source)}: {look.summary}")
    sizes = "16"
    if look.columns:
        if not questions.yes:
            _show(look)
        target = questions.ask("Which column is the answer?", target, look.target)
        task = questions.ask("What is learned: auto, regression, classes?", task, "auto")
        if task not in TASKS:
            raise click.UsageError(f"no task {task!r}; expected one of {', '.join(TASKS)}")
        sizes = questions.ask("How many neurons in each hidden layer?", hidden, sizes)
    tree = drafted(look, target or "", task or "auto", _sizes(sizes))
    path = _new_file(questions.ask("Write which file?", out, f"{Path(source).stem}.toml"))
    return as_file(tree, path, title_of(look, tree)), path


def _show(look: DataLook) -> None:
    rows = [(name, told) for name, told in look.columns.items()]
    console(stderr=True).print(table(("column", "what is in it"), rows))


def _sizes(text: str) -> list[int]:
    words = text.replace(",", " ").split()
    if not all(word.isdigit() and int(word) > 0 for word in words):
        raise click.UsageError(f"{text!r} are no sizes; write whole numbers, such as 16,16")
    return [int(word) for word in words]


def _recipe(name: str) -> Any:
    """The recipe of a name, unless there is a file of that name; None for anything else."""
    from neuroflow.config import recipes
    from neuroflow.errors import did_you_mean

    if Path(name).is_file():
        return None
    known = {recipe.name: recipe for recipe in recipes()}
    if name not in known and not Path(name).suffix:
        remedy = did_you_mean(name, known, f"recipes: {', '.join(known)}")
        raise FileError(f"no file and no recipe is named {name!r}", remedy=remedy, file=name)
    return known.get(name)


def _new_file(name: str) -> Path:
    path = Path(name)
    if path.exists():
        remedy = "choose another name with --out, or remove it"
        raise FileError(f"{path} is there already", remedy=remedy, file=name)
    return path


def _schema_file() -> str:
    from neuroflow.scaffold.drafts import SCHEMA_FILE

    return SCHEMA_FILE


def _written(path: Path, text: str) -> list[str]:
    """Write the configuration, and the schema beside it if there is none; gives their paths."""
    from neuroflow.config.json_schema import json_schema

    schema = path.parent / _schema_file()
    write_file(path, text)
    if schema.exists():
        return [str(path)]
    write_file(schema, json.dumps(json_schema(), indent=1) + "\n")
    return [str(path), str(schema)]


def _next(path: Path) -> list[str]:
    name = in_shell(path)
    return [f"neuroflow train {name}", f"neuroflow config {name} --explain"]
