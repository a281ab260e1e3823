"""Python in the built book: live pages in their frames, and blocks that the reader runs."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import pytest

from tests.support.long_tests import all_but

DOCS = Path(__file__).parents[2] / "docs"
LIVE = all_but(("function", "classification", "gpt"), ["function"])
READY = "#play:not([disabled]), #problem:not([hidden])"
MEGABYTE = 1e6


def until(tab, expression, seconds=60):
    """Wait for something that the page or frame knows; live pages forbid eval in strings."""
    for _ in range(seconds * 20):
        if tab.evaluate(f"() => Boolean({expression})"):
            return
        tab.page.wait_for_timeout(50) if hasattr(tab, "page") else tab.wait_for_timeout(50)
    raise AssertionError(f"waited in vain for {expression}")


def move(frame, slider, value):
    """What a hand on a slider does."""
    frame.locator(slider).evaluate(
        f"s => {{ s.value = {value}; s.dispatchEvent(new Event('input')); }}"
    )


def stated(text):
    """The megabytes that a text names."""
    return [int(size) for size in re.findall(r"(\d+) MB", text)]


# Live pages ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frames(book, serve, launch, tmp_path_factory):
    """Opens a live page in its chapter, once; what was heard; what the browser asked for."""
    log = tmp_path_factory.mktemp("log") / "net.json"
    with serve(book) as (address, sent):
        browser = launch(f"--log-net-log={log}")
        context = browser.new_context(viewport={"width": 1200, "height": 1400})
        problems = []

        @functools.cache
        def frame_of(name):
            sent.clear()
            tab = context.new_page()
            tab.on("console", lambda m: m.type in ("error", "warning") and problems.append(m.text))
            tab.on("pageerror", lambda error: problems.append(str(error)))
            tab.goto(f"{address}live/{name}.html")
            tab.locator("iframe.live").scroll_into_view_if_needed()
            frame = next(f for f in tab.frames if f != tab.main_frame)
            waiting = frame.locator("#status").inner_text()
            frame.wait_for_selector(READY, timeout=60_000)
            assert not frame.is_visible("#problem"), frame.inner_text("#problem")
            until(frame, "neuroflow.now")
            return tab, frame, waiting, dict(sent)

        yield frame_of, problems, (address, browser, log)


@pytest.mark.parametrize("name", LIVE)
def test_a_network_trains_in_its_frame(frames, name):
    frame_of, problems, _ = frames
    _, frame, _, _ = frame_of(name)
    before = frame.evaluate("() => neuroflow.now.numbers")
    for step in (1, 2, 3):
        frame.click("#step")
        until(frame, f"neuroflow.now.step === {step}")
    assert frame.evaluate("() => neuroflow.losses.length") == 3
    assert frame.evaluate("() => neuroflow.now.numbers") != before
    assert problems == []


@pytest.mark.parametrize("name", LIVE[:2])
def test_the_time_slider_goes_back(frames, name):
    _, frame, _, _ = frames[0](name)
    while frame.evaluate("() => neuroflow.now.step") < 2:
        step = frame.evaluate("() => neuroflow.now.step")
        frame.click("#step")
        until(frame, f"neuroflow.now.step === {step + 1}")
    after = frame.evaluate("() => neuroflow.now.numbers")
    move(frame, "#time", 1)
    until(frame, "neuroflow.now.step === 1")
    assert frame.evaluate("() => neuroflow.now.numbers") != after


@pytest.mark.long
def test_a_lower_temperature_sharpens_the_next_letter(frames):
    _, frame, _, _ = frames[0]("gpt")
    before = frame.evaluate("() => Math.max(...neuroflow.picture.next)")
    move(frame, "#temperature", 0.1)
    until(frame, "neuroflow.picture.temperature === 0.1")
    assert frame.evaluate("() => Math.max(...neuroflow.picture.next)") > before


@pytest.mark.parametrize("name", LIVE)
def test_a_page_states_what_it_loads(frames, name):
    tab, _, waiting, sent = frames[0](name)
    python = {path: size for path, size in sent.items() if "/pyodide/" in path or ".zip" in path}
    assert len(python) >= 6
    (size,) = stated(tab.inner_text("article p:has(a[href$='.html'])"))
    assert size == pytest.approx(sum(python.values()) / MEGABYTE, abs=0.5)
    assert stated(waiting) in ([size], [])  # on a fast machine it is loaded before one can look


def test_live_pages_are_quiet_and_ask_this_machine_only(frames):
    """Chromium's own log of the network sees the requests of workers too; runs last."""
    _, problems, (address, browser, log) = frames
    assert problems == []
    browser.close()
    events = json.loads(log.read_text())["events"]
    facts = [e["params"] for e in events if "url" in e.get("params", {})]
    asked = {p["url"] for p in facts if address.rstrip("/") in p.get("initiator", "")}
    assert f"{address}live/app/neuroflow.zip" in asked
    assert {url for url in asked if not url.startswith(address)} == set()


