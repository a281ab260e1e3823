"""The Sphinx extension, in a project of its own, as the author of a plugin would use it."""

from __future__ import annotations

import html
import re
import subprocess
import sys

import pytest

from neuroflow import ops
from neuroflow.registry.manager import get, manager
from neuroflow.sphinxext.examples import example, executed, executed_docstring
from neuroflow.sphinxext.mathml import to_mathml
from neuroflow.sphinxext.pictures import plot_of
from neuroflow.sphinxext.plot import Chart, function_chart
from neuroflow.view.chart import ticks

CONF = """
project = "third"
extensions = ["neuroflow.sphinxext"]
html_math_renderer = "mathml"
nitpicky = True
html_theme = "basic"
"""

INDEX = """
third
=====

.. nf:op:: relu

.. nf:op:: mul

.. nf:loss:: hinge

.. nf:optimizer:: sgd

.. nf:hook:: neuroflow_ops

.. nf:catalogue:: schedule

.. nf:run::

   print(6 * 7)

.. nf:figure::
   :alt: a line from corner to corner, going up

   from neuroflow.sphinxext.plot import Chart
   chart = Chart((0.0, 1.0), (0.0, 1.0), "a line")
   chart.line([(0.0, 0.0), (1.0, 1.0)])
   chart.svg()

See :nf:op:`relu`, :nf:loss:`hinge`, :nf:hook:`neuroflow_ops` and :any:`mul`.
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A small project, built with warnings as errors; the page and the inventory."""
    from sphinx.util.inventory import InventoryFile

    folder = tmp_path_factory.mktemp("third")
    (folder / "conf.py").write_text(CONF)
    schedules = ["constant", "cosine", "exponential", "linear", "step"]
    extra = "".join(f"\n.. nf:schedule:: {name}\n" for name in schedules)
    (folder / "index.rst").write_text(INDEX + extra)
    out = folder / "html"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-n", str(folder), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with open(out / "objects.inv", "rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, uri: uri)
    return (out / "index.html").read_text(encoding="utf-8"), inventory


def test_an_op_page_has_formula_derivative_plot_convention_example_checks_and_source(built):
    page, _ = built
    for heading in (
        "Partial derivatives",
        "Domain and kinks",
        "Settings",
        "Example",
        "Checks",
        "Source",
    ):
        assert heading in page
    assert "<math" in page
    assert "nf-chart" in page
    assert "relu'(0) = 0" in page or "relu’(0) = 0" in page
    assert "neuroflow.check" in page
    assert "neuroflow_plugins/ops.py" in page
    assert "plugin" in page
    assert "neuroflow/relu@1" in html.unescape(re.sub(r"<[^>]+>", "", page))


def test_roles_link_to_their_entries(built):
    page, _ = built
    for anchor in ("nf-op-relu", "nf-loss-hinge", "nf-hook-neuroflow_ops", "nf-op-mul"):
        assert f'href="#{anchor}"' in page, anchor


def test_objects_are_in_the_inventory(built):
    _, inventory = built
    assert "relu" in inventory["nf:op"]
    assert "hinge" in inventory["nf:loss"]
    assert "neuroflow_ops" in inventory["nf:hook"]


def test_code_and_figures_run_when_the_page_is_built(built):
    page, _ = built
    assert "42" in page
    assert 'aria-label="a line"' in page


def test_a_hook_is_shown_with_its_exact_signature(built):
    page, _ = built
    plain = re.sub(r"<[^>]+>", "", page)
    assert "neuroflow_ops() -&gt; Iterable[OpEntry | Op]" in plain


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("x^2", "<msup>"),
        (r"\frac{1}{2}", "<mfrac>"),
        (r"\begin{cases} a & x > 0 \\ b & x \leq 0 \end{cases}", "<mtable>"),
        (r"\operatorname{erf} x", ">erf</mi>"),
        (r"a &= b \\ &= c", "<mtable "),
    ],
)
def test_formulas_become_mathml(latex, expected):
    assert expected in to_mathml(latex, block=True)


def test_every_bundled_formula_becomes_mathml():
    from neuroflow.registry.manager import manager

    formulas = [e.formula or getattr(e.load(), "formula", "") for e in manager().registry]
    shown = [to_mathml(formula, block=True) for formula in formulas if formula]
    assert len(shown) > 40
    assert [text for text in shown if "\\" in text] == []


def test_an_example_that_does_not_hold_is_a_warning(monkeypatch):
    from neuroflow.sphinxext import examples

    def wrong():
        """Two.

        >>> 1 + 1
        3
        """

    warnings = []
    monkeypatch.setattr(examples.logger, "warning", lambda *facts: warnings.append(facts))
    assert ">>> 1 + 1" in executed_docstring(wrong)
    ((message, name, details),) = warnings
    assert message == "the example of %s does not hold:\n%s"
    assert name == "wrong"
    assert "Got:\n    2" in details


def test_statements_are_shown_with_what_they_give():
    assert executed(["x = 2", "x * 3"]) == ">>> x = 2\n>>> x * 3\n6"


def test_every_bundled_layer_has_an_example_that_builds_it():
    for entry in manager().registry.entries("layer"):
        shown = example(entry, entry.load())
        assert "nf.build(" in shown or f"{entry.load().__name__}(" in shown, entry.name


def test_an_entry_of_which_nothing_can_be_guessed_is_named():
    csv = get("dataset", "csv")
    assert example(csv, csv.load()).startswith(">>> import neuroflow as nf\n>>> nf.get(")


def test_plots_mark_kinks_and_carry_words():
    picture = plot_of(get("op", "relu"), ops.relu)
    assert picture.count("nf-kink") == 1
    assert "with a kink at 0" in picture
    assert plot_of(get("op", "mul"), ops.mul) == ""


def test_curves_break_where_there_is_no_number():
    picture = function_chart(lambda x: 1 / x, None, -1.0, 1.0, alt="one over x")
    assert picture.count("<polyline points") >= 2
    assert "nan" not in picture


def test_ticks_are_round_numbers():
    assert ticks(0.0, 100.0) == [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    assert ticks(-0.21, 0.37)[0] == -0.2


def test_a_chart_is_the_same_every_time():
    def draw():
        chart = Chart((0.0, 1.0), (0.0, 1.0), "a <line>")
        chart.line([(0.0, 0.0), (1.0, 1.0)], "f")
        return chart.svg()

    assert draw() == draw()
    assert "a &lt;line&gt;" in draw()
