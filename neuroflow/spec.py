"""Composition: models, losses, optimizers and data from registry names, in one tree.

The same tree is written as TOML, as JSON or as a dict. A part is a name (``"relu"``) or a table
with the one key ``use`` beside its settings (``{use = "leaky_relu", slope = 0.1}``); which kind
of name it is follows from the field it stands in. All problems of a tree are reported at once.
"""

from __future__ import annotations

import functools
import inspect
import json
import math
import random
import sys
import tomllib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from attrs import define, field, frozen

from neuroflow.base.errors import (
    ConfigurationError,
    FileError,
    InputError,
    RegistryError,
    StateError,
    did_you_mean,
)
from neuroflow.core.module import Module
from neuroflow.core.op import Op
from neuroflow.core.random import SplitMix32
from neuroflow.optim import UpdateRule
from neuroflow.plugin import get, manager, names
from neuroflow.registry import KINDS, Entry, plural

SCHEMA = 1
Tree = dict[str, Any]
PART_KINDS = tuple(kind for kind in KINDS if kind not in ("op", "backend", "dataset"))
REQUIRED: Any = inspect.Parameter.empty


@frozen
class Setting:
    """One key of a table: its type, its default, what it means and how far it may go."""

    name: str
    type: Any
    default: Any = REQUIRED
    meaning: str = ""
    low: float = -math.inf
    high: float = math.inf
    exclusive: bool = False

    @property
    def type_name(self) -> str:
        """The type in words: ``a whole number``, ``a list of numbers``."""
        return _words(self.type)

    @property
    def range(self) -> str:
        """The allowed range in words; empty if there is no bound."""
        above, below = ("above", "below") if self.exclusive else ("at least", "at most")
        ends = [(above, self.low), (below, self.high)]
        return " and ".join(f"{word} {_number(end)}" for word, end in ends if math.isfinite(end))


OF_OPTIMIZER = (
    Setting("learning_rate", float, 0.01, "the size of a step", low=0.0, exclusive=True),
    Setting("schedule", Any, "constant", "how the learning rate changes over the steps"),
)
OF_DATA = (
    Setting("test", float, 0.0, "the fraction of examples held out to test on", 0.0, 1.0),
    Setting("standardize", bool, False, "give each input column mean 0 and deviation 1"),
)
OF_TRAIN = (
    Setting("epochs", int | None, None, "passes over the training data; or give steps", low=1),
    Setting("steps", int | None, None, "updates of the parameters; or give epochs", low=1),
    Setting("batch", int | None, None, "examples per step; all of them if left out", low=1),
    Setting("accumulation", int, 1, "batches whose gradients are averaged for one step", low=1),
    Setting("shuffle", bool, True, "draw a new order of the examples for each epoch"),
    Setting("seed", int, 0, "the start of every random number of the run", 0, 2**32 - 1),
    Setting(
        "generator", Literal["splitmix32", "python"], "splitmix32",
        "where random numbers come from: SplitMix32, or Python's Mersenne Twister",
    ),
    Setting("l2", float, 0.0, "the penalty on the sum of all squared parameters", low=0.0),
    Setting(
        "clip_norm", float | None, None, "the longest gradient that is not shortened",
        low=0.0, exclusive=True,
    ),
    Setting(
        "evaluate_every", int | None, None,
        "steps between evaluations; a tenth of the run if left out", low=1,
    ),
    Setting(
        "report_every", int | None, None,
        "steps between reports; a hundredth of the run if left out", low=1,
    ),
    Setting("backend", str, "auto", "what runs the steps: auto, eager, numpy, numba"),
    Setting("dtype", Literal["float64", "float32"], "float64", "the numbers of compiled runs"),
    Setting("threads", int, 1, "threads that share a batch in compiled runs", low=1),
)  # fmt: skip


@frozen
class Section:
    """One table of the tree: the kind of name that ``use`` is, and the settings beside it."""

    name: str
    kind: str
    settings: tuple[Setting, ...]
    meaning: str


