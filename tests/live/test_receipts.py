"""Receipts on hover, focus, tap and click; the list of all parameters; in both transports."""

import math
from contextlib import ExitStack
from functools import cache

import pytest

from tests.live.conftest import opened
from tests.support.long_tests import long

COUNT = """() => {
  window.asked = 0; window.open = 0; window.most = 0;
  const answer = neuroflow.asker.line.answered, ask = neuroflow.asker.line.send;
  neuroflow.asker.line.send = (message) => {
    window.asked += 1; window.open += 1; window.most = Math.max(window.most, window.open);
    ask(message);
  };
  neuroflow.asker.line.answered = function () { window.open -= 1; answer.call(this); };
}"""
NEURON = "#network .neuron"
SMALL = "#hidden=5,4&points=24&batch=8&epochs=4"
GPT = "#width=8&heads=2&batch=2"


REST = "() => { window.asked = window.most = 0; document.activeElement.blur(); }"


@pytest.fixture(scope="module", params=["socket", long("worker")])
def open_page(request, tabs):
    """Open a page of either transport after one step; a page is opened once, then laid to rest."""
    if request.param == "socket":
        address, token = request.getfixturevalue("server").split("?")
        place = address.rpartition("/")[0] + "/{page}.html?" + token
    else:
        place = request.getfixturevalue("exported") + "/{page}.html"
    with ExitStack() as stack:

        @cache
        def first(page, setup):
            tab = stack.enter_context(opened(tabs))
            tab.open(place.format(page=page) + setup)
            tab.page.click("#step")
            tab.wait("neuroflow.now.step === 1", seconds=60)
            tab.page.evaluate(COUNT)
            return tab

        def go(page, setup):
            tab = first(page, setup)
            tab.page.bring_to_front()
            tab.page.keyboard.press("Escape")
            tab.page.mouse.move(5, 5)
            tab.wait("!neuroflow.chosen && window.open === 0")
            tab.page.evaluate(REST)
            return tab

        yield go


def test_resting_on_a_neuron_shows_its_receipt_and_a_click_pins_one(open_page):
    tab = open_page("classification", SMALL)
    tab.page.locator(NEURON).nth(2).hover()
    assert tab.knows("receipt") is None
    tab.wait("neuroflow.receipt?.title === 'layers.0.neurons.2'")
    assert tab.knows("chosen") is None
    tab.page.locator(NEURON).nth(3).click()
    tab.wait("neuroflow.receipt.title === 'layers.0.neurons.3'")
    tab.page.locator(NEURON).nth(1).hover()
    tab.wait("neuroflow.receipt.title === 'layers.0.neurons.1'")
    assert tab.knows("chosen.name") == "layers.0.neurons.3"
    tab.page.mouse.move(5, 5)
    tab.wait("neuroflow.receipt.title === 'layers.0.neurons.3'")
    assert "Neuron 4 of layer 1" in tab.page.inner_text("#receipt h3 >> nth=0")
    assert "layers.0.neurons.3" in tab.page.inner_text("#receipt .head")
    tab.page.keyboard.press("Escape")
    assert tab.knows("chosen") is None


def test_resting_on_a_weight_or_a_point_shows_its_receipt(open_page):
    tab = open_page("classification", SMALL)
    line = tab.page.locator("#network .hit").nth(4)
    x1, x2, y1, y2 = (float(line.get_attribute(k)) for k in ("x1", "x2", "y1", "y2"))
    to_screen = """(e, [x, y]) => {
      const p = new DOMPoint(x, y).matrixTransform(e.getScreenCTM());
      return [p.x, p.y];
    }"""
    tab.page.locator("#network").scroll_into_view_if_needed()
    near = [x1 + 0.12 * (x2 - x1), y1 + 0.12 * (y2 - y1)]
    tab.page.mouse.move(*line.evaluate(to_screen, near))
    tab.wait("neuroflow.receipt?.what === 'parameter'")
    title = tab.knows("receipt.title")
    assert tab.knows("receipt.value") in tab.knows("now.numbers")
    assert title in tab.page.text_content("#receipt .head")
    assert "in neuron " in tab.page.text_content("#receipt-said")
    box = tab.page.locator("#plot").bounding_box()
    at = [tab.knows(f"frame.{c}(neuroflow.setup.picture.points[7]['{k}'])")
          for k, c in enumerate("xy")]  # fmt: skip
    tab.page.mouse.move(box["x"] + at[0], box["y"] + at[1])
    tab.wait("neuroflow.receipt.what === 'point'")
    near = tab.knows(f"setup.picture.points[{tab.knows('receipt.row')}]")
    point = tab.knows("setup.picture.points[7]")
    assert math.dist(near[:2], point[:2]) < 0.2


