"""Saved models: what is in the file, what is refused, and that a failed write harms nothing."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import neuroflow as nf
from neuroflow.checkpoint import check_uses, read_description
from neuroflow.checkpoint.arrays import gathered, scattered
from neuroflow.checkpoint.file import sealed
from neuroflow.checkpoint.saving import load_parameters


def mlp(seed=1, **changes):
    return nf.build("mlp", **{"sizes": [2, 3, 1], **changes}, rng=nf.SplitMix32(seed))


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model.safetensors"
    nf.save(mlp(), path)
    return path


def about(path, **changes):
    """The metadata of a file, changed and written back."""
    from safetensors import safe_open

    with safe_open(str(path), framework="numpy") as file:
        facts = json.loads(file.metadata()["neuroflow"].partition(" ")[2])
    save_file(load_file(path), path, metadata={"neuroflow": sealed({**facts, **changes})})
    return facts


def error_of(kind, call, *arguments):
    with pytest.raises(kind) as caught:
        call(*arguments)
    return str(caught.value)


def test_a_model_comes_back_with_every_bit(saved):
    model = nf.load(saved)
    assert model.state_dict() == mlp().state_dict()
    assert model([0.1, 0.2]).data == mlp()([0.1, 0.2]).data
    assert not model.training


def test_the_same_model_gives_the_same_file(saved, tmp_path):
    nf.save(mlp(), tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == saved.read_bytes()


def test_other_tools_can_read_the_numbers(saved):
    arrays = load_file(saved)
    weights = [w for name, w in arrays.items() if name.endswith("weights")]
    assert sum(array.size for array in arrays.values()) == 13
    assert all(array.dtype == np.float64 for array in arrays.values())
    assert {w.shape for w in weights} == {(2,), (3,)}


def test_there_is_no_pickle_and_no_import_path_in_a_file(saved):
    content = saved.read_bytes()
    assert b"neuroflow_plugins" not in content
    assert b"pickle" not in content


def test_inspect_reads_the_metadata(saved):
    facts = nf.inspect_file(saved)
    assert facts.model["use"] == "mlp"
    assert facts.model["sizes"] == [2, 3, 1]
    assert facts.parameters == 13
    assert {used.id for used in facts.uses} >= {"neuroflow/mlp@1", "neuroflow/relu@1"}
    assert {used.distribution for used in facts.uses} == {"neuroflow"}
    assert facts.neuroflow == nf.__version__


def test_inspect_loads_no_plugin(saved):
    code = (
        "import sys, neuroflow as nf; nf.inspect_file(sys.argv[1]);"
        "print([m for m in sys.modules if m.startswith(('neuroflow_plugins', 'pluggy'))])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(saved)], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_settings_of_parts_survive(tmp_path):
    table = {
        "use": "sequential",
        "layers": [
            {"use": "mlp", "sizes": [2, 3], "activation": {"use": "leaky_relu", "slope": 0.25}},
            {"use": "mlp", "sizes": [3, 2], "initializer": {"use": "normal", "std": 0.5}},
        ],
    }
    model = nf.build(table, rng=nf.SplitMix32(5))
    nf.save(model, tmp_path / "m.safetensors")
    again = nf.load(tmp_path / "m.safetensors")
    assert [y.data for y in again([-1.0, 0.5])] == [y.data for y in model([-1.0, 0.5])]
    used = {u.id for u in nf.inspect_file(tmp_path / "m.safetensors").uses}
    assert {"neuroflow/leaky_relu@1", "neuroflow/normal@1"} <= used


@settings(max_examples=30)
@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=4),
    st.sampled_from(["relu", "tanh", "sigmoid", "gelu"]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_any_mlp_survives_a_round_trip(sizes, activation, bias, seed):
    import tempfile

    model = mlp(seed, sizes=sizes, activation=activation, bias=bias)
    with tempfile.TemporaryDirectory() as folder:
        nf.save(model, f"{folder}/m.safetensors")
        assert nf.load(f"{folder}/m.safetensors").state_dict() == model.state_dict()


_NAMES = st.lists(st.sampled_from(["a", "b", "0", "1", "2"]), min_size=1, max_size=4)


@given(st.dictionaries(_NAMES.map(".".join), st.floats(allow_nan=False), max_size=20))
def test_numbers_keep_their_names_in_tensors(state):
    tensors = gathered(state)
    arrays = {
        name: np.frombuffer(content).reshape(shape) for name, (shape, content) in tensors.items()
    }
    assert scattered(arrays) == state


def test_a_file_holds_the_bits_of_every_number_where_safetensors_looks_for_them(saved):
    state = mlp().state_dict()
    for name, array in load_file(saved).items():
        for index in np.ndindex(array.shape):
            assert state[".".join([name, *map(str, index)])] == array[index]
    assert sum(array.size for array in load_file(saved).values()) == len(state)


def test_saving_needs_no_numpy(tmp_path):
    code = (
        "import sys; sys.modules.update(numpy=None, safetensors=None)\n"
        "import neuroflow as nf\n"
        "nf.save(nf.build('mlp', sizes=[2, 3, 1], rng=nf.SplitMix32(1)), 'model.safetensors')\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert nf.load(tmp_path / "model.safetensors").state_dict() == mlp().state_dict()


def test_a_missing_file():
    assert error_of(nf.FileError, nf.load, "none.safetensors") == (
        "there is no file none.safetensors; give the path of a saved model"
    )


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_a_truncated_file(saved, keep):
    saved.write_bytes(saved.read_bytes()[:keep])
    for call in (nf.load, nf.inspect_file):
        message = error_of(nf.StateError, call, saved)
        assert message.startswith(f"{saved} is damaged or truncated: ")


def test_a_damaged_number_is_noticed(saved):
    content = bytearray(saved.read_bytes())
    content[-3] ^= 1
    saved.write_bytes(content)
    assert error_of(nf.StateError, nf.load, saved) == (
        f"{saved} is damaged or truncated: its numbers do not match their checksum;"
        " expected a whole .safetensors file; copy it again or go back to an earlier one"
    )


@settings(max_examples=100)
@given(st.data())
def test_any_flipped_byte_is_an_error_of_ours_or_harmless(data):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/m.safetensors"
        nf.save(mlp(), path)
        with open(path, "r+b") as file:
            content = bytearray(file.read())
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] ^= 1 << data.draw(st.integers(0, 7))
            file.seek(0)
            file.write(content)
        try:
            model = nf.load(path)
        except nf.NeuroflowError:
            return
        assert model.state_dict() == mlp().state_dict()


def test_a_file_of_another_program(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"x": np.zeros(3)}, path)
    assert "that neuroflow did not write" in error_of(nf.StateError, nf.load, path)


def test_another_format(saved):
    about(saved, format=9)
    assert "has format 9, and this neuroflow reads format 1" in error_of(
        nf.StateError, nf.load, saved
    )


def test_another_architecture(saved):
    facts = about(saved)
    about(saved, model={**facts["model"], "sizes": [2, 4, 1]})
    message = error_of(nf.StateError, nf.load, saved)
    assert message.startswith(f"{saved} holds a model of another architecture: ")
    assert "13 numbers and the model has 17 parameters" in message


def test_a_missing_plugin_names_plugin_distribution_and_version(saved):
    facts = about(saved)
    foreign = {
        "kind": "activation", "use": "acme/swoosh", "id": "acme/swoosh@2", "plugin": "acme",
        "distribution": "acme-nets", "distribution_version": "1.4",
    }  # fmt: skip
    about(saved, uses=[*facts["uses"], foreign])
    assert error_of(nf.PluginError, nf.load, saved) == (
        f"{saved} needs what is not installed: activation acme/swoosh@2 (plugin 'acme' of"
        " acme-nets 1.4); install those distributions, see: neuroflow doctor"
    )


def test_a_changed_entry_says_both_versions(saved):
    (used,) = [u for u in nf.inspect_file(saved).uses if u.use == "mlp"]
    message = error_of(nf.StateError, check_uses, [evolve(used, id="neuroflow/mlp@9")], "FILE")
    assert message == (
        "FILE was saved with another version: layer neuroflow/mlp@9 (plugin 'mlp' of neuroflow"
        f" {nf.__version__}), while neuroflow/mlp@1 of plugin 'mlp' of neuroflow {nf.__version__}"
        " is installed; its numbers would mean something else, so install the version it was"
        " saved with"
    )


def test_a_model_that_nobody_registered(tmp_path):
    class Mine(nf.Module):
        def __init__(self):
            self.w = nf.Value(1.0)

    assert "Mine is not registered as a layer" in error_of(
        nf.StateError, nf.save, Mine(), tmp_path / "m.safetensors"
    )
    assert list(tmp_path.iterdir()) == []


ON_A_FULL_DISK = """
import resource, sys
import neuroflow as nf