SECTIONS = (
    Section("model", "layer", (), "the network"),
    Section("loss", "loss", (), "how wrong one prediction is"),
    Section("optimizer", "optimizer", OF_OPTIMIZER, "how parameters move"),
    Section("data", "dataset", OF_DATA, "what to learn from"),
    Section("train", "", OF_TRAIN, "how long, in which batches, from which seed"),
)


# Reading -------------------------------------------------------------------------------------


@frozen
class Recipe:
    """A configuration that a plugin package carries in its folder ``recipes``."""

    name: str
    summary: str
    text: str
    package: str


@functools.cache
def recipes() -> tuple[Recipe, ...]:
    """The recipes of all plugins, by name; the comment on a file's first line is its summary."""
    from importlib.resources import files

    modules = [plugin.module for plugin in manager().plugins if plugin.module is not None]
    found: dict[str, Recipe] = {}
    for package in dict.fromkeys(module.__package__ or "" for module in modules):
        folder = files(package).joinpath("recipes") if package else None
        if folder is None or not folder.is_dir():
            continue
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            name, _, extension = file.name.rpartition(".")
            if extension == "toml" and name not in found:
                text = file.read_text(encoding="utf-8")
                summary = text.partition("\n")[0].removeprefix("#").strip()
                found[name] = Recipe(name, summary, text, package)
    return tuple(found[name] for name in sorted(found))


def read(source: Mapping[str, Any] | str | Path) -> tuple[Tree, str]:
    """A tree, and what to call it in messages, from a dict, a TOML or JSON file, or a recipe.

    Raises :class:`ConfigurationError` if there is no such file or recipe, or if its text is
    malformed (with the line), and :class:`FileError` if a file cannot be read.
    """
    if isinstance(source, Mapping):
        return _copied(source), "the configuration"
    path = Path(source)
    if path.suffix in (".toml", ".json") or path.is_file():
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise FileError(f"cannot read {path}: {error}; give the path of a text file") from error
        return _parsed(text, str(path), is_json=path.suffix == ".json"), str(path)
    for recipe in recipes():
        if recipe.name == str(source):
            return _parsed(recipe.text, recipe.name, is_json=False), f"recipe {recipe.name!r}"
    known = [recipe.name for recipe in recipes()]
    raise ConfigurationError(
        f"no file and no recipe is named {str(source)!r}{did_you_mean(str(source), known)}"
        f" recipes: {', '.join(known)}"
    )


def _parsed(text: str, where: str, is_json: bool) -> Tree:
    try:
        tree = json.loads(text) if is_json else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            f"{where} is not valid {'JSON' if is_json else 'TOML'}: {_at_line(error, text)};"
            " correct that line"
        ) from error
    if not isinstance(tree, dict):
        raise ConfigurationError(f"{where} holds {_shown(tree)}; expected a table at the top")
    return tree


