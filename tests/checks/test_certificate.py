"""Certificates: what was tried can be tried again, and what has changed is told."""

from __future__ import annotations

import json

import pytest

import neuroflow as nf
from neuroflow.checks.certificate import certificate, verify, write_certificate
from neuroflow.checks.check import check

NAMES = ("op/relu", "loss/mse", "schedule/linear")


@pytest.fixture(scope="module")
def report():
    return check(*NAMES)


@pytest.fixture
def file(report, tmp_path):
    return write_certificate(tmp_path / "checked.json", report)


def changed(file, **facts):
    """The certificate of relu alone, with other facts in it."""
    said = json.loads(file.read_text())
    said["entries"] = [said["entries"][0] | facts]
    file.write_text(json.dumps(said))
    return file


def test_a_certificate_says_what_was_tried_with_what(report):
    said = certificate(report)
    relu, mse, _ = said["entries"]
    assert (relu["kind"], relu["id"], relu["verdict"]) == ("op", "neuroflow/relu@1", "right")
    assert relu["source"]["file"] == "ops.py"
    assert len(relu["source"]["sha256"]) == 64
    assert relu["points"] > 1_000
    assert relu["checks"]["partials"] > 5
    assert sum(relu["checks"].values()) == report.counts["op relu"]
    assert relu["derivative"] == {"word": "proved", "why": ""}
    assert mse["derivative"]["word"] == ""
    assert said["packages"]["neuroflow"] == nf.__version__


def test_the_same_is_found_again(file):
    assert [(v.id, v.differences) for v in verify(file)] == [
        ("neuroflow/relu@1", ()), ("neuroflow/mse@1", ()), ("neuroflow/linear@1", ())
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"source": {"file": "ops.py", "sha256": "0" * 64}}, "the source of ops.py has changed"),
        ({"verdict": "wrong"}, 'verdict: "wrong" there, "right" here'),
        ({"points": 7}, "points: 7 there, "),
        ({"derivative": {"word": "sampled", "why": ""}}, 'derivative: {"word": "sampled"'),
        ({"checks": {"partials": 1}}, "comparisons of 'partials': 1 there, "),
        ({"id": "elsewhere/relu@1"}, "it is not installed"),
        ({"kind": "opera"}, "it is not installed"),
    ],
)
def test_what_is_not_as_it_says_is_told(file, facts, told):
    (verified,) = verify(changed(file, **facts))
    assert any(difference.startswith(told) for difference in verified.differences)


def test_what_the_checks_find_wrong_has_no_grade(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import neuroflow as nf\n\n@nf.op(formula='x^2')\ndef square_2(x):\n"
        "    'The square.'\n    return x * x\n\n@square_2.partials\n"
        "def _(out, x):\n    return (x,)\n"
    )
    (entry,) = certificate(check(str(file)))["entries"]
    assert entry["verdict"] == "wrong"
    assert entry["derivative"] == {"word": "", "why": "it is wrong"}
    assert any(finding.startswith("partials: d/dx at") for finding in entry["findings"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "it is no JSON"),
        ("[]", "its format is not 'neuroflow certificate 1'"),
        ('{"format": "neuroflow certificate 1"}', "an entry lacks a part"),
        ('{"format": "neuroflow certificate 1", "entries": [{"kind": 3}]}', "an entry lacks"),
    ],
)
def test_another_file_is_no_certificate(tmp_path, text, told):
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(nf.FileError) as caught:
        verify(tmp_path / "other.json")
    message = str(caught.value)
    assert told in message
    assert "neuroflow check NAME --certificate FILE" in message


def test_the_commands(cli, tmp_path):
    file = tmp_path / "relu.json"
    code, _, err = cli("check", "op/relu", "--certificate", str(file))
    assert code == 0
    assert "relu.json: what was tried" in err
    code, out, _ = cli("verify", str(file))
    assert (code, out.splitlines()[-1]) == (0, "1 of 1 hold")
    changed(file, points=7)
    code, result, _ = cli("verify", str(file), "--json")
    assert (code, result["ok"]) == (1, False)
    assert result["entries"][0]["differences"][0].startswith("points: 7 there")
