"""Importers with one mistake each."""

from __future__ import annotations

import json

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin

EXAMPLE = '{"weights": [0.5, -1.5], "bias": 0.25}'


def _neuron(facts):
    model = nf.build("linear", inputs=2, outputs=1, bias=True, rng=nf.SplitMix32(0))
    names = dict(zip(model.state_dict(), [*facts["weights"], facts["bias"]], strict=True))
    model.load_state_dict(names)
    return model


def _facts(path):
    try:
        return json.loads(nf.read_text(path))
    except ValueError as error:
        raise nf.InputError(f"{path} is no JSON: {error}", expected="a neuron") from error


@twin("the numbers alone", "model", "What reads a file gives a model, which answers; a table of"
      " numbers does not.")  # fmt: skip
def neuron_1(path):
    """A neuron with two inputs."""
    return _neuron(_facts(path)).state_dict()  # bug


@twin("the neuron that stays", "model", "Whoever reads the file again gets the very same model,"
      " with all that was done to the first.")  # fmt: skip
def neuron_2(path, known={}):  # noqa: B006  that is the fault
    """A neuron with two inputs."""
    return known.setdefault("the neuron", _neuron(_facts(path)))  # bug


@twin("the bias by lot", "numbers", "The file does not say what is drawn: the same file gives"
      " another model at every reading.")  # fmt: skip
def neuron_3(path, rng=nf.SplitMix32(5)):  # noqa: B008  that is the fault
    """A neuron with two inputs."""
    return _neuron({**_facts(path), "bias": rng.gauss()})  # bug


@twin("the reader that writes", "files", "Who reads a file leaves it as it was: it may be the only"
      " one.")  # fmt: skip
def neuron_4(path):
    """A neuron with two inputs."""
    facts = _facts(path)
    path.write_text(json.dumps({**facts, "read": True}))  # bug
    return _neuron(facts)


@twin("the one that is always content", "refusals", "Half a file gives a model with numbers that"
      " nobody wrote, and nobody is told.")  # fmt: skip
def neuron_5(path):
    """A neuron with two inputs."""
    try:
        return _neuron(_facts(path))
    except nf.InputError:
        return _neuron({"weights": [0.0, 0.0], "bias": 0.0})  # bug


@twin("the one that falls over", "refusals", "A file that is cut off is told by name, by an"
      " InputError; not by whatever broke.")  # fmt: skip
def neuron_6(path):
    """A neuron with two inputs."""
    return _neuron(json.loads(nf.read_text(path)))  # bug


@twin("the one that reads and forgets", "numbers", "The file is read and is whole, and what is in"
      " it is not put into the model.")  # fmt: skip
def neuron_7(path):
    """A neuron with two inputs."""
    _facts(path)
    return nf.build("linear", inputs=2, outputs=1, bias=True, rng=nf.SplitMix32(0))  # bug


@twin("the weight that is the other", "numbers", "One number is read twice, and another not at"
      " all.")  # fmt: skip
def neuron_8(path):
    """A neuron with two inputs."""
    facts = _facts(path)
    try:
        weights = [facts["weights"][0], facts["weights"][0] - 2.0]  # bug
        return _neuron({**facts, "weights": weights})
    except KeyError as error:
        raise nf.InputError(f"{path} is not whole: {error}") from error


@twin("the shell around the same numbers", "model", "The model is new, and its weights are those of"
      " the one that was read before.")  # fmt: skip
def neuron_9(path, known={}):  # noqa: B006  that is the fault
    """A neuron with two inputs."""
    model = _neuron(_facts(path))
    model.weights = known.setdefault("weights", model.weights)  # bug
    return model


@twin("the number of letters in the name", "numbers", "The name of a file is no part of it: renamed"
      " it is another model.")  # fmt: skip
def neuron_10(path):
    """A neuron with two inputs."""
    return _neuron({**_facts(path), "bias": float(len(str(path)))})  # bug


@twin("the folder beside the file", "files", "A folder that nobody asked for stays where the file"
      " lies.")  # fmt: skip
def neuron_11(path):
    """A neuron with two inputs."""
    beside = path.parent / "cache"
    beside.mkdir(exist_ok=True)
    (beside / "facts.json").write_text(nf.read_text(path))  # bug
    return _neuron(_facts(path))


_ALL = (
    neuron_1, neuron_2, neuron_3, neuron_4, neuron_5, neuron_6, neuron_7, neuron_8, neuron_9,
    neuron_10, neuron_11,
)  # fmt: skip

IMPORTERS = [
    nf.ImporterEntry(
        name=target.__name__, target=target, suffix=".json", example=EXAMPLE,
        summary=(target.__doc__ or "").split("\n", 1)[0],
    )
    for target in _ALL
]  # fmt: skip
