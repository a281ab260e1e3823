"""The pages in a real browser: every number is the graph's, by mouse, keyboard and search."""

import re

import pytest

import neuroflow as nf

EVIL = '</script><img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def loss():
    model = nf.build("mlp", sizes=[2, 8, 1], activation="tanh", rng=nf.SplitMix32(0))
    with nf.record_sources():
        errors = [(model([k / 50, 1.0]) - k % 2) ** 2 for k in range(50)]
        return model, nf.mean(errors)


@pytest.fixture(scope="module")
def step_page(loss, tmp_path_factory):
    model, value = loss
    path = tmp_path_factory.mktemp("pages") / "step.html"
    return nf.draw(value, model=model, title="One step").save(path)


@pytest.fixture
def small_page(tmp_path):
    a, b = nf.Value(2.0, "a"), nf.Value(3.0, "b")
    return nf.draw(a * b + a, title="a b + a").save(tmp_path / "small.html")


def item(page, label):
    return page.locator(f'#world .item[aria-label^="{label}"]').first


def shown(page):
    return page.locator("#world .item:not(.open)").count()


def header(page, label):
    """The title line of an open box, by which it is closed."""
    item(page, label).locator("text.name").click()


def test_small_graph_shows_every_number(open_page, small_page):
    page = open_page(small_page)
    labels = [g.get_attribute("aria-label") for g in page.locator("#world .item").all()]
    assert labels == [
        "a b + a, 4 scalars, open",
        "a, input, data 2, gradient 4",
        "b, input, data 3, gradient 2",
        "×  mul, op, data 6, gradient 1",
        "+  add, output, data 8, gradient 1",
    ]


def test_choosing_a_scalar_shows_its_receipt(open_page, small_page):
    page = open_page(small_page)
    item(page, "a,").click()
    panel = page.locator("#details").inner_text()
    assert "data 2" in panel
    rows = page.locator("#details table tbody tr").all_inner_texts()
    assert [re.split(r"\s*\t\s*", row.strip()) for row in rows] == [
        ["× mul", "3", "1", "3"],
        ["+ add", "1", "1", "1"],
    ]
    assert page.locator("#details tfoot").inner_text().split() == ["sum", "4"]
    assert page.locator("#world .near path").count() == 2


def test_boxes_open_and_close_down_to_scalars(open_page, step_page, loss):
    page = open_page(step_page)
    page.locator("#collapse").click()
    before = shown(page)
    item(page, "layers.0").click()
    item(page, "neurons ×8").click()
    item(page, "neurons.3").click()
    item(page, "dot ×50").click()
    item(page, "dot 1-32").click()
    assert page.locator('#world .item.op[aria-label^="a·b"]').count() == 32
    page.locator("#fit").click()
    header(page, "layers.0")
    assert shown(page) == before


def test_scalars_of_an_open_box_have_the_numbers_of_the_run(open_page, step_page, loss):
    model, value = loss
    weight = model.layers[0].neurons[3].weights[1]
    page = open_page(step_page)
    page.locator("#search").fill("layers.0.neurons.3.weights.1")
    page.locator("#found button").first.click()
    big = page.locator("#details .big").all_inner_texts()
    assert float(big[0].split()[1].replace("−", "-")) == pytest.approx(weight.data, rel=1e-8)
    (slope,) = nf.gradients(value, [weight])
    assert float(big[1].split()[1].replace("−", "-")) == pytest.approx(slope, rel=1e-8)
    total = page.locator("#details tfoot").inner_text().split()[-1].replace("−", "-")
    assert float(total) == pytest.approx(slope, rel=1e-5)
    assert "30 more" in page.locator("#details").inner_text()


def test_keyboard(open_page, small_page):
    page = open_page(small_page)
    for _ in range(2):
        item(page, "×  mul").click()
        page.keyboard.press("ArrowUp" if page.evaluate("down") else "ArrowLeft")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')")[0] in "ab"
        page.keyboard.press("r")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    scale = "document.getElementById('world').getAttribute('transform')"
    was = page.evaluate(scale)
    page.keyboard.press("+")
    assert page.evaluate(scale) != was


