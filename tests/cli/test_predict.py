"""``neuroflow predict``: rows from arguments, a table or standard input."""

from __future__ import annotations

import json

import pytest


def test_predict_takes_arguments_csv_and_standard_input(neuroflow, moons, tmp_path):
    from neuroflow.training import predict

    (wanted,) = predict("moons/checkpoint.safetensors", [[0.5, -1.0]])
    (tmp_path / "points.csv").write_text("y,name,x\n-1,a,0.5\n")
    for words, text, beside in (
        (["0.5", "-1.0"], None, {}),
        (["--csv", "points.csv"], None, {"name": "a"}),
        (["--csv", "-"], "0.5,-1\n", {}),
        ([], "x,y\n0.5,-1\n", {}),
        ([], "0.5 -1\n\n", {}),
        ([], "\ufeffx,y\r\n0.5,-1\r\n", {}),
        ([], "x;note;y\n0.5;a;-1\n", {"note": "a"}),
        ([], 'x,"no\nte",y\n0.5,"a, b",-1\n', {"no\nte": "a, b"}),
    ):
        code, out, err = neuroflow("predict", moons, *words, "--json", text=text)
        assert code == 0, err
        (got,) = json.loads(out)["predictions"]
        assert got.pop("beside", {}) == beside
        assert got == {"input": [0.5, -1.0], "output": wanted, "label": str(int(wanted > 0))}
    assert neuroflow("predict", "moons/checkpoint.safetensors", "0.5", "-1")[1] == (
        f"predicted,output,x,y\n{int(wanted > 0)},{wanted!r},0.5,-1\n"
    )


@pytest.mark.parametrize(
    ("words", "text", "message"),
    [
        (["1"], None, "row 1 has 1 numbers; expected 2 (x, y)"),
        (["1", "two"], None, "the arguments: number 2 is 'two'; expected a finite number"),
        (["1", "nan"], None, "the arguments: number 2 is 'nan'; expected a finite number"),
        ([], "", "standard input holds no rows; give at least one row of numbers"),
        ([], "x,y,x\n1,2,3\n", "standard input has 2 columns named 'x'"),
        ([], "x,y\n1,2\n1\n", "standard input, line 3 has 1 cell; expected 2"),
        ([], "x,y\n", "standard input has no rows behind its names"),
        ([], "x,z\n1,2\n", "standard input has no column 'y'; its columns: x, z"),
        ([], "1,2\n3,b\n", "standard input, row 2: number 2 is 'b'; expected a finite number"),
        (["--csv", "nope.csv"], None, "cannot read nope.csv"),
    ],
)
def test_predict_says_what_is_wrong_with_its_rows(neuroflow, moons, words, text, message):
    code, out, err = neuroflow("predict", moons, *words, text=text)
    assert (code, out) == (1, "")
    assert message in err