def _at_line(error: json.JSONDecodeError | tomllib.TOMLDecodeError, text: str) -> str:
    """The message with a line number even where it says "at end of document"."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (at line {error.lineno}, column {error.colno})"
    last = text.rstrip("\n").count("\n") + 1
    return str(error).replace("at end of document", f"at line {last}, the end of the document")


def changed(tree: Mapping[str, Any], changes: Mapping[str, Any] | Iterable[str]) -> Tree:
    """The tree with some keys set: ``["optimizer.learning_rate=0.1"]`` or a dict of the same.

    Values in text are TOML (``3``, ``[2, 8, 1]``, ``{use = "adam"}``) or else plain words.
    Lists are reached by number: ``model.layers.0.sizes=[2, 4]``. Setting ``train.steps`` takes
    ``train.epochs`` away, and the other way round: a run is as long as was said last.

    >>> changed({"optimizer": "sgd"}, ["optimizer.learning_rate=0.5"])
    {'optimizer': {'use': 'sgd', 'learning_rate': 0.5}}
    """
    result: Tree = _copied(tree)
    pairs = list(changes.items() if isinstance(changes, Mapping) else map(_assignment, changes))
    for path, value in pairs:
        _set(result, path, value)
    lengths = {path for path, _ in pairs} & {"train.steps", "train.epochs"}
    if len(lengths) == 1:
        result["train"].pop("epochs" if "train.steps" in lengths else "steps", None)
    return result


def _assignment(text: str) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise ConfigurationError(
            f"{text!r} sets nothing; write PATH=VALUE, such as optimizer.learning_rate=0.1"
        )
    try:
        return path.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return path.strip(), value.strip()


def _set(tree: Tree, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    here: Any = tree
    for name in parents:
        key = _key(here, name, path)
        below = here[key] if isinstance(here, list) else here.setdefault(key, {})
        if isinstance(below, str):
            below = here[key] = {"use": below}
        if not isinstance(below, (dict, list)):
            raise ConfigurationError(f"{path}: {name} is {_shown(below)}, which has no keys")
        here = below
    here[_key(here, last, path)] = value


def _key(here: Any, name: str, path: str) -> Any:
    if isinstance(here, dict):
        return name
    if not name.isdigit() or int(name) >= len(here):
        raise ConfigurationError(
            f"{path}: {name!r} is no position in a list of {len(here)};"
            f" use a number from 0 to {len(here) - 1}"
        )
    return int(name)


def _copied(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {key: _copied(value) for key, value in tree.items()}
    return [_copied(x) for x in tree] if isinstance(tree, (list, tuple)) else tree


# Checking ------------------------------------------------------------------------------------


@define
class _Check:
    """Walks a tree, fills in defaults, and notes every problem with its path."""

    problems: list[str] = field(factory=list)
    with_data: bool = False

    def problem(self, path: str, text: str) -> None:
        self.problems.append(f"{path}: {text}" if path else text)

    def tree(self, tree: Mapping[str, Any]) -> Tree:
        known = ["schema", *(section.name for section in SECTIONS)]
        self.unknown("", tree, known)
        if tree.get("schema", SCHEMA) != SCHEMA or isinstance(tree.get("schema"), bool):
            self.problem(
                "schema", f"got {_shown(tree['schema'])}; this neuroflow reads schema {SCHEMA}"
            )
        result: Tree = {"schema": SCHEMA}
        for section in SECTIONS:
            if section.name not in tree and section.kind:
                self.problem(section.name, f"missing; expected a table: {section.meaning}")
                continue
            given = tree.get(section.name, {})
            if section.kind:
                value = self.part(section.kind, given, section.name, section.settings)
            elif isinstance(given, Mapping):
                value = self.settings(given, section.settings, section.name)
            else:
                self.problem(section.name, f"got {_shown(given)}; expected a table")
                continue
            result[section.name] = value
        self.train(tree.get("train", {}))
        return result

    def train(self, train: Any) -> None:
        """What no single setting tells: one way to say how long, and a backend that is there."""
        if not isinstance(train, Mapping):
            return
        given = [name for name in ("epochs", "steps") if train.get(name) is not None]
        if len(given) != 1:
            got = "both epochs and steps" if given else "neither epochs nor steps"
            self.problem("train", f"got {got}; expected one of the two")
        known = ["auto", *dict.fromkeys(["eager", *names("backend")])]
        backend = train.get("backend", "auto")
        if isinstance(backend, str) and backend not in known:
            self.problem(
                "train.backend",
                f"unknown backend {backend!r}{did_you_mean(backend, known)}"
                f" backends: {', '.join(known)}",
            )

    def part(self, kind: str, given: Any, path: str, extra: Sequence[Setting] = ()) -> Any:
        """One part of the given kind, with its defaults, always as a table."""
        table = {"use": given} if isinstance(given, str) else given
        if not isinstance(table, Mapping):
            self.problem(path, f"got {_shown(given)}; expected the name of {_a(kind)}, or a table")
            return given
        if not isinstance(table.get("use"), str):
            got = f"got {_shown(table['use'])}" if "use" in table else "missing"
            self.problem(f"{path}.use", f"{got}; expected the name of {_a(kind)}")
            return dict(table)
        try:
            entry = get(kind, table["use"])
            known = settings_of(entry)
        except (RegistryError, InputError) as error:
            self.problem(f"{path}.use", str(error))
            return dict(table)
        extra = _with_own_defaults(entry, extra)
        allowed = {s.name: s for s in (*known, *extra)}
        rest = {key: value for key, value in table.items() if key != "use"}
        return {
            "use": table["use"],
            **self.settings(rest, tuple(allowed.values()), path, f"{kind} {entry.name!r}"),
        }

    def settings(
        self, given: Mapping[str, Any], allowed: Sequence[Setting], path: str, owner: str = ""
    ) -> Tree:
        """The settings that are given, checked, and the defaults of all others."""
        self.unknown(path, given, [setting.name for setting in allowed], owner)
        result: Tree = {}
        for setting in allowed:
            here = f"{path}.{setting.name}" if path else setting.name
            if setting.name in given:
                value = self.value(given[setting.name], setting, here)
            elif setting.default is REQUIRED:
                if not (self.with_data and setting.name in FROM_DATA):
                    self.problem(here, f"missing; expected {setting.type_name}")
                continue
            else:
                value = self.default(setting, here)
            if value is not None:
                result[setting.name] = value
        return result

    def default(self, setting: Setting, path: str) -> Any:
        kind, many = kind_of(setting)
        if kind and not many and isinstance(setting.default, str):
            return self.part(kind, setting.default, path)
        return _copied(setting.default)

    def unknown(
        self, path: str, given: Mapping[str, Any], known: Sequence[str], owner: str = ""
    ) -> None:
        for key in given:
            if key not in known:
                full = f"{path}.{key}" if path else str(key)
                of = f" of {owner}" if owner else ""
                self.problem(
                    full,
                    f"unknown key{of}{did_you_mean(str(key), known)}"
                    f" keys: {', '.join(known) or 'none'}",
                )

    def value(self, value: Any, setting: Setting, path: str) -> Any:
        kind, many = kind_of(setting)
        if value is None and (setting.default is None or _optional(setting.type)):
            return None
        if kind and _is_built(value, kind):
            return value
        if kind and many and isinstance(value, (list, tuple)):
            return [self.part(kind, x, f"{path}.{k}") for k, x in enumerate(value)]
        if kind and not many:
            return self.part(kind, value, path)
        if kind or not _fits(value, setting.type):
            hint = " (a list of parts)" if kind else ""
            self.problem(path, f"got {_shown(value)}; expected {setting.type_name}{hint}")
            return value
        if isinstance(value, (int, float)) and not _in_range(value, setting):
            self.problem(
                path,
                f"got {_shown(value)}; expected {setting.type_name} {setting.range or '(finite)'}",
            )
        return _normal(value, setting.type)


FROM_DATA = ("vocab_size",)
"""Settings of a model that the data fills in where a configuration leaves them out."""


def configure(
    source: Mapping[str, Any] | str | Path,
    changes: Mapping[str, Any] | Iterable[str] = (),
) -> Tree:
    """The tree of a source with changes, checked, and with every default filled in.

    Raises :class:`ConfigurationError` that lists every problem with its path.

    >>> configure({"model": "mpl"})
    Traceback (most recent call last):
    ...
    neuroflow.base.errors.ConfigurationError: the configuration has 5 problems:
      model.use: unknown layer 'mpl'; did you mean 'mlp'? see: neuroflow list layers
      loss: missing; expected a table: how wrong one prediction is
      optimizer: missing; expected a table: how parameters move
      data: missing; expected a table: what to learn from
      train: got neither epochs nor steps; expected one of the two
    """
    tree, where = read(source)
    check = _Check(with_data=True)
    result = check.tree(changed(tree, changes))
    _raise(check.problems, where)
    return result


def check_part(kind: str, reference: Any) -> Tree:
    """One part, checked and with its defaults; raises :class:`ConfigurationError`."""
    check = _Check()
    result = check.part(kind, reference, kind)
    _raise(check.problems, f"the {kind}")
    return result  # type: ignore[no-any-return]


def _raise(problems: Sequence[str], where: str) -> None:
    if problems:
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ConfigurationError(f"{where} has {count}:\n" + "\n".join(f"  {p}" for p in problems))


def settings_of(entry: Entry) -> tuple[Setting, ...]:
    """What a configuration may say about an entry: read from the signature of its target.

    Layers and tokenizers: the arguments of ``__init__``; datasets: those of the function;
    all others: keyword-only arguments, since what is positional comes from the run.
    """
    target = entry.load()
    if isinstance(target, UpdateRule):
        return tuple(Setting(name, float, value) for name, value in target.settings.items())
    if isinstance(target, Op):
        return tuple(Setting(name, float, value) for name, value in target.settings.items())
    function = target.__init__ if inspect.isclass(target) else target
    hints = _hints(function)
    any_argument = entry.kind in ("layer", "tokenizer", "dataset")
    return tuple(
        Setting(name, hints.get(name, _type_of_default(p.default)), p.default)
        for name, p in inspect.signature(function).parameters.items()
        if name not in ("self", "rng")
        and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        and (any_argument or p.kind is p.KEYWORD_ONLY)
    )


def _hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:  # an annotation that cannot be evaluated checks nothing
        return {}


def _type_of_default(default: Any) -> Any:
    known = (bool, int, float, str)
    return type(default) if type(default) in known else Any


def _with_own_defaults(entry: Entry, extra: Sequence[Setting]) -> tuple[Setting, ...]:
    """An update rule may have a default learning rate of its own."""
    target = entry.load()
    if not isinstance(target, UpdateRule):
        return tuple(extra)
    own = inspect.signature(target.rule).parameters.get("learning_rate")
    if own is None or own.default is REQUIRED:
        return tuple(extra)
    return tuple(
        Setting(s.name, s.type, own.default, s.meaning, s.low, s.high, s.exclusive)
        if s.name == "learning_rate"
        else s
        for s in extra
    )


def kind_of(setting: Setting) -> tuple[str, bool]:
    """The kind of name that a setting takes, and whether it takes a list of them.

    Told by its name (``activation``, ``output_activation``, ``layers``), or by an annotation
    that says ``Module``. An empty kind means plain numbers and words; a setting that is
    annotated as a number (``n_layer: int``) is one, whatever its name.
    """
    if setting.type in (int, float, bool):
        return "", False
    for kind in PART_KINDS:
        if setting.name == kind or setting.name.endswith(f"_{kind}"):
            return kind, False
        if setting.name == plural(kind):
            return kind, True
    options = [setting.type, *typing.get_args(setting.type)]
    if any(inspect.isclass(t) and issubclass(t, Module) for t in options):
        return "layer", typing.get_origin(setting.type) not in (None, typing.Union, types.UnionType)
    return "", False


def _is_built(value: Any, kind: str) -> bool:
    """Not a name but the thing itself, as Python code may give it."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(_is_built(x, kind) for x in value)
    return isinstance(value, Module) or callable(value)


