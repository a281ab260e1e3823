"""What commands print: results to standard output, all else to standard error."""

from __future__ import annotations

import json
import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from neuroflow.cli.shared.streams import below, console
from neuroflow.errors import NeuroflowError, NeuroflowWarning, one_line, printable
from neuroflow.files import LIBRARY

Command = TypeVar("Command", bound=Callable[..., Any])


BACKENDS = "auto (the fastest here), eager, or a name of: neuroflow list backends"
"""What --backend takes."""


def json_option(command: Command) -> Command:
    """The option ``--json``, as the argument ``as_json``."""
    text = "Print one JSON object to standard output, and nothing else there."
    return click.option("--json", "as_json", is_flag=True, help=text)(command)


def say(text: str) -> None:
    """A result in words, on standard output."""
    click.echo(text)


def print_json(result: Mapping[str, Any]) -> None:
    """One object on standard output; numbers that are not finite become null."""
    click.echo(json_text(result, getattr(below(sys.stdout), "encoding", "")))


def json_text(result: Mapping[str, Any], encoding: str = "utf-8") -> str:
    r"""The object as JSON, with escapes for what should not be seen and what the encoding lacks.

    >>> print(json_text({"name": "żółw\x9b\u202e"})[4:-2])
    "name": "żółw\u009b\u202e"
    """
    in_ascii = not (encoding or "").lower().replace("-", "").startswith("utf")
    text = json.dumps(plain(result), ensure_ascii=in_ascii, indent=2, allow_nan=False)
    return "\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n"))


def _escaped(line: str) -> str:
    return "".join(c if printable(c) == c else json.dumps(c)[1:-1] for c in line)


def plain(thing: Any) -> Any:
    """The thing as JSON has it: dicts, lists, texts, finite numbers, null."""
    if isinstance(thing, Mapping):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [plain(x) for x in thing]
    if isinstance(thing, float):
        return thing if math.isfinite(thing) else None
    return thing if thing is None or isinstance(thing, (bool, int, str)) else str(thing)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", right: str = ""
) -> Any:
    """A plain table; columns named in ``right`` (words) are aligned to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(
        title=one_line(title) or None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False,
        show_header=any(columns),
    )  # fmt: skip
    for k, column in enumerate(columns):
        side: Any = "right" if column and column in right.split() else "left"
        made.add_column(one_line(column), justify=side, overflow="fold", no_wrap=k == 0)
    for row in rows:
        made.add_row(*[Text(one_line(cell)) for cell in row])
    return made


def note(text: str, style: str = "") -> None:
    """A line for the person, on standard error."""
    from rich.text import Text

    console(stderr=True).print(Text(printable(text), style=style), soft_wrap=True)


def somebody_answers() -> bool:
    """Whether a person can be asked: standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str, proposed: str) -> str:
    """What a person answers to a question, on standard error; an empty line takes the proposal."""
    answer: str = click.prompt(printable(question), default=printable(proposed), err=True)
    return answer


class Told(Protocol):
    """What is told as text, or as plain data."""

    def to_dict(self) -> dict[str, Any]: ...


def tell(found: Told, picture: Path | None, as_json: bool) -> None:
    """A result as its text or as JSON, and where its picture lies."""
    if as_json:
        print_json({**found.to_dict(), "picture": str(picture) if picture else None})
        return
    say(str(found))
    if picture is not None:
        note(f"picture: {picture}", style="dim")


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """A warning is told as a line for the person, without the line of code.

    One that neuroflow did not write says its kind, and where it is if that is the person's code.
    """
    with warnings.catch_warnings():

        def show(message: Any, kind: Any, file: str, line: int, *rest: Any, **more: Any) -> None:
            if isinstance(message, NeuroflowWarning):
                note(str(message), style="yellow")
            else:
                place = "" if _is_of_library(file) else f" ({Path(file).name}:{line})"
                note(f"{kind.__name__}: {message}{place}", style="yellow")

        warnings.showwarning = show  # type: ignore[assignment]
        yield


def _is_of_library(file: str) -> bool:
    """Whether a file of code is none of the person's own: neuroflow's, installed, or Python's."""
    homes = (LIBRARY, Path(LIBRARY).parent / "plugins", sys.prefix, sys.base_prefix)
    return file.startswith("<") or any(Path(file).is_relative_to(home) for home in homes)


def show_error(
    message: str, as_json: bool, error: BaseException, usage: click.Context | None = None
) -> None:
    """The error as one message in red; with ``--json`` also as the object that is expected.

    That object has the error's class, its message, and the fields that are known.
    """
    if usage is not None:
        note(usage.get_usage())
    note(f"Error: {message}", style="bold red" if "\n" not in message else "red")
    if as_json:
        known = error if isinstance(error, NeuroflowError) else error.__cause__
        fields = known.fields() if isinstance(known, NeuroflowError) else {}
        print_json({"error": {"kind": type(error).__name__, "message": message, **fields}})
    sys.stderr.flush()
