"""Runs compared: curves, scores and settings stand beside each other."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

import neuroflow as nf


def test_curves_scores_and_what_differs_stand_beside_each_other(run_in, tmp_path):
    run_in("x/a")
    b = run_in("x/b", {"optimizer.learning_rate": 0.1})
    found = nf.compare(tmp_path / "x/a", b)
    assert found.names == ["a", "b"]
    assert found.settings == {"optimizer.learning_rate": [0.05, 0.1]}
    assert [step for step, _ in found.curves["a"]] == [1, 2, 3, 4]
    assert found.scores["loss"] == [points[-1][1] for points in found.curves.values()]
    assert found.to_dict()["runs"] == [str(tmp_path / "x/a"), str(tmp_path / "x/b")]
    text = str(found).splitlines()
    assert text[0].split() == ["loss", "first", "last"]
    assert text[-1].split() == ["learning_rate", "0.05", "0.1"]


def test_names_are_as_long_as_they_need_to_be(run_in, tmp_path):
    run_in("one/moons")
    run_in("two/moons")
    assert nf.compare(tmp_path / "one/moons", tmp_path / "two/moons").names == [
        "one/moons", "two/moons",
    ]  # fmt: skip
    assert len(nf.compare(tmp_path / "one/moons", tmp_path / "one/moons").names) == 2


def test_a_score_can_be_compared_and_one_that_nobody_has_is_refused(run_in, tmp_path):
    a, b = run_in("a"), run_in("b")
    found = nf.compare(a, b, metric="test_accuracy")
    assert all(0 <= y <= 1 for _, y in found.curves["a"])
    with pytest.raises(nf.InputError, match="none of the runs has recorded 'r2'; expected one of"):
        nf.compare(a, b, metric="r2")
    with pytest.raises(nf.InputError, match="expected two or more"):
        nf.compare(a)
    with pytest.raises(nf.FileError, match="holds no run"):
        nf.compare(a, tmp_path)


def test_the_picture_is_an_svg_that_holds_no_one_elses_markup(run_in, tmp_path):
    a, b = run_in("<script>"), run_in("b")
    found = nf.compare(a, b)
    path = found.save_picture(tmp_path / "c.svg")
    drawn = ElementTree.parse(path).getroot()
    lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len(line.get("points").split()) for line in lines] == [4, 4]
    assert "<script>" not in found._repr_html_()
    with pytest.raises(nf.InputError, match=r"c.gif is the name of no picture"):
        found.save_picture(tmp_path / "c.gif")


def test_runs_without_a_step_are_compared_too(tmp_path):
    for name in ("a", "b"):
        nf.Run.start("moons", tmp_path / name)
    found = nf.compare(tmp_path / "a", tmp_path / "b")
    assert found.curves == {"a": [], "b": []}
    assert "nothing was recorded" in found.svg()
