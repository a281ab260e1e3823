"""The network as data: its layers of neurons, their activations by name, and its modules.

A *neuron* is any module with a list ``weights`` of parameters, and maybe a ``bias``; neurons that
lie in one list are a layer, whose ``activation`` names what is applied to their sums. So the
layers of a plugin are drawn like the bundled ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from neuroflow.config import ANY, Shape, shapes_of
from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.errors import NeuroflowError
from neuroflow.registry.entries import ActivationEntry
from neuroflow.registry.manager import get
from neuroflow.view.looks import looks_of


def network_of(model: Module) -> dict[str, Any]:
    """The layers of a model for JSON: names, activations and the numbers of each neuron.

    Empty ``layers`` means that the model has no neurons: then its modules are drawn instead.
    """
    layers: dict[str, list[tuple[str, Module]]] = {}
    modules = dict(model.named_modules())
    looks = {path: look.table() for path, look in looks_of(model).items()}
    shapes = shapes_by_path(model)
    for path, module in modules.items():
        if _is_neuron(module):
            layers.setdefault(_owner(path), []).append((path, module))
    return {
        "model": repr(model),
        "parameters": len(model.parameters()),
        "held": held_by(model),
        "layers": [
            {**_layer(path, neurons, modules), "look": looks.get(path)}
            for path, neurons in layers.items()
        ],
        "modules": _with_shared(model, shapes, [
            {
                "path": path,
                "type": type(module).__name__,
                "parameters": len(module.parameters()),
                "held": held_by(module),
                "activation": _written(vars(module).get("activation")),
                "look": looks.get(path),
                "shapes": shapes.get(path, ""),
            }
            for path, module in modules.items()
        ]),
    }  # fmt: skip


def _with_shared(
    model: Module, shapes: Mapping[str, str], rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The modules, and each place at which one of them stands again."""
    known = {row["path"]: row for row in rows}
    for path in [path for path in shapes if path not in known]:
        own = known[model.name_of(_standing_at(model, path))]
        same = {**own, "path": path, "parameters": 0, "held": f"the same as {own['path']}"}
        beside = [k for k, row in enumerate(rows) if _is_within(row["path"], _parent(path))]
        rows.insert(beside[-1] + 1 if beside else len(rows), {**same, "shapes": shapes[path]})
    return rows


def _standing_at(part: Any, path: str) -> Any:
    """The module at a dotted path."""
    for word in path.split("."):
        if isinstance(part, Mapping):
            part = part[word]
        else:
            part = part[int(word)] if isinstance(part, (list, tuple)) else getattr(part, word)
    return part


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _is_within(path: str, parent: str) -> bool:
    return f"{path}.".startswith(f"{parent}.")


def shapes_by_path(model: Module) -> dict[str, str]:
    """What each layer takes and gives, as its declaration tells it of what the data give."""
    facts, taken = model.trained_on, ANY
    if facts is not None and facts.n_inputs:
        taken = Shape((facts.n_inputs,))
    elif facts is not None and facts.tokenizer is not None:
        taken = Shape(("n",), ids=True)
    rows, _ = shapes_of(model, taken, "")
    return {row.path.lstrip("."): row.in_words for row in rows}


def held_by(module: Module) -> str:
    """How many numbers a module has, in words."""
    parameters, buffers = len(module.parameters()), len(module.buffers())
    return f"{parameters:,} parameters" + (f", {buffers:,} buffers" if buffers else "")


def _is_neuron(module: Module) -> bool:
    weights = vars(module).get("weights")
    return (
        isinstance(weights, (list, tuple))
        and bool(weights)
        and all(isinstance(w, Value) for w in weights)
    )


def _owner(path: str) -> str:
    """The path of the layer whose list holds the neuron: ``layers.0.neurons.3 -> layers.0``."""
    words = path.split(".")
    return ".".join(words[:-2]) if words[-1].isdigit() else path


def _layer(
    path: str, neurons: list[tuple[str, Module]], modules: Mapping[str, Module]
) -> dict[str, Any]:
    activation = _activation_of(modules.get(path, neurons[0][1]), neurons[0][1])
    return {
        "path": path,
        **_described(activation),
        "neurons": [
            {
                "path": name,
                "weights": [w.data for w in vars(neuron)["weights"]],
                "weight_grads": [w.grad for w in vars(neuron)["weights"]],
                "bias": bias.data if isinstance(bias := vars(neuron).get("bias"), Value) else None,
            }
            for name, neuron in neurons
        ],
    }


def _activation_of(layer: Module, neuron: Module) -> Any:
    """What is applied to the sums: the layer's activation, else the neuron's."""
    for module in (layer, neuron):
        found = vars(module).get("activation")
        if found is not None:
            return found
    return "linear"


def _described(activation: Any) -> dict[str, Any]:
    """An activation's name with its settings, who offers it, and its curve."""
    settings = dict(activation) if isinstance(activation, Mapping) else {"use": activation}
    use = settings.pop("use", "linear")
    reference = use if isinstance(use, str) else getattr(use, "name", type(use).__name__)
    shown = ", ".join(f"{key}={value}" for key, value in settings.items())
    facts: dict[str, Any] = {
        "activation": f"{reference}({shown})" if shown else reference,
        "provider": "",
        "curve": [],
    }
    try:
        entry = get("activation", reference)
    except NeuroflowError:
        return facts
    facts["provider"] = entry.credit
    assert isinstance(entry, ActivationEntry)
    return {**facts, "curve": _curve(entry, settings)}


def _written(activation: Any) -> str:
    """An activation's name, and who offers it if that is a plugin; empty if there is none."""
    if activation is None:
        return ""
    facts = _described(activation)
    provider = f" (from {facts['provider']})" if facts["provider"] else ""
    return f"{facts['activation']}{provider}"


def _curve(entry: ActivationEntry, settings: Mapping[str, Any]) -> list[float]:
    """The activation from -3 to 3, scaled into -1 to 1; empty where it has no curve."""
    if not entry.elementwise:
        return []
    function = entry.load()
    try:
        ys = [float(function(x / 4, **settings)) for x in range(-12, 13)]
    except (ArithmeticError, TypeError, ValueError):
        return []
    most = max(map(abs, ys)) or 1.0
    return [round(y / most, 3) for y in ys] if all(map(math.isfinite, ys)) else []