def _optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or hint is REQUIRED or isinstance(hint, (str, typing.TypeVar)):
        return True
    if origin is Literal:
        return any(value == a and type(value) is type(a) for a in arguments)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, argument) for argument in arguments)
    if hint is None or hint is type(None):
        return value is None
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if inspect.isclass(hint) and hint in (bool, str):
        return isinstance(value, hint)
    if _is_list(hint):
        items = [a for a in arguments if a is not Ellipsis]
        return isinstance(value, (list, tuple)) and (
            not items or all(any(_fits(x, item) for item in items) for x in value)
        )
    if origin is dict or hint is dict:
        return isinstance(value, Mapping)
    return not inspect.isclass(hint) or hint is Path or isinstance(value, hint)


def _is_list(hint: Any) -> bool:
    base = typing.get_origin(hint) or hint
    return base in (list, tuple, Sequence, Iterable)


def _normal(value: Any, hint: Any) -> Any:
    """Whole numbers become floats where a float is expected; tuples become lists."""
    options = [hint, *typing.get_args(hint)]
    whole = type(value) is int and abs(value) <= sys.float_info.max
    if whole and float in options and int not in options:
        return float(value)
    if isinstance(value, (list, tuple)):
        return [
            _normal(
                x, typing.get_args(hint)[0] if _is_list(hint) and typing.get_args(hint) else Any
            )
            for x in value
        ]
    return value


