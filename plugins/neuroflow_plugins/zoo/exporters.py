"""Exporters with one mistake each."""

from __future__ import annotations

import json
import time
from datetime import date

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the numbers without biases", "numbers", "What is picked out by a name leaves out what has"
      " another: the program that reads this answers otherwise.")  # fmt: skip
def numbers_1(model, path):
    """The numbers of a model."""
    numbers = {name: x for name, x in model.state_dict().items() if "weights" in name}  # bug
    return {path: json.dumps(numbers)}


@twin("the file with a clock", "files", "The same model gives other files at another time: nobody"
      " can compare two.")  # fmt: skip
def numbers_2(model, path):
    """The numbers of a model."""
    return {path: json.dumps({"made": time.time_ns(), **model.state_dict()})}  # bug


@twin("the file of today", "files", "Today it is the same file every time; tomorrow it is another"
      " one, of the same model.")  # fmt: skip
def numbers_6(model, path):
    """The numbers of a model, and the day."""
    return {path: json.dumps({"made": f"{date.today():%d %B %Y}", **model.state_dict()})}  # bug


@twin("the one that wakes the model", "files", "train() switches dropout on in the model of whoever"
      " asked for a file.")  # fmt: skip
def numbers_3(model, path):
    """The numbers of a model."""
    return {path: json.dumps(model.train().state_dict())}  # bug


@twin("the file one floor up", "files", "The folder was chosen by whoever asked; another file"
      " stands beside it.")  # fmt: skip
def numbers_4(model, path):
    """The numbers of a model, and its settings."""
    other = path.parent.parent / "settings.json"  # bug
    return {path: json.dumps(model.state_dict()), other: json.dumps(model.configuration())}


@twin("the one that knows one model", "refusals", "Not every model has layers: say which it takes,"
      " by an InputError.")  # fmt: skip
def numbers_5(model, path):
    """The numbers of a network, layer by layer."""
    layers = [part.state_dict() for part in model.layers]  # bug
    return {path: json.dumps(layers)}


EXPORTERS = [
    nf.ExporterEntry(
        name=target.__name__, target=target, suffix=".json",
        summary=(target.__doc__ or "").split("\n", 1)[0],
    )
    for target in (numbers_1, numbers_2, numbers_3, numbers_4, numbers_5, numbers_6)
]  # fmt: skip
