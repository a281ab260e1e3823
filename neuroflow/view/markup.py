"""Text within SVG, HTML and what their scripts read: the one way by which names get there."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from neuroflow.errors import printable


def escaped(text: str) -> str:
    r"""A text between tags or in a quoted attribute: well-formed and harmless, whatever it is.

    >>> print(escaped('<b>"\x1b[2J'))
    &lt;b&gt;&quot;\x1b[2J
    """
    return html.escape(printable(text))


_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)")
"""A character that JSON spells out, or the two that make one of those beyond 16 bits."""


def shown_json(data: Any) -> str:
    r"""JSON for a script that shows the texts in it: :func:`printable` is done to each.

    >>> print(shown_json({"name": "a\x1b\u202eb\n"}))
    {"name":"a\\x1b\\u202eb\n"}
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return _ESCAPE.sub(lambda found: _shown(found[0]), text)


def _shown(escape: str) -> str:
    return json.dumps(printable(json.loads(f'"{escape}"')))[1:-1]
