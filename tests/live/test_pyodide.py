"""The same pages without a server: Python in the browser, from a folder of static files."""

import json
import tomllib

import pytest

import neuroflow as nf
from neuroflow.live.export import PYODIDE, archive, export
from neuroflow.live.looking import toml_of
from neuroflow.live.tab import Tab
from tests.live.conftest import WINDOW

HASH = "#hidden=5,4&points=24&batch=8&epochs=4"


def assert_is_eager(tab, page):
    """The run that the page shows is that of an eager run, but for the last bits."""
    here = Tab(page)
    setup = {"hidden": [5, 4], "points": 24, "batch": 8, "epochs": 4}
    here.handle([{"do": "configure", "setup": setup}])
    run = nf.train(tomllib.loads(toml_of(here.training, here.page)))
    losses = [loss for step in run for loss in step.losses]
    assert tab.knows("losses") == pytest.approx(losses, rel=1e-9)
    numbers = [p.data for p in run.model.parameters()]
    assert tab.knows("now.numbers") == pytest.approx(numbers, rel=1e-6, abs=1e-9)


@pytest.fixture(scope="module")
def net_log(tmp_path_factory):
    """Where Chromium notes what it asks for; it sees the requests of workers too."""
    return tmp_path_factory.mktemp("log") / "net.json"


@pytest.fixture(scope="module")
def browser_context(launch, net_log):
    """The tabs of a browser that keeps such a log."""
    browser = launch(f"--log-net-log={net_log}")
    yield browser.new_context(viewport=WINDOW, accept_downloads=True)
    browser.close()


@pytest.fixture(scope="module")
def classification(exported, shared_tab):
    """The page that tests train one after the other, for Python takes seconds to start."""
    shared_tab.open(f"{exported}/classification.html{HASH}")
    return shared_tab


def test_function_page_in_the_browser_alone(exported, classification, tab, tmp_path):
    tab.open(f"{exported}/function.html{HASH}")
    tab.page.focus("body")
    tab.page.keyboard.press("s")
    tab.wait("neuroflow.now.step === 1")
    tab.page.locator("#network .neuron").nth(2).click()
    tab.wait("neuroflow.receipt?.title === 'layers.0.neurons.2'")
    for text in ("__import__('os')", "9**9**9"):
        tab.page.fill("#f", text)
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector("#problem:not([hidden])")
        tab.page.click("#problem button")
    tab.page.click("#play")
    tab.wait("neuroflow.now.over", seconds=60)
    assert_is_eager(tab, "function")
    with tab.page.expect_download() as download:
        tab.page.click("#model")
    model = tmp_path / "function.safetensors"
    download.value.save_as(model)
    assert [p.data for p in nf.load(model).parameters()] == tab.knows("now.numbers")


@pytest.mark.long
def test_two_tabs_train_apart_and_a_closed_one_harms_nobody(exported, classification):
    tab = classification
    other = tab.page.context.new_page()
    other.goto(f"{exported}/classification.html{HASH}")
    other.wait_for_selector("#play:not([disabled])", timeout=60_000)
    other.click("#play")
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 1")
    other.close()
    tab.page.click("#play")
    tab.wait("neuroflow.now.over", seconds=60)
    assert_is_eager(tab, "classification")
    tab.page.keyboard.press("r")
    tab.wait("neuroflow.now.step === 0")


def test_hostile_messages_get_a_message_and_training_goes_on(classification):
    """What no server is between: the page itself may post anything to the worker."""
    tab = classification
    told = tab.page.evaluate(
        """async () => {
          const round = {};
          round.round = round;
          const hostile = [
            null, 3, 'x', [], {}, { do: "__import__('os')" }, { do: '_begin' },
            { do: 'step', count: NaN }, { do: 'step', count: 2 ** 70 }, { do: 'speed', value: 1n },
            round, { do: 'edit', name: '__class__', value: 1 }, { do: 'rows', rows: round },
            { do: 'explain', what: 'os' }, { do: 'play', now: round }, { do: 'seek', step: -1 },
            { do: 'configure', setup: { hidden: [10 ** 9] } },
          ];
          const told = [];
          for (const message of hostile) {
            document.querySelector('#problem button').click();
            neuroflow.send(message);
            for (let k = 0; k < 200 && document.getElementById('problem').hidden; k++)
              await new Promise((done) => setTimeout(done, 25));
            told.push(document.querySelector('#problem span').textContent);
          }
          return told;
        }"""
    )
    assert all(told)
    assert not [text for text in told if "bug" in text]
    tab.page.click("#play")
    tab.wait("neuroflow.now.over", seconds=60)
    assert_is_eager(tab, "classification")


@pytest.mark.long
def test_200_messages_a_second_do_not_stop_the_training(classification):
    tab = classification
    tab.page.evaluate(
        """() => neuroflow.send(
          { do: 'configure', setup: { hidden: [4], points: 20, epochs: 2000 } })"""
    )
    tab.wait("neuroflow.setup.setup.epochs === 2000 && neuroflow.now.step === 0", seconds=60)
    tab.page.click("#play")
    tab.page.evaluate(
        """async () => {
          for (let k = 0; k < 200; k++) {
            neuroflow.send({ do: 'explain', what: 'point', row: k % 20 });
            await new Promise((done) => setTimeout(done, 5));
          }
        }"""
    )
    step = tab.knows("now.step")
    tab.wait(f"neuroflow.now.step > {step + 5}", seconds=60)
    tab.pause()


def test_the_pages_ask_this_machine_only(exported, classification, browser_context, net_log):
    """Closes the browser, which writes its log at its end; after the tests of its tabs."""
    assert classification.problems == []
    browser_context.browser.close()
    asked = [event["params"] for event in json.loads(net_log.read_text())["events"]
             if "url" in event.get("params", {}) and "initiator" in event["params"]]  # fmt: skip
    urls = {p["url"] for p in asked if exported in p["initiator"]}
    assert f"{exported}/neuroflow.zip" in urls
    assert {url for url in urls if not url.startswith(exported)} == set()


def test_the_archive_is_the_same_every_time():
    assert archive() == archive()


def test_a_folder_that_is_not_pyodide_is_a_clear_error(tmp_path):
    with pytest.raises(nf.InputError, match="npm install pyodide"):
        export(tmp_path / "exported", tmp_path)
    assert not (tmp_path / "exported").exists()


def test_without_pyodide_only_python_is_missing(tmp_path):
    names = {path.name for path in export(tmp_path)}
    assert {"index.html", "function.html", "neuroflow.zip", "worker.js"} <= names
    assert not names & set(PYODIDE)
