"""Importers: the way back is equal to the bit, and what is no model is told."""

from __future__ import annotations

import json

import pytest

import neuroflow as nf
from neuroflow.export.destinations import export
from neuroflow.export.importing import import_model

pytest.importorskip("numpy")


@pytest.fixture
def plain(tmp_path):
    """The files that the destination safetensors writes of a saved model."""

    def write(model, dtype="float64"):
        nf.save(model, tmp_path / "m.safetensors")
        export(tmp_path / "m.safetensors", "safetensors", tmp_path / "out/m.safetensors", dtype)
        return tmp_path / "out" / "m.safetensors"

    return write


def gpt():
    settings = {"vocab_size": 5, "n_embd": 4, "n_head": 2, "n_layer": 1, "block_size": 3}
    return nf.build("gpt", **settings, rng=nf.SplitMix32(2))


def mlp():
    return nf.build("mlp", sizes=[2, 3, 1], activation="tanh", rng=nf.SplitMix32(1))


@pytest.mark.parametrize("make", [mlp, gpt])
def test_the_way_back_is_equal_to_the_bit(plain, tmp_path, make):
    before = make()
    import_model(plain(before), "safetensors", tmp_path / "back.safetensors")
    after = nf.load(tmp_path / "back.safetensors")
    assert after.state_dict() == before.state_dict()
    assert after.configuration() == before.configuration()


def test_what_a_run_knows_of_its_data_comes_back(tmp_path):
    few = {"train.steps": 2, "data.points": 12, "train.backend": "eager"}
    run = nf.Run.start("moons", tmp_path / "run", few).run()
    export(tmp_path / "run", "safetensors", tmp_path / "m.safetensors")
    model = nf.from_tensors(tmp_path / "m.safetensors")
    rows = [[0.5, -0.25], [1.0, 1.0]]
    assert model.trained_on == run.training.model.trained_on
    assert nf.predict(model, rows) == nf.predict(run.training.model, rows)


def test_float32_comes_back_as_the_rounded_numbers(plain):
    import numpy as np

    before = mlp()
    after = nf.from_tensors(plain(before, "float32"))
    rounded = {name: float(np.float32(x)) for name, x in before.state_dict().items()}
    assert after.state_dict() == rounded


def _changed(path, key, value):
    config = path.with_name("config.json")
    config.write_text(json.dumps({**json.loads(config.read_text()), key: value}))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-3]), "damaged or truncated"),
        (lambda path: path.with_name("config.json").unlink(), "there is no file .*config.json"),
        (lambda path: path.with_name("config.json").write_text("[1]"), "all of it is .*a table"),
        (lambda path: _changed(path, "model", {"use": "nothing_such"}), "nothing_such"),
        (lambda path: _changed(path, "data", {"task": 3}), "data.task is 3"),
        (
            lambda path: _changed(path, "model", {"use": "mlp", "sizes": [2, 4, 1]}),
            "has the shape",
        ),
        (
            lambda path: _changed(path, "model", {"use": "mlp", "sizes": [2, 10**6, 10**6]}),
            "another architecture",
        ),
    ],
)
def test_what_does_not_belong_together_is_told(plain, damage, told):
    path = plain(mlp())
    damage(path)
    with pytest.raises(nf.NeuroflowError, match=told):
        nf.from_tensors(path)


def test_a_file_is_never_written_over_itself(plain, tmp_path):
    path = plain(mlp())
    with pytest.raises(nf.InputError, match="is the file that is read"):
        import_model(path, "safetensors", path)
    with pytest.raises(nf.InputError, match=r"unknown importer 'safetensor'.*did you mean"):
        import_model(path, "safetensor", tmp_path / "x")
    with pytest.raises(nf.FileError, match="there is no file"):
        import_model(tmp_path / "none", "safetensors", tmp_path / "x")


def test_one_that_gives_no_model_writes_nothing(tmp_path):
    (tmp_path / "it.txt").write_text("1")
    with nf.local_entries():
        nf.register("importer", lambda path: {"w": 1.0}, name="wrong", suffix=".txt")
        with pytest.raises(nf.InputError, match="the importer local/wrong gave"):
            import_model(tmp_path / "it.txt", "wrong", tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()
