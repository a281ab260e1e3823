"""The pages in a real browser, served by ``neuroflow demo``: clicks, keys, and the true numbers."""

import math
import tomllib
from urllib.parse import urlsplit

import pytest

import neuroflow as nf
from neuroflow.live.looking import toml_of
from neuroflow.live.tab import Tab


def at(address, page):
    """The one-time address for a page."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/{page}.html?{parts.query}"


def eager(page, setup):
    """A run of the same set-up without any page."""
    tab = Tab(page)
    if setup:
        tab.handle([{"do": "configure", "setup": setup}])
    return nf.train(tomllib.loads(toml_of(tab.training, tab.page)), {"train.report_every": 1})


def parameters(run):
    return [p.data for p in run.model.parameters()]


SETUP = {"hidden": [5, 4], "points": 24, "batch": 8, "epochs": 4}
HASH = "#hidden=5,4&points=24&batch=8&epochs=4"
LONG = {"hidden": [4], "points": 20, "epochs": 2000}
LONG_HASH = "#hidden=4&points=20&epochs=2000"


def test_function_page_from_play_to_the_end_is_an_eager_run(server, tab):
    tab.open(at(server, "function") + HASH)
    tab.page.click("#play")
    tab.wait("neuroflow.now.over")
    run = eager("function", SETUP)
    losses = [loss for step in run for loss in step.losses]
    assert tab.knows("losses") == losses
    assert tab.knows("now.numbers") == parameters(run)
    assert tab.page.inner_text("#time-word") == f"step {run.steps} of {run.steps}"
    assert tab.page.inner_text("#play").endswith("Play")
    shown = dict(zip(tab.page.locator("#numbers dt").all_inner_texts(),
                     tab.page.locator("#numbers dd").all_inner_texts(), strict=True))  # fmt: skip
    assert float(shown["Loss"]) == pytest.approx(losses[-1], rel=1e-3)
    assert shown["Epoch"] == "4"


def test_keys_play_step_and_reset(server, tab):
    tab.open(at(server, "classification") + LONG_HASH)
    tab.page.focus("body")
    for _ in range(3):
        tab.page.keyboard.press("s")
    tab.wait("neuroflow.now.step === 3")
    tab.page.keyboard.press("r")
    tab.wait("neuroflow.now.step === 0")
    tab.page.keyboard.press(" ")
    tab.wait("neuroflow.now.playing && neuroflow.now.step > 2")
    tab.page.keyboard.press(" ")
    tab.wait("!neuroflow.now.playing")
    step = tab.knows("now.step")
    run = eager("classification", LONG)
    for done in run:
        if done.step == step:
            break
    assert tab.knows("now.numbers") == parameters(run)
    seed = tab.knows("setup.setup.seed")
    tab.page.keyboard.press("n")
    tab.wait(f"neuroflow.setup.setup.seed !== {seed} && neuroflow.now.step === 0")


def test_a_typed_function_is_learned_and_nonsense_gets_a_message(server, tab):
    tab.open(at(server, "function") + HASH)
    tab.page.fill("#f", "x**2 / 5 - 2")
    tab.page.keyboard.press("Enter")
    tab.wait("neuroflow.setup.setup.f.startsWith('x**2')")
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 1")
    xs, truth = tab.knows("setup.picture.xs"), tab.knows("setup.picture.truth")
    assert truth == [x**2 / 5 - 2 for x in xs]
    run = eager("function", {**SETUP, "f": "x**2 / 5 - 2"})
    next(iter(run))
    curve = nf.predict(run.model, [[x] for x in xs])
    assert tab.knows("picture.curve") == pytest.approx(curve, rel=1e-12)
    for text, says in [("__import__('os')", "cannot read f(x)"), ("9**9**9", "9")]:
        tab.page.fill("#f", text)
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector("#problem:not([hidden])")
        assert says in tab.page.inner_text("#problem")
        tab.page.click("#problem button")
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 2")


def test_classification_with_softmax_on_three_spirals(server, tab):
    tab.open(
        at(server, "classification") + "#dataset=spirals&classes=3&points=60&hidden=6&epochs=3"
    )
    assert tab.page.input_value("#choice-loss") == "cross_entropy"
    tab.page.click("#play")
    tab.wait("neuroflow.now.over")
    setup = {"dataset": "spirals", "classes": 3, "points": 60, "hidden": [6], "epochs": 3}
    run = eager("classification", setup).run()
    assert tab.knows("now.numbers") == parameters(run)
    assert tab.knows("picture.accuracy") == run.scores()["accuracy"]
    assert len(tab.knows("picture.background[0]")) == 3


def test_every_choice_comes_from_the_registry(server, tab):
    tab.open(at(server, "classification"))
    options = tab.page.locator("#choice-activation option").all_inner_texts()
    assert {"relu", "tanh", "sigmoid", "gelu"} <= set(options)
    assert {"circles", "linear", "spirals", "moons", "gauss"} <= set(
        tab.page.locator("#choice-dataset option").all_inner_texts()
    )
    tab.choose("activation", "tanh")
    tab.wait("neuroflow.setup.setup.activation === 'tanh'")
    tab.choose("hidden", "3, 2")
    tab.wait("neuroflow.setup.parameters === 20")
    assert "hidden=3%2C2" in tab.page.url
    assert "activation=tanh" in tab.page.url
    assert tab.page.locator("#network .neuron").count() == 6
    assert "tanh" in tab.page.inner_text("#network")
    tab.choose("hidden", "-1")
    tab.page.wait_for_selector("#problem:not([hidden])")
    assert tab.page.input_value("#choice-hidden") == "3, 2"


def test_receipts_of_neurons_weights_and_points(server, tab):
    tab.open(at(server, "classification") + HASH)
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 1")
    tab.page.locator("#network .neuron").nth(3).click()
    tab.wait("neuroflow.receipt?.title === 'layers.0.neurons.3'")
    receipt = tab.knows("receipt")
    assert math.isclose(sum(t["product"] for t in receipt["terms"]), receipt["value"])
    tab.page.keyboard.press("ArrowDown")
    tab.wait("neuroflow.receipt?.title === 'layers.0.neurons.4'")
    tab.page.get_by_role("button", name="weight of y", exact=True).click()
    tab.wait("neuroflow.receipt?.what === 'parameter'")
    receipt = tab.knows("receipt")
    parts = [*receipt["parts"], *receipt["rest"]]
    assert math.isclose(sum(p["amount"] for p in parts), receipt["gradient"], abs_tol=1e-12)
    tab.page.focus("#plot")
    tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("ArrowRight")
    tab.wait("neuroflow.receipt?.title === 'example 1'")
    assert "target" in tab.page.inner_text("#receipt")


def test_a_weight_is_edited_and_the_prediction_holds(server, tab):
    tab.open(at(server, "function") + HASH)
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 1")
    tab.page.locator("#network .neuron").last.click()
    tab.page.get_by_role("button", name="weight of neuron 1 of layer 2", exact=True).click()
    tab.page.wait_for_selector("#weight")
    before = tab.knows("picture.curve")
    tab.page.locator("#weight-change").evaluate(
        "s => { s.value = 0.05; s.dispatchEvent(new Event('input')); }"
    )
    tab.page.wait_for_selector("#what-if:has-text('predicted')")
    tab.page.fill("#weight", "1.5")
    tab.page.click("#set-weight")
    tab.wait("neuroflow.now.edited && neuroflow.now.numbers.includes(1.5)")
    assert tab.knows("picture.curve") != before
    assert tab.page.is_visible("#edited")
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 2")


def test_the_time_slider_goes_back_and_the_run_goes_on(server, tab):
    tab.open(at(server, "function") + HASH)
    tab.page.click("#play")
    tab.wait("neuroflow.now.over")
    end = tab.knows("now.numbers")
    tab.page.locator("#time").evaluate("s => { s.value = 5; s.dispatchEvent(new Event('input')); }")
    tab.wait("neuroflow.now.step === 5")
    assert tab.knows("now.numbers") != end
    tab.page.click("#play")
    tab.wait("neuroflow.now.over")
    assert tab.knows("now.numbers") == end


def test_points_are_added_moved_and_removed(server, tab):
    tab.open(at(server, "classification") + "#points=12&hidden=4")
    tab.page.select_option("#tool", "add-0")
    tab.page.click("#plot", position={"x": 60, "y": 60})
    tab.wait("neuroflow.setup.picture.points.length === 13")
    assert tab.page.input_value("#choice-dataset") == "rows"
    x, _, k = tab.knows("setup.picture.points[12]")
    box = tab.page.locator("#plot").bounding_box()
    tab.page.select_option("#tool", "look")
    point = "neuroflow.setup.picture.points[12]"
    here = [
        tab.page.evaluate(f"() => neuroflow.frame.{c}({point}[{i}])") for i, c in enumerate("xy")
    ]
    mouse = tab.page.mouse
    mouse.move(box["x"] + here[0], box["y"] + here[1])
    mouse.down()
    mouse.move(box["x"] + here[0] + 80, box["y"] + here[1] + 40, steps=4)
    mouse.up()
    tab.wait(f"Math.abs(neuroflow.setup.picture.points[12][0] - {x}) > 0.05")
    assert k == 0
    tab.page.focus("#plot")
    tab.page.keyboard.press("ArrowLeft")
    tab.wait("neuroflow.chosen?.row !== undefined")
    tab.page.keyboard.press("Delete")
    tab.wait("neuroflow.setup.picture.points.length === 12")
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 1")
    address = tab.page.url
    tab.page.reload()
    tab.page.wait_for_selector("#play:not([disabled])")
    assert len(tab.knows("setup.picture.points")) == 12
    assert tab.page.url == address


def test_the_set_up_and_the_model_are_saved(server, tab, tmp_path):
    tab.open(at(server, "function") + HASH)
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 1")
    with tab.page.expect_download() as download:
        tab.page.click("#toml")
    toml = tmp_path / "setup.toml"
    download.value.save_as(toml)
    run = nf.train(toml)
    next(iter(run))
    assert tab.knows("now.numbers") == parameters(run)
    with tab.page.expect_download() as download:
        tab.page.click("#model")
    model = tmp_path / "function.safetensors"
    download.value.save_as(model)
    assert [p.data for p in nf.load(model).parameters()] == tab.knows("now.numbers")


def test_two_tabs_train_apart_and_a_closed_one_harms_nobody(server, tab):
    tab.open(at(server, "classification") + LONG_HASH)
    other = tab.page.context.new_page()
    other.goto(tab.page.url)
    other.wait_for_selector("#play:not([disabled])")
    other.click("#play")
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 1")
    other.close()
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 2")
    run = iter(eager("classification", LONG))
    next(run)
    assert tab.knows("now.numbers") == parameters(next(run))


def test_a_restarted_server_says_what_to_do(demo_server, tab):
    with demo_server() as address:
        tab.open(at(address, "function"))
    tab.page.wait_for_selector("#problem:not([hidden])")
    assert "start neuroflow demo again" in tab.page.inner_text("#problem")
    assert tab.page.is_disabled("#play")


@pytest.mark.parametrize("name", ["classification", "gpt"])
def test_a_phone_shows_everything_in_one_column(server, tab, name):
    tab.page.set_viewport_size({"width": 360, "height": 740})
    tab.open(at(server, name))
    assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= 360
    sections = "() => [...document.querySelectorAll('main > *')].map(e => e.offsetWidth)"
    assert set(tab.page.evaluate(sections)) == {336}
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 1")


def test_the_page_has_names_for_everything_that_takes_the_focus(server, tab):
    tab.open(at(server, "classification"))
    unnamed = tab.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, [role=button], canvas')]
        .filter(e => e.offsetParent !== null || e.ownerSVGElement)
        .filter(e => !(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim()))
        .map(e => e.outerHTML)"""
    )
    assert unnamed == []
    tab.page.click("#theme")
    assert tab.page.evaluate("() => document.documentElement.dataset.theme") == "dark"


