"""``--live`` opens a page for any recipe and any configuration, and shows something of each."""

import contextlib
import socket
import threading
from urllib.parse import urlsplit

import pytest

import neuroflow as nf
from neuroflow.config.recipe import recipes
from neuroflow.generation.attention import attention_layers
from neuroflow.live.watch import watching
from tests.support.long_tests import all_but

QUICK = {"train.steps": 4, "train.batch": 2, "train.report_every": 1, "train.evaluate_every": 1000}

PAGES = {
    "addition": "gpt", "autoencoder": "training", "char_rnn": "gpt", "circles": "classification",
    "conv_autoencoder": "training", "digits": "training", "digits_cnn": "training",
    "digits_rows": "training", "function": "function", "makemore_bigram": "gpt",
    "makemore_gru": "gpt", "makemore_mlp": "gpt", "makemore_rnn": "gpt",
    "makemore_transformer": "gpt", "microgpt": "gpt", "moons": "classification",
    "multiclass": "classification", "names": "gpt", "siamese": "training",
    "spirals": "classification", "xor": "classification",
}  # fmt: skip
ONE_OF_EACH = ("digits", "function", "microgpt", "moons")

CSV = """
[data]
use = "csv"
path = "{path}"
target = "{target}"
standardize = true
test = 0.2

[model]
use = "mlp"
sizes = [{sizes}]
activation = "tanh"

[loss]
use = "{loss}"

[optimizer]
use = "adam"
learning_rate = 0.01

[train]
steps = 4
batch = 8
"""


@pytest.fixture
def watch(tab):
    """Open the page of a run, which another thread trains; gives the run when it is over."""
    threads = []
    with contextlib.ExitStack() as watched:

        def open_page(source, changes=()):
            run = nf.train(source, changes)
            address, desk = watched.enter_context(watching(run))

            def train():
                for step in run:
                    desk.seen(step)
                desk.stay()

            threads.append(threading.Thread(target=train, daemon=True))
            threads[-1].start()
            tab.page.goto(address)
            tab.wait("neuroflow.now?.over", seconds=60)
            return run

        yield open_page
        tab.page.goto("about:blank")
    for thread in threads:
        thread.join()


def numbers_of(run):
    return [p.data for p in run.model.parameters()]


def assert_page_tells(tab, run):
    """Losses, parameters and a receipt of one of them, whatever was trained."""
    assert len(tab.knows("losses")) == run.steps
    assert tab.knows("now.numbers") == numbers_of(run)
    assert tab.page.locator("#numbers dd").count() >= 5
    tab.page.evaluate("() => { document.getElementById('parameters').open = true; }")
    name, parameter = next(iter(run.model.named_parameters()))
    tab.page.click(f"#parameter-rows button[title='{name}']")
    tab.wait("neuroflow.receipt?.what === 'parameter'")
    assert tab.knows("receipt.title") == name
    assert tab.knows("receipt.value") == parameter.data
    parts = [*tab.knows("receipt.parts"), *tab.knows("receipt.rest")]
    total = sum(part["amount"] for part in parts)
    assert total == pytest.approx(tab.knows("receipt.gradient"), abs=1e-12)
    assert tab.page.evaluate("() => document.documentElement.scrollWidth") <= 1440


def assert_lists_examples(tab, run):
    """The first examples, with what the network says to each, and a receipt on hover."""
    said = run.answers(run.dataset.inputs[:24])
    shown = [answer["outputs"] for answer in tab.knows("picture.said")]
    assert shown == [pytest.approx(x if isinstance(x, list) else [x], rel=1e-12) for x in said]
    assert tab.page.locator("#examples tbody tr").count() == 24
    tab.page.evaluate("() => document.activeElement.blur()")
    tab.page.get_by_role("button", name="example 5", exact=True).hover()
    tab.wait("neuroflow.receipt?.what === 'point'")
    assert tab.knows("receipt.row") == 5
    assert tab.knows("receipt.outputs") == pytest.approx(shown[5], rel=1e-12)


def test_when_the_watch_ends_nothing_is_left_running():
    before = threading.enumerate()
    run = nf.train("moons", QUICK)
    with watching(run) as (address, _):
        place = urlsplit(address)
        socket.create_connection((place.hostname, place.port)).close()
    assert threading.enumerate() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((place.hostname, place.port))


def quickly(recipe):
    """A few steps in float64, and as many of a warm-up as there are."""
    text = next(each.text for each in recipes() if each.name == recipe)
    warm_up = {"optimizer.schedule.warmup": 2} if "warmup" in text else {}
    return {**QUICK, **warm_up, "train.dtype": "float64"}


@pytest.mark.parametrize("recipe", all_but(PAGES, ONE_OF_EACH))
def test_every_recipe_has_a_page(tab, watch, recipe):
    if PAGES[recipe] == "training":
        pytest.importorskip("sklearn", reason="the extra data is not installed")
    run, page = watch(recipe, quickly(recipe)), PAGES[recipe]
    assert tab.page.get_attribute("body", "data-page") == page
    assert_page_tells(tab, run)
    if page == "training":
        assert_lists_examples(tab, run)
        pictured = tab.page.locator("#examples canvas").count()
        assert pictured == 0 if recipe == "siamese" else pictured >= 24  # two images are no picture
    elif page == "gpt":
        heads = tab.page.locator("#heads canvas").count()
        assert (heads > 0) == bool(attention_layers(run.model))
    else:
        assert tab.page.is_visible("#plot")


def test_the_recipes_are_all_there_and_one_of_each_page_is_always_looked_at():
    assert sorted(PAGES) == sorted(recipe.name for recipe in recipes())
    assert {PAGES[recipe] for recipe in ONE_OF_EACH} == {*PAGES.values()}


def rows_of(kind):
    rng = nf.SplitMix32(5)
    for _ in range(40):
        xs = [rng.uniform(-2, 2) for _ in range(7)]
        told = {"number": f"{xs[0] - xs[3]:.4f}", "word": "abc"[int(9 * abs(xs[1])) % 3]}[kind]
        yield ",".join([*(f"{x:.4f}" for x in xs), told])


@pytest.mark.parametrize(
    ("kind", "loss", "sizes"),
    [("number", "mse", "7, 5, 1"), ("word", "cross_entropy", "7, 5, 3")],
)
def test_a_table_of_ones_own_has_a_page(tab, watch, tmp_path, kind, loss, sizes):
    table = tmp_path / "table.csv"
    columns = "a,b,c,d,e,f,g,told"
    table.write_text("\n".join([columns, *rows_of(kind), ""]))
    toml = tmp_path / "own.toml"
    toml.write_text(CSV.format(path=table, target="told", sizes=sizes, loss=loss))
    run = watch(toml)
    assert tab.page.get_attribute("body", "data-page") == "training"
    assert_page_tells(tab, run)
    assert_lists_examples(tab, run)
    assert "g" in tab.page.inner_text("#receipt")
    assert "a" in tab.page.inner_text("#network")
