"""``neuroflow evaluate``: text, JSON, pictures, another file."""

from __future__ import annotations

import pytest

import neuroflow as nf

ROWS = "x,kind\n" + "".join(f"{k},{'no' if k < 6 else 'yes'}\n" for k in range(12))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text(ROWS)
    tree = {
        "model": {"use": "mlp", "sizes": [1, 1]},
        "loss": "binary_cross_entropy",
        "optimizer": {"use": "sgd", "learning_rate": 0.1},
        "data": {"use": "csv", "path": "rows.csv", "target": "kind", "standardize": True},
        "train": {"steps": 3, "backend": "eager"},
    }
    nf.Run.start(tree, "run").run()
    return tmp_path


def test_it_prints_what_the_evaluation_says(folder, cli):
    code, out, _ = cli("evaluate", "run", "--metric", "auc", "--worst", "1")
    assert code == 0
    assert out == f"{nf.evaluate('run', metrics=['auc'], worst=1)}\n"
    assert "auc " in out


def test_json_is_one_object_and_pictures_are_files(folder, cli):
    _, told, _ = cli("evaluate", "run", "--data", "rows.csv", "--json", "--picture", "it.svg")
    assert told["examples"] == 12
    assert told["picture"] == "it.svg"
    assert told["labels"] == ["no", "yes"]
    assert (folder / "it.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--part", "test"], "the run has no 'test'"),
        (["--metric", "f2"], "unknown metric 'f2'"),
        (["--picture", "it.gif"], "the name of no picture"),
    ],
)
def test_mistakes_are_told(folder, cli, arguments, told):
    code, _, error = cli("evaluate", "run", *arguments)
    assert code in (1, 2)
    assert told in error