def test_the_focus_alone_shows_a_receipt_and_says_it(open_page):
    tab = open_page("classification", SMALL)
    tab.page.focus("#theme")
    tab.page.focus("#plot")
    tab.page.keyboard.press("Shift")  # the keyboard is in use: the focus is visible
    tab.page.focus("#theme")
    tab.page.focus("#plot")
    tab.wait("neuroflow.receipt?.what === 'point'")
    title = tab.knows("receipt.title")
    assert title.startswith("example ")
    assert tab.knows("chosen") is None
    assert tab.page.get_attribute("#receipt-said", "aria-live") == "polite"
    assert f"{title} is of class" in tab.page.text_content("#receipt-said").lower()
    tab.page.locator(NEURON).first.focus()
    tab.wait("neuroflow.receipt?.title === 'layers.0.neurons.0'")
    assert f"the loss of {title} " in tab.page.text_content("#receipt-said")


def test_passing_by_asks_nothing_and_at_most_one_question_is_open(open_page):
    tab = open_page("classification", SMALL)
    tab.page.locator("#network").scroll_into_view_if_needed()
    places = [tab.page.locator(NEURON).nth(k).bounding_box() for k in range(9)]
    for _ in range(3):
        for place in places:
            tab.page.mouse.move(place["x"] + 11, place["y"] + 11)
    tab.page.mouse.move(5, 5)
    tab.page.wait_for_timeout(600)
    assert tab.page.evaluate("() => window.asked") == 0
    tab.page.evaluate(
        """() => {
          for (let k = 0; k < 60; k++) neuroflow.asker.pin({ what: 'point', row: k % 24 });
        }"""
    )
    tab.wait("neuroflow.receipt?.row === 11 && window.open === 0")
    assert tab.page.evaluate("() => [window.asked, window.most]") == [2, 1]


def test_a_tap_shows_and_pins_a_receipt(server, chromium, browser_context):
    if not browser_context.cookies():
        browser_context.new_page().goto(server)
    phone = chromium.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, color_scheme="dark"
    )
    phone.add_cookies(browser_context.cookies())
    page = phone.new_page()
    page.goto(server.split("?")[0].rpartition("/")[0] + "/classification.html" + SMALL)
    page.wait_for_selector("#play:not([disabled])")
    page.locator(NEURON).nth(2).tap()
    page.wait_for_function("() => neuroflow.receipt?.title === 'layers.0.neurons.2'")
    assert page.evaluate("() => neuroflow.chosen.name") == "layers.0.neurons.2"
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    phone.close()


def test_every_parameter_of_a_language_model_is_found_explained_and_edited(open_page):
    tab = open_page("gpt", GPT)
    names = tab.knows("setup.network.names")
    assert len(names) > 1000
    assert tab.page.locator("#parameter-rows button:visible").count() == 12
    assert tab.page.text_content("#parameter-page") == f"1 to 12 of {len(names)}"
    tab.page.click("#later")
    assert tab.page.text_content("#parameter-page") == f"13 to 24 of {len(names)}"
    tab.page.fill("#find", "attention.query 3.5")
    tab.page.wait_for_selector("#parameter-page:has-text('1 to ')")
    name = "blocks.0.attention.query.weights.3.5"
    button = tab.page.locator(f"#parameter-rows button[title='{name}']")
    assert button.inner_text() == "dimension 6 → head 1, number 4"
    button.hover()
    tab.wait(f"neuroflow.receipt?.title === '{name}'", seconds=60)
    parts = [*tab.knows("receipt.parts"), *tab.knows("receipt.rest")]
    assert math.isclose(
        sum(p["amount"] for p in parts), tab.knows("receipt.gradient"), abs_tol=1e-12
    )
    assert tab.knows("chosen") is None
    button.click()
    tab.page.fill("#weight", "0.75")  # at once: the next receipt may not take it away
    tab.page.wait_for_selector("#what-if:has-text('predicted')", timeout=60_000)
    before = tab.knows("picture.next")
    tab.page.click("#set-weight")
    tab.wait("neuroflow.now.edited", seconds=60)
    assert tab.knows("now.numbers")[names.index(name)] == 0.75
    assert tab.knows("picture.next") != before
    tab.page.select_option("#module", label="blocks.0.attention.query · Linear (64)")
    tab.page.fill("#find", "")
    assert tab.page.text_content("#parameter-page") == "1 to 12 of 64"
    first = tab.page.locator("#parameter-rows button:visible").first
    first.focus()
    tab.page.keyboard.press("PageDown")
    assert tab.page.text_content("#parameter-page") == "13 to 24 of 64"
    tab.page.fill("#find", "nothing like it")
    assert tab.page.text_content("#parameter-page") == "no parameter has that name"


def test_resting_on_a_square_of_attention_shows_its_receipt(open_page):
    tab = open_page("gpt", GPT)
    canvas = tab.page.locator("#heads canvas").first
    box = canvas.bounding_box()
    canvas.hover(position={"x": 30, "y": 30})
    tab.wait("neuroflow.receipt?.title === 'blocks.0.attention:0:0:0'", seconds=60)
    tab.page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 30)  # a position that comes later
    tab.page.wait_for_timeout(500)
    assert tab.page.evaluate("() => window.asked") == 1