def _in_range(value: float, setting: Setting) -> bool:
    if abs(value) > sys.float_info.max:
        return False  # a whole number that no float can hold, or infinity
    if setting.exclusive:
        return setting.low < value < setting.high
    return setting.low <= value <= setting.high


_WORDS = {
    int: "a whole number", float: "a number", bool: "true or false", str: "a text",
    Any: "a value", REQUIRED: "a value", None: "nothing", type(None): "nothing",
}  # fmt: skip


def _number(x: float) -> str:
    return str(int(x)) if x == int(x) else f"{x:g}"


def _words(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_words(a) for a in arguments if a is not type(None))
    if _is_list(hint):
        items = [_words(a).removeprefix("a ") for a in arguments if a is not Ellipsis]
        return f"a list of {items[0]}s" if items else "a list"
    try:
        return _WORDS[hint]
    except (KeyError, TypeError):
        return str(getattr(hint, "__name__", hint))


def _shown(value: Any) -> str:
    """A value as TOML spells it, with its type where that is the surprise."""
    if isinstance(value, bool):
        return f"{str(value).lower()} (a truth value)"
    if isinstance(value, str):
        return f"{value!r} (a text)"
    if isinstance(value, Mapping):
        return "a table"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


# Building ------------------------------------------------------------------------------------


