"""axe-core finds nothing to complain of on any page and in any state, light and dark."""

import pytest

RUN = """async (rules) => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'], ...rules });
  const where = ({ target, failureSummary }) => `${target} ${failureSummary}`;
  return violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map(where).join(' | ')}`);
}"""

STATES = {
    "classification": [
        None,
        {"what": "point", "row": 3},
        {"what": "neuron", "name": "layers.0.neurons.1"},
        {"what": "parameter", "name": "layers.0.neurons.1.weights.0"},
    ],
    "function": [None, {"what": "point", "row": 3}],
    "gpt": [None, {"what": "attention", "name": "blocks.0.attention:0:1:0"}],
}


@pytest.fixture(scope="module")
def axe(pyodide):
    """The checker, as npm fetched it beside Pyodide."""
    program = pyodide.parent / "axe-core" / "axe.min.js"
    if not program.is_file():
        pytest.skip("axe-core was not fetched; run docs/live/fetch.py")
    return program.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", STATES)
def test_a_checker_of_accessibility_finds_nothing(server, shared_tab, axe, page):
    address, token = server.split("?")
    setup = "#width=8&heads=2&batch=2" if page == "gpt" else "#hidden=5,4&points=24&epochs=4"
    shared_tab.page.goto("about:blank")
    shared_tab.open(f"{address.rpartition('/')[0]}/{page}.html?{token}{setup}")
    shared_tab.page.click("#step")
    shared_tab.wait("neuroflow.now.step === 1")
    shared_tab.page.evaluate(axe)
    for state in STATES[page]:
        if state:
            shared_tab.page.evaluate("(t) => neuroflow.asker.pin(t)", state)
            shared_tab.wait("neuroflow.asker.shown && !document.getElementById('why').hidden")
        for theme in ("light", "dark"):
            shared_tab.page.evaluate(
                "(t) => { document.documentElement.dataset.theme = t; }", theme
            )
            assert shared_tab.page.evaluate(RUN) == [], (state, theme)


def test_what_is_touched_is_large_enough(server, shared_tab):
    """24 pixels, as WCAG 2.2 has it (2.5.8), on a phone."""
    address, token = server.split("?")
    shared_tab.page.goto("about:blank")
    shared_tab.open(f"{address.rpartition('/')[0]}/classification.html?{token}#hidden=5,4")
    shared_tab.page.set_viewport_size({"width": 390, "height": 844})
    shared_tab.page.evaluate("() => neuroflow.asker.pin({ what: 'point', row: 3 })")
    shared_tab.wait("neuroflow.asker.shown")
    small = shared_tab.page.evaluate(
        """() => [...document.querySelectorAll('button, select, input, summary, a[href]')]
        .filter((e) => e.offsetParent && e.getBoundingClientRect().width)
        .map((e) => [e.outerHTML.slice(0, 80), (e.closest('label') ?? e).getBoundingClientRect()])
        .filter(([, box]) => box.height < 24 || box.width < 24)
        .map(([told, box]) => `${told} ${box.width} x ${box.height}`)"""
    )
    assert small == []
