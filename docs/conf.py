"""The book: ``sphinx-build -W -n -b html docs docs/_build/html``."""

import inspect
import re
import sys
from importlib.metadata import version as version_of
from pathlib import Path

import neuroflow

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # modules of the book, beside this file
from results import figures  # noqa: E402

project = "neuroflow"
author = "The neuroflow authors"
copyright = "The neuroflow authors"
version = release = version_of("neuroflow")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_autodoc_typehints",
    "sphinx_copybutton",
    "sphinx_design",
    "neuroflow.sphinxext",
]
exclude_patterns = ["_build", "examples", "benchmarks*.md"]
smartquotes_action = "qe"  # dashes stay as they are typed: --set
nitpicky = True
nitpick_ignore_regex = [
    # Names of Python and of other projects, whose inventories would have to be fetched.
    (r"py:.*", r"(_?[a-z]+\.)*(pluggy|click|attrs?|numpy|np|pathlib|collections|typing)\..*"),
    (
        r"py:.*",
        r"(abc|contextlib|datetime|enum|random|types|inspect|importlib|contextvars)\..*"
        r"|(docutils|sphinx|sklearn)\..*",
    ),
    (r"py:.*", r"[a-z]+|Any|None|Callable|Iterable|Iterator|Sequence|Mapping|Path"),
    (r"py:.*", r"(Value|Type|Lookup|Runtime|Arithmetic|OS)Error|Exception"),
    (
        r"py:.*",
        r"neuroflow\.(checks|engine|view|core\.value|core\.protocols|training\.folder)\..*",
    ),  # not public
    (
        r"py:.*",
        r"neuroflow\.(data\.(notation|kinds)|evaluation\.answers|training\.given)\..*",
    ),  # not public
    (
        r"py:.*",
        r"neuroflow\.(data\.reading\.(Header|TableSource)|data\.columns\.Column|long_work\.T|purity\.T"
        r"|tensors\.functions\.TensorFunction)|PlainFigure",
    ),  # not public, beside names that are
    (
        r"py:.*",
        r"REMEDIES|parse_expression|Domain|(rules\.)?Rule|Tree|Arrays|Names|Node|Scope",
    ),  # names for types, local to a module
]

myst_enable_extensions = [
    "colon_fence",
    "dollarmath",
    "amsmath",
    "deflist",
    "attrs_inline",
    "substitution",
    "attrs_block",
]
myst_substitutions = figures()  # measured: a page names a figure and never repeats it
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # written by sphinx_autodoc_typehints
always_document_param_types = False
typehints_use_signature = True
typehints_use_signature_return = True
typehints_document_rtype = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True

neuroflow_pages = "reference/entries"
neuroflow_pyodide = "_build/pyodide/node_modules/pyodide"  # where live/fetch.py puts it
neuroflow_fetch_command = "python docs/live/fetch.py"
neuroflow_live = "live/app"
neuroflow_snippets = ["index", "tutorial/*", "explanation/*", "howto/*"]

html_theme = "furo"
html_title = f"neuroflow {release}"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["neuroflow.css"]
html_math_renderer = "mathml"
numfig = True  # equations count on from page to page: a link to (7) says which
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#1d5fa8",
        "color-brand-content": "#1d5fa8",
        "code-font-size": "75%",
    },
    "dark_css_variables": {"color-brand-primary": "#7db7f5", "color-brand-content": "#7db7f5"},
}
html_show_sphinx = False


def add_what_is_not_written_by_hand(app, docname, source):
    """Append benchmark tables, written by their programs, and public names not yet grouped."""
    if docname == "reference/benchmarks":
        for table in sorted(HERE.glob("benchmarks*.md")):
            app.env.note_dependency(str(table))
            text = re.sub(r"\A---\n.*?\n---\n", "", table.read_text(encoding="utf-8"), flags=re.S)
            source[0] += "\n" + re.sub("^(#+) ", r"#\1 ", text, flags=re.M)
    if docname == "reference/api":
        others = [
            n
            for n in neuroflow.__all__
            if n not in ("ops", "layers") and not re.search(rf":: neuroflow\.{n}\b", source[0])
        ]
        lines = [line for name in others for line in documented(name)]
        if lines:
            source[0] += "\n".join(["", "## More", "", "```{eval-rst}", *lines, "```", ""])


def documented(name):
    """The directive for one public name."""
    if inspect.isclass(getattr(neuroflow, name)):
        return [f".. autoclass:: neuroflow.{name}", "   :members:", ""]
    return [f".. autofunction:: neuroflow.{name}", ""]


def setup(app):
    """Connect what is particular to this book."""
    app.connect("source-read", add_what_is_not_written_by_hand)
