"""The zoo: wrong twins of things you know. Find the bug; the checks tell you if you are right.

Reading order: :mod:`twin`, :mod:`ops`, :mod:`losses`, :mod:`layers`, :mod:`optimizers`.

A plugin for teaching: it is not loaded unless you ask for it (``neuroflow zoo``,
``neuroflow check neuroflow_plugins.zoo``).

>>> len(TWINS) >= 25
True
"""

from __future__ import annotations

import neuroflow as nf
from neuroflow_plugins.zoo import layers, losses, ops, optimizers
from neuroflow_plugins.zoo.twin import TWINS, Twin

__all__ = ["TWINS", "Twin", "entry_of"]


@nf.hookimpl
def neuroflow_ops():
    """Wrong ops."""
    return ops.OPS


@nf.hookimpl
def neuroflow_activations():
    """Wrong activations."""
    return ops.ACTIVATIONS


@nf.hookimpl
def neuroflow_losses():
    """Wrong losses."""
    return losses.LOSSES


@nf.hookimpl
def neuroflow_layers():
    """Wrong layers."""
    return layers.LAYERS


@nf.hookimpl
def neuroflow_optimizers():
    """Wrong optimizers."""
    return optimizers.OPTIMIZERS


def entry_of(twin):
    """The registry entry of a twin, for the checks.

    >>> entry_of(TWINS["cube_1"]).kind
    'op'
    """
    entries = [*ops.ACTIVATIONS, *losses.LOSSES, *layers.LAYERS, *optimizers.OPTIMIZERS]
    for entry in entries:
        if entry.target is twin.target:
            return entry
    return nf.OpEntry.of(twin.target)
