"""``neuroflow predict`` of tables: no answer is lost, at any width, in any form."""

from __future__ import annotations

import csv
import io
import json

import pytest

import neuroflow as nf
from neuroflow.cli.shared.answers import Answered, as_table

TABLE = """id;age;city;when;kind
7;1,5;Rome;2024-01-31;old
8;2,5;Oslo;2024-02-29;new
9;;Rome;2023-12-31;old
10;4,5;Oslo;2024-03-01;new
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A classifier of a table with decimal commas, a gap, words, dates and an id to ignore."""
    folder = tmp_path_factory.mktemp("tables")
    (folder / "t.csv").write_text(TABLE)
    columns = {"id": "ignore", "when": {"kind": "date", "parts": ["month", "weekday"]}}
    tree = {
        "model": {"use": "mlp", "sizes": [5, 2]}, "loss": "cross_entropy", "optimizer": "sgd",
        "data": {"use": "csv", "path": str(folder / "t.csv"), "target": "kind",
                 "columns": columns, "missing": "mean"},
        "train": {"steps": 3, "backend": "eager"},
    }  # fmt: skip
    run = nf.train(tree).run()
    nf.save(run.model, folder / "m.safetensors")
    return folder / "m.safetensors", run.model


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_every_column_and_all_digits_are_in_a_pipe_and_in_a_file(model, neuroflow, tmp_path):
    path, network = model
    (tmp_path / "ask.csv").write_text(TABLE)
    code, out, err = neuroflow("predict", path, "--csv", "ask.csv")
    assert code == 0, err
    rows = rows_of(out)
    assert list(rows[0]) == ["predicted kind", "P(new)", "P(old)", *TABLE.split("\n")[0].split(";")]
    cells = [{"age": 1.5, "city": "Rome", "when": "2024-01-31"},
             {"age": None, "city": "Rome", "when": "2023-12-31"}]  # fmt: skip
    wanted = nf.predict(network, cells, probabilities=True)
    for row, chances in zip((rows[0], rows[2]), wanted, strict=True):
        assert {name: float(row[f"P({name})"]) for name in ("new", "old")} == chances
        assert row["predicted kind"] == max(chances, key=chances.get)
    assert [row["id"] for row in rows] == ["7", "8", "9", "10"]
    assert neuroflow("predict", path, "--csv", "ask.csv", "--out", "a.csv")[:2] == (0, "")
    assert (tmp_path / "a.csv").read_text() == out
    told = json.loads(neuroflow("predict", path, "--csv", "ask.csv", "--format", "json")[1])
    assert told["predictions"][2]["input"] == [None, "Rome", "2023-12-31"]
    assert told["predictions"][2]["beside"] == {"id": "9", "kind": "old"}
    assert told["predictions"][2]["probabilities"] == wanted[1]


@pytest.mark.parametrize(
    "text",
    [
        "when,city,age\n2024-01-31,Rome,1.5\n",  # another order, delimiter and decimal mark
        "age|city|when\n1.5|Rome|2024-01-31\n",
        "1,5;Rome;2024-01-31\n",  # no header
        "\ufeffage;city;when\r\n 1,5; Rome;2024-01-31\r\n",
    ],
)
def test_a_table_is_read_as_in_training_or_as_it_is_written(model, neuroflow, text):
    path, network = model
    code, out, err = neuroflow("predict", path, text=text)
    assert code == 0, err
    cells = {"age": 1.5, "city": "Rome", "when": "2024-01-31"}
    (wanted,) = nf.predict(network, [cells], probabilities=True)
    assert float(rows_of(out)[0]["P(old)"]) == wanted["old"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("age;city;when\n1,5;Rome;2024-01-31\n2;Bonn;2024-01-31\n",
         "standard input, line 3, column 'city' is 'Bonn', which the training part has not"),
        ("age;city;when\n1,5;;2024-01-31\nold;Rome;2024-01-31\n",
         "standard input, line 3, column 'age' is 'old'; expected a finite number"),
        ("age;city;when\n1,5;Rome;31.1.2024\n",
         "line 2, column 'when' is '31.1.2024'; expected a date like 2024-12-31"),
        ("age;town;when\n1,5;Rome;2024-01-31\n", "has no column 'city'; its columns: age, town"),
        ("age;city;when\n1,5;Rome\n", "standard input, line 2 has 2 cells; expected 3"),
        ("age;city;when\n", "standard input has no rows behind its names"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_told_by_line_and_column(model, neuroflow, text, message):
    code, out, err = neuroflow("predict", model[0], text=text)
    assert (code, out) == (1, "")
    assert message in err


@pytest.mark.parametrize("width", [20, 80, 200])
def test_on_a_terminal_answers_come_first_and_none_is_lost(width):
    columns = [f"measurement {k}" for k in range(200)]
    row = Answered({"predicted": "a class", "P(a class)": 0.987654321}, ("1.25",) * 200)
    lines = list(as_table(columns, [row, row], width))
    assert max(map(len, lines)) <= max(width, len("all columns: --format csv, or --out FILE"))
    text = "\n".join(lines)
    assert text.count("a class") >= 3
    assert text.count("0.987654") == 2
    if width > 20:
        assert lines[0].startswith("predicted   P(a class)   measurement 0")
        shown = lines[0].count("measurement")
        assert lines[0].endswith(f"… {200 - shown} more")


def test_a_long_table_is_answered_in_chunks(model, neuroflow, monkeypatch):
    monkeypatch.setattr("neuroflow.cli.predict.CHUNK", 7)
    text = "age;city;when\n" + "1,5;Rome;2024-01-31\n" * 20
    code, out, _ = neuroflow("predict", model[0], text=text)
    assert code == 0
    assert len(set(out.splitlines()[1:])) == 1
    assert len(out.splitlines()) == 21
