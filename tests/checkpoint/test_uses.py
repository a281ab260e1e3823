"""What a saved model needs: seen wherever it stands, named for good, and nothing beside it."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pytest

import neuroflow as nf
from neuroflow.training import Run

LAYER = {"use": "layer", "inputs": 2, "outputs": 2, "activation": "squareplus"}
ROW = [0.3, 0.2]


def times(factor, name="squareplus", version=1):
    """An activation of a third party that multiplies."""

    def scaled(x):
        return factor * x

    return nf.ActivationEntry(name=name, target=scaled, version=version, summary="A multiple.")


class Residual(nf.Module):
    def __init__(
        self,
        *,
        inner: Annotated[Any, nf.Setting("what is added to its input", part="layer")],
        rng=None,
    ):
        self.rounds = 1

    def forward(self, xs):
        return [x + y for x, y in zip(xs, self.inner(xs), strict=True)]


class Loose(nf.Module):
    """A layer that declares none of its parts."""

    def __init__(self, *, inner, gate="squareplus", rng=None):
        self.inner = inner if isinstance(inner, nf.Module) else nf.build(inner, rng=rng)
        self._gate = nf.resolve("activation", gate)

    def forward(self, xs):
        return [self._gate(x) for x in self.inner(xs)]


class Direct(nf.Module):
    """A layer that makes one of another plugin without asking for its name."""

    def __init__(self, *, inner: Annotated[Any, nf.Setting("inside", part="layer")], rng=None):
        self.outer = Residual(inner=inner)

    def forward(self, xs):
        return self.outer(xs)


def residual(version=1):
    return nf.LayerEntry(name="shortcut", target=Residual, version=version, summary="x + f(x).")


@pytest.fixture
def layers(offers):
    """A plugin of layers beside the one of activations."""
    own = [nf.LayerEntry(name=c.__name__.lower(), target=c, summary=".") for c in (Loose, Direct)]
    offers.put(*own, residual(), namespace="layers", distribution="nf-layers")
    offers.put(times(1.0))
    return offers


NESTED = {
    "by name": LAYER,
    "in a table": {**LAYER, "activation": {"use": "squareplus"}},
    "in a list": {"use": "sequential", "layers": [LAYER]},
    "in a part": {"use": "shortcut", "inner": LAYER},
    "deep inside": {
        "use": "sequential",
        "layers": [{"use": "shortcut", "inner": {"use": "sequential", "layers": [LAYER]}}],
    },
    "in a part that is not declared": {"use": "loose", "inner": LAYER, "gate": "tanh"},
    "in a setting that is not declared": {"use": "loose", "inner": {**LAYER, "activation": "tanh"}},
    "in a part of a part that was made directly": {"use": "direct", "inner": LAYER},
}


@pytest.mark.parametrize("table", NESTED.values(), ids=NESTED)
def test_a_part_that_changed_is_seen_wherever_it_stands(layers, tmp_path, table):
    path = tmp_path / "m.safetensors"
    nf.save(nf.build(table, rng=nf.SplitMix32(1)), path)
    right = nf.predict(path, [ROW])
    assert "grab/squareplus@1" in {used.id for used in nf.inspect_file(path).uses}
    layers.put(times(9.0), namespace="other", distribution="nf-other")
    assert nf.predict(path, [ROW]) == right
    layers.put(times(1.0), times(3.0, version=2), version="0.2.0")
    assert nf.predict(path, [ROW]) == right
    layers.put(times(3.0, version=2), version="0.2.0")
    with pytest.raises(nf.StateError, match=re.escape("grab/squareplus@1 (plugin 'grab' of nf-gr")):
        nf.predict(path, [ROW])
    layers.drop("grab")
    with pytest.raises(nf.PluginError, match="needs what is not installed"):
        nf.predict(path, [ROW])


def test_a_class_of_another_plugin_counts_without_a_name_in_any_table(layers, tmp_path):
    path = tmp_path / "m.safetensors"
    nf.save(nf.build("direct", inner=LAYER), path)
    assert "layers/shortcut@1" in {used.id for used in nf.inspect_file(path).uses}


def test_the_same_name_from_another_distribution_is_another_entry(layers, tmp_path):
    path = tmp_path / "m.safetensors"
    nf.save(nf.build(LAYER), path)
    layers.put(times(9.0), distribution="nf-other")
    with pytest.raises(nf.StateError, match=r"nf-grab 0.1.0.*while.*nf-other 0.1.0 is installed"):
        nf.load(path)
    layers.put(times(1.0), distribution="NF_Grab", version="0.1.1")
    assert nf.load(path)(ROW)


def test_names_of_third_parties_are_saved_with_their_namespace(layers, tmp_path):
    tree = {
        "model": {**LAYER, "outputs": 1},
        "loss": "hinge",
        "optimizer": "sgd",
        "data": "moons",
        "train": {"steps": 2, "backend": "eager"},
    }
    run = Run.start(tree, tmp_path / "run").run()
    saved = nf.inspect_file(tmp_path / "run")
    for table in (saved.model, saved.configuration["model"], run.training.configuration["model"]):
        assert "grab/squareplus" in str(table["activation"])
    layers.put(times(9.0), namespace="other", distribution="nf-other")
    assert nf.Run.resume(tmp_path / "run").training.step == 2
    assert saved.model["initializer"]["use"] == "uniform"


def test_a_version_that_was_asked_for_stays(layers, tmp_path):
    layers.put(times(1.0), times(2.0, version=2))
    model = nf.build({**LAYER, "activation": "squareplus@1"})
    nf.save(model, tmp_path / "m.safetensors")
    assert nf.inspect_file(tmp_path / "m.safetensors").model["activation"] == "grab/squareplus@1"
    assert nf.predict(tmp_path / "m.safetensors", [ROW]) == nf.predict(model, [ROW])


# What answering needs ------------------------------------------------------------------------


@nf.update_rule
def half(w, g, *, learning_rate, step):
    return (w - learning_rate * g / 2,)


def loss(prediction, target):
    return (prediction - target) ** 2


def flat(base, step, steps):
    return base


def dots(rng):
    return nf.Dataset([[0.0, 1.0], [1.0, 0.0]], [0, 1], "binary")


def ones(rng, fan_in, fan_out):
    return 1.0


def training_entries(version=1):
    facts = {"version": version, "summary": "."}
    return (
        nf.OptimizerEntry(name="half", target=half, **facts),
        nf.LossEntry(name="squares", target=loss, **facts),
        nf.ScheduleEntry(name="flat", target=flat, **facts),
        nf.DatasetEntry(name="dots", target=dots, **facts),
    )


@pytest.fixture
def trained(offers, tmp_path):
    """A run whose optimizer, loss, schedule and dataset are of a plugin."""
    offers.put(*training_entries())
    tree = {
        "model": {"use": "mlp", "sizes": [2, 1]},
        "loss": "squares",
        "optimizer": {"use": "half", "schedule": "flat"},
        "data": "dots",
        "train": {"steps": 3, "backend": "eager"},
    }
    run = Run.start(tree, tmp_path / "run").run()
    return run.folder, nf.predict(run.training.model, [ROW])


@pytest.mark.parametrize("now", [(), training_entries(2)], ids=["missing", "raised"])
def test_answering_needs_nothing_of_the_training(offers, trained, now):
    folder, right = trained
    offers.put(*now, version="0.2.0")
    assert nf.predict(folder, [ROW]) == right
    with pytest.raises(nf.NeuroflowError, match=re.escape("optimizer grab/half@1")):
        Run.resume(folder)


def all_of(rng, fan_in, fan_out, *, size=1.0):
    return size


@pytest.mark.parametrize("version", [None, 2], ids=["missing", "raised"])
@pytest.mark.parametrize("nested", [False, True])
def test_an_initializer_that_is_gone_or_raised_locks_no_model(offers, tmp_path, version, nested):
    offers.put(nf.InitializerEntry(name="all", target=all_of, summary="A size."))
    table = {"use": "mlp", "sizes": [2, 2], "initializer": {"use": "all", "size": 0.5}}
    model = nf.build({"use": "sequential", "layers": [table]} if nested else table)
    nf.save(model, tmp_path / "m.safetensors")
    later = nf.InitializerEntry(name="all", target=ones, version=2, summary="No size.")
    offers.put(*[later] if version else [])
    assert nf.load(tmp_path / "m.safetensors")(ROW)[0].data == model(ROW)[0].data
    assert nf.predict(tmp_path / "m.safetensors", [ROW]) == nf.predict(model, [ROW])


@pytest.mark.parametrize("version", [None, 2], ids=["missing", "raised"])
@pytest.mark.parametrize("nested", [False, True])
def test_a_loaded_model_is_saved_as_it_was_without_its_initializer(
    offers, tmp_path, version, nested
):
    offers.put(nf.InitializerEntry(name="all", target=all_of, summary="A size."))
    tables = [
        {"use": "mlp", "sizes": [2, 2], "initializer": {"use": "all", "size": 0.5}},
        {"use": "layer", "inputs": 2, "outputs": 2, "initializer": "all"},
    ]
    nf.save(nf.build({"use": "sequential", "layers": tables}), tmp_path / "first.safetensors")
    later = nf.InitializerEntry(name="all", target=ones, version=2, summary="No size.")
    offers.put(*[later] if version else [])
    model = nf.load(tmp_path / "first.safetensors")
    if nested:
        model = nf.build({"use": "sequential", "layers": [model]})
    nf.save(model, tmp_path / "second.safetensors")
    first, second = (nf.inspect_file(tmp_path / f"{n}.safetensors") for n in ("first", "second"))
    drawn = [used for used in first.uses if used.purpose == "building"]
    assert [used.id for used in drawn] == ["grab/all@1"]
    assert [used for used in second.uses if used.purpose == "building"] == drawn
    assert second.model == ({**first.model, "layers": [first.model]} if nested else first.model)
    assert nf.load(tmp_path / "second.safetensors").state_dict() == model.state_dict()
