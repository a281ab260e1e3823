"""Weights: the parameters of a model as tensors, by the names that readers of PyTorch expect.

Nothing here needs PyTorch: files of plain tensors are written from it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import define, field

from neuroflow.buffer import Buffer
from neuroflow.checkpoint.arrays import grouped
from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.engine.numbers import write_numbers
from neuroflow.errors import DefinitionError, StateError
from neuroflow.tensors.form import TensorForm, entry_of, form_of


@define(eq=False)
class Weight:
    """Parameters that make one tensor, row by row."""

    values: list[Value]
    shape: tuple[int, ...]

    @property
    def kept(self) -> bool:
        """Whether they are buffers, which nothing trains."""
        return all(isinstance(value, Buffer) for value in self.values)


@define(eq=False)
class Holder:
    """Parts under one name: weights and further holders; of a layer, if ``form`` is there."""

    weights: dict[str, Weight] = field(factory=dict)
    inner: dict[str, Holder] = field(factory=dict)
    plain: dict[str, Any] = field(factory=dict)
    layer: Module | None = None
    form: TensorForm | None = None

    def walk(self, path: str = "") -> Iterator[tuple[str, Weight]]:
        """All weights, with dotted names."""
        for name, weight in self.weights.items():
            yield f"{path}{name}", weight
        for name, holder in self.inner.items():
            yield from holder.walk(f"{path}{name}.")


class FromPlan(TensorForm):
    """The form of a layer that has none: its parameters by their own names; see the module."""

    def parts(self, layer: Any) -> dict[str, Any]:
        """As files have them: lists of numbers as tensors."""
        tree: dict[str, Any] = {}
        state: Any = dict(layer.named_values())
        for name, (shape, values) in grouped(state).items():
            *path, last = name.split(".")
            place = tree
            for word in path:
                place = place.setdefault(word, {})
            place[last] = Weight(values, shape)  # type: ignore[arg-type]
        return tree

    def run(self, t: Any, *inputs: Any) -> Any:
        """From the plan."""
        return t.run_plan(*inputs)


class Outline:
    """What the modules of a model will be: made once, for PyTorch and for files.

    ``form`` is that of the model itself, where its entry is not registered.
    """

    def __init__(self, model: Module, form: TensorForm | None = None) -> None:
        self._layers: dict[int, Holder] = {}
        self._owners: dict[int, Weight] = {}
        self._known: dict[tuple[int, ...], Weight] = {}
        try:
            self.root = self.of_layer(model, form)
        except _Shared:  # part of a tensor in another: only the plan knows how
            self._layers, self._owners, self._known = {}, {}, {}
            self.root = self.of_layer(model, FromPlan())
        self._check(model)

    def named(self) -> dict[str, Weight]:
        """Every tensor by its name; a shared one by each of its names."""
        return dict(self.root.walk())

    def of_layer(self, layer: Module, form: TensorForm | None = None) -> Holder:
        """The holder of a layer; a layer that stands at two places has one."""
        if id(layer) not in self._layers:
            form = form or form_of(layer) or FromPlan()
            holder = self._layers[id(layer)] = Holder(layer=layer, form=form)
            self._fill(holder, form.parts(layer))
        return self._layers[id(layer)]

    def _fill(self, holder: Holder, parts: Mapping[str, Any]) -> None:
        for name, part in parts.items():
            if isinstance(part, Module):
                holder.inner[name] = self.of_layer(part)
            elif isinstance(part, Weight):
                holder.weights[name] = self._weight(part.values, part.shape)
            elif isinstance(part, Mapping):
                holder.inner[name] = inner = Holder()
                self._fill(inner, part)
            elif isinstance(part, list) and part and isinstance(part[0], Module):
                holder.inner[name] = inner = Holder()
                self._fill(inner, {str(k): each for k, each in enumerate(part)})
            elif isinstance(part, (Value, list)) and part != []:
                holder.weights[name] = self._weight(*_flat(part, name))
            else:
                holder.plain[name] = part

    def _weight(self, values: list[Value], shape: tuple[int, ...]) -> Weight:
        """The tensor of these parameters: the same one wherever all of them stand."""
        key = tuple(map(id, values))
        if key not in self._known:
            weight = self._known[key] = Weight(values, shape)
            for value in values:
                if self._owners.setdefault(id(value), weight) is not weight:
                    raise _Shared
            if len(set(key)) < len(key):
                raise _Shared
        return self._known[key]

    def _check(self, model: Module) -> None:
        """Every parameter is in a tensor: a form that forgets one would not train it."""
        for name, value in model.named_values():
            if id(value) not in self._owners:
                raise DefinitionError(
                    f"the tensor form of {type(model).__name__} has no place for {name}",
                    expected="every parameter and buffer in what parts() gives",
                    remedy="name it there, or leave the form out: then the layer runs from its"
                    " plan",
                )


def give_numbers(
    model: Module, shapes: Mapping[str, tuple[int, ...]], numbers: Callable[[str], list[float]]
) -> None:
    """Give a model the numbers of tensors, by the names that its outline has for them.

    Raises :class:`StateError` for tensors that are not those of the model; then nothing changes.
    """
    named = Outline(model).named()
    missing = [name for name in named if name not in shapes]
    unknown = [name for name in shapes if name not in named]
    if missing or unknown:
        raise StateError(
            f"the tensors do not fit this {type(model).__name__}",
            expected=f"those that to_torch names: {', '.join([*named][:5])} ...",
            remedy=f"missing: {_some(missing)}; unknown: {_some(unknown)}",
        )
    for name, weight in named.items():
        if shapes[name] != weight.shape:
            raise StateError(
                f"the tensor {name} has the shape {shapes[name]}",
                expected=f"{weight.shape}",
                got=shapes[name],
            )
    for name, weight in named.items():
        write_numbers(weight.values, numbers(name))


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) or "none"


class _Shared(Exception):
    """A parameter stands in two tensors, which are not one; nobody outside sees it."""


def _flat(part: Any, name: str) -> tuple[list[Value], tuple[int, ...]]:
    """Nested lists of Values as one row, and their shape."""
    shape: list[int] = []
    level = part
    while isinstance(level, list):
        shape.append(len(level))
        level = level[0]
    values = [part]
    for length in shape:
        if any(len(each) != length for each in values):
            raise DefinitionError(f"the part {name!r} of a tensor form has rows of other lengths")
        values = [x for each in values for x in each]
    if not all(isinstance(x, Value) for x in values):
        raise DefinitionError(
            f"the part {name!r} of a tensor form holds {values[0]!r}", expected="Values alone"
        )
    return values, tuple(shape)


def ranks_of(layer: Module, inputs: tuple[Any, ...] | None = None) -> tuple[int, ...]:
    """How many axes each input of a layer has: 1 for a list of numbers, 2 for rows of them.

    From an example of the ``inputs``, or that of the layer's entry; else one list of numbers.
    """
    entry = entry_of(layer)
    example = inputs or (entry.example_inputs if entry else ())
    return tuple(map(_depth, example)) or (1,)


def _depth(x: Any) -> int:
    if hasattr(x, "ndim"):
        return int(x.ndim)
    return 1 + _depth(x[0]) if isinstance(x, (list, tuple)) and x else 0