# Blocks that run ----------------------------------------------------------------------------

CHAPTER = "tutorial/value.html"


class Blocks:
    """The blocks of an open page, by their numbers."""

    def __init__(self, tab):
        self.tab = tab

    def press(self, word, number):
        self.tab.click(f"[aria-label='{word} block {number}']")

    def run(self, number):
        self.press("Run", number)
        self.wait()

    def wait(self):
        until(self.tab, "!neuroflowPage.busy")

    def status(self, number):
        return self.tab.locator(".nf-status").nth(number - 1).inner_text()

    def output(self, number):
        return self.tab.locator(".nf-output").nth(number - 1).inner_text()

    def write(self, number, text):
        if not self.tab.locator(f"[aria-label^='Code of block {number};']").count():
            self.press("Edit", number)
        self.tab.locator(f"[aria-label^='Code of block {number};']").fill(text)


@pytest.fixture(scope="module")
def first_press(server, visiting):
    """The blocks of a page, and what was seen and sent before and after its first press."""
    _, sent = server
    with visiting() as visit:
        sent.clear()
        blocks = Blocks(visit(CHAPTER))
        seen = {"status": blocks.status(1), "note": blocks.tab.inner_text(".nf-run-note")}
        seen["before"] = list(sent)
        sent.clear()
        blocks.run(1)
        yield blocks, {**seen, "after": list(sent), "next": blocks.status(2)}


@pytest.fixture
def blocks(first_press):
    """The blocks of a page with Python in it; the first three are as if they had not been run."""
    page_in_use, _ = first_press
    for number in (1, 2, 3):
        if page_in_use.tab.locator(f"[aria-label='Edit block {number}']").is_visible():
            page_in_use.press("Edit", number)
        page_in_use.press("Reset", number)
    return page_in_use


def python_of(sent):
    """The sizes of what Python is made of, among the files that were sent."""
    return [size for path, size in sent if "pyodide" in path or ".zip" in path]


def test_nothing_is_loaded_before_the_first_press_and_then_what_was_stated(first_press):
    _, seen = first_press
    assert python_of(seen["before"]) == []
    (size,) = stated(seen["status"])
    assert stated(seen["note"]) == [size]
    assert size == pytest.approx(sum(python_of(seen["after"])) / MEGABYTE, abs=0.5)
    assert seen["next"] == ""


def test_what_has_run_is_not_run_again_before_a_later_block(blocks):
    blocks.run(1)
    assert blocks.output(1) == "Value(64.0, pow)\n"
    blocks.run(3)
    assert blocks.status(3) == "done; ran block 2 first"


def test_the_blocks_above_run_first_and_it_says_so(blocks):
    blocks.run(3)
    assert blocks.status(3) == "done; ran blocks 1 and 2 first"
    assert blocks.output(3) == "(64.0, 32.0)\n"
    assert blocks.output(2).startswith("(64.0, <op pow(x, y)>")
    blocks.run(3)  # the same session: gradients add up
    assert (blocks.status(3), blocks.output(3)) == ("done", "(128.0, 64.0)\n")


def test_a_reader_edits_a_block_runs_it_and_takes_it_back(blocks):
    blocks.write(1, "import neuroflow as nf\nx = nf.Value(3.0)\nprint('here')\nx * x")
    assert blocks.status(1).startswith("edited")
    blocks.tab.keyboard.press("Control+Enter")
    blocks.wait()
    assert blocks.output(1) == "here\nValue(9.0, mul)\n"
    blocks.press("Reset", 1)
    assert blocks.tab.locator("textarea").count() == 0
    blocks.run(2)
    assert blocks.output(1) == "Value(64.0, pow)\n"


