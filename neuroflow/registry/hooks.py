"""The hooks: what a plugin may offer, and how it says so."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import pluggy

from neuroflow.core.value import Op
from neuroflow.registry.entries import (
    ActivationEntry,
    BackendEntry,
    CheckEntry,
    DatasetEntry,
    ExporterEntry,
    FormatEntry,
    ImporterEntry,
    InitializerEntry,
    LayerEntry,
    LookEntry,
    LossEntry,
    MetricEntry,
    ObserverEntry,
    OpEntry,
    OptimizerEntry,
    PanelEntry,
    RecipeEntry,
    ScheduleEntry,
    TokenizerEntry,
)
from neuroflow.registry.points import GROUP

HOOK_VERSION = 1
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Hooks:
    """The hooks that a plugin may implement. Each but the last returns an iterable of entries."""

    @hookspec
    def neuroflow_ops(self) -> Iterable[OpEntry | Op]:  # type: ignore[empty-body]
        """Ops: differentiable functions of scalars. A bare ``Op`` will do."""

    @hookspec
    def neuroflow_activations(self) -> Iterable[ActivationEntry]:  # type: ignore[empty-body]
        """Activations: what a layer applies to what it computes."""

    @hookspec
    def neuroflow_losses(self) -> Iterable[LossEntry]:  # type: ignore[empty-body]
        """Losses: how wrong one prediction is."""

    @hookspec
    def neuroflow_metrics(self) -> Iterable[MetricEntry]:  # type: ignore[empty-body]
        """Metrics: how good all answers together are."""

    @hookspec
    def neuroflow_layers(self) -> Iterable[LayerEntry]:  # type: ignore[empty-body]
        """Layers and models: classes derived from ``neuroflow.Module``."""

    @hookspec
    def neuroflow_optimizers(self) -> Iterable[OptimizerEntry]:  # type: ignore[empty-body]
        """Optimizers: update rules."""

    @hookspec
    def neuroflow_schedules(self) -> Iterable[ScheduleEntry]:  # type: ignore[empty-body]
        """Schedules: the learning rate over time."""

    @hookspec
    def neuroflow_initializers(self) -> Iterable[InitializerEntry]:  # type: ignore[empty-body]
        """Initializers: how weights are drawn."""

    @hookspec
    def neuroflow_datasets(self) -> Iterable[DatasetEntry]:  # type: ignore[empty-body]
        """Datasets: examples to learn from."""

    @hookspec
    def neuroflow_tokenizers(self) -> Iterable[TokenizerEntry]:  # type: ignore[empty-body]
        """Tokenizers: text to token ids and back."""

    @hookspec
    def neuroflow_backends(self) -> Iterable[BackendEntry]:  # type: ignore[empty-body]
        """Backends: engines that run compiled functions."""

    @hookspec
    def neuroflow_recipes(self) -> Iterable[RecipeEntry]:  # type: ignore[empty-body]
        """Recipes: configurations that are trained by name."""

    @hookspec
    def neuroflow_observers(self) -> Iterable[ObserverEntry]:  # type: ignore[empty-body]
        """Observers: who sees the reports of a run, and changes nothing."""

    @hookspec
    def neuroflow_exporters(self) -> Iterable[ExporterEntry]:  # type: ignore[empty-body]
        """Exporters: models written for other programs."""

    @hookspec
    def neuroflow_importers(self) -> Iterable[ImporterEntry]:  # type: ignore[empty-body]
        """Importers: models that other programs wrote."""

    @hookspec
    def neuroflow_checks(self) -> Iterable[CheckEntry]:  # type: ignore[empty-body]
        """Checks: what every entry of some kinds must hold."""

    @hookspec
    def neuroflow_formats(self) -> Iterable[FormatEntry]:  # type: ignore[empty-body]
        """Formats: tables in files of another form than text in columns."""

    @hookspec
    def neuroflow_panels(self) -> Iterable[PanelEntry]:  # type: ignore[empty-body]
        """Panels: what the live page of a run shows beside its picture."""

    @hookspec
    def neuroflow_looks(self) -> Iterable[LookEntry]:  # type: ignore[empty-body]
        """Looks: how layers are drawn."""

    @hookspec
    def neuroflow_commands(self, cli: Any) -> None:
        """Add commands to the ``neuroflow`` command line, a ``click.Group``."""


HOOKS = tuple(name for name in vars(Hooks) if name.startswith("neuroflow_"))


def hook_signature(hook: str) -> str:
    """A hook as a plugin writes it, read from the code.

    >>> hook_signature("neuroflow_commands")
    'neuroflow_commands(cli: Any) -> None'
    """
    signature = inspect.signature(getattr(Hooks, hook))
    given = [p for p in signature.parameters.values() if p.name != "self"]
    return f"{hook}{signature.replace(parameters=given)}".replace("'", "")
