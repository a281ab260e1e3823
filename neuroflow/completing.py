"""Completing: what a command line may go on with, asked by a shell at every press of a key.

So it is quick: all words were gathered before, by :mod:`neuroflow.cli.shared.words`, and lie in one
file of JSON. That is made anew when something is installed, or a plugin has changed.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

FILES = "files"
"""The line that asks the shell to complete names of files."""

Known = dict[str, Any]
Offer = tuple[str, str]
"""A word, and what it means."""


def main(words: Sequence[str]) -> None:
    """Print what may stand in the place of the last word, a line each, with a tab and its meaning.

    ``words`` are "line" and a command line up to the cursor, or "words" and each of its words.
    """
    form, *given = words
    typed = split(given[0]) if form == "line" else list(given)
    try:
        known = gathered()
    except Exception:  # whatever a plugin does, a press of a key is no place to tell it
        return
    here = typed[-1] if form == "line" else ""
    kept = here.rpartition("=")[0] + "=" if "=" in here else ""  # bash begins a word after it
    found = dict(reversed([*offers(typed[1:], known)]))  # one name may be of several kinds
    lines = [
        "\t".join(filter(None, (word if word == FILES else word.removeprefix(kept), meaning)))
        for word, meaning in reversed(found.items())
    ]
    with suppress(OSError):  # the shell has heard enough
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


def split(line: str) -> list[str]:
    """The words of a command line up to the cursor; the last is being written.

    >>> split("neuroflow train moons --set 'model.si"), split("neuroflow ")
    (['neuroflow', 'train', 'moons', '--set', 'model.si'], ['neuroflow', ''])
    """
    for closing in ("", "'", '"'):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        return [*words, ""] if not closing and line[-1:].isspace() else words
    return line.split()


# What there is to offer ----------------------------------------------------------------------


def offers(words: Sequence[str], known: Known) -> Iterator[Offer]:
    """What may stand in the place of the last word."""
    *before, here = words
    command = next((word for word in before if not word.startswith("-")), "")
    if command not in known["commands"]:
        yield from _begun(here, ((n, c["help"]) for n, c in known["commands"].items()))
        return
    about = known["commands"][command]
    rest = before[before.index(command) + 1 :]
    option = about["options"].get(rest[-1]) if rest else None
    if option and option["takes"]:
        yield from _values(option["takes"], option["words"], here, rest, known)
    elif here.startswith("-"):
        yield from _begun(here, ((name, o["help"]) for name, o in about["options"].items()))
    elif argument := _argument(about, rest):
        yield from _values(argument["takes"], argument["words"], here, rest, known)


def _argument(about: Known, rest: Sequence[str]) -> Known | None:
    """The argument that comes next, after those that are there."""
    there = len(_plain_words(about, rest))
    for argument in about["arguments"]:
        if there == 0 or argument["many"]:
            return argument  # type: ignore[no-any-return]
        there -= 1
    return None


def _plain_words(about: Known, rest: Sequence[str]) -> list[str]:
    """The words that are no options, nor belong to one."""
    found, skip = [], False
    for word in rest:
        option = about["options"].get(word)
        if not skip and option is None and not word.startswith("-"):
            found.append(word)
        skip = bool(option and option["takes"])
    return found


def _values(
    takes: str, words: Sequence[str], here: str, rest: Sequence[str], known: Known
) -> Iterator[Offer]:
    """Values of what an option or an argument takes, as its help writes it."""
    if takes.startswith("PATH="):
        yield from _settings(here, _uses(rest, known), known)
        return
    yield from _begun(here, ((word, "") for word in words))
    parts = {part.strip("[].").upper() for part in takes.replace(" ", "|").split("|")}
    if "RECIPE" in parts:
        yield from _begun(here, ((n, r["summary"]) for n, r in known["recipes"].items()))
    if "KIND" in parts:
        yield from _begun(here, ((kind, "") for kind in known["kinds"]))
    if parts & {"ID", "ENTRY"}:
        for entries in known["kinds"].values():
            yield from _begun(here, ((name, e["summary"]) for name, e in entries.items()))
    if "METRIC" in parts:
        yield from _begun(here, ((n, e["summary"]) for n, e in known["kinds"]["metric"].items()))
    if parts & {"FILE", "RUN", "DIR", "MODEL", "NEW", "FILE.SVG"}:
        yield FILES, ""


def _begun(here: str, found: Any) -> Iterator[Offer]:
    return ((word, meaning) for word, meaning in found if word.startswith(here))


# Settings ------------------------------------------------------------------------------------


def _settings(here: str, uses: Mapping[str, str], known: Known) -> Iterator[Offer]:
    """What ``--set`` may say: paths of settings, and behind ``=`` their values."""
    path, equals, value = here.partition("=")
    *parents, last = path.split(".")
    if not parents and not equals:
        yield from _begun(last, ((f"{name}.", s["meaning"]) for name, s in
                                 known["sections"].items()))  # fmt: skip
        return
    table = _table(parents, uses, known)
    if equals:
        setting = table.get(last)
        for word, meaning in _words_of(setting, known) if setting else ():
            if word.startswith(value):
                yield f"{path}={word}", meaning
        return
    before = ".".join(parents)
    for name, setting in table.items():
        if name.startswith(last):
            yield f"{before}.{name}=", setting["meaning"]
            if setting["part"]:
                yield f"{before}.{name}.", setting["meaning"]


def _table(path: Sequence[str], uses: Mapping[str, str], known: Known) -> Known:
    """The settings of the table at a path: those of what it uses, or of all that it may use."""
    if not path or path[0] not in known["sections"]:
        return {}
    section = known["sections"][path[0]]
    kind, settings = section["kind"], section["settings"]
    for k in range(1, len(path) + 1):
        here = ".".join(path[:k])
        if k > 1 and not path[k - 1].isdigit():
            kind = settings.get(path[k - 1], {"part": ""})["part"]
            settings = {}
        if kind:
            settings = {**settings, **_of_entries(kind, uses.get(here, ""), known)}
        elif k > 1:
            return {}
    return settings  # type: ignore[no-any-return]


def _of_entries(kind: str, use: str, known: Known) -> Known:
    entries = known["kinds"].get(kind, {})
    chosen = [entries[use]] if use in entries else list(entries.values())
    found = {name: s for entry in chosen for name, s in entry["settings"].items()}
    return {"use": {"meaning": f"which {kind}", "part": "", "words": [], "kind": kind}, **found}


def _words_of(setting: Known, known: Known) -> Iterator[Offer]:
    kind = setting.get("kind") or setting["part"]
    if kind:
        yield from ((name, e["summary"]) for name, e in known["kinds"].get(kind, {}).items())
    yield from ((word, "") for word in setting["words"])


def _uses(rest: Sequence[str], known: Known) -> dict[str, str]:
    """What each table of a command's configuration uses, by its path."""
    found: dict[str, str] = {}
    for word in rest:
        if word in known["recipes"]:
            found |= uses_of(known["recipes"][word]["tree"])
        elif word.endswith((".toml", ".json")):
            found |= _uses_of_file(word, known)
        path, equals, value = word.partition("=")
        if equals and not word.startswith("-"):
            found[path.removesuffix(".use")] = value
    return found


