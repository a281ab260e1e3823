"""Shapes are declared once, hold what runs, and find what does not fit before anything is built."""

from __future__ import annotations

import copy

import pytest

import neuroflow as nf
from neuroflow.checks.layers.shapes import check_shape
from neuroflow.checks.layers.trials import trial_of
from neuroflow.checks.shared.report import Report
from neuroflow.config import ANY, Shape, open_lengths, shape_after, shapes_of, shown_shape
from neuroflow.registry.manager import manager

LAYERS = [entry for entry in manager().registry.entries("layer") if entry.namespace == "neuroflow"]
S = Shape


def ids(*lengths):
    return Shape(lengths, ids=True)


@pytest.mark.parametrize(
    ("rule", "settings", "taken", "given"),
    [
        ("(inputs,) -> (outputs,)", {"inputs": 4, "outputs": 3}, S((4,)), "(3,)"),
        ("(n, size) -> (n, size)", {"size": 4}, S((7, 4)), "(7, 4)"),
        ("(n, size) -> (n, size)", {"size": 4}, S(("n_tokens", 4)), "(n_tokens, 4)"),
        ("(n, size) -> (size,)", {"size": 4}, ANY, "(4,)"),
        ("(..., size) -> (...)", {"size": 4}, S((7, 2, 4)), "(7, 2)"),
        ("(..., n) -> (n, ...)", {}, S((7, 2, 4)), "(4, 7, 2)"),
        ("ids (...) -> (..., size)", {"size": 4}, ids(5), "(5, 4)"),
        ("ids (...) -> (..., size)", {"size": 4}, ANY, "(..., 4)"),
        ("(sizes[0],) -> (sizes[-1],)", {"sizes": [2, 5, 3]}, S((2,)), "(3,)"),
        ("(n, c) -> ((n - kernel) // stride + 1, c)", {"kernel": 3, "stride": 2}, S((9, 1)),
         "(4, 1)"),
        ("(n,) -> ((n - kernel) // 2,)", {"kernel": 3}, S(("n",)), "((n - 3) // 2,)"),
        ("(2 * n,) -> (-n + 9,)", {"n": 2}, S((4,)), "(7,)"),
        ("() -> (size,) or (n, size) -> (n, size)", {"size": 4}, S((7, 4)), "(7, 4)"),
        ("() -> (size,) or (n, size) -> (n, size)", {"size": 4}, S(()), "(4,)"),
        ("() -> (size,) or (n, size) -> (n, size)", {"size": 4}, ANY, "(...)"),
        ("(a,), (b,) -> (a + b,)", {}, {"left": S((3,)), "right": S((4,))}, "(7,)"),
        ("(size,) -> (size,)", {"size": 4}, S(("...", 4)), "(4,)"),
    ],
)  # fmt: skip
def test_a_rule_says_what_comes_of_a_shape(rule, settings, taken, given):
    assert str(shape_after(rule, dict(settings), taken)) == given


@pytest.mark.parametrize(
    ("rule", "settings", "taken", "message"),
    [
        ("(inputs,) -> ()", {"inputs": 4}, S((3,)), "takes (4,), but got (3,)"),
        ("(inputs,) -> ()", {"inputs": 4}, S((4, 4)), "takes (4,), but got (4, 4)"),
        ("(inputs,) -> ()", {"inputs": 4}, S(()), "takes (4,), but got ()"),
        ("(inputs,) -> ()", {"inputs": 4}, S(("...", 3)), "takes (4,), but got (..., 3)"),
        ("ids (n,) -> ()", {}, S((3,)), "takes ids (n,), but got (3,)"),
        ("(n, n) -> (n,)", {}, S((3, 4)), "takes (n, n), but got (3, 4)"),
        ("() -> () or (n, 2) -> (n,)", {}, S((3,)), "takes () or (n, 2), but got (3,)"),
        ("(n,) -> (n - 3,)", {}, S((3,)), "would make (0,) of (3,)"),
        ("(a,), (b,) -> (a,)", {}, S((3,)), "takes (a,), (b,), but got (3,)"),
        ("(a,) -> (a,)", {}, {0: S((3,)), 1: S(())}, "takes (a,), but got {0: (3,), 1: ()}"),
    ],
)  # fmt: skip
def test_a_shape_that_does_not_fit_is_refused_with_both(rule, settings, taken, message):
    with pytest.raises(nf.InputError) as caught:
        shape_after(rule, dict(settings), taken)
    assert message in str(caught.value)


