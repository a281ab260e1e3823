"""A receipt opens whole in view and beside what it is about, from a phone to a wide screen."""

import pytest

SIZES = [(320, 568), (390, 844), (844, 390), (768, 1024), (1280, 720), (1679, 1000), (1920, 960),
         (2560, 1440)]  # fmt: skip
SETUP = "#hidden=12,9&points=24&batch=8&epochs=4"

ASKED = """async (things) => {
  const { asker, popover, boxOf } = neuroflow, found = [];
  const over = (low, high, end) => Math.max(0, Math.min(high, end[1]) - Math.max(low, end[0]));
  for (const thing of things) {
    const target = { ...thing };
    asker.pin(target);
    while (asker.shown !== target) await new Promise((done) => setTimeout(done, 2));
    scrollBy({ top: boxOf(target).top - innerHeight / 3, behavior: 'instant' });
    popover.uncovered = null;
    popover.lay();
    popover.lay();
    const why = document.getElementById('why').getBoundingClientRect(), box = boxOf(target);
    const seen = over(why.left, why.right, [0, document.documentElement.clientWidth])
      * over(why.top, why.bottom, [0, innerHeight]) / (why.width * why.height);
    const covered = over(why.left, why.right, [box.left, box.right])
      * over(why.top, why.bottom, [box.top, box.bottom]);
    const page = document.documentElement, text = document.getElementById('receipt');
    found.push({ seen, covered, height: why.height, thing: box,
      sideways: page.scrollWidth - page.clientWidth, inside: text.scrollWidth - text.clientWidth });
  }
  return found;
}"""

NEURONS = ["0.neurons.0", "0.neurons.11", "2.neurons.0"]
WEIGHTS = ["0.neurons.0.weights.0", "1.neurons.8.weights.3"]
THINGS = {
    "classification": [
        *({"what": "point", "row": k} for k in (0, 7)),
        *({"what": "neuron", "name": f"layers.{name}"} for name in NEURONS),
        *({"what": "parameter", "name": f"layers.{name}"} for name in WEIGHTS),
    ],
    "gpt": [{"what": "attention", "name": f"blocks.0.attention:{n}"} for n in ("0:0:0", "1:4:2")],
}


@pytest.mark.parametrize("page", THINGS)
def test_a_receipt_is_whole_in_view_and_covers_nothing_it_is_about(server, tab, page):
    address, token = server.split("?")
    start = SETUP if page == "classification" else "#width=8&heads=2&batch=2"
    tab.open(f"{address.rpartition('/')[0]}/{page}.html?{token}{start}")
    tab.page.click("#step")
    tab.wait("neuroflow.now.step === 1")
    for width, height in SIZES:
        tab.page.set_viewport_size({"width": width, "height": height})
        for thing, found in zip(THINGS[page], tab.page.evaluate(ASKED, THINGS[page]), strict=True):
            where = (width, height, thing, found)
            assert found["seen"] > 0.999, where
            assert found["covered"] == 0, where
            assert found["sideways"] <= 0, where
            assert found["inside"] <= 0, where
            assert found["height"] >= min(120, 0.2 * height), where