def build(
    what: str | Mapping[str, Any], /, *, rng: random.Random | None = None, **settings: Any
) -> Any:
    """A model from registry names.

    ``what`` is the name of a layer, with its settings as keywords; or a table with ``use``; or
    a whole tree, whose ``model`` is built. ``rng`` draws the initial weights
    (``SplitMix32(0)`` if there is none).

    Raises :class:`ConfigurationError` that lists every problem.

    >>> build("mlp", sizes=[2, 3, 1], activation="tanh", rng=SplitMix32(1))
    MLP(sizes=[2, 3, 1], activation='tanh'...)
    """
    table: Mapping[str, Any] = {"use": what} if isinstance(what, str) else what
    if "use" not in table and "model" in table:
        table = table["model"]
        table = {"use": table} if isinstance(table, str) else table
    checked = check_part("layer", {**table, **settings})
    return build_model(checked, rng or SplitMix32(0))


def build_model(table: Mapping[str, Any], rng: random.Random) -> Any:
    """A layer from a checked table; layers inside it are built first, in order."""
    entry = get("layer", table["use"])
    target = entry.load()
    arguments: dict[str, Any] = {}
    for setting in settings_of(entry):
        if setting.name not in table:
            continue
        kind, many = kind_of(setting)
        value = table[setting.name]
        if kind == "layer":
            parts = value if many else [value]
            built = [p if isinstance(p, Module) else build_model(p, rng) for p in parts]
            value = built if many else built[0]
        elif kind:
            value = [simplified(x) for x in value] if many else simplified(value)
        arguments[setting.name] = value
    if "rng" in inspect.signature(target.__init__).parameters:
        arguments["rng"] = rng
    return target(**arguments)


def simplified(part: Any) -> Any:
    """A part as short as it can be said: its name, if every setting has its default."""
    if isinstance(part, Mapping) and set(part) == {"use"}:
        return part["use"]
    return part


def resolve(kind: str, reference: Any) -> Any:
    """The thing that a part means, with its settings bound: for authors of layers.

    ``reference`` is a name, a table with ``use``, or the thing itself, which is given back.

    >>> resolve("activation", {"use": "leaky_relu", "slope": 0.5})(-2.0)
    -1.0
    """
    if not isinstance(reference, (str, Mapping)):
        return reference
    table = check_part(kind, reference)
    target = get(kind, table.pop("use")).load()
    if not table:
        return target
    if isinstance(target, Op):
        return target.bind(**table)
    return functools.partial(target, **table)


