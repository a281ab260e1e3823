"""What is registered is copied and pickled, and so is all that is built and trained with it.

Each bundled entry has its case here by itself, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import copy
import pickle

import pytest

import neuroflow as nf
from neuroflow.checks.layers.trials import flat, trial_of
from tests.support.long_tests import all_but

WAYS = {"deepcopy": copy.deepcopy, "pickle": lambda x: pickle.loads(pickle.dumps(x))}
way = pytest.mark.parametrize("again", WAYS.values(), ids=WAYS)
DEFINITIONS = ("op", "activation", "loss", "initializer", "schedule", "optimizer", "tokenizer")
RNG = nf.SplitMix32
RECIPES = [recipe.name for recipe in nf.recipes()]


def alike(mine, other):
    """Whether two things that were resolved do the same: one function, with the same settings."""
    if hasattr(mine, "func"):
        return mine.func is other.func and mine.keywords == other.keywords
    if isinstance(mine, nf.MatrixDraw):
        return mine is not other and alike(mine.draw, other.draw)
    return mine is other


@way
@pytest.mark.parametrize("kind", [*DEFINITIONS, "layer", "dataset", "backend"])
def test_what_an_entry_means_stays_the_very_same(kind, again):
    for entry in nf.find("neuroflow/*", kind):
        assert again(entry.load()) is entry.load(), entry.id


@way
@pytest.mark.parametrize("kind", DEFINITIONS)
def test_what_a_layer_resolves_is_copied(kind, again):
    for entry in nf.find("neuroflow/*", kind):
        resolved = nf.resolve(kind, entry.name) if kind != "op" else entry.load()
        assert alike(resolved, again(resolved)), entry.id


def test_an_update_rule_keeps_what_it_is_bound_to():
    adam = nf.get("optimizer", "adam").load().bind(beta1=0.5)
    twin = pickle.loads(pickle.dumps(adam))
    assert (twin.rule, twin.settings) == (adam.rule, adam.settings)
    mine = nf.update_rule(lambda w, g, *, learning_rate: (w,))
    assert copy.copy(copy.deepcopy(mine)) is mine
    with pytest.raises(nf.DefinitionError, match="the rule <lambda> cannot be pickled"):
        pickle.dumps(mine)


class Keeping(nf.Module):
    """A layer of somebody else, which keeps what its settings mean."""

    def __init__(self, *, rng):
        self.draw = nf.get("initializer", "he").load()
        self.narrow = nf.resolve("initializer", {"use": "normal", "std": 0.1})
        self.loss = nf.resolve("loss", {"use": "huber", "delta": 0.5})
        self.rule = nf.get("optimizer", "sgd").load()
        self.weight = nf.Value(self.draw(rng, 2, 2))

    def forward(self, x):
        """The loss of x against 1."""
        return self.loss(self.weight * x, 1.0)


@way
def test_a_layer_may_keep_functions(again):
    model = Keeping(rng=RNG(1))
    twin = again(model)
    assert twin(3.0).data == model(3.0).data
    assert twin.draw is model.draw
    assert twin.narrow(RNG(2), 3, 3) == model.narrow(RNG(2), 3, 3)
    with pytest.raises(nf.InputError, match="gain"):
        twin.draw(RNG(1), 2, 2, gain=-1.0)


# Models


def moved(model, *inputs):
    """What comes out of a model in training, and out again after a step down."""
    first = nf.sum([y * (0.5 + k) for k, y in enumerate(flat(model(*inputs)))])
    if isinstance(first, nf.Value):
        first.backward()
    for p in model.parameters():
        p.data, p.grad = p.data - 0.1 * p.grad, 0.0
    return [repr(y) for y in (first, *flat(model(*inputs)))]


@way
@pytest.mark.parametrize("entry", nf.find("neuroflow/*", "layer"), ids=lambda entry: entry.name)
def test_a_layer_is_copied_and_trains_alike(entry, again):
    trial = trial_of(entry, entry.load())
    model = trial.build().train()
    twin = again(model)
    assert moved(twin, *trial.inputs) == moved(model, *trial.inputs)
    assert twin.state_dict() == model.state_dict()
    assert not set(twin.parameters()) & set(model.parameters())


@pytest.mark.parametrize("recipe", all_but(RECIPES, ["microgpt", "moons"]))
def test_the_model_of_a_recipe_is_copied_with_what_it_knows_and_trains_alike(recipe):
    if recipe == "digits":
        pytest.importorskip("sklearn")
    run = nf.train(recipe, {"train.backend": "eager"})
    model, row = run.model, run.dataset.inputs[0]
    row = row[:2] if run.dataset.task == "sequence" else row
    moved(model, row)
    twins = [again(model) for again in WAYS.values()]
    expected, facts = moved(model, row), model.trained_on
    for twin in twins:
        assert moved(twin, row) == expected
        assert twin.state_dict() == model.state_dict()
        assert repr(twin.trained_on) == repr(facts)
        if facts.tokenizer is not None:
            text = facts.tokenizer.decode(row)
            assert twin.trained_on.tokenizer.encode(text) == facts.tokenizer.encode(text)
