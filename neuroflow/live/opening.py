"""Open a page in the browser, and tell its token to nobody else.

What a program is called with can be read by every user of the machine, so the browser is given the
address of a private file, which sends it on to the page; as Jupyter does. The file lies in a
folder that only this user can enter, and is removed at the end. The address that is printed has
the token, as Jupyter's has: it works once, so it is worth nothing after the browser came.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path

from neuroflow.view.markup import escaped

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={address}">
<title>neuroflow live</title>
</head>
<body><p><a href="{address}">Go on to the page</a></p></body>
</html>
"""


@contextlib.contextmanager
def opened(address: str) -> Iterator[None]:
    """Send the browser to an address with a token, which waits in a private file meanwhile."""
    with tempfile.TemporaryDirectory(prefix="neuroflow-") as folder:  # for this user alone
        file = Path(folder) / "open.html"
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with open(descriptor, "w", encoding="utf-8") as page:
            page.write(PAGE.format(address=escaped(address)))
        webbrowser.open(file.as_uri())
        yield
