"""Combinators: networks of any form from names, with parts that are shared, and saved as such."""

from __future__ import annotations

import runpy

import pytest

import neuroflow as nf
from neuroflow.config import configuration_of
from neuroflow.export.destinations import export

TREE = {"loss": "mse", "optimizer": "adam", "data": "moons", "train": {"steps": 2, "batch": 4}}


def layer(inputs, outputs, **more):
    return {"use": "layer", "inputs": inputs, "outputs": outputs, "activation": "tanh", **more}


def stack(*layers):
    return {"use": "sequential", "layers": list(layers)}


def numbers(x):
    if isinstance(x, (list, tuple)):
        return [numbers(each) for each in x]
    return x.data if isinstance(x, nf.Value) else x


HALF = {"use": "leaky_relu", "slope": 0.5}
ROWS = [[1.0, -2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("model", "taken", "given"),
    [
        ({"use": "residual", "layer": "relu"}, [-1.0, 2.0], [-1.0, 4.0]),
        ({"use": "residual", "layer": {"use": "residual", "layer": HALF}}, ROWS,
         [[3.0, -5.0], [9.0, 12.0]]),
        ({"use": "parallel", "parts": ["relu", HALF]}, [-1.0, 2.0], [-0.5, 4.0]),
        ({"use": "parallel", "parts": ["relu", HALF], "join": "mean"}, [-1.0, 2.0], [-0.25, 2.0]),
        ({"use": "parallel", "parts": ["relu", HALF], "join": "concat"}, ROWS,
         [[1.0, 0.0, 1.0, -1.0], [3.0, 4.0, 3.0, 4.0]]),
        ({"use": "per_token", "layer": "flatten"}, [[[1.0], [2.0]], [[3.0], [4.0]]],
         [[1.0, 2.0], [3.0, 4.0]]),
        ("flatten", [[[1.0], [2.0]], [[3.0], [4.0]]], [1.0, 2.0, 3.0, 4.0]),
        ("flatten", 2.0, [2.0]),
        ({"use": "reshape", "shape": [2, 1, 2]}, ROWS, [[[1.0, -2.0]], [[3.0, 4.0]]]),
        ("mean_over_tokens", ROWS, [2.0, 1.0]),
        ("last_token", ROWS, [3.0, 4.0]),
        ({"use": "repeat", "layer": HALF, "times": 3}, [-8.0], [-1.0]),
        ({"use": "branches", "parts": {"a": "relu", "b": HALF}, "slices": [1, 2], "join": "concat"},
         [-1.0, -2.0, 3.0], [0.0, -1.0, 3.0]),
        ({"use": "branches", "parts": {"a": "relu", "b": HALF}, "join": "difference"}, [-1.0],
         [0.5]),
        ({"use": "branches", "parts": {"a": "relu", "b": HALF}, "join": "sum"}, ([-1.0], [-3.0]),
         [-1.5]),
        (stack("relu", HALF, "softmax"), [-1.0, -2.0], [0.5, 0.5]),
        ("softmax", [[0.0, 0.0], [7.0, 7.0]], [[0.5, 0.5], [0.5, 0.5]]),
    ],
)  # fmt: skip
def test_a_combinator_does_what_its_formula_says(model, taken, given):
    assert numbers(nf.build(model)(taken)) == given


def test_branches_take_and_give_tables_by_name():
    model = nf.build(stack(
        {"use": "branches", "parts": {"left": "relu", "right": HALF}},
        {"use": "branches", "parts": {"right": HALF, "left": HALF}, "join": "concat"},
    ))  # fmt: skip
    assert model({"right": [-4.0], "left": [-1.0]}) == [-1.0, 0.0]
    with pytest.raises(nf.InputError, match="branches got left, and no 'right'; expected inputs"):
        model({"left": [1.0]})
    with pytest.raises(nf.InputError, match="branches got 3 inputs; expected 2: left, right"):
        model(([1.0], [1.0], [1.0]))


def test_a_layer_is_there_while_training_alone():
    model = nf.build({"use": "while_training", "layer": "relu", "otherwise": HALF})
    assert (model.train()([-1.0]), model.eval()([-1.0])) == ([0.0], [-0.5])
    assert nf.build({"use": "while_training", "layer": "relu"}).eval()([-1.0]) == [-1.0]


def test_repeated_layers_have_parameters_of_their_own_or_the_same_ones():
    table = {"use": "repeat", "layer": layer(3, 3), "times": 3}
    own, one = nf.build(table), nf.build({**table, "shared": True})
    assert (len(own.parameters()), len(one.parameters())) == (36, 12)
    drawn = [p.data for p in own.parameters() if p.data]
    assert len(set(drawn)) == len(drawn)
    once = nf.build(table["layer"])
    once.load_state_dict({k.removeprefix("layer."): x for k, x in one.state_dict().items()})
    x = [0.5, -1.0, 2.0]
    assert numbers(one(x)) == numbers(once(once(once(x))))


SIAMESE = stack(
    {"use": "branches", "slices": [1, 1], "join": "difference",
     "parts": {"a": layer("auto", 2, name="encoder"), "b": {"ref": "encoder"}}},
    layer("auto", "auto"),
)  # fmt: skip


def test_a_shared_part_is_one_set_of_parameters_everywhere(tmp_path):
    run = nf.train({**TREE, "model": SIAMESE}).run()
    branches = run.model.layers[0]
    assert branches.parts["a"] is branches.parts["b"]
    names = [name for name, _ in run.model.named_parameters()]
    assert len(names) == len(run.model.state_dict()) == 7
    nf.save(run.model, tmp_path / "model.safetensors")
    again = nf.load(tmp_path / "model.safetensors")
    assert again.layers[0].parts["a"] is again.layers[0].parts["b"]
    assert again.state_dict() == run.model.state_dict()
    told = configuration_of(again)["layers"][0]["parts"]
    assert (told["a"]["name"], told["b"]) == ("encoder", {"ref": "encoder"})
    eager = nf.train({**TREE, "model": SIAMESE}, {"train.backend": "eager"}).run()
    assert numbers(run.model.parameters()) == pytest.approx(numbers(eager.model.parameters()))


def test_a_part_that_is_shared_in_python_is_described_as_one():
    inner = nf.build(layer(2, 2))
    model = nf.build("sequential", layers=[inner, "relu", inner])
    told = nf.describe(model)
    assert told["layers"][0]["name"] == "shared_1"
    assert told["layers"][2] == {"ref": "shared_1"}
    again = nf.build(told)
    assert again.layers[0] is again.layers[2]
    assert nf.describe(again) == told


def test_a_repeated_layer_may_refer_to_one_outside():
    model = nf.build(stack(
        layer(2, 2, name="f"),
        {"use": "repeat", "times": 2, "layer": {"use": "residual", "layer": {"ref": "f"}}},
    ))  # fmt: skip
    assert len(model.parameters()) == 6
    assert model.layers[1].others[0].layer is model.layers[0]
    assert nf.build(nf.describe(model)).layers[1].others[0].layer is not None


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (stack({"ref": "encoder"}), "layers.0.ref: refers to 'encoder' (a text), and no layer"
         " before it has that name; layers named before it: none"),
        (stack(layer(2, 2, name="enc"), {"ref": "encc"}), "did you mean 'enc'?"),
        (stack(layer(2, 2, name="enc", activation="relu"), layer(2, 2, name="enc")),
         "layers.1.name: 'enc' is the name of layer.layers.0 too; expected a name of its own"),
        (stack({"ref": "x", "sizes": [2, 1]}), "layers.0.sizes: unknown key of a reference"),
        (stack({"ref": 3}), "layers.0.ref: refers to 3, and no layer"),
        (stack(layer(2, 2, name=3)), "layers.0.name: got 3; expected a text"),
        (stack({"use": "residual", "layer": {"ref": "me"}, "name": "me"}),
         "layers.0.layer.ref: refers to 'me'"),
        ({"use": "branches", "parts": []}, "layer.parts: got []; expected a table of a layer"),
        ({"use": "branches", "parts": {}}, "branches got no parts"),
        ({"use": "branches", "parts": {"a": "relu"}, "join": "difference"}, "of 1 parts"),
        ({"use": "branches", "parts": {"a": "reluu"}}, "layer.parts.a.use: unknown layer 'reluu'"),
        ({"use": "parallel", "parts": []}, "parallel got no parts"),
    ],
)  # fmt: skip
def test_parts_that_cannot_be_meant_are_refused_by_their_place(model, message):
    with pytest.raises(nf.NeuroflowError) as caught:
        nf.build(model)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"use": "residual", "layer": layer(4, 3)},
         "model.layers.1 (residual) adds (4,) of model.layers.0 (layer) and (3,) of"
         " model.layers.1.layer (layer)"),
        ({"use": "parallel", "parts": [layer(4, 3), layer(4, 2)]},
         "model.layers.1 (parallel) joins (3,) of model.layers.1.parts.0 (layer) and (2,) of"
         " model.layers.1.parts.1 (layer)"),
        ({"use": "parallel", "parts": [layer(4, 3), layer(3, 2)]},
         "model.layers.1.parts.1 (layer) takes (3,), but model.layers.0 (layer) gives (4,)"),
        ({"use": "reshape", "shape": [3, 2]},
         "model.layers.1 (reshape) takes 6 numbers, but model.layers.0 (layer) gives (4,)"),
        ("last_token", "model.layers.1 (last_token) takes (n, size), but model.layers.0 (layer)"),
        ({"use": "repeat", "times": 3, "layer": layer(4, 3)},
         "model.layers.1.layer (layer) takes (4,), but model.layers.1.layer (layer) gives (3,)"),
        ({"use": "branches", "parts": {"a": layer(2, 1), "b": layer(3, 1)}, "slices": [2, 3]},
         "model.layers.1 (branches) takes (5,), but model.layers.0 (layer) gives (4,)"),
        ({"use": "branches", "parts": {"a": layer(3, 1), "b": layer(2, 1)}, "slices": [2, 2]},
         "model.layers.1.parts.a (layer) takes (3,), but model.layers.0 (layer) gives (2,)"),
        ({"use": "while_training", "layer": layer(4, 3)}, "gives in turns (3,) of"),
        ({"use": "per_token", "layer": layer(4, 3)}, "model.layers.1.layer (layer) takes (4,), but"
         " model.layers.0 (layer) gives ()"),
    ],
)  # fmt: skip
def test_combinators_whose_parts_do_not_fit_are_refused_before_they_are_built(model, message):
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.build(stack(layer(2, 4), model))
    assert message in str(caught.value)