def test_200_messages_a_second_do_not_stop_the_training(server, tab):
    tab.open(at(server, "classification") + LONG_HASH)
    tab.page.click("#play")
    tab.page.evaluate(
        """async () => {
          for (let k = 0; k < 100; k++) {
            document.getElementById('speed').dispatchEvent(new Event('change'));
            const plot = document.getElementById('plot');
            plot.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }));
            await new Promise((done) => setTimeout(done, 5));
          }
        }"""
    )
    step = tab.knows("now.step")
    tab.wait(f"neuroflow.now.step > {step + 5}")
    tab.pause()


def test_gpt_page_reads_invents_and_explains(server, tab):
    tab.open(at(server, "gpt") + "#width=8&heads=2&batch=2")
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 1")
    run = eager("gpt", {"width": 8, "heads": 2, "batch": 2})
    next(iter(run))
    assert tab.knows("now.numbers") == parameters(run)
    assert tab.page.locator("#heads canvas").count() == 2
    tab.page.fill("#text", "ava")
    tab.page.keyboard.press("Enter")
    tab.wait("neuroflow.picture.text === 'ava'")
    tokens = tab.knows("picture.tokens")
    before = max(tab.knows("picture.next"))
    tab.page.locator("#temperature").evaluate(
        "s => { s.value = 0.1; s.dispatchEvent(new Event('input')); }"
    )
    tab.wait("neuroflow.picture.temperature === 0.1")
    logits = nf.predict(run.model, [tokens])[0][-1]
    shares = [math.exp(10 * (x - max(logits))) for x in logits]
    assert max(tab.knows("picture.next")) == pytest.approx(max(shares) / sum(shares))
    assert max(tab.knows("picture.next")) > before
    count = tab.page.locator("#names li").count()
    tab.page.click("#invent")
    tab.wait(f"document.querySelectorAll('#names li').length === {count + 5}")
    tab.page.locator("#heads canvas").first.focus()
    tab.page.keyboard.press("ArrowDown")
    tab.wait("neuroflow.receipt?.title === 'blocks.0.attention:0:1:0'")
    assert "contribution" in tab.page.inner_text("#receipt")
