"""Other libraries' names are told their names here, by suggestions alone."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.config import SECTIONS, settings_of
from neuroflow.registry.entries import KINDS
from neuroflow.registry.manager import manager
from neuroflow.synonyms import SYNONYMS, plainest

MOONS = {
    "model": {"use": "mlp", "sizes": [2, 4, 1]},
    "loss": "hinge",
    "optimizer": "sgd",
    "data": "moons",
    "train": {"steps": 1},
}


def test_every_synonym_is_of_a_name_that_there_is():
    entries = [entry for kind in KINDS for entry in manager().registry.entries(kind)]
    names = {entry.shortest_name for entry in entries} | {section.name for section in SECTIONS}
    names |= {setting.name for section in SECTIONS for setting in section.settings}
    names |= {setting.name for entry in entries for setting in settings_of(entry)}
    assert {name for meant in SYNONYMS.values() for name in meant} <= names
    assert [plainest(word) for word in SYNONYMS] == list(SYNONYMS)


@pytest.mark.parametrize(
    ("change", "suggested"),
    [
        ("optimizer.lr=0.1", "did you mean 'learning_rate'?"),
        ("optimizer=Adam", "did you mean 'adam'?"),
        ("optimizer=torch.optim.AdamW", "did you mean 'adamw'?"),
        ("optimizer.use=rms_prop", "did you mean 'rmsprop'?"),
        ("optimizer.schedule=CosineAnnealingLR", "did you mean 'cosine'?"),
        ("optimizer.scheduler=cosine", "did you mean 'schedule'?"),
        ("loss=CrossEntropyLoss", "did you mean 'cross_entropy'?"),
        ("loss=MSELoss", "did you mean 'mse'?"),
        ("loss=nn.BCEWithLogitsLoss", "did you mean 'binary_cross_entropy'?"),
        ("loss=mean_squared_error", "did you mean 'mse'?"),
        ("model.activation=ReLU", "did you mean 'relu'?"),
        ("model.activation=LeakyReLU", "did you mean 'leaky_relu'?"),
        ("model.initializer=kaiming_normal", "did you mean 'he'?"),
        ("model.hidden_size=8", "did you mean 'sizes'?"),
        ("model.p=0.5", "did you mean 'dropout'?"),
        ("model=MLP", "did you mean 'mlp'?"),
        ("model=Dense", "did you mean 'linear' or 'layer'?"),
        ("model=MultiHeadAttention", "did you mean 'multi_head_attention'?"),
        ("data=make_moons", "did you mean 'moons'?"),
        ("train.batch_size=8", "did you mean 'batch'?"),
        ("train.random_state=8", "did you mean 'seed'?"),
        ("criterion=mse", "did you mean 'loss'?"),
    ],
)
def test_a_name_of_another_library_is_told_the_name_here(change, suggested):
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.configure(MOONS, [change])
    assert suggested in str(caught.value)


def test_a_word_that_nobody_uses_is_told_no_name():
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.configure(MOONS, ["optimizer.quux=1"])
    assert "did you mean" not in str(caught.value)
