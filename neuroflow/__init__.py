"""neuroflow: neural networks one scalar at a time, readable, extensible, and fast.

>>> import neuroflow as nf
>>> x = nf.Value(2.0)
>>> y = x.tanh() + x * 3
>>> y.backward()
>>> round(x.grad, 6)
3.070651

Names are imported when they are first used, so that ``import neuroflow`` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # the typing module alone would cost more than all else here
if TYPE_CHECKING:
    from typing import Any

_HOME = {
    "neuroflow.core.value": "Op Value",
    "neuroflow.core.derivatives": "gradients",
    "neuroflow.core.no_grad": "no_grad",
    "neuroflow.core.protocols.chaining": "core_ops",
    "neuroflow.core.vectors": "dot mean sum",
    "neuroflow.core.functions": "abs cos exp expm1 log log1p maximum minimum pow sech sin"
    " sqrt stop_gradient take tanh where",
    "neuroflow.more_functions": "atan floor log10 log2 mod",
    "neuroflow.normal": "erf erfc gaussian normal_cdf normal_part",
    "neuroflow.observer": "Observed Observer",
    "neuroflow.registry.recipe_files": "recipes_in",
    "neuroflow.core.op": "op",
    "neuroflow.core.settings": "Setting",
    "neuroflow.core.configured": "Configured",
    "neuroflow.buffer": "Buffer",
    "neuroflow.purity": "pure",
    "neuroflow.core.module": "Module current_scope evaluating",
    "neuroflow.core.forward_mode": "jvp",
    "neuroflow.core.random": "SplitMix32",
    "neuroflow.long_work": "working_through",
    "neuroflow.errors": "BackendError ConfigurationError DefinitionError DomainError FileError"
    " InputError NeuroflowError OperatorError PluginError RegistryError ShapeError StateError"
    " TraceError",
    "neuroflow.core.random_input": "random_input",
    "neuroflow.engine.lower.program": "Instruction Program",
    "neuroflow.engine.run.executor": "Executor NumpyExecutor",
    "neuroflow.engine.native.backend": "llvm_backend portable_backend",
    "neuroflow.engine.torch.backend": "torch_backend",
    "neuroflow.engine.compile": "Compiled Gradients compile",
    "neuroflow.engine.runner": "Runner",
    "neuroflow.engine.make_runner": "make_runner",
    "neuroflow.registry.entries": "ActivationEntry BackendEntry CheckEntry DatasetEntry Entry"
    " ExporterEntry FormatEntry ImporterEntry InitializerEntry LayerEntry LookEntry LossEntry"
    " MetricEntry"
    " ObserverEntry OpEntry OptimizerEntry PanelEntry RecipeEntry ScheduleEntry TokenizerEntry",
    "neuroflow.core.update_rule": "UpdateRule update_rule",
    "neuroflow.evaluation.means": "exact_mean moving_average",
    "neuroflow.evaluation.evaluation": "Evaluation",
    "neuroflow.training.evaluating": "evaluate",
    "neuroflow.registry.for_checks": "Checks",
    "neuroflow.registry.hooks": "hookimpl",
    "neuroflow.registry.manager": "find get names",
    "neuroflow.registry.local": "local_entries register",
    "neuroflow.checks.gradcheck": "gradcheck",
    "neuroflow.checks.check": "check",
    "neuroflow.checks.shared.report": "Report Results",
    "neuroflow.inspect.overview": "Overview",
    "neuroflow.inspect.receipt": "Receipt",
    "neuroflow.inspect.explain": "explain",
    "neuroflow.inspect.what_if": "WhatIf what_if",
    "neuroflow.inspect.anomaly": "Anomaly",
    "neuroflow.inspect.detect": "detect_anomalies find_anomalies",
    "neuroflow.inspect.replay": "DivergedError replay watched",
    "neuroflow.inspect.sources": "record_sources",
    "neuroflow.view.drawing": "Drawing draw",
    "neuroflow.view.cards": "to_html",
    "neuroflow.view.progress": "progress",
    "neuroflow.view.plotting": "plot",
    "neuroflow.memory": "check_room",
    "neuroflow.files": "read_text",
    "neuroflow.data.columns": "Columns",
    "neuroflow.data.preparation": "Preparation",
    "neuroflow.data.reading": "Wanted read_columns",
    "neuroflow.data.rows": "Rows",
    "neuroflow.data.prompting": "Prompting end_of_text",
    "neuroflow.data.one_hot": "one_hot",
    "neuroflow.data.dataset": "Dataset Standardization",
    "neuroflow.data.tabular": "Roles classes_of from_table",
    "neuroflow.data.expression": "parse_expression",
    "neuroflow.config": "MatrixDraw Shape build configure recipes resolve shape_after",
    "neuroflow.tensors.form": "TensorForm",
    "neuroflow.tensors.functions": "tensor_function",
    "neuroflow.tensors.conversion": "from_torch to_torch",
    "neuroflow.export.tensors_reading": "from_tensors",
    "neuroflow.pretrained.loading": "load_pretrained",
    "neuroflow.training": "Run Step Training WorkerError fit joined_workers"
    " predict read_metrics train",
    "neuroflow.experiments": "RunComparison RunTable Sweep compare runs sweep",
    "neuroflow.checkpoint": "SavedModel inspect_file load save",
    "neuroflow.checkpoint.describe": "describe",
    "neuroflow.generation.sampling": "Sampling",
    "neuroflow.generation.writer": "Writer",
    "neuroflow.generation.writing": "Written generate",
    "neuroflow.generation.attention": "AttentionTrace show_attention trace_attention",
}
_ROOMS = ("layers", "ops")
"""Modules whose names are those of registered entries."""

_ORIGIN = {name: module for module, names in _HOME.items() for name in names.split()}

__all__ = sorted([*_ORIGIN, *_ROOMS])


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("neuroflow")
    if name in _ROOMS:
        return import_module(f"neuroflow.{name}")
    if name not in _ORIGIN:
        raise AttributeError(f"module 'neuroflow' has no attribute {name!r}")
    thing = globals()[name] = getattr(import_module(_ORIGIN[name]), name)
    _tell_the_core()
    return thing


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _public(name: str) -> Any:
    return globals()[name] if name in globals() else __getattr__(name)


def _tell_the_core() -> None:
    """Once the core is there, it finds public names here: it imports nothing from above."""
    import sys

    chaining: Any = sys.modules.get("neuroflow.core.protocols.chaining")
    if chaining is not None:
        chaining.public = _public
