"""Building: models, and the functions that parts mean, from registry names."""

from __future__ import annotations

import functools
import inspect
import random
from collections.abc import Callable, Mapping
from typing import Any

from neuroflow.config.checking import check_part
from neuroflow.config.matrix_draw import MatrixDraw
from neuroflow.config.settings import is_by_name, settings_of
from neuroflow.config.shapes import NAME, REF, check_shapes
from neuroflow.config.sharing import PART_NAME
from neuroflow.core.protocols.drawing import random_generator
from neuroflow.core.random import SplitMix32
from neuroflow.core.settings import Setting, unchecked
from neuroflow.core.value import Op
from neuroflow.errors import require
from neuroflow.registry.entries import Entry, InitializerEntry
from neuroflow.registry.lookups import does_without
from neuroflow.registry.manager import get


def build(
    what: str | Mapping[str, Any],
    /,
    *,
    rng: random.Random | Callable[[], float] | None = None,
    **settings: Any,
) -> Any:
    """A model from registry names.

    ``what`` is the name of a layer, with its settings as keywords; or a table with ``use``; or
    a whole tree, whose ``model`` is built. ``rng`` draws the initial weights
    (``SplitMix32(0)`` if there is none), and may be a function of no arguments, ``random.random``.

    Raises :class:`ConfigurationError` that lists every problem.

    >>> build("mlp", sizes=[2, 3, 1], activation="tanh", rng=SplitMix32(1))
    MLP(sizes=[2, 3, 1], activation='tanh'...)
    """
    require(what, (str, Mapping), "the model", "the name of a layer, or a table with use = ...")
    generator: Any = random_generator(rng)
    require(
        generator, (random.Random, type(None)), "rng", "a random.Random, such as nf.SplitMix32(0)"
    )
    table: Mapping[str, Any] = {"use": what} if isinstance(what, str) else what
    if "use" not in table and "model" in table:
        table = table["model"]
        table = {"use": table} if isinstance(table, str) else table
    checked = check_part("layer", {**table, **settings})
    check_shapes(checked)
    return build_model(checked, SplitMix32(0) if generator is None else generator)


def build_model(table: Any, rng: random.Random, named: dict[str, Any] | None = None) -> Any:
    """A layer from a checked table; layers inside it are built first, in order.

    A reference is the layer of that name, which is ``named``: the same object, not one like it.
    What is no table is built already, and is given back.
    """
    named = {} if named is None else named
    if not isinstance(table, Mapping):
        return table
    if REF in table:
        return named[table[REF]]
    entry = get("layer", table["use"])
    target = entry.load()
    arguments = {
        setting.name: _argument(setting, table[setting.name], rng, named)
        for setting in settings_of(entry)
        if setting.name in table
    }
    if "rng" in inspect.signature(target.__init__).parameters:
        arguments["rng"] = rng
    with entry.running():
        model = target(**arguments)
    if NAME in table and NAME not in arguments:
        named[table[NAME]] = model
        vars(model)[PART_NAME] = table[NAME]
    if any(setting.unbuilt for setting in settings_of(entry)):
        _remember_inner(model, named)
    return model


def _remember_inner(model: Any, named: dict[str, Any]) -> None:
    """The names inside a layer that built its own layers; of several alike, the first has it."""
    for _, inner in model.named_modules():
        if PART_NAME in vars(inner):
            named.setdefault(vars(inner)[PART_NAME], inner)


def _argument(setting: Setting, value: Any, rng: random.Random, named: dict[str, Any]) -> Any:
    """What a setting is built with: layers are built, other parts are named as short as can be."""
    if setting.part == "layer" and not setting.unbuilt:
        return each_part(value, setting, lambda part: build_model(part, rng, named))
    if setting.unbuilt:
        return each_part(value, setting, lambda part: _with_layers(part, named))
    return each_part(value, setting, simplified) if setting.part else value


def _with_layers(part: Any, named: Mapping[str, Any]) -> Any:
    """A table that a layer builds itself, with the layers that it refers to in their places."""
    if isinstance(part, Mapping):
        if part.get(REF) in named:
            return named[part[REF]]
        return {key: _with_layers(value, named) for key, value in part.items()}
    return [_with_layers(x, named) for x in part] if isinstance(part, list) else part


def each_part(value: Any, setting: Setting, change: Callable[[Any], Any]) -> Any:
    """A part, each of a list of parts, or each of those by name, changed."""
    if is_by_name(setting) and isinstance(value, Mapping):
        return {key: change(part) for key, part in value.items()}
    if setting.many and isinstance(value, (list, tuple)):
        return [change(part) for part in value]
    return change(value)


def simplified(part: Any) -> Any:
    """A part as short as it can be said: its name, if every setting has its default."""
    if isinstance(part, Mapping) and set(part) == {"use"}:
        return part["use"]
    return part


def any_number(rng: random.Random, fan_in: int, fan_out: int, **settings: Any) -> float:
    """What an initializer draws where a saved number takes its place."""
    return rng.random()


def resolve(kind: str, reference: Any) -> Any:
    """The thing that a part means, with its settings bound: for authors of layers.

    ``reference`` is a name, a table with ``use``, or the thing itself, which is given back.

    >>> resolve("activation", {"use": "leaky_relu", "slope": 0.5})(-2.0)
    -1.0
    """
    if not isinstance(reference, (str, Mapping)):
        return reference
    if kind == "initializer" and does_without(kind, reference):
        return any_number
    table = check_part(kind, reference)
    entry = get(kind, table.pop("use"))
    bound = _bound(entry.load(), table)
    if not isinstance(entry, InitializerEntry):
        return bound
    draw = _credited(entry, bound) if entry.credit else bound
    return MatrixDraw(draw) if entry.matrix else draw


def _credited(entry: Entry, draw: Callable[..., Any]) -> Callable[..., Any]:
    """What a third party's initializer raises says whose it is; a layer only passes it on."""

    def credited(*arguments: Any, **settings: Any) -> Any:
        try:
            return draw(*arguments, **settings)
        except Exception:
            with entry.running():
                raise

    return credited


def _bound(target: Any, settings: Mapping[str, Any]) -> Any:
    """A target with its settings, which were checked: here, and not in every call."""
    if not settings:
        return target
    if isinstance(target, Op):
        return target.bind(**settings)
    return functools.partial(unchecked(target), **settings)