def test_an_error_is_shown_up_to_the_readers_line_and_holds_up_what_follows(blocks):
    blocks.write(1, "import neuroflow as nf\nnf.Value(-1.0, name='x').log()")
    blocks.run(2)
    error = blocks.output(1)
    assert re.findall(r'File "(.*?)", line (\d+)', error) == [("block 1", "2")]
    assert "DomainError: log(-1) has no finite value" in error
    assert blocks.status(2) == "not run, because block 1 failed"


def test_code_that_runs_away_is_stopped_and_the_session_starts_anew(blocks):
    blocks.run(1)
    blocks.write(2, "while True:\n    pass")
    blocks.press("Run", 2)
    blocks.press("Stop", 2)
    blocks.wait()
    assert blocks.status(2).startswith("stopped; the session starts anew")
    blocks.press("Reset", 2)
    blocks.run(2)
    assert blocks.status(2) == "done; ran block 1 first"


def test_a_block_is_reached_edited_and_run_with_the_keyboard(blocks):
    blocks.tab.focus("[aria-label='Edit block 1']")
    blocks.tab.keyboard.press("Enter")
    blocks.tab.keyboard.press("Control+A")
    blocks.tab.keyboard.type("for i in range(2):\nprint(i)")  # the editor indents
    blocks.tab.keyboard.press("Escape")
    blocks.tab.keyboard.press("Enter")
    blocks.wait()
    assert blocks.output(1) == "0\n1\n"


def test_every_button_has_a_name_and_stands_out_in_the_dark(visit):
    tab = visit(CHAPTER, dark=True, width=360)
    names = tab.eval_on_selector_all(
        ".nf-bar button", "all => all.map((e) => e.getAttribute('aria-label'))"
    )
    assert len(names) == len(set(names)) > 40
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    ink = tab.evaluate("getComputedStyle(document.querySelector('.nf-bar button')).color")
    assert min(map(int, re.findall(r"\d+", ink)[:3])) > 100


def test_a_block_that_needs_numpy_says_so_instead_of_a_button(visit):
    blocks = Blocks(visit("tutorial/moons.html"))
    assert "needs numpy" in blocks.status(5)
    assert blocks.tab.locator("[aria-label='Run block 5']").count() == 0
    assert "continues a block" in blocks.status(8)


@pytest.mark.parametrize("chapter", ["tutorial/plugin", "explanation/engine"])
def test_only_the_blocks_of_the_text_are_run_and_no_file_or_listing(visit, chapter):
    tab = visit(f"{chapter}.html")
    text = (DOCS / f"{chapter}.md").read_text(encoding="utf-8")
    assert tab.locator(".nf-bar").count() == len(re.findall(r"^```python$", text, re.M))
    assert tab.locator("div.highlight-python").count() > tab.locator(".nf-bar").count()


def test_a_page_on_which_nothing_can_run_does_not_offer_it(visit):
    tab = visit("explanation/engine.html")
    assert "needs more than the Python" in tab.inner_text(".nf-run-note")
    assert tab.locator("button[aria-label^='Run block']").count() == 0


@pytest.mark.long
@pytest.mark.parametrize("chapter", ["tutorial/gpt.html", "tutorial/plugin.html"])
def test_a_whole_chapter_runs_in_the_page(visit, chapter):
    blocks = Blocks(visit(chapter))
    last = blocks.tab.locator("button[aria-label^='Run block']").last
    number = int(last.get_attribute("aria-label").split()[-1])
    blocks.run(number)
    assert blocks.status(number).startswith("done; ran blocks 1,")


def test_a_site_without_pyodide_says_what_is_missing(build, serve, visit, tmp_path):
    others = ["explanation/**", "reference/**", "tutorial/[!v]*"]
    book = build(tmp_path, only=others, neuroflow_pyodide="nowhere")
    with serve(book) as (address, _):
        tab = visit(CHAPTER, base=address)
        assert "built without Pyodide" in tab.inner_text(".nf-run-note")
        assert "python docs/live/fetch.py" in tab.inner_text(".nf-run-note")
        assert tab.locator(".nf-bar").count() == 0
        tab = visit("live/function.html", base=address)
        assert tab.locator("iframe").count() == 0
        assert tab.locator("article img").count() == 1
        assert "built without Pyodide" in tab.inner_text("article")
