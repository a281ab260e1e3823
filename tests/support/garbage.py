"""What collecting the tests leaves in memory, a million objects, is not searched for garbage.

They live as long as the process does: to look through them again and again, while they are made
and at each full collection of the tests, would only take time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """No collection of garbage while tests are collected, and none of what they are afterwards."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
