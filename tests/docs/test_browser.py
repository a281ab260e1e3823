"""The book in a real browser: quiet, offline, readable on a phone and in the dark.

Pages are built for the tests without those that take long to make; ``NEUROFLOW_DOCS`` names a
folder with the whole book, built before, to be looked at instead.
"""

from __future__ import annotations

import pytest

PAGES = [
    "index.html",
    "tutorial/by-hand.html",
    "tutorial/neuron.html",
    "tutorial/attention.html",
    "explanation/adam.html",
    "explanation/kinks.html",
    "reference/configuration.html",
    "reference/hooks.html",
    "reference/cli.html",
    "glossary.html",
    "bibliography.html",
]
PHONE = {"width": 360, "height": 740}


@pytest.mark.parametrize("chapter", PAGES)
def test_a_page_is_quiet_asks_nobody_and_fits_on_a_phone(visit, chapter):
    tab = visit(chapter)
    assert tab.locator("h1").count() == 1
    tab.set_viewport_size(PHONE)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_superscript_is_smaller_than_its_base(visit):
    tab = visit("tutorial/by-hand.html")
    ratio = tab.evaluate(
        """() => {
            const sup = document.querySelector("math msup");
            const size = (e) => parseFloat(getComputedStyle(e).fontSize);
            return size(sup.children[1]) / size(sup.children[0]);
        }"""
    )
    assert 0.5 < ratio < 0.85


def test_a_fraction_is_drawn_as_one(visit):
    tab = visit("explanation/adam.html")
    numerator, denominator = tab.evaluate(
        """() => [...document.querySelector(".nf-math mfrac").children]
            .map((e) => e.getBoundingClientRect().top)"""
    )
    assert numerator < denominator


def test_formulas_have_their_font(visit):
    tab = visit("tutorial/by-hand.html")
    loaded = tab.evaluate(
        """async () => {
            await document.fonts.ready;
            return [...document.fonts].filter((f) => f.family.includes("neuroflow math"))
                .map((f) => f.status);
        }"""
    )
    assert loaded == ["loaded"]


def _luminance(colour):
    channels = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


@pytest.mark.parametrize("dark", [False, True])
def test_text_formulas_and_pictures_stand_out_in_light_and_dark(visit, dark):
    tab = visit("tutorial/neuron.html", dark=dark)
    colours = tab.evaluate(
        """() => {
            const of = (s, p) => getComputedStyle(document.querySelector(s))[p];
            return [of("body", "backgroundColor"), of("article p", "color"), of("math", "color"),
                    of(".nf-chart .nf-label", "fill"), of(".nf-chart polyline[stroke]", "stroke")];
        }"""
    )
    background, *inks = map(_luminance, colours)
    assert (background < 0.2) is dark
    assert all(abs(background - ink) > 0.3 for ink in inks), colours


def test_figures_have_words_for_those_who_cannot_see_them(visit):
    for page in ("index.html", "tutorial/neuron.html", "tutorial/attention.html"):
        labels = visit(page).eval_on_selector_all(
            ".nf-figure svg", "all => all.map((e) => e.getAttribute('aria-label'))"
        )
        assert labels
        assert all(label and len(label) > 15 for label in labels)


def test_code_can_be_copied_without_prompts(visit):
    tab = visit("tutorial/by-hand.html")
    assert tab.locator("button.copybtn").count() >= 3


def test_the_search_finds_a_term(visit):
    tab = visit("search.html", query="?q=topological")
    tab.wait_for_selector("#search-results li", timeout=10_000)
    assert "order of the walk" in tab.inner_text("#search-results")
