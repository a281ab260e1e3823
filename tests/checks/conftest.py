"""The report of every bundled plugin, made once."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.registry.manager import manager


@pytest.fixture(scope="session")
def reports():
    """The report of every bundled plugin, by its name."""
    bundled = [p for p in manager().plugins if p.provider.namespace == "neuroflow"]
    return {plugin.name: nf.check(plugin.name) for plugin in bundled}
