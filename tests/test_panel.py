"""A panel gives shapes, texts and numbers; whatever else there is in it is refused by name."""

from __future__ import annotations

import pytest

from neuroflow.errors import InputError
from neuroflow.panel import DEEPEST, LONGEST, content_of, picture, report_of
from neuroflow.training import Step


def svg(inside, attributes=""):
    return f'<svg viewBox="0 0 9 9"{attributes}>{inside}</svg>'


@pytest.mark.parametrize(
    "inside",
    [
        '<rect x="1" y="2" width="3" height="4" fill="var(--accent)"/>',
        '<g transform="translate(1 2) rotate(30)"><circle r="4" stroke="rgb(1, 2, 3)" /></g>',
        "<text>a &lt; b &amp; c<tspan>d</tspan> e</text>",
    ],
)
def test_shapes_and_texts_stay_as_they_are(inside):
    for given in (svg(inside), svg(inside, ' xmlns="http://www.w3.org/2000/svg"')):
        shown = picture(given)
        assert shown.replace(' xmlns="http://www.w3.org/2000/svg"', "") == svg(
            inside.replace('"/>', '" />')
        )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (svg("<script>alert(1)</script>"), "<script>"),
        (svg('<g xmlns:x="http://w3.org/1999/xhtml"><x:script/></g>'), "has <{http://w3.org"),
        (svg("<foreignObject/>"), "<foreignObject>"),
        (svg('<use href="#a"/>'), "<use>"),
        (svg("<style>*{}</style>"), "<style>"),
        (svg('<rect onclick="alert(1)"/>'), "onclick='alert(1)'"),
        (svg('<rect style="fill:red"/>'), "style='fill:red'"),
        (svg('<rect class="primary"/>'), "class='primary'"),
        (svg('<rect fill="url(https://example.com/)"/>'), "no functions but var"),
        (svg('<rect fill="u\\72l(x)"/>'), "no functions but var"),
        (svg('<rect fill="url&#40;x)"/>'), "no functions but var"),
        (svg('<rect width="nan"/>'), "expected finite numbers"),
        (svg('<polyline points="1,2 3,-inf"/>'), "expected finite numbers"),
        (svg("<text>a < b</text>"), "the picture is no XML"),
        ("<svg/>", "begins with no <svg viewBox"),
        ("<p>hello</p>", "begins with no <svg viewBox"),
        ("hello", "the picture is no XML"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("<text>&a;</text>"), "has a DOCTYPE"),
        (svg("<g>" * (DEEPEST + 1) + "</g>" * (DEEPEST + 1)), f"more than {DEEPEST} levels"),
        (svg(" " * LONGEST), "characters"),
    ],
)
def test_whatever_else_is_refused_by_name(given, told):
    with pytest.raises(InputError) as caught:
        picture(given)
    assert told in str(caught.value)


def test_control_characters_are_spelled_out():
    shown = picture(svg("<text>a‮b</text>", ' aria-label="a‮b"'))
    assert "‮" not in shown
    assert shown.count("a\\u202eb") == 2


@pytest.mark.parametrize("given", [None, 3, b"x", {"a": 1}, [3], ["ab"], [(None,)], [[object()]]])
def test_what_is_neither_picture_nor_rows_is_told(given):
    with pytest.raises(InputError, match="expected a"):
        content_of(given)


def test_rows_are_texts_and_numbers_of_any_length():
    assert content_of(iter([("a", 1), [2.5, "b", True], ()])) == {
        "rows": [["a", 1], [2.5, "b", True], []]
    }
    with pytest.raises(InputError, match="201 rows"):
        content_of([("a", 1)] * 201)


def test_a_report_has_the_numbers_of_its_step_and_cannot_be_changed():
    report = report_of(Step(1, 2, 4, 0.5, (0.5,), {"accuracy": 0.75}, None))
    assert dict(report) == {"step": 2, "steps": 4, "epoch": 1, "loss": 0.5, "accuracy": 0.75}
    with pytest.raises(TypeError):
        report["loss"] = 0.0