def _uses_of_file(name: str, known: Known) -> dict[str, str]:
    import tomllib

    try:
        text = Path(name).read_text(encoding="utf-8")
        tree = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
    except (OSError, ValueError, RecursionError):
        return {}
    base = known["recipes"].get(tree.get("extends") if isinstance(tree, dict) else "", {})
    return {**uses_of(base.get("tree", {})), **uses_of(tree)}


def uses_of(tree: Any, path: str = "") -> dict[str, str]:
    """What each table of a tree uses.

    >>> uses_of({"model": {"use": "mlp", "activation": "relu"}, "loss": "mse"})
    {'model': 'mlp', 'model.activation': 'relu', 'loss': 'mse'}
    """
    found: dict[str, str] = {}
    if isinstance(tree, str) and path:
        return {path: tree}
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(
        tree, list) else ()  # fmt: skip
    for key, value in pairs:
        here = f"{path}.{key}" if path else str(key)
        found |= uses_of(value, path if key == "use" else here)
    return found


# The file of words ---------------------------------------------------------------------------


def gathered() -> Known:
    """All words, from the file that keeps them, or gathered now and kept."""
    path = place()
    stamp = stamp_now()
    try:
        if path.stat().st_uid == os.getuid():
            known: Known = json.loads(path.read_text(encoding="utf-8"))
            if known["stamp"] == stamp and known["files"] == times_of(known["files"]):
                return known
    except (OSError, ValueError, LookupError, AttributeError):
        pass
    from neuroflow.cli.shared.words import gather

    known = {**gather(), "stamp": stamp}
    known["files"] = times_of(known["files"])
    _keep(path, known)
    return known


def place() -> Path:
    """Where the words are kept: in the cache of this user."""
    chosen = os.environ.get("NEUROFLOW_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(chosen or os.path.join(home, "neuroflow")) / "words.json"


def stamp_now() -> Known:
    """What decides which words there are: Python, what is installed, the environment."""
    folders = {each: _time(each) for each in sys.path if os.path.isdir(each)}
    names = [name for name in os.environ if name.startswith("NEUROFLOW_") and "PLUGINS" in name]
    return {"python": sys.executable, "folders": folders,
            "environment": {name: os.environ[name] for name in sorted(names)}}  # fmt: skip


def times_of(files: Any) -> dict[str, int]:
    """When each file was last changed; 0 for what is not there."""
    return {file: _time(file) for file in files}


def _time(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _keep(path: Path, known: Known) -> None:
    """Write the words beside their place, and move them there; nobody minds if that fails."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial.write_text(json.dumps(known), encoding="utf-8")
        os.replace(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
