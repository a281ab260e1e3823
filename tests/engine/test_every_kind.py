"""Whatever an entry is, a run that uses it has the same numbers on every backend as eagerly.

Ops, activations and losses are compared in ``test_agreement.py``, layers and recipes in
``test_layers_and_recipes.py``, metrics and observers, which see what comes out, with the plugins
and with training; here are the kinds that only a run can use.
"""

from functools import cache

import pytest

import neuroflow as nf

MOONS = {
    "model": {"use": "mlp", "sizes": [2, 4, 1], "activation": "tanh"},
    "loss": "mse",
    "optimizer": {"use": "sgd", "learning_rate": 0.05},
    "data": {"use": "moons", "points": 12},
    "train": {"steps": 4, "batch": 5, "l2": 0.01},
}
GPT = {"use": "gpt", "n_embd": 4, "n_head": 2, "n_layer": 1, "block_size": 8}
SEQUENCE = {"model": GPT, "loss": "cross_entropy", "train": {"steps": 2, "batch": 1}}
READER = {"use": "text_classifier", "n_embd": 4, "n_head": 2, "block_size": 8}
POINTS = {"circles": {}, "gauss": {}, "linear": {}, "moons": {}, "spirals": {}, "xor": {}}
TASKS = {"addition": {"digits": 1}, "copy": {}, "reverse": {}, "sort": {}}
SHORT = {"length": 2, "alphabet": 3, "examples": 5}


def of_points(name):
    return {"data": {"use": name, "points": 12}}


def of_task(name, settings):
    settings = settings or SHORT
    return {**SEQUENCE, "data": {"use": name, **settings}}


def of_tokenizer(tokenizer):
    """Lines of a file, which the fixture ``lines`` writes."""
    return {**SEQUENCE, "data": {"use": "lines", "path": "lines.txt", "tokenizer": tokenizer}}


CASES = {
    "optimizer": {
        "adam": {"optimizer": {"use": "adam"}},
        "adamw": {"optimizer": {"use": "adamw", "weight_decay": 0.3, "no_decay": ["layers.1.*"]}},
        "rmsprop": {"optimizer": {"use": "rmsprop", "weight_decay": 0.3}},
        "sgd": {"optimizer": {"use": "sgd", "momentum": 0.9, "nesterov": True}},
    },
    "schedule": {
        "constant": {"optimizer.schedule": "constant"},
        "cosine": {"optimizer.schedule": {"use": "cosine", "warmup": 2, "to": 0.01}},
        "exponential": {"optimizer.schedule": {"use": "exponential", "factor": 0.5}},
        "linear": {"optimizer.schedule": {"use": "linear", "to": 0.01}},
        "step": {"optimizer.schedule": {"use": "step", "every": 2, "factor": 0.5}},
    },
    "initializer": {
        name: {"model.initializer": name}
        for name in ("he", "normal", "orthogonal", "uniform", "xavier", "zeros")
    },
    "dataset": {
        **{name: of_points(name) for name in POINTS},
        **{name: of_task(name, settings) for name, settings in TASKS.items()},
        "csv": {"data": {"use": "csv", "path": "rows.csv", "target": "c"}},
        "digits": {
            "model": {"use": "mlp", "sizes": [64, 3, 10]}, "loss": "cross_entropy",
            "data": "digits",
        },
        "digit_pairs": {
            "model": {"use": "mlp", "sizes": [128, 3, 1]}, "data": "digit_pairs",
        },
        "function": {
            "model": {"use": "mlp", "sizes": [1, 3, 1]},
            "data": {"use": "function", "f": "sin(x)", "points": 9},
        },
        "lines": of_tokenizer("characters"),
        "text": {
            **SEQUENCE, "data": {"use": "text", "path": "lines.txt", "block_size": 7, "stride": 4},
        },
        "texts": {
            **SEQUENCE, "model": {**READER, "outputs": 2},
            "data": {"use": "texts", "path": "texts.csv", "column": "a", "target": "b"},
        },
        "text_pairs": {
            **SEQUENCE, "model": {**READER, "use": "encoder_decoder", "source_length": 3},
            "data": {
                "use": "text_pairs", "path": "texts.csv", "source": "a", "target": "b",
                "source_length": 3,
            },
        },
        "names": {**SEQUENCE, "data": {"use": "names", "path": "names.txt"}},
        "rows": {"data": {"use": "rows", "rows": [[0.0, 1.0, 0], [1.0, 0.5, 1], [2.0, -1.0, 1]]}},
    },
    "tokenizer": {
        "byte_level_bpe": of_tokenizer({"use": "byte_level_bpe", "n_merges": 2}),
        "byte_pairs": of_tokenizer({"use": "byte_pairs", "n_merges": 2}),
        "bytes": of_tokenizer("bytes"),
        "characters": of_tokenizer("characters"),
        "words": of_tokenizer("words"),
    },
}  # fmt: skip
ELSEWHERE = ("op", "activation", "loss", "layer", "backend", "metric", "recipe", "observer",
             "exporter", "importer", "check", "format", "panel", "look")  # fmt: skip


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """Texts and a table, where the run looks for them; short, as a run scores every line."""
    (tmp_path / "lines.txt").write_text("ab ba\nba ab\nab ab\n")
    (tmp_path / "names.txt").write_text("ada\nemmy\nalan\n")
    (tmp_path / "texts.csv").write_text("a,b\nab,yes\nb,no\n")
    (tmp_path / "rows.csv").write_text("a,b,c\n1.0,2.0,0.5\n0.5,-1.0,0.25\n-1.0,0.25,1.5\n")
    monkeypatch.chdir(tmp_path)


def numbers_of(case, backend):
    run = nf.train(MOONS, {**case, "train.backend": backend})
    losses = [loss for step in run for loss in step.losses]
    state = run.runner.state_dict()
    kept = [x for name in run.runner.rule.state for x in state[name]]
    return losses, list(run.model.state_dict().values()), kept


@cache
def eager(kind, name):
    """The numbers that every backend is compared with."""
    return numbers_of(CASES[kind][name], "eager")


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, cases in CASES.items() for name in cases]
)
def test_a_run_has_the_numbers_of_the_eager_run(kind, name, backend):
    if name in ("digits", "digit_pairs"):
        pytest.importorskip("sklearn")
    mine = numbers_of(CASES[kind][name], backend)
    for ours, expected in zip(mine, eager(kind, name), strict=True):
        assert ours == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_every_bundled_entry_has_a_case():
    for entry in nf.find("*"):
        if entry.kind not in ELSEWHERE and entry.namespace == "neuroflow":
            assert entry.name in CASES[entry.kind], f"give {entry.kind} {entry.id} a case in CASES"
