"""Public functions name a wrong argument at once: no bare error of Python reaches the user."""

from __future__ import annotations

import math

import pytest

import neuroflow as nf

MODEL = {"use": "mlp", "sizes": [2, 1]}
TREE = {
    "model": MODEL, "loss": "hinge", "optimizer": "sgd", "data": {"use": "moons", "points": 8},
    "train": {"steps": 1, "backend": "eager"},
}  # fmt: skip


def model():
    return nf.build(MODEL)


CALLS = [
    (lambda: nf.build(3), "the model is 3, of type int; expected the name of a layer, or a table"),
    (lambda: nf.build([]), "the model is [], of type list; expected the name of a layer"),
    (lambda: nf.build(MODEL, rng=3), "rng is 3, of type int; expected a random.Random, such as"),
    (lambda: nf.configure(None), "the configuration is None, of type NoneType; expected the path"),
    (lambda: nf.configure(TREE, 3), "what is to be set is 3, of type int; expected a dict, or a"),
    (lambda: nf.configure(TREE, [3]), "a setting is 3, of type int; expected a text: PATH=VALUE"),
    (lambda: nf.configure(TREE, {3: 3}), "the path of a setting is 3, of type int; expected a te"),
    (lambda: nf.train(b"moons"), "the configuration is b'moons', of type bytes; expected the path"),
    (lambda: nf.get("op", None), "the name of an op is None, of type NoneType; expected a text: ["),
    (lambda: nf.get([], "relu"), "the kind is [], of type list; expected one of op, activation, "),
    (lambda: nf.find(3), "the wildcard is 3, of type int; expected a text, such as '*elu'"),
    (lambda: nf.names("op", []), "the wildcard is [], of type list; expected a text, such as"),
    (lambda: nf.load(3), "the path is 3, of type int; expected the path of a file or a folder"),
    (lambda: nf.inspect_file([]), "the path is [], of type list; expected the path of a file or"),
    (lambda: nf.save(3, "m.safetensors"), "the model is 3, of type int; expected a neuroflow.Mod"),
    (lambda: nf.save(model(), None), "the path is None, of type NoneType; expected the path of a"),
    (lambda: nf.read_metrics(3), "the run folder is 3, of type int; expected the path of a file"),
    (lambda: nf.Run.start(TREE, 3), "the run folder is 3, of type int; expected the path of a f"),
    (lambda: nf.Run.resume(None), "the run folder is None, of type NoneType; expected the path"),
    (lambda: nf.predict(3, [[1.0]]), "the model is 3, of type int; expected a neuroflow.Mod"),
    (lambda: nf.predict(model(), 3), "the rows is 3, of type int; expected a list of rows, each"),
    (lambda: nf.predict(model(), [[10**400, 1]]), "row 0, number 0 is 1000"),
    (lambda: nf.Dataset(None, [1]), "the examples of a dataset is None, of type NoneType; expe"),
    (lambda: nf.Dataset([[1]], [10**400]), "the target of row 0 is 10000000000000000000...; expec"),
    (lambda: nf.Dataset([[1]], [math.inf]), "the target of row 0 is inf; expected a finite number"),
    (lambda: nf.Dataset([1], [1], "sequence", vocab_size=2), "a part of example 0 is 1, of type i"),
    (lambda: nf.Dataset([[1]], [[1]], "sequence", vocab_size="2"), "a dataset has the vocab_size"),
    (lambda: nf.Dataset([[1], [2]], [1, 2]).split("half", nf.SplitMix32(0)), "the fraction to te"),
    (lambda: nf.explain(3), "what is to be explained is 3, of type int; expected a neuroflow.V"),
    (lambda: nf.explain(nf.Value(1.0), 3), "the other value is 3, of type int; expected a neurofl"),
    (lambda: nf.what_if(3, {}), "the output is 3, of type int; expected a neuroflow.Value"),
    (lambda: nf.what_if(nf.Value(1.0), None), "what changes is None, of type NoneType; expected a"),
    (lambda: nf.find_anomalies([3]), "an output is 3, of type int; expected a neuroflow.Value"),
    (lambda: next(nf.watched([])), "the run is [], of type list; expected a Training or a Run, as"),
    (lambda: nf.update_rule(3), "the update rule is 3, of type int; expected a function (w, g, *"),
    (lambda: nf.check(""), "the module '' cannot be imported: ValueError: Empty module name; rep"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), CALLS, ids=[message[:44] for _, message in CALLS])
def test_a_wrong_argument_is_named(call, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(nf.InputError) as caught:
        call()
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "it is empty"),
        ("a\0b", "it holds the character 0"),
        ("ü" * 200, "a name in it has 400 bytes, and at most 255 are allowed"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [nf.load, nf.inspect_file, nf.Run.resume, nf.read_metrics, nf.configure,
     lambda path: nf.save(model(), path), lambda path: nf.Run.start(TREE, path)],
    ids=["load", "inspect_file", "resume", "read_metrics", "configure", "save", "start"],
)  # fmt: skip
def test_a_path_that_no_system_takes(call, path, problem):
    with pytest.raises(nf.FileError) as caught:
        call(path)
    assert f"cannot be one: {problem}; give another path" in str(caught.value)


@pytest.mark.parametrize("name", ["m.safetensors", "/"])
def test_a_model_is_not_saved_over_a_folder(tmp_path, name):
    path = tmp_path / name
    path.mkdir(exist_ok=True)
    with pytest.raises(nf.FileError) as caught:
        nf.save(model(), path)
    assert str(caught.value) == (
        f"cannot write {path}: it is a folder; give the path of a file"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("deep.json", "[" * 100_000, "is nested too deeply to be read; expected tables in tables"),
        ("deep.toml", "a=" + "[" * 5000, "is nested too deeply to be read; expected tables in tab"),
        ("long.json", '{"a": ' + "9" * 10_000 + "}", "is not valid JSON: Exceeds the limit"),
        ("empty.json", "", "is not valid JSON: Expecting value (at line 1, column 1); correct"),
    ],
)
def test_a_file_that_no_parser_takes(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.configure(tmp_path / name)
    assert message in str(caught.value)


def test_a_state_of_something_else_is_refused():
    with pytest.raises(nf.StateError, match="the state of a run lacks optimizer, random, orders"):
        nf.train(TREE).load_state_dict({})


def test_a_module_that_fails_to_import_is_named(tmp_path, monkeypatch):
    (tmp_path / "module_that_exits.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(nf.InputError, match="'module_that_exits' cannot be imported: SystemExit"):
        nf.check("module_that_exits")
