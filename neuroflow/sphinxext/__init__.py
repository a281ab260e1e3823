"""The Sphinx extension: documentation of ops and their kin, rendered from the registry.

Add ``"neuroflow.sphinxext"`` to ``extensions`` in ``conf.py``. It gives

* the domain ``nf`` with one directive and one role per kind of entry (``nf:op``, ``nf:loss`` ...)
  and for hooks (``nf:hook``); objects are in the inventory, so other projects can link to them;
* ``nf:catalogue``, a table of all entries of a kind;
* ``nf:figure`` and ``nf:run``, a picture or a text made by code when the documentation is built;
* ``nf:configuration`` and ``nf:commands``, references made from the code;
* the mathematics renderer ``mathml``, which needs no JavaScript and no network.

Reading order: :mod:`plot`, :mod:`entries`, :mod:`domain`, :mod:`mathml`.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from neuroflow.sphinxext.domain import NeuroflowDomain, write_entry_pages
from neuroflow.sphinxext.mathml import add_math_font, render_block, render_inline


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.add_domain(NeuroflowDomain)
    app.add_html_math_renderer("mathml", (render_inline, None), (render_block, None))
    app.add_config_value("neuroflow_namespaces", ["neuroflow"], "env", [list, tuple])
    app.add_config_value("neuroflow_pages", "", "env", [str])
    app.add_config_value("neuroflow_source_url", "", "env", [str])
    app.connect("builder-inited", write_entry_pages)
    app.connect("builder-inited", add_math_font)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
