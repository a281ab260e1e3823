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
    "neuroflow.core.value": "Value current_scope no_grad",
    "neuroflow.core.op": "Op op",
    "neuroflow.core.functions": "absolute cos erf exp expm1 log log1p maximum minimum power sin"
    " sqrt take tanh where",
    "neuroflow.core.arithmetic": "arithmetic_ops dot mean stop_gradient sum",
    "neuroflow.core.gradient": "gradients jvp",
    "neuroflow.core.module": "Module evaluating",
    "neuroflow.core.random": "SplitMix32",
    "neuroflow.errors": "BackendError ConfigurationError DomainError FileError InputError"
    " NeuroflowError PluginError RegistryError StateError TraceError",
    "neuroflow.core.random_input": "random_input",
    "neuroflow.engine.lower.program": "Instruction Program",
    "neuroflow.engine.run.executor": "Executor NumpyExecutor",
    "neuroflow.engine.compile": "Compiled Gradients compile",
    "neuroflow.engine.runner": "Runner",
    "neuroflow.engine.runners": "make_runner",
    "neuroflow.registry.entries": "ActivationEntry BackendEntry DatasetEntry Entry InitializerEntry"
    " LayerEntry LossEntry OpEntry OptimizerEntry ScheduleEntry TokenizerEntry",
    "neuroflow.core.update_rule": "UpdateRule update_rule",
    "neuroflow.registry.hooks": "hookimpl",
    "neuroflow.registry.manager": "find get names",
    "neuroflow.checks.gradcheck": "gradcheck",
    "neuroflow.checks.check": "check",
    "neuroflow.checks.report": "Report",
    "neuroflow.inspect.explain": "Overview Receipt explain",
    "neuroflow.inspect.what_if": "WhatIf what_if",
    "neuroflow.inspect.anomaly": "Anomaly DivergedError detect_anomalies find_anomalies replay"
    " watched",
    "neuroflow.inspect.sources": "record_sources",
    "neuroflow.view.drawing": "Drawing draw",
    "neuroflow.data.dataset": "Dataset Standardization",
    "neuroflow.data.expression": "parse_expression",
    "neuroflow.config": "build configure recipes resolve",
    "neuroflow.training": "Run Step Training predict read_metrics train",
    "neuroflow.checkpoint": "SavedModel inspect_file load save",
    "neuroflow.generation.writing": "Sampling Writer Written generate",
    "neuroflow.generation.attention": "AttentionTrace trace_attention",
}
_ORIGIN = {name: module for module, names in _HOME.items() for name in names.split()}

__all__ = sorted([*_ORIGIN, "ops"])


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("neuroflow")
    if name == "ops":
        return import_module("neuroflow.ops")
    if name not in _ORIGIN:
        raise AttributeError(f"module 'neuroflow' has no attribute {name!r}")
    _connect()
    value = getattr(import_module(_ORIGIN[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _connect() -> None:
    """Let the core find registered ops without importing the registry itself."""
    import neuroflow.core.arithmetic  # noqa: F401  the operators of Value
    from neuroflow.core.resolver import resolver

    def load() -> dict[str, Any]:
        from neuroflow.registry.manager import ops_by_name

        return ops_by_name()

    if not resolver.connected:
        resolver.reset(load)
