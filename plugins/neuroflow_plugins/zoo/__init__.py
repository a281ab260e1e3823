"""The zoo: wrong twins of things you know. Find the bug; the checks tell you if you are right.

Reading order: :mod:`twin`, :mod:`ops`, :mod:`losses`, :mod:`layers`, :mod:`more_layers`,
:mod:`optimizers`,
:mod:`schedules`, :mod:`initializers`, :mod:`datasets`, :mod:`tokenizers`,
:mod:`metrics`, :mod:`observers`, :mod:`panels`, :mod:`looks`, :mod:`exporters`, :mod:`importers`,
:mod:`checks`, :mod:`formats`, :mod:`declarations` (of ops).

A plugin for teaching: it is not loaded unless you ask for it (``neuroflow zoo``,
``neuroflow check neuroflow_plugins.zoo``).

>>> len(TWINS) >= 100
True
"""

from __future__ import annotations

import neuroflow as nf
from neuroflow_plugins.zoo import (
    checks,
    datasets,
    declarations,
    exporters,
    formats,
    importers,
    initializers,
    layers,
    looks,
    losses,
    metrics,
    more_layers,
    observers,
    ops,
    optimizers,
    panels,
    schedules,
    tokenizers,
)
from neuroflow_plugins.zoo.twin import TWINS, Twin

__all__ = ["TWINS", "Twin", "entry_of"]


@nf.hookimpl
def neuroflow_ops():
    """Wrong ops."""
    return [*ops.OPS, *declarations.OPS]


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
    return [*layers.LAYERS, *more_layers.MORE_LAYERS]


@nf.hookimpl
def neuroflow_optimizers():
    """Wrong optimizers."""
    return optimizers.OPTIMIZERS


@nf.hookimpl
def neuroflow_schedules():
    """Wrong schedules."""
    return schedules.SCHEDULES


@nf.hookimpl
def neuroflow_initializers():
    """Wrong initializers."""
    return initializers.INITIALIZERS


@nf.hookimpl
def neuroflow_datasets():
    """Wrong datasets."""
    return datasets.DATASETS


@nf.hookimpl
def neuroflow_tokenizers():
    """Wrong tokenizers."""
    return tokenizers.TOKENIZERS


@nf.hookimpl
def neuroflow_checks():
    """Wrong checks."""
    return checks.CHECKS


@nf.hookimpl
def neuroflow_formats():
    """Wrong formats."""
    return formats.FORMATS


@nf.hookimpl
def neuroflow_metrics():
    """Wrong metrics."""
    return metrics.METRICS


@nf.hookimpl
def neuroflow_observers():
    """Wrong observers."""
    return observers.OBSERVERS


@nf.hookimpl
def neuroflow_exporters():
    """Wrong exporters."""
    return exporters.EXPORTERS


@nf.hookimpl
def neuroflow_importers():
    """Wrong importers."""
    return importers.IMPORTERS


@nf.hookimpl
def neuroflow_panels():
    """Wrong panels."""
    return panels.PANELS


@nf.hookimpl
def neuroflow_looks():
    """Wrong looks."""
    return looks.LOOKS


def entry_of(twin):
    """The registry entry of a twin, for the checks.

    >>> entry_of(TWINS["cube_1"]).kind
    'op'
    """
    entries = [
        *ops.ACTIVATIONS, *losses.LOSSES, *neuroflow_layers(), *optimizers.OPTIMIZERS,
        *schedules.SCHEDULES, *initializers.INITIALIZERS, *datasets.DATASETS,
        *tokenizers.TOKENIZERS, *metrics.METRICS, *observers.OBSERVERS,
        *exporters.EXPORTERS, *importers.IMPORTERS, *checks.CHECKS, *formats.FORMATS,
        *panels.PANELS, *looks.LOOKS,
    ]  # fmt: skip
    for entry in entries:
        if twin.target in (entry.target, getattr(entry, "tensors", None)):
            return entry
    return nf.OpEntry.of(twin.target)
