"""The processes that tests start keep compiled modules for the next, as those of users do.

With ``PYTHONDONTWRITEBYTECODE`` each of some hundred processes would compile the package anew.
"""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """The workers of pytest-xdist begin later, and have what is set here."""
    patch = pytest.MonkeyPatch()
    patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    config.add_cleanup(patch.undo)
