"""Entries offered for one test, as if a distribution were installed, replaced or taken away."""

from __future__ import annotations

import pytest

from neuroflow.registry.entries import Provider
from neuroflow.registry.manager import manager


class Offers:
    """What distributions offer; ``put`` installs one of a namespace, ``drop`` takes it away."""

    def __init__(self):
        self.providers = []

    def put(self, *entries, namespace="grab", distribution="nf-grab", version="0.1.0"):
        """Install entries; what offered the same namespace before is gone."""
        self.drop(namespace)
        module = f"nf_{namespace}"
        provider = Provider(namespace, namespace, distribution, version, module)
        self.providers.append(provider)
        for entry in entries:
            manager().registry.add(entry, provider)

    def drop(self, namespace):
        """Take away what a namespace offers."""
        for provider in [p for p in self.providers if namespace in (p.namespace, "*")]:
            manager().registry.remove(provider)
            self.providers.remove(provider)


@pytest.fixture
def offers():
    """``offers.put(entry, ...)`` installs for one test; see :class:`Offers`."""
    made = Offers()
    yield made
    made.drop("*")
