"""Migrations: what an older version of an entry saved answers as the newest has it."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.data.facts import DataFacts

ROW = [0.5, -1.0]


class First(nf.Module):
    """Version 1: a weight for each input, and a factor by the name of ``times``."""

    def __init__(self, *, inputs: int, times: float = 1.0, rng=None):
        self.w = [nf.Value(0.1 * (k + 1)) for k in range(inputs)]

    def forward(self, xs):
        return self.times * nf.dot(self.w, xs)


class Third(nf.Module):
    """Version 3: weights by another name, the factor in them, a bias, and a layer inside."""

    def __init__(
        self,
        *,
        inputs: int,
        body: Annotated[Any, nf.Setting("what comes after", part="activation")] = "linear",
        rng=None,
    ):
        self.weights = [nf.Value(0.0) for k in range(inputs)]
        self.bias = nf.Value(0.0)
        self._body = nf.resolve("activation", body)

    def forward(self, xs):
        return self._body(nf.dot(self.weights, xs) + self.bias)


def with_the_factor(settings, arrays):
    """From 1 to 2: the factor goes into the weights."""
    factor = settings.pop("times")
    return settings, {"w": factor * arrays["w"]}


def with_a_bias(settings, arrays):
    """From 2 to 3: another name, and a bias."""
    return {**settings, "body": "linear"}, {"weights": arrays["w"], "bias": np.array(0.0)}


MIGRATIONS = {1: with_the_factor, 2: with_a_bias}


def sums(target, version=1, migrations=()):
    return nf.LayerEntry(
        name="sums", target=target, version=version, migrations=dict(migrations), summary="Sums."
    )


PLACES = {
    "alone": lambda table: table,
    "in a list": lambda table: {"use": "sequential", "layers": [table, dict(table, inputs=1)]},
    "in lists of lists": lambda table: {
        "use": "sequential",
        "layers": [{"use": "sequential", "layers": [table]}],
    },
}


@pytest.fixture
def saved(offers, tmp_path):
    """A function from a place of the layer to the file of a model, and what it answers."""

    def save(place="alone"):
        offers.put(sums(First))
        model = nf.build(PLACES[place]({"use": "sums", "inputs": 2, "times": 3.0}))
        nf.save(model, tmp_path / "m.safetensors")
        return tmp_path / "m.safetensors", nf.predict(model, [ROW])

    return save


@pytest.mark.parametrize("place", PLACES)
def test_a_chain_of_migrations_leads_to_the_same_answers(offers, saved, place):
    path, right = saved(place)
    offers.put(sums(Third, 3, MIGRATIONS), version="0.3.0")
    model = nf.load(path)
    assert nf.predict(model, [ROW]) == pytest.approx(right, rel=1e-12)
    nf.save(model, path)
    assert "grab/sums@3" in {used.id for used in nf.inspect_file(path).uses}
    assert nf.predict(path, [ROW]) == nf.predict(model, [ROW])


def test_the_numbers_of_the_optimizer_are_none_of_the_layer(offers, tmp_path):
    seen = []

    def with_a_look(settings, arrays):
        seen.extend(arrays)
        return with_the_factor(settings, arrays)

    offers.put(sums(First))
    tree = {
        "model": {"use": "sums", "inputs": 2},
        "loss": "hinge",
        "optimizer": "adam",
        "data": "moons",
        "train": {"steps": 2, "backend": "eager"},
    }
    nf.Run.start(tree, tmp_path / "run").run()
    right = nf.predict(tmp_path / "run", [ROW])
    offers.put(sums(Third, 3, {1: with_a_look, 2: with_a_bias}))
    assert nf.predict(tmp_path / "run", [ROW]) == pytest.approx(right, rel=1e-12)
    assert seen == ["w"]
    with pytest.raises(nf.StateError, match="was saved with another version"):
        nf.Run.resume(tmp_path / "run")


def test_an_activation_migrates_by_its_settings(offers, tmp_path):
    def old(x, *, slope=1.0):
        return slope * x

    def new(x, *, percent=100.0):
        return percent / 100.0 * x

    offers.put(nf.ActivationEntry(name="steep", target=old, summary="."))
    model = nf.build("layer", inputs=2, outputs=1, activation={"use": "steep", "slope": 3.0})
    nf.save(model, tmp_path / "m.safetensors")
    right = nf.predict(model, [ROW])
    to_percent = {1: lambda settings, arrays: ({"percent": 100 * settings["slope"]}, arrays)}
    offers.put(
        nf.ActivationEntry(name="steep", target=new, version=2, migrations=to_percent, summary=".")
    )
    assert nf.predict(tmp_path / "m.safetensors", [ROW]) == pytest.approx(right)


class Words(nf.Configured):
    """A tokenizer of words; version 2 calls its ``words`` pieces."""

    def __init__(self, *, pieces: list[str] = ()):
        self.vocab_size = len(pieces)

    def encode(self, text):
        return [self.pieces.index(word) for word in text.split()]


class OldWords(Words):
    def __init__(self, *, words: list[str] = ()):
        self.pieces = words


def test_a_tokenizer_migrates_too(offers, tmp_path):
    offers.put(nf.TokenizerEntry(name="words", target=OldWords, summary="."))
    model = nf.build("mlp", sizes=[2, 1])
    model.trained_on = DataFacts(task="sequence", tokenizer=OldWords(words=["a", "b"]))
    nf.save(model, tmp_path / "m.safetensors")
    renamed = {1: lambda settings, arrays: ({"pieces": settings["words"]}, arrays)}
    offers.put(
        nf.TokenizerEntry(name="words", target=Words, version=2, migrations=renamed, summary=".")
    )
    assert nf.load(tmp_path / "m.safetensors").trained_on.tokenizer.encode("b a") == [1, 0]


def test_a_broken_chain_refuses_as_without_migrations(offers, saved):
    path, _ = saved()
    offers.put(sums(Third, 3, {2: with_a_bias}))
    with pytest.raises(nf.StateError, match="was saved with another version: layer grab/sums@1"):
        nf.load(path)


def test_an_older_plugin_refuses_what_a_newer_one_saved(offers, tmp_path):
    offers.put(sums(Third, 3, MIGRATIONS))
    nf.save(nf.build("sums", inputs=2), tmp_path / "m.safetensors")
    offers.put(sums(First))
    with pytest.raises(nf.StateError, match=r"grab/sums@3.*while grab/sums@1"):
        nf.load(tmp_path / "m.safetensors")


def fails(settings, arrays):
    raise KeyError("w")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (fails, "KeyError: 'w'"),
        (lambda settings, arrays: None, "TypeError"),
        (lambda settings, arrays: (settings, {"w": "text"}), "ValueError"),
    ],
)
def test_a_migration_that_fails_is_named(offers, saved, wrong, told):
    path, _ = saved()
    offers.put(sums(Third, 3, {1: wrong, 2: with_a_bias}))
    with pytest.raises(nf.PluginError) as caught:
        nf.load(path)
    assert "the migration of layer grab/sums from version 1 failed: " + told in str(caught.value)
    assert caught.value.where["entry"] == "grab/sums@3"


@pytest.mark.parametrize("migrations", [{3: fails}, {0: fails}, {1: "fails"}, {"1": fails}])
def test_a_migration_stands_under_the_version_it_starts_from(migrations):
    with pytest.raises(nf.InputError, match="the older version that it starts from"):
        sums(Third, 3, migrations)


def test_what_does_not_fit_after_its_migration_is_refused(offers, saved):
    path, _ = saved()
    offers.put(sums(Third, 2, {1: lambda settings, arrays: ({"inputs": 2}, arrays)}))
    with pytest.raises(nf.StateError, match="holds a model of another architecture"):
        nf.load(path)