model = nf.build("mlp", sizes=[2, 3, 1], rng=nf.SplitMix32(2))
resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))
try:
    nf.save(model, sys.argv[1])
except nf.FileError as error:
    print(error)
"""


def test_a_full_disk_leaves_the_old_file(saved, run):
    """No file of that process may grow beyond 16 bytes: writing fails in the middle."""
    before = saved.read_bytes()
    code, printed, errors = run("-c", ON_A_FULL_DISK, str(saved))
    assert (code, errors) == (0, "")
    assert printed == (
        f"cannot write {saved}: File too large;"
        " what was there before is untouched, so make room or choose another place\n"
    )
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("place", ["missing/m.safetensors", "model.safetensors/m.safetensors"])
def test_a_place_that_cannot_be_written(saved, place):
    before = saved.read_bytes()
    message = error_of(nf.FileError, nf.save, mlp(2), saved.parent / place)
    assert message.startswith(f"cannot write {saved.parent / place}: ")
    assert saved.read_bytes() == before


def test_a_read_only_disk(saved, monkeypatch):
    before = saved.read_bytes()
    real = open

    def read_only(path, mode="r", *rest, **more):
        if set("wx") & set(mode):
            raise OSError(30, "Read-only file system", str(path))
        return real(path, mode, *rest, **more)

    monkeypatch.setattr("builtins.open", read_only)
    assert "cannot write" in error_of(nf.FileError, nf.save, mlp(2), saved)
    monkeypatch.undo()
    assert saved.read_bytes() == before


def test_predict_takes_a_file_and_standardizes_like_the_training_data(tmp_path):
    path = tmp_path / "m.safetensors"
    facts = {"standardization": {"means": [1.0, 2.0], "deviations": [2.0, 4.0]}}
    nf.save(mlp(), path, data=facts)
    assert nf.predict(path, [[3.0, 6.0]]) == [mlp()([1.0, 1.0]).data]
    assert "row 0 has 1 numbers; expected 2" in error_of(nf.InputError, nf.predict, path, [[1.0]])


def test_files_get_the_usual_permissions(saved):
    usual = saved.with_name("usual")
    usual.touch()
    assert saved.stat().st_mode == usual.stat().st_mode


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_no_file_holds_a_number_that_is_not_finite(tmp_path, number):
    path = tmp_path / "model.safetensors"
    model = nf.build("mlp", sizes=[2, 1], rng=nf.SplitMix32(1))
    nf.save(model, path)
    arrays = load_file(path)
    model.layers[0].neurons[0].bias.data = number
    before = path.read_bytes()
    with pytest.raises(nf.StateError, match=rf"not finite: layers.0.neurons.0.bias is {number}"):
        nf.save(model, path)
    assert path.read_bytes() == before
    with pytest.raises(nf.StateError, match=r"the optimizer holds .*: m\.1 is"):
        nf.save(nf.load(path), path, optimizer={"m": [0.0, number, 0.0]})
    name = next(name for name, array in arrays.items() if array.size == 1)
    arrays[name] = np.full_like(arrays[name], number)
    with pytest.raises(nf.StateError, match="not finite"):
        load_parameters(nf.load(path), arrays, path)


def test_a_description_is_read_without_the_numbers(tmp_path):
    run = nf.Run.start("moons", tmp_path / "run", {"train.steps": 2, "train.backend": "eager"})
    path = run.run().folder / "checkpoint.safetensors"
    about = read_description(path)
    assert (about["state"]["step"], about["state"]["steps"]) == (2, 2)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"hinge", b"Hinge", 1))
    with pytest.raises(nf.StateError, match="does not match its checksum"):
        read_description(path)