@pytest.mark.parametrize("rule", [
    "", "(n,)", "(n,) -> n", "(n,) -> (n / 2,)", "(..., ...) -> ()", "(f(n),) -> ()",
    "(n,) -> (n.real,)", "('n',) -> ()", "(n,) -> (n[m],)", "(1.5,) -> ()", "(n,) -> (True,)",
    "(n,) -> (n,) -> (n,)", "(lambda: 0,) -> ()",
])  # fmt: skip
def test_what_is_no_rule_is_refused_and_never_run(rule):
    with pytest.raises(nf.InputError, match="cannot read the shape rule"):
        shape_after(rule, {}, ANY)


@pytest.mark.parametrize("entry", LAYERS, ids=lambda entry: entry.name)
def test_every_bundled_layer_declares_the_shape_that_runs(entry):
    assert entry.shape
    assert entry.shape_in_words
    trial = trial_of(entry, entry.load())
    taken = Shape.of(copy.deepcopy(trial.inputs[0] if len(trial.inputs) == 1 else trial.inputs))
    rows, problems = shapes_of(trial.build(), taken, "layer")
    assert not problems
    given = Shape.of(trial.build()(*trial.inputs))
    assert shown_shape(rows[0].gives) == shown_shape(given)


class Rotated(nf.Module):
    """Rows in, columns out."""

    def forward(self, rows):
        """(n, m) -> (m, n)"""
        return [list(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ("(n, m) -> (m, n)", ""),
        ("(..., n) -> (n, ...)", ""),
        (lambda settings, taken, part: taken[::-1], ""),
        ("(n, m) -> (n, m)", "which gives (2, 3) of (2, 3), but it gave (3, 2)"),
        ("(n, m) -> (m,)", "which gives (3,) of (2, 3), but it gave (3, 2)"),
        ("(n,) -> (n,)", "layer (rotated) takes (n,), but got (2, 3), and yet it runs with"),
        ("(n, m) -> m", "cannot read the shape rule"),
        (lambda settings, taken, part: taken, "it declares '', which gives (2, 3)"),
    ],
)
def test_checks_find_a_declared_shape_that_is_not_the_one_that_runs(declared, found):
    rows = [[0.5, 1.0, -2.0], [0.1, 0.7, 3.0]]
    entry = nf.LayerEntry(
        name="rotated", target=Rotated, summary="Rows in, columns out.", shape=declared,
        example_inputs=(rows,),
    )  # fmt: skip
    results = Report().of("rotated")
    check_shape(trial_of(entry, Rotated), results)
    told = "; ".join(str(finding) for finding in results.report.findings)
    assert found in told
    assert bool(told) == bool(found)


def layer(inputs, outputs, **more):
    return {"use": "layer", "inputs": inputs, "outputs": outputs, **more}


def stack(*layers):
    return {"use": "sequential", "layers": list(layers)}


TREE = {"loss": "mse", "optimizer": "adam", "data": "moons", "train": {"steps": 1}}
UNFIT = [
    (stack(layer(2, 4), layer(3, 1)),
     "model.layers.1 (layer) takes (3,), but model.layers.0 (layer) gives (4,)"),
    (stack(layer(2, 4), stack(layer(4, 3), {"use": "mlp", "sizes": [4, 1]})),
     "model.layers.1.layers.1 (mlp) takes (4,), but model.layers.1.layers.0 (layer) gives (3,)"),
    (stack({"use": "mlp", "sizes": [2, 3]}, {"use": "attention", "size": 3}),
     "model.layers.1 (attention) takes (n, 3), but model.layers.0 (mlp) gives (3,)"),
    (stack({"use": "embedding", "size": 4, "vocab_size": 9}, layer(5, 1)),
     "model.layers.1 (layer) takes (5,), but model.layers.0 (embedding) gives (..., 4)"),
    (stack(layer(2, 4), {"use": "gpt", "vocab_size": 9}),
     "model.layers.1 (gpt) takes ids (n,), but model.layers.0 (layer) gives (4,)"),
    (stack({"use": "reshape", "shape": [1, 2, 1]},
           {"use": "conv2d", "in_channels": 1, "out_channels": 2}),
     "model.layers.1 (conv2d) would make (-1, 0, 2) of (1, 2, 1), which model.layers.0 (reshape)"
     " gives; make its windows smaller, or let more come in"),
    (stack({"use": "branches", "parts": {"a": "rellu"}}), "did you mean 'relu'"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "message"), UNFIT)
