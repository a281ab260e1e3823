"""The Sphinx extension: documentation of ops and their kin, rendered from the registry.

Add ``"neuroflow.sphinxext"`` to ``extensions`` in ``conf.py``. It gives

* the domain ``nf`` with one directive and one role per kind of entry (``nf:op``, ``nf:loss`` ...)
  and for hooks (``nf:hook``); objects are in the inventory, so other projects can link to them;
* ``nf:catalogue``, a table of all entries of a kind;
* ``nf:figure`` and ``nf:run``, a picture or a text made by code when the documentation is built;
* ``nf:live``, a live page, and pages whose blocks of code the reader edits and runs;
* ``nf:configuration`` and ``nf:commands``, references made from the code;
* the mathematics renderer ``mathml``, which needs no JavaScript and no network.

Reading order: :mod:`nodes`, :mod:`plot`, :mod:`mathematics`, :mod:`pictures`, :mod:`examples`,
:mod:`entries`; :mod:`notebook`, :mod:`live`; :mod:`catalogue`, :mod:`figures`, :mod:`references`,
:mod:`domain`, :mod:`pages`; :mod:`mathml`.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from neuroflow.sphinxext import live
from neuroflow.sphinxext.domain import NeuroflowDomain
from neuroflow.sphinxext.mathml import add_math_font, render_block, render_inline
from neuroflow.sphinxext.pages import write_entry_pages


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.add_domain(NeuroflowDomain)
    app.add_html_math_renderer("mathml", (render_inline, None), (render_block, None))
    app.add_config_value("neuroflow_namespaces", ["neuroflow"], "env", [list, tuple])
    app.add_config_value("neuroflow_pages", "", "env", [str])
    app.add_config_value("neuroflow_source_url", "", "env", [str])
    _add_live(app)
    app.connect("builder-inited", write_entry_pages)
    app.connect("builder-inited", add_math_font)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _add_live(app: Sphinx) -> None:
    app.add_config_value("neuroflow_pyodide", "", "env", [str])
    app.add_config_value("neuroflow_snippets", [], "env", [list, tuple])
    app.add_config_value("neuroflow_live", "_static/neuroflow/live", "env", [str])
    app.add_config_value("neuroflow_fetch_command", "npm install pyodide", "env", [str])
    app.add_config_value("neuroflow_load_size", "", "env", [str])  # weighed, not set by hand
    app.connect("config-inited", live.weigh)
    app.connect("builder-inited", live.add_programs)
    app.connect("doctree-resolved", live.add_note)
    app.connect("html-page-context", live.load_programs)
    app.connect("build-finished", live.write_live_pages)