def spec_of(model: Module) -> Tree:
    """The table that builds this model again, apart from its parameters.

    Raises :class:`StateError` for a module that no plugin registers.
    """
    entry = next((e for e in manager().registry.entries("layer") if e.load() is type(model)), None)
    if entry is None:
        raise StateError(
            f"{type(model).__name__} is not registered as a layer, so nothing could load it again;"
            " offer it in a plugin's neuroflow_layers, or keep model.state_dict() yourself"
        )
    table = {"use": entry.shortest_name}
    for name, value in model.configuration().items():
        if value is not None:
            table[name] = _plain(value, name)
    return table


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, Module):
        return spec_of(value)
    if isinstance(value, Mapping):
        return {key: _plain(x, str(key)) for key, x in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(x, name) for x in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return _name_of(value)


def _name_of(thing: Any) -> Any:
    """The part that means an op or a function that was handed over as itself."""
    function, settings = thing, {}
    if isinstance(thing, functools.partial):
        function, settings = thing.func, dict(thing.keywords)
    for kind in ("activation", "initializer", "op", "loss"):
        for entry in manager().registry.entries(kind):
            target = entry.load()
            if target is function:
                return {"use": entry.shortest_name, **settings} if settings else entry.shortest_name
            if isinstance(thing, Op) and isinstance(target, Op) and thing.rule is target.rule:
                return {"use": entry.shortest_name, **thing.settings}
    raise StateError(
        f"{thing!r} is not registered, so a saved model could not name it;"
        " offer it in a plugin, or use a registered one"
    )


def parts_of(tree: Any, kind: str = "") -> Iterator[tuple[str, str]]:
    """Every ``(kind, name)`` that a checked tree or table uses, outermost first.

    ``kind`` is that of the table itself; none for a whole tree.
    """
    if not kind:
        for section in SECTIONS:
            if section.kind and section.name in tree:
                yield from parts_of(tree[section.name], section.kind)
        return
    if isinstance(tree, str):
        yield kind, tree
        return
    if not isinstance(tree, Mapping) or "use" not in tree:
        return
    yield kind, tree["use"]
    extra = OF_OPTIMIZER if kind == "optimizer" else ()
    for setting in (*settings_of(get(kind, tree["use"])), *extra):
        inner, many = kind_of(setting)
        if inner and setting.name in tree:
            for part in tree[setting.name] if many else [tree[setting.name]]:
                yield from parts_of(part, inner)


# Writing -------------------------------------------------------------------------------------


def to_toml(tree: Mapping[str, Any]) -> str:
    """The tree as TOML; ``tomllib.loads`` gives it back. Keys without a value are left out."""
    lines = [f"{_toml_key(k)} = {_toml(v)}" for k, v in tree.items() if not isinstance(v, Mapping)]
    for name, table in tree.items():
        if isinstance(table, Mapping):
            lines += ["", f"[{_toml_key(name)}]"]
            lines += [f"{_toml_key(k)} = {_toml(v)}" for k, v in table.items() if v is not None]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "nan")
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        pairs = (f"{_toml_key(k)} = {_toml(v)}" for k, v in value.items() if v is not None)
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, (int, float)):
        return repr(value)
    raise InputError(f"{value!r} cannot be written as TOML; expected numbers, texts and tables")


def _toml_key(key: str) -> str:
    bare = key.replace("_", "").replace("-", "")
    return key if bare.isascii() and bare.isalnum() else _toml(key)


def schema() -> list[dict[str, Any]]:
    """The tree described, for documentation and help: one row per key of each table."""
    rows = []
    for section in SECTIONS:
        if section.kind:
            rows.append(
                _row(section.name, Setting("use", str, meaning=f"{_a(section.kind)} by name"))
            )
        rows += [_row(section.name, setting) for setting in section.settings]
    return rows


def _row(section: str, setting: Setting) -> dict[str, Any]:
    return {
        "path": f"{section}.{setting.name}",
        "type": setting.type_name,
        "default": None if setting.default is REQUIRED else setting.default,
        "required": setting.default is REQUIRED,
        "range": setting.range,
        "meaning": setting.meaning,
    }
