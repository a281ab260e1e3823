"""Pictures of an evaluation: well-formed, with every number of it at its place."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

import neuroflow as nf
from neuroflow.evaluation import Answers, evaluation_of, usual_metrics
from neuroflow.view.evaluation_figure import save_picture
from neuroflow.view.evaluation_picture import evaluation_svg

SVG = "{http://www.w3.org/2000/svg}"


def evaluated(data, loss, said):
    entry = nf.get("loss", loss)
    answers = Answers(data, entry, lambda: said, lambda: [1.0] * len(data))
    return evaluation_of(answers, usual_metrics(data))


def classes(n=3):
    targets = [k % n for k in range(3 * n)]
    data = nf.Dataset([[0.0]] * 3 * n, targets, "classes", tuple(f"<{k}\x1b>" for k in range(n)))
    return evaluated(data, "cross_entropy", [[float(k == 0) for k in range(n)]] * 3 * n)


def numbers(said=(0.5, 1.0, 4.0)):
    return evaluated(nf.Dataset([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]), "mse", list(said))


def texts():
    data = nf.Dataset([[0, 1], [1, 0]], [[1, 0], [0, 0]], "sequence", vocab_size=2)
    return evaluated(data, "cross_entropy", [[[0.0, 1.0], [0.0, 2.0]]] * 2)


def test_a_notebook_shows_scores_and_pictures_and_a_prompt_the_tables():
    html = classes()._repr_html_()
    assert "evaluation: 9 examples" in html
    assert "accuracy" in html
    assert "<svg" in html
    assert "<0" not in html
    assert repr(numbers()) == str(numbers())


def elements(evaluation, tag):
    return [*ElementTree.fromstring(evaluation_svg(evaluation)).iter(f"{SVG}{tag}")]


def test_a_square_per_pair_of_classes_with_its_count():
    texts_of = [each.text for each in elements(classes(), "text")]
    assert texts_of.count("3") == 3  # three of each class, all said to be the first
    assert any("\\x1b" in (text or "") for text in texts_of)
    assert len(elements(classes(), "rect")) == 9
    assert not elements(classes(30), "rect")  # too many to be read


def test_a_dot_per_example_and_one_for_each_bin():
    assert len(elements(numbers(), "circle")) == 6  # predicted, and residuals
    assert len(elements(numbers((math.nan, 1.0, 2.0)), "circle")) == 4
    assert len(elements(classes(), "circle")) == 1
    assert not elements(texts(), "circle")
    assert len(elements(texts(), "polyline")) == 1


@pytest.mark.parametrize("made", [classes, numbers, texts])
def test_it_is_saved_as_svg_and_png(made, tmp_path):
    assert save_picture(made(), tmp_path / "it.svg").read_text().startswith("<svg")
    assert save_picture(made(), tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(nf.InputError, match="the name of no picture"):
        save_picture(made(), tmp_path / "it.gif")
