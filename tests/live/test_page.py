"""What a page keeps, says and draws, tried one thing after the other on one page."""

import time

import pytest

SETUP = "#hidden=5,4&points=24&batch=8&epochs=40"


@pytest.fixture(scope="module")
def page_of(server, shared_tab):
    """Open a page of the server, in one tab for all tests."""
    address, token = server.split("?")

    def go(page, setup=SETUP):
        shared_tab.page.goto("about:blank")
        shared_tab.open(f"{address.rpartition('/')[0]}/{page}.html?{token}{setup}")
        return shared_tab

    return go


def test_what_was_chosen_outlives_a_reload_and_so_does_the_run(page_of):
    tab = page_of("classification")
    tab.page.select_option("#speed", "3")
    theme = tab.page.evaluate("() => document.documentElement.dataset.theme")
    tab.page.click("#theme")
    for _ in range(4):
        tab.page.click("#step")
    tab.wait("neuroflow.now.step === 4")
    before = tab.knows("now.numbers")
    tab.page.reload()
    tab.page.wait_for_selector("#play:not([disabled])")
    tab.wait("neuroflow.now?.step === 4 && !neuroflow.now.playing")
    assert tab.knows("now.numbers") == before
    assert tab.page.input_value("#speed") == "3"
    assert tab.page.evaluate("() => document.documentElement.dataset.theme") != theme
    tab.page.evaluate("() => localStorage.clear()")


def test_a_pasted_address_is_taken_and_points_in_it_are_not_rounded(page_of):
    tab = page_of("classification")
    tab.page.evaluate("() => { location.hash = '#hidden=3&points=12&epochs=5&seed=4'; }")
    tab.wait("neuroflow.setup.setup.seed === 4 && neuroflow.setup.picture.points.length === 12")
    rows = tab.page.evaluate(
        """() => {
          const rows = neuroflow.setup.picture.points.map((p) => [...p]);
          rows[2][0] = 0.1234567890123;
          neuroflow.send({ do: 'rows', rows });
          return rows;
        }"""
    )
    tab.wait(
        "neuroflow.setup.setup.dataset === 'rows' && location.hash.includes('0.1234567890123')"
    )
    tab.page.reload()
    tab.wait("neuroflow.setup?.setup.dataset === 'rows'")
    assert tab.knows("setup.picture.points") == rows


def test_a_dragged_point_goes_where_it_is_put_and_comes_back(page_of):
    tab = page_of("classification")
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 1")
    before, numbers = tab.knows("setup.picture.points[5]"), tab.knows("now.numbers")
    box = tab.page.evaluate(
        """() => { const b = neuroflow.boxOf({ what: 'point', row: 5 });
                   return [(b.left + b.right) / 2 + 3, (b.top + b.bottom) / 2 + 2]; }"""
    )
    mouse = tab.page.mouse
    mouse.move(*box)
    mouse.down()
    mouse.move(box[0] + 40, box[1] - 30, steps=3)
    mouse.up()
    tab.wait("neuroflow.setup.setup.dataset === 'rows'")
    moved = tab.knows("setup.picture.points[5]")
    scale = tab.page.evaluate("() => neuroflow.frame.backX(140) - neuroflow.frame.backX(100)")
    assert moved[0] - before[0] == pytest.approx(scale)
    assert tab.knows("now.step") == 1
    assert tab.knows("now.numbers") == numbers
    tab.page.click("#undo")
    tab.wait(f"neuroflow.setup.picture.points[5][0] === {before[0]}")


def test_a_tiny_function_is_drawn_at_once(page_of):
    tab = page_of("function")
    start = time.perf_counter()
    for text in ("1e-20*x", "2x² − |x|/π"):
        tab.page.fill("#f", text)
        tab.page.keyboard.press("Enter")
        tab.wait(f"neuroflow.setup.setup.f === {text!r}")
        step = tab.knows("now.step")
        tab.page.click("#step")
        tab.wait(f"neuroflow.now.step === {step + 1}")
    assert time.perf_counter() - start < 10


def test_captions_answer_to_what_is_done_and_words_are_explained(page_of):
    tab = page_of("classification")
    assert "knows nothing yet" in tab.page.inner_text("#caption")
    tab.page.select_option("#speed", "0")
    tab.page.click("#play")
    tab.wait("neuroflow.now.over")
    tab.page.wait_for_selector("#caption:has-text('away: set the hidden layers to 2')")
    titles = tab.page.locator("#numbers > div").evaluate_all("all => all.map(e => e.title)")
    assert all(titles)
    tab.page.evaluate("() => localStorage.clear()")


def test_few_tab_stops_lead_to_the_network(page_of):
    tab = page_of("classification")
    tab.page.focus("#plot")
    for _ in range(3):
        tab.page.keyboard.press("Tab")
        if tab.page.evaluate("() => Boolean(document.activeElement.closest('#network'))"):
            break
    else:
        pytest.fail("the first neuron is more than three stops behind the picture")
    tab.page.keyboard.press("Tab")
    assert not tab.page.evaluate("() => Boolean(document.activeElement.closest('#network'))")


def test_what_is_drawn_is_said_in_the_light_and_in_the_dark(page_of):
    tab = page_of("gpt", "#width=8&heads=8&layers=3&batch=2")
    assert tab.page.locator("#heads canvas").count() == 24
    next_letter = tab.page.locator("#next").bounding_box()
    assert next_letter["y"] < 700
    assert tab.page.locator("#heads canvas[tabindex='0']").count() == 1
    assert tab.page.locator("#heads figcaption").first.inner_text() == "block 1, head 1"
    for theme, word in (("dark", "brighter"), ("light", "darker")):
        tab.page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
        assert f"{word} is more" in tab.page.locator("h2:has-text('Where each')").inner_text()
