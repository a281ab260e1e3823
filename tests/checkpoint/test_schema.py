"""Behind the checksum: what a file says about itself is checked, field by field, before use."""

from __future__ import annotations

import os
import shutil

import pytest

import neuroflow as nf
from neuroflow.checkpoint import CHECKPOINT
from tests.support.files import Opened
from tests.training.test_folder import TINY


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a small run with all that a checkpoint can hold."""
    source = {
        **TINY,
        "optimizer": {"use": "adam", "learning_rate": 0.05},
        "data": {**TINY["data"], "standardize": True},
        "train": {**TINY["train"], "batch": 4},
    }
    folder = tmp_path_factory.mktemp("finished") / "run"
    nf.Run.start(source, folder).run()
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "copy")


def put(tree, path, value):
    *outer, last = path.split(".")
    for key in outer:
        tree = tree[int(key) if isinstance(tree, list) else key]
    if value is ...:
        del tree[last]
    else:
        tree[last] = value


def refused(folder, path, value, call=nf.inspect_file):
    checkpoint = folder / CHECKPOINT
    opened = Opened.at(checkpoint)
    put(opened.about, path, value)
    opened.write(checkpoint)
    with pytest.raises(nf.StateError) as caught:
        call(folder)
    message = str(caught.value)
    start = f"{checkpoint} says about itself what cannot be: "
    assert message.startswith(start)
    remedy = "; it was changed after it was written, so go back to an earlier one"
    return message.removeprefix(start).removesuffix(remedy)


OF_EVERY_FILE = [
    ("model", None, "model is None; expected a table"),
    ("model", {}, "model.use is missing; expected to be there"),
    ("model.use", 3, "model.use is 3; expected a text"),
    ("uses", {}, "uses is a table; expected a list"),
    ("uses", [None], "uses.0 is None; expected a table"),
    ("uses.0.plugin", ..., "uses.0.plugin is missing; expected to be there"),
    (
        "uses.0.id",
        "mlp",
        "uses.0.id is 'mlp' (a text); expected an id with a version, such as neuroflow/mlp@1",
    ),
    (
        "uses.0.self",
        1,
        "uses.0.self is there; expected one of kind, use, id, plugin, distribution,"
        " distribution_version, purpose, code",
    ),
    ("format", 1.0, "format is 1.0; expected a whole number from 0 on"),
    ("neuroflow", 1, "neuroflow is 1; expected a text"),
    ("configuration", [], "configuration is []; expected a table"),
    ("configuration.train", "x", "configuration.train is 'x' (a text); expected a table"),
    (
        "data.task",
        "guess",
        "data.task is 'guess' (a text); expected one of '', 'regression',"
        " 'binary', 'classes', 'sequence'",
    ),
    ("data.columns", "xy", "data.columns is 'xy' (a text); expected a list"),
    ("data.n_inputs", -1, "data.n_inputs is -1; expected a whole number from 0 on"),
    (
        "data.standardization.means",
        [0.0],
        "data.standardization is a table; expected as many finite means as deviations above 0",
    ),
    (
        "data.standardization.deviations",
        [0.0, 1.0],
        "data.standardization is a table; expected as many finite means as deviations above 0",
    ),
    ("data.tokenizer", "char", "data.tokenizer is 'char' (a text); expected a table"),
    ("state", None, "state is None; expected a table"),
    (
        "state.step",
        10**30,
        "state.step is 1000000000000000000000000000000; expected a whole number from 0 on",
    ),
    ("state.origin", {}, "state.origin.begun is missing; expected to be there"),
    ("state.origin.begun", 1e300, "state.origin.begun is 1e+300; expected seconds since 1970"),
    (
        "state.origin.files",
        [{"path": "a\0b", "sha256": "", "bytes": 0, "modified": 0}],
        "state.origin.files.0.path is 'a\\x00b' (a text); expected a path",
    ),
    (
        "extra",
        1,
        "extra is there; expected one of format, neuroflow, sha256, model, uses,"
        " configuration, data, state, frozen",
    ),
]


@pytest.mark.parametrize(("path", "value", "message"), OF_EVERY_FILE)
def test_what_a_file_cannot_say_is_named_with_its_place(folder, path, value, message):
    assert refused(folder, path, value) == message


OF_A_RUN = [
    ("state.training.backend", ..., "state.training.backend is missing; expected to be there"),
    ("state.training.optimizer", 3, "state.training.optimizer is 3; expected a table"),
    (
        "state.training.optimizer.steps",
        "3",
        "state.training.optimizer.steps is '3' (a text); expected a whole number from 0 on",
    ),
    (
        "state.training.metrics.loss",
        {},
        "state.training.metrics.loss is a table; expected a number",
    ),
    (
        "state.training.seconds",
        10**400,
        "state.training.seconds is a whole number of about 400 digits; expected a finite number",
    ),
]


@pytest.mark.parametrize(("path", "value", "message"), OF_A_RUN)
def test_what_a_run_cannot_go_on_from_is_named_with_its_place(folder, path, value, message):
    assert refused(folder, path, value, nf.Run.resume) == message
    nf.load(folder)  # the model needs none of it


@pytest.mark.parametrize("state", [None, 3, [], [1], [[1], None], [2**32, None], [True, None],
                                   [1, "x"], [3, [0] * 625, None]], ids=repr)  # fmt: skip
@pytest.mark.parametrize("of", ["random", "orders"])
def test_a_state_that_is_none_of_the_generator(folder, of, state):
    opened = Opened.at(folder / CHECKPOINT)
    opened.about["state"]["training"][of] = state
    opened.write(folder / CHECKPOINT)
    with pytest.raises(nf.StateError, match="the state of the random generator is none of SplitM"):
        nf.Run.resume(folder)


def test_numbers_of_an_optimizer_that_keeps_others(folder):
    opened = Opened.at(folder / CHECKPOINT)
    opened.tensors["optimizer:other"] = opened.tensors.pop("optimizer:m")
    opened.write(folder / CHECKPOINT)
    with pytest.raises(nf.StateError, match="the state 'm' of adam holds 0 numbers"):
        nf.Run.resume(folder)
    opened.tensors["optimizer:m"] = opened.tensors["optimizer:other"]
    opened.write(folder / CHECKPOINT)
    with pytest.raises(
        nf.StateError, match="the optimizer adam keeps no 'other'; expected m and v"
    ):
        nf.Run.resume(folder)


NO_DESCRIPTIONS = [
    "", "null", "[]", "{}", "{", "NaN", "[" * 100_000, '{"a":' * 50_000, '{"format": 1}',
    '{"format": NaN}', '{"format": 1, "format": 1}', '{"format": ' + "1" * 5000 + "}",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_DESCRIPTIONS, ids=lambda text: text[:20])
def test_a_description_that_is_none(folder, text):
    checkpoint = folder / CHECKPOINT
    Opened.at(checkpoint).write(checkpoint, text)
    for call in (nf.inspect_file, nf.load, nf.Run.resume):
        with pytest.raises(nf.StateError):
            call(folder)


def test_inspect_says_if_the_numbers_do_not_fit(folder, cli):
    checkpoint = folder / CHECKPOINT
    content = bytearray(checkpoint.read_bytes())
    content[-3] ^= 1
    checkpoint.write_bytes(content)
    code, _, err = cli("inspect", str(folder))
    assert code == 1
    assert "its numbers do not match their checksum" in err


def test_numbers_that_another_program_made_smaller(folder):
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    path = folder / CHECKPOINT
    with safe_open(str(path), framework="numpy") as file:
        metadata = file.metadata()
    save_file({n: a.astype("float32") for n, a in load_file(path).items()}, path, metadata=metadata)
    with pytest.raises(
        nf.StateError, match="was rewritten by another program: its numbers are F32"
    ):
        nf.load(folder)


def test_a_file_may_name_a_pipe_and_a_device_and_neither_is_read(folder):
    os.mkfifo(folder / "pipe")
    opened = Opened.at(folder / CHECKPOINT)
    file = {"sha256": "", "bytes": 1, "modified": 0}
    files = [{"path": path, **file} for path in (str(folder / "pipe"), "/dev/zero", "\udcff" * 9)]
    opened.about["state"]["origin"]["files"] = files
    opened.write(folder / CHECKPOINT)
    nf.load(folder)