def test_enter_opens_and_backspace_closes(open_page, step_page):
    page = open_page(step_page)
    page.keyboard.press("c")
    before = shown(page)
    item(page, "layers.0").focus()
    page.keyboard.press("Enter")
    assert shown(page) > before
    page.keyboard.press("Backspace")
    assert shown(page) == before
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("layers.0")


def test_refuses_more_than_can_be_read(open_page, tmp_path):
    total = nf.sum([nf.Value(k + 0.5, f"x{k}") * 2 for k in range(700)])
    page = open_page(nf.draw(total).save(tmp_path / "wide.html"))
    ids = page.evaluate("D.boxes.map((box, k) => k).slice(1)")
    for k in ids:
        page.evaluate("(k) => { if (scene.unit.has(k) && !open.has(k)) toggle(k); }", k)
    assert shown(page) <= 500
    assert "more than 500 can be read" in page.locator("#message").inner_text()


def test_wheel_zooms_and_dragging_moves(open_page, small_page):
    page = open_page(small_page)
    place = "document.getElementById('world').getAttribute('transform')"
    was = page.evaluate(place)
    page.mouse.move(300, 700)
    page.mouse.wheel(0, -200)
    page.wait_for_function(f"{place} !== {was!r}")
    zoomed = page.evaluate(place)
    page.mouse.down()
    page.mouse.move(380, 640)
    page.mouse.up()
    moved = page.evaluate(place)
    assert zoomed.split("scale")[1] == moved.split("scale")[1]
    assert zoomed != moved


def test_text_alternative_can_open_boxes(open_page, step_page):
    page = open_page(step_page)
    page.keyboard.press("c")
    page.locator("#outline summary").click()
    before = page.locator("#outline li").count()
    page.locator("#outline button", has_text="open").first.click()
    assert page.locator("#outline li").count() > before


def test_dark_and_light(open_page, small_page):
    page = open_page(small_page, color_scheme="dark")
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    page.locator("#theme").click()
    light = page.evaluate(colour)
    assert dark != light
    assert open_page(small_page, color_scheme="light").evaluate(colour) == light


def test_hostile_names_are_text(open_page, tmp_path):
    x = nf.Value(2.0, EVIL)
    page = open_page(nf.draw(x * 3, title=EVIL).save(tmp_path / "evil.html"))
    assert page.locator("img").count() == 0
    assert EVIL in page.locator("h1").inner_text()
    item(page, "×  mul").click()
    assert EVIL in page.locator("#details").inner_text()


def test_a_phone_can_show_it(open_page, step_page):
    page = open_page(step_page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#details").is_visible()
    box = page.locator("#stage").bounding_box()
    assert box["height"] > 300


def test_network_page_tells_the_numbers_of_a_neuron(open_page, tmp_path):
    model = nf.build("mlp", sizes=[2, 3, 1], activation="relu", rng=nf.SplitMix32(0))
    page = open_page(nf.draw(model, title="net").save(tmp_path / "net.html"))
    assert page.locator("#world line").count() == 9
    page.locator(".neuron").nth(3).click()
    assert "layers.0.neurons.1" in page.locator("#details h2").inner_text()
    rows = page.locator("#details tbody tr").all_inner_texts()
    weight = float(rows[0].split()[1].replace("−", "-"))
    assert weight == pytest.approx(model.layers[0].neurons[1].weights[0].data, rel=1e-5)
    assert page.locator("#world line:not(.dim)").count() == 3
    page.keyboard.press("ArrowRight")
    assert "layers.1" in page.locator("#details h2").inner_text()
    page.locator("#outline summary").click()
    assert "layers.0: 2 inputs, 3 neurons, relu" in page.locator("#outline").inner_text()


def test_a_model_without_neurons_has_a_page_too(open_page, tmp_path):
    class Scale(nf.Module):
        def __init__(self):
            self.factor = nf.Value(2.0)

    page = open_page(nf.draw(Scale(), title=EVIL).save(tmp_path / "modules.html"))
    page.keyboard.press("ArrowRight")
    assert "1 parameters" in page.locator("#count").inner_text()
    assert EVIL in page.locator("#world").text_content()
    assert page.locator("img").count() == 0
