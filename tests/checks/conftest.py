"""The report of every bundled plugin, made once."""

from __future__ import annotations

import functools

import pytest

import neuroflow as nf


@pytest.fixture(scope="session")
def report_of():
    """The report of a bundled plugin, by its name; each is made once."""
    return functools.cache(nf.check)
