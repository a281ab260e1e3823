"""What training returns, what is saved of it, and its run folder answer alike, with names."""

from __future__ import annotations

import copy
import pickle

import pytest

import neuroflow as nf

ROWS = [[300.0, 2.0], [100.0, 8.0]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A classifier of a table: standardized, with names, and semicolons between its cells."""
    folder = tmp_path_factory.mktemp("same")
    lines = [f"{100 * k};{k % 7};{'far' if k > 5 else 'near'}" for k in range(12)]
    (folder / "table.csv").write_text("\n".join(["width;depth;place", *lines]))
    tree = {
        "model": {"use": "mlp", "sizes": [2, 1]},
        "loss": "hinge",
        "optimizer": {"use": "sgd", "learning_rate": 0.1},
        "data": {
            "use": "csv", "path": str(folder / "table.csv"), "target": "place", "delimiter": ";",
            "standardize": True,
        },
        "train": {"steps": 20, "backend": "eager"},
    }  # fmt: skip
    run = nf.Run.start(tree, folder / "run").run()
    nf.save(run.training.model, folder / "model.safetensors")
    return run.training.model, folder


def test_the_model_its_file_and_its_folder_answer_alike(trained):
    model, folder = trained
    forms = [model, folder / "model.safetensors", folder / "run", nf.load(folder / "run"),
             copy.copy(nf.load(folder / "model.safetensors"))]  # fmt: skip
    said = [nf.predict(form, ROWS) for form in forms]
    assert all(answer == said[0] for answer in said)
    assert said[0] == [model(model.trained_on.inputs(row)).data for row in ROWS]
    named = [nf.predict(form, [{"depth": 2.0, "width": 900.0}], labels=True) for form in forms]
    assert named == [nf.predict(model, [[900.0, 2.0]], labels=True)] * len(forms)
    assert set(named[0]) <= {"far", "near"}


def test_the_files_of_a_model_and_of_its_run_tell_the_same(trained):
    model, folder = trained
    told = [nf.inspect_file(folder / name).data for name in ("model.safetensors", "run")]
    assert told[0] == told[1]
    assert told[0]["labels"] == ["far", "near"]
    assert told[0]["columns"] == ["width", "depth"]
    assert told[0]["preparation"]["notation"]["delimiter"] == ";"
    nf.save(nf.load(folder / "run"), folder / "again.safetensors")
    assert nf.inspect_file(folder / "again.safetensors").data == told[0]
    assert pickle.loads(pickle.dumps(model.trained_on)) == model.trained_on


def test_the_command_reads_what_the_model_was_trained_on(trained, run):
    _, folder = trained
    (folder / "new.csv").write_text("depth;width\n2;900\n")
    for name in ("model.safetensors", "run"):
        code, out, err = run("-m", "neuroflow", "predict", str(folder / name), "--csv",
                             str(folder / "new.csv"), "--json")  # fmt: skip
        assert (code, err) == (0, "")
        assert '"label": "far"' in out


def test_a_model_without_classes_has_no_labels():
    with pytest.raises(nf.InputError, match="MLP has no names for its answers"):
        nf.predict(nf.build("mlp", sizes=[2, 1]), ROWS, labels=True)


def test_a_language_model_writes_alike_in_all_three_forms(tmp_path):
    (tmp_path / "words.txt").write_text("ab\nba\naab\n")
    tree = {
        "model": {"use": "gpt", "n_embd": 4, "n_head": 1, "n_layer": 1, "block_size": 6},
        "loss": "cross_entropy",
        "optimizer": "adam",
        "data": {"use": "lines", "path": str(tmp_path / "words.txt")},
        "train": {"steps": 2, "backend": "eager", "batch": 1},
    }
    run = nf.Run.start(tree, tmp_path / "run").run()
    model = run.training.model
    nf.save(model, tmp_path / "m.safetensors")
    forms = [model, tmp_path / "m.safetensors", str(tmp_path / "run")]
    texts = [[one.text for one in nf.generate(form, count=3, backend="eager")] for form in forms]
    assert texts[0] == texts[1] == texts[2]
    given = nf.generate(model, run.training.dataset.tokenizer, nf.SplitMix32(0), count=3)
    assert [one.text for one in given] == texts[0]
    with pytest.raises(nf.InputError, match="MLP has no tokenizer"):
        nf.generate(nf.build("mlp", sizes=[2, 1]))
