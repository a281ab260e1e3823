"""Drafts: a first configuration for somebody's data, from a look at them.

What a look finds decides the dataset, the loss and the sizes; all else is what works for a start.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from attrs import field, frozen

from neuroflow.config import DATA, Tree
from neuroflow.config.filling import commented_toml
from neuroflow.core.random import SplitMix32
from neuroflow.data.columns import Columns, Numbers
from neuroflow.data.dataset import Dataset
from neuroflow.data.reading import read_columns
from neuroflow.data.tabular import counts_up
from neuroflow.errors import InputError
from neuroflow.files import read_text
from neuroflow.registry.manager import get
from neuroflow.training.fit import HIDDEN, LOSSES

SCHEMA_FILE = "neuroflow.schema.json"
"""What editors read, beside the configuration."""

ANSWERS = ("target", "label", "class", "y", "answer", "species", "kind", "price")
"""What a column of answers is often called; else it is the last."""

FEW = 50
"""With fewer examples none is held out to test on."""

UPDATES = 2_000
"""A first run makes about so many, in at most 200 passes."""


@frozen
class DataLook:
    """What was found in a file: which dataset reads it, and what stands in it.

    ``columns`` are those of a table, each with what is in it in words; ``target`` is the likely
    column of the answers; those with ``gaps`` lack a value somewhere. A text has none. ``lines``
    and ``longest`` are how many lines a text has, and how long the longest is.
    """

    path: Path
    dataset: str
    columns: dict[str, str] = field(factory=dict)
    target: str = ""
    ignored: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    lines: int = 0
    longest: int = 0

    @property
    def summary(self) -> str:
        """The file in a few words."""
        if self.columns:
            return f"{self.lines:,} rows, {len(self.columns)} columns"
        form = "one example a line" if self.dataset == "lines" else "one long text"
        return f"{self.lines:,} lines, {form}"


def look_at(path: str | Path) -> DataLook:
    """Look at a file: a text if its name ends so, and else a table.

    Raises :class:`FileError` and :class:`InputError` for what cannot be read.
    """
    path = Path(path)
    if path.suffix.lower() in (".txt", ".text", ".md"):
        return _text(path)
    table = read_columns(path)
    columns = {name: _told(table, name) for name in table.names}
    ignored = tuple(name for name in table.names if _is_index(table, name))
    likely = [name for name in table.names if name.lower() in ANSWERS]
    target = (likely or [name for name in table.names if name not in ignored] or [""])[-1]
    gaps = tuple(name for name in table.names if any(True for _ in table[name].missing()))
    return DataLook(path, "csv", columns, target, ignored, gaps, len(table))


def _text(path: Path) -> DataLook:
    lines = [line for line in read_text(path).split("\n") if line.strip()]
    if not lines:
        raise InputError(f"{path} is empty", expected="a text to learn from", file=str(path))
    lengths = sorted(map(len, lines))
    are_examples = len(lines) >= FEW and lengths[len(lines) // 2] <= 64
    dataset = "lines" if are_examples else "text"
    return DataLook(path, dataset, lines=len(lines), longest=lengths[-1])


def _told(table: Columns, name: str) -> str:
    """What stands in a column."""
    column = table[name]
    missing = sum(1 for _ in column.missing())
    gaps = f", {missing:,} missing" if missing else ""
    if _is_index(table, name):
        return f"the numbers of the rows{gaps}"
    if isinstance(column, Numbers):
        known = [x for x in column if isinstance(x, float)]
        span = f" from {min(known):g} to {max(known):g}" if known else ""
        return f"numbers{span}{gaps}"
    words = sorted(column.counts())
    some = ", ".join(words[:3]) + (" ..." if len(words) > 3 else "")
    return f"{len(words):,} words: {some}{gaps}"


def _is_index(table: Columns, name: str) -> bool:
    column = table[name]
    return isinstance(column, Numbers) and len(column) > 2 and counts_up(column)


def drafted(
    look: DataLook, target: str = "", task: str = "auto", hidden: Sequence[int] = HIDDEN
) -> Tree:
    """A configuration for what was looked at; a table is read, to know what has to be learned.

    Raises :class:`InputError` for a target that is no column, or that cannot be learned.
    """
    if not look.columns:
        return _for_text(look)
    table: Tree = {"use": "csv", "path": str(look.path), "target": target or look.target}
    ignored = {name: "ignore" for name in look.ignored if name != table["target"]}
    table |= {"task": task} if task != "auto" else {}
    table |= {"columns": ignored} if ignored else {}
    table |= {"missing": "mean"} if {*look.gaps} - {*ignored, table["target"]} else {}
    data = _examples(table)
    table |= {"standardize": True, **({"test": 0.2} if len(data) >= FEW else {})}
    batch = min(32, len(data))
    return {
        "model": {"use": "mlp", "sizes": [DATA, *hidden, DATA], "activation": "relu",
                  "initializer": "he"},
        "loss": {"use": LOSSES[data.task]},
        "optimizer": {"use": "adam", "learning_rate": 0.01, "schedule": "cosine"},
        "data": table,
        "train": {"epochs": min(200, -(-UPDATES * batch // len(data))), "batch": batch, "seed": 1},
    }  # fmt: skip


def _examples(table: Tree) -> Dataset:
    settings = {key: value for key, value in table.items() if key != "use"}
    data: Dataset = get("dataset", table["use"]).load()(SplitMix32(0), **settings)
    return data


def _for_text(look: DataLook) -> Tree:
    block = min(64, look.longest + 1) if look.dataset == "lines" else 64
    data: Tree = {"use": look.dataset, "path": str(look.path), "block_size": block}
    return {
        "model": {"use": "gpt", "n_layer": 1, "n_embd": 24, "n_head": 4, "block_size": block},
        "loss": {"use": "cross_entropy"},
        "optimizer": {"use": "adamw", "learning_rate": 0.01, "schedule": "cosine"},
        "data": {**data, **({"test": 0.1} if look.lines >= FEW else {})},
        "train": {"steps": 500, "batch": 16, "seed": 1, "clip_norm": 1.0},
    }


def as_file(tree: Tree, out: Path, title: str) -> str:
    """The text of a configuration at a path, with a line for editors and what everything means."""
    data = dict(tree["data"])
    if data.get("path"):
        data["path"] = _seen_from(out, Path(data["path"]))
    head = [
        f"#:schema ./{SCHEMA_FILE}",
        f"# {title}",
        "#",
        f"# Train it: neuroflow train {out.name}",
        f"# See each default, and where values come from: neuroflow config {out.name} --explain",
        "schema = 1",
    ]
    return "\n".join(head) + "\n" + commented_toml({**tree, "data": data})


def _seen_from(out: Path, path: Path) -> str:
    """A path as it is said in a file: from the folder of that, if it is no whole path."""
    if path.is_absolute():
        return str(path)
    return Path(os.path.relpath(path, out.parent)).as_posix()


def title_of(look: DataLook, tree: Tree) -> str:
    """What a draft does, in a sentence."""
    name = look.path.name
    if not look.columns:
        return f"A small GPT learns to write like {name} ({look.summary})."
    target, loss = tree["data"]["target"], tree["loss"]["use"]
    what = "Predict" if loss == "mse" else "Tell"
    return f"{what} {target!r} from the other columns of {name} ({look.summary})."
