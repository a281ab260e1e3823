"""One self-contained HTML file for a graph: opens from disk, asks nothing of any network."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from neuroflow.view import layout, scene
from neuroflow.view.markup import escaped, shown_json

GRAPH_SCRIPTS = (
    "elements.js", "graph_data.js", "layout.js", "scene.js", "drawing.js", "panning.js",
    "acting.js", "details.js", "search.js", "graph_page.js",
)  # fmt: skip
NETWORK_SCRIPTS = ("elements.js", "panning.js", "network.js")


def _compact(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def page(data: dict[str, Any], title: str) -> str:
    """The page of :func:`neuroflow.view.graph_data.to_data`; every text in it is escaped."""
    return _filled(
        "page.html",
        TITLE=escaped(title),
        HEAD=head(title, asset("page.css")),
        FOOT=_foot(data, *GRAPH_SCRIPTS),
    )


def network_page(data: dict[str, Any], title: str, text: str) -> str:
    """The page of a network; ``text`` is its alternative in words, as HTML."""
    return _filled(
        "network.html",
        TITLE=escaped(title),
        HEAD=head(title, asset("page.css") + asset("network.css")),
        TEXT=text,
        FOOT=_foot(data, *NETWORK_SCRIPTS),
    )


def picture_page(svg: str, title: str) -> str:
    """A page that holds a finished picture."""
    start = head(title, "body { margin: 1rem; color-scheme: light dark; }")
    return f"{start}<body>\n{svg}</body>\n</html>\n"


def head(title: str, style: str) -> str:
    """The head of a page that asks nothing of any network."""
    return _filled("head.html", TITLE=escaped(title), STYLE=style)


def _foot(data: dict[str, Any], *scripts: str) -> str:
    script = "\n".join([_constants(), *map(asset, scripts)])
    return _filled("foot.html", DATA=script_json(data, shown_json), SCRIPT=script)


def _constants() -> str:
    """What Python and the scripts must agree on, said once: here it becomes JavaScript."""
    shared = {
        **{key: getattr(layout, key) for key in ("COLUMN_GAP", "ROW_GAP", "SWEEPS", "PASSING")},
        **{key: getattr(scene, key) for key in ("LIMIT", "PAD", "HEAD", "SIGNS", "STROKES")},
    }
    lines = (f"const {key} = {json.dumps(value)};" for key, value in shared.items())
    return "\n".join(['"use strict";', *lines])


def _filled(template: str, **parts: str) -> str:
    return re.sub(r"@([A-Z]+)@", lambda mark: parts[mark[1]], asset(template))


def script_json(data: Any, dumps: Callable[[Any], str] = _compact) -> str:
    """JSON that no text in it can end early: ``<`` is written as an escape."""
    try:
        text = dumps(data)
    except ValueError:
        text = dumps(_finite(data))
    return text.replace("<", "\\u003c")


def _finite(data: Any) -> Any:
    """The data with a word in place of each number that JSON lacks."""
    if isinstance(data, float):
        return data if math.isfinite(data) else str(data)
    if isinstance(data, Mapping):
        return {key: _finite(value) for key, value in data.items()}
    return [_finite(x) for x in data] if isinstance(data, (list, tuple)) else data


def asset(name: str) -> str:
    """A file that lies beside this module."""
    return (files("neuroflow.view") / name).read_text(encoding="utf-8")
