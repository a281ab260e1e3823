"""Everything that is installed in one table: as text of 80 columns, as JSON, as a page."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import neuroflow as nf
from neuroflow.checks import matrix
from neuroflow.cli import main
from neuroflow.view.matrix_page import matrix_page


def _rate(factor, **facts):
    def rate(base, step, steps):
        return base * factor

    return nf.ScheduleEntry(target=rate, formula=r"\eta_0", **facts)


@pytest.fixture(scope="module")
def report():
    """One entry of each verdict but one, and a name that nobody should see as it is."""
    meant = nf.Checks(expected={"formula": "the paper has it so"})
    return nf.check(
        "schedule/step",
        _rate(1.0, name="good", summary="Right."),
        _rate(2.0, name="half", summary="Wrong."),
        _rate(2.0, name="meant", summary="As expected.", checks=meant),
        _rate(2.0, name="<b>\x1b[2J" + "x" * 60, summary="A name for terminals."),
    )


def test_each_row_has_its_verdict(report):
    rows = matrix.rows(report)
    assert [row.verdict for row in rows] == ["right", "right", "wrong", "as expected", "wrong"]
    assert (rows[0].offer.distribution, rows[0].offer.version) == ("neuroflow", 1)
    assert rows[0].checks > 10


def test_the_text_has_80_columns_and_no_control_characters(report):
    text = matrix.as_text(report)
    assert max(map(len, text.split("\n"))) <= 80
    assert "\x1b" not in text
    assert "schedule step@1                    neuroflow " in text
    assert "  expected (the paper has it so) formula:" in text
    assert "5 entries of 1 distribution, " in text
    assert text.endswith("2 right, 2 wrong, 1 as expected")


def test_the_page_asks_nothing_and_shows_names_as_they_are(report):
    page = matrix_page(matrix.rows(report))
    assert "<b>\x1b" not in page
    assert "&lt;b&gt;\\x1b[2J" in page
    assert "prefers-color-scheme: dark" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "Expected, the paper has it so:" in page


def test_a_command_checks_all_and_writes_the_page(report, monkeypatch, tmp_path):
    monkeypatch.setattr("neuroflow.checks.check.check", lambda *what, seconds: report)
    page = tmp_path / "checked.html"
    told = CliRunner().invoke(main, ["check", "--all", "--json", "--html", str(page)])
    assert told.exit_code == 1
    rows = json.loads(told.stdout)["entries"]
    assert [row["verdict"] for row in rows][:2] == ["right", "right"]
    assert "the table as a page" in told.stderr
    assert "<table>" in page.read_text("utf-8")


def test_all_and_a_name_do_not_go_together():
    told = CliRunner().invoke(main, ["check", "--all", "relu"])
    assert told.exit_code == 2
    assert "--all is everything; leave out 'relu'" in told.output


def test_an_op_that_is_right_has_its_grade_and_one_that_is_wrong_has_none(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import neuroflow as nf\n\n\n@nf.op(formula='x^2')\ndef square_3(x):\n"
        "    'The square.'\n    return x * x\n\n\n@square_3.partials\n"
        "def _(out, x):\n    return (x,)\n"
    )
    report = nf.check("op/relu", "op/maximum", str(file))
    rows = matrix.rows(report)
    assert [(row.grade.word, row.told) for row in rows] == [
        ("proved", "proved"), ("sampled", "sampled"), ("", "1 finding")
    ]  # fmt: skip
    text = matrix.as_text(report)
    assert "proved, enclosed, sampled: right, and how well that is known" in text
    assert max(map(len, text.split("\n"))) <= 80
    assert [row["grade"] for row in matrix.as_dict(report)["entries"]] == ["proved", "sampled", ""]
    assert "<td>proved</td>" in matrix_page(rows).replace(' title=""', "")