def test_what_is_joined_may_be_of_a_shape_that_nobody_knows():
    rnn = {"use": "rnn", "inputs": 2, "hidden_size": 2}
    joined = {"use": "parallel", "parts": [rnn, "relu"], "join": "concat"}
    assert len(nf.build(joined)(ROWS)[0]) == 4
    with pytest.raises(nf.ConfigurationError, match=r"joins \(n, any\) of .* and \(any,\) of"):
        nf.build({**joined, "parts": [rnn, layer(2, 2)]})


TEXT = {"data": {"use": "names", "most_lines": 20}, "loss": "cross_entropy"}
LAST = {"use": "per_token", "layer": {"use": "linear", "inputs": "auto", "outputs": "auto"}}
COMPOSED = {
    "attention": (stack({"use": "embedding", "size": 4}, {"use": "attention", "size": "auto"},
                        LAST), TEXT),
    "a transformer": (stack(
        {"use": "embedding", "size": 4}, {"use": "learned_positions", "block_size": 16,
                                          "size": "auto"},
        {"use": "repeat", "times": 2, "layer": {"use": "transformer_block", "n_embd": 4,
                                                "n_head": 2}},
        {"use": "per_token", "layer": {"use": "layer_norm", "size": "auto"}}, LAST), TEXT),
    "heads and sinusoids": (stack(
        {"use": "embedding", "size": 4}, {"use": "sinusoidal_positions", "block_size": 16,
                                          "size": 4}, "dropout",
        {"use": "residual", "layer": {"use": "multi_head_attention", "n_embd": 4, "n_head": 2}},
        {"use": "per_token", "layer": {"use": "feed_forward", "n_embd": "auto"}}, LAST), TEXT),
    "rows of an image": (stack(
        {"use": "reshape", "shape": [2, 1]},
        {"use": "per_token", "layer": layer("auto", 2)},
        {"use": "attention", "size": 2, "causal": False}, "flatten",
        layer("auto", "auto")), {"data": {"use": "moons", "points": 8}}),
    "a residual mlp": (stack(
        layer("auto", 3),
        {"use": "repeat", "times": 2, "layer": {"use": "residual", "layer": layer(3, 3)}},
        {"use": "parallel", "join": "concat", "parts": ["relu", layer(3, 2)]},
        layer("auto", "auto")), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPOSED)
def test_a_composed_network_trains_the_same_on_eager_and_compiled(name, tmp_path):
    model, rest = COMPOSED[name]
    tree = {**TREE, **rest, "model": model}
    backends = ("eager", "numpy")
    runs = [nf.train(tree, {"train.backend": backend}).run() for backend in backends]
    first, *others = (numbers(run.model.parameters()) for run in runs)
    for other in others:
        assert other == pytest.approx(first, rel=1e-9, abs=1e-12)
    nf.save(runs[0].model, tmp_path / "m.safetensors")
    assert nf.load(tmp_path / "m.safetensors").state_dict() == runs[0].model.state_dict()


def test_a_composed_network_is_written_into_a_file_of_its_own(tmp_path):
    model = nf.build(stack(
        {"use": "branches", "slices": [1, 1], "join": "difference",
         "parts": {"a": layer(1, 2, name="e"), "b": {"ref": "e"}}},
        {"use": "residual", "layer": layer(2, 2)}, "relu", layer(2, 1),
    ))  # fmt: skip
    nf.save(model, tmp_path / "model.safetensors")
    export(tmp_path / "model.safetensors", "python", tmp_path / "alone.py")
    alone = runpy.run_path(str(tmp_path / "alone.py"))["model"]
    assert alone([0.5, -1.0]).data == model([0.5, -1.0]).data


def test_a_model_whose_first_layer_takes_no_row_is_exported_by_what_its_data_say(tmp_path):
    rows = [[0.1 * k, 0.3, -0.2, 1.0] for k in range(4)]
    first = {"use": "reshape", "shape": [2, 2]}
    positions = {"use": "learned_positions", "block_size": 2, "size": 2}
    model = stack(first, positions, "mean_over_tokens", layer("auto", 1))
    run = nf.fit(model, rows, [0.0, 1.0, 0.0, 1.0], task="regression", epochs=1)
    nf.save(run.model, tmp_path / "model.safetensors")
    for to, file in (("python", "alone.py"), ("c", "alone.c")):
        export(tmp_path / "model.safetensors", to, tmp_path / file)
    alone = runpy.run_path(str(tmp_path / "alone.py"))["model"]
    assert alone(rows[1]).data == run.model(rows[1]).data


def test_buffers_are_trained_on_in_an_exported_file(tmp_path):
    norm = stack({"use": "batch_norm", "size": 2}, layer(2, 1))
    tree = {"model": norm, "loss": "mse", "optimizer": "sgd", "data": {"use": "moons", "points": 8},
            "train": {"steps": 2, "backend": "eager"}}  # fmt: skip
    once = {**tree, "train": {"steps": 1, "backend": "eager"}}
    nf.Run.start(once, folder=tmp_path / "run").run()
    export(tmp_path / "run", "python", tmp_path / "alone.py")
    alone = runpy.run_path(str(tmp_path / "alone.py"))
    alone["train"](1)
    twice = nf.train(tree).run().model.state_dict()
    found = [x for values in alone["WEIGHTS"].values() for x in alone["flat_list"](values)]
    assert [x.data for x in found] == pytest.approx([*twice.values()], rel=1e-12)