def test_layers_that_do_not_fit_are_refused_before_anything_is_built(model, message, monkeypatch):
    monkeypatch.setattr("neuroflow.config.building.build_model", pytest.fail)
    monkeypatch.setattr("neuroflow.training.steps.load_data", pytest.fail)
    for refused in (lambda: nf.build(model), lambda: nf.train({**TREE, "model": model})):
        with pytest.raises(nf.ConfigurationError) as caught:
            refused()
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("model", "data", "loss", "message"),
    [
        (stack(layer(3, 1)), "moons", "mse", "2 numbers each: model.layers.0 (layer) takes (3,),"
         " but dataset 'moons' gives (2,); see what each layer takes"),
        (stack(layer(2, 4), layer(4, 2)), "moons", "mse", "answers with 2 number(s), but dataset"
         " 'moons' needs 1: model.layers.1 (layer) gives (2,); change the size of its last layer"),
        ({"use": "text_classifier", "outputs": 2}, "names", "cross_entropy",
         "answers with 1 number(s), but dataset 'names' needs 27"),
        (stack("gpt", layer(27, 27)), "names", "cross_entropy",
         "model.layers.1 (layer) takes (27,), but model.layers.0 (gpt) gives (n, vocab_size)"),
        ("gpt", "moons", "mse", "model.vocab_size: missing, and dataset 'moons' has no vocabulary"),
    ],
)  # fmt: skip
def test_a_model_that_does_not_fit_its_data_is_refused_before_it_is_built(
    model, data, loss, message, monkeypatch
):
    monkeypatch.setattr("neuroflow.training.steps.build_model", pytest.fail)
    with pytest.raises((nf.InputError, nf.ConfigurationError)) as caught:
        nf.train({**TREE, "model": model, "data": data, "loss": loss})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "model",
    [
        stack(layer("auto", 4), layer("auto", "auto")),
        stack(layer("auto", "auto"), layer("auto", "auto")),
        {"use": "mlp", "sizes": ["auto", 4, "auto"]},
        stack({"use": "mlp", "sizes": ["auto", 4, 4]}, {"use": "layer_norm", "size": "auto"},
              layer("auto", "data")),
    ],
)  # fmt: skip
def test_sizes_that_say_auto_become_what_comes_in_and_what_the_loss_needs(model):
    run = nf.train({**TREE, "model": model})
    assert "auto" not in str(run.configuration["model"])
    assert len(run.model([0.5, 1.0]) if isinstance(run.model([0.5, 1.0]), list) else [0.0]) == 1


def test_auto_is_told_by_the_layer_before_where_there_are_no_data():
    assert nf.build(stack(layer(3, 4), layer("auto", 2))).layers[1].inputs == 4
    with pytest.raises(nf.ConfigurationError, match=r"inputs: got .auto. .a text., but no"):
        nf.build(stack(layer("auto", 4)))
    run = nf.train({**TREE, "model": {"use": "gpt", "vocab_size": "auto"}, "data": "names",
                    "loss": "cross_entropy"})  # fmt: skip
    assert run.model.vocab_size == 27


def test_the_word_auto_of_a_setting_that_is_no_size_means_what_it_means():
    assert open_lengths({"use": "layer", "inputs": 2, "outputs": 3, "activation": "auto"}) == []
