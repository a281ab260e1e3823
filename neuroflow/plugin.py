"""Plugins: the hooks, and the discovery that no broken plugin can break.

A plugin is a module named by an entry point of the group ``neuroflow``. Its hook
implementations return entries. They are called one by one, each inside a guard, so every entry
knows its provider and a plugin that fails is skipped whole, recorded and reported.
(pluggy's hook wrappers and tracing are therefore not used.)
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from types import ModuleType
from typing import Any, Literal, overload

import pluggy
from attrs import define, field

from neuroflow.base.errors import PluginError
from neuroflow.core.op import Op
from neuroflow.registry import (
    BUNDLED,
    KINDS,
    ActivationEntry,
    BackendEntry,
    DatasetEntry,
    Entry,
    InitializerEntry,
    LayerEntry,
    LossEntry,
    OpEntry,
    OptimizerEntry,
    Provider,
    Registry,
    ScheduleEntry,
    TokenizerEntry,
    check_entries,
    plural,
)

GROUP = "neuroflow"
HOOK_VERSION = 1
SLOW = 1.0
"""A plugin that takes longer to load (in seconds) gets a warning."""

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


@define
class Plugin:
    """What became of one entry point: its provider, its entries, its failure if it has one."""

    provider: Provider
    entries: list[Entry] = field(factory=list)
    seconds: float = 0.0
    failure: str = ""
    details: str = ""
    warnings: list[str] = field(factory=list)
    module: ModuleType | None = None

    @property
    def name(self) -> str:
        """The name of the entry point."""
        return self.provider.plugin


class PluginManager:
    """Discovers plugins and fills a registry with what they offer.

    ``only`` and ``without`` select by entry-point name; bundled plugins are always loaded
    unless ``without`` names them. With ``strict`` a failure is raised as
    :class:`PluginError` instead of recorded.
    """

    def __init__(
        self,
        points: Iterable[EntryPoint] | None = None,
        *,
        only: Iterable[str] = (),
        without: Iterable[str] = (),
        strict: bool = False,
    ) -> None:
        self.registry = Registry()
        self.plugins: list[Plugin] = []
        self.strict = strict
        self.pluggy = pluggy.PluginManager(GROUP)
        self.pluggy.add_hookspecs(Hooks)
        found = entry_points(group=GROUP) if points is None else points
        for point in _selected(_unique(found), set(only), set(without)):
            self._load(point)

    @property
    def failures(self) -> list[Plugin]:
        """The plugins that were skipped, with the reasons in ``failure``."""
        return [plugin for plugin in self.plugins if plugin.failure]

    def add_commands(self, cli: Any) -> None:
        """Let every plugin add its commands; one that fails is recorded."""
        for plugin in [p for p in self.plugins if p.module and not p.failure]:
            for impl in self._implementations("neuroflow_commands", plugin):
                with self._guard(plugin, "neuroflow_commands"):
                    impl.function(*[cli][: len(impl.argnames)])

    def _load(self, point: EntryPoint) -> None:
        plugin = Plugin(_provider(point))
        taken = [p for p in self.plugins if p.name == plugin.name]
        self.plugins.append(plugin)
        start = time.perf_counter()
        with self._guard(plugin, "loading"):
            if taken:
                raise PluginError(
                    f"the entry point {plugin.name!r} is also offered by"
                    f" {taken[0].provider.distribution}, which is used; uninstall one of the two"
                )
            with _quiet(plugin):
                module = plugin.module = point.load()
                _check_version(module)
                self.pluggy.register(module, name=plugin.name)
                entries = self._collect(plugin)
            plugin.warnings += _suspicious(module, entries)
            for entry in entries:
                plugin.entries.append(self.registry.add(entry, plugin.provider))
        plugin.seconds = time.perf_counter() - start
        if plugin.seconds > SLOW and not plugin.failure:
            plugin.warnings.append(
                f"it takes {plugin.seconds:.1f} s to load; give heavy targets as"
                " 'module:attribute', which is imported on first use"
            )

    def _collect(self, plugin: Plugin) -> list[Entry]:
        """Call the plugin's hooks one by one; generators are drained here, inside the guard."""
        collected: list[Entry] = []
        for kind in KINDS:
            for impl in self._implementations(f"neuroflow_{plural(kind)}", plugin):
                collected += check_entries(kind, impl.function())
        return collected

    def _implementations(self, hook: str, plugin: Plugin) -> list[Any]:
        impls = getattr(self.pluggy.hook, hook).get_hookimpls()
        return [impl for impl in impls if impl.plugin_name == plugin.name]

    @contextlib.contextmanager
    def _guard(self, plugin: Plugin, during: str) -> Iterator[None]:
        """Record a failure of one plugin and take back all that it had registered."""
        try:
            yield
        except (Exception, SystemExit) as error:
            plugin.failure = f"{type(error).__name__} while {during}: {error}"
            plugin.details = traceback.format_exc()
            self.registry.remove(plugin.provider)
            plugin.entries.clear()
            self.registry.failed.append(f"{plugin.provider} ({plugin.failure})")
            if self.pluggy.has_plugin(plugin.name) and not plugin.failure.startswith("PluginError"):
                self.pluggy.unregister(name=plugin.name)
            if self.strict:
                raise PluginError(f"{plugin.provider} failed: {plugin.failure}") from error


@contextlib.contextmanager
def _quiet(plugin: Plugin) -> Iterator[None]:
    """What a plugin prints goes to standard error: results on standard output stay whole."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            yield
    finally:
        if said.getvalue():
            sys.stderr.write(said.getvalue())
            plugin.warnings.append("it prints while it is loaded; a plugin should be silent")


def _unique(points: Iterable[EntryPoint]) -> list[EntryPoint]:
    """Each entry point once, bundled ones first, then by name and distribution.

    An editable checkout with stale metadata shows its entry points twice.
    """
    known = {(p.name, p.value, _distribution(p)[0]): p for p in points}
    return [known[key] for key in sorted(known, key=lambda key: (key[2] != BUNDLED, key))]


def _selected(points: list[EntryPoint], only: set[str], without: set[str]) -> list[EntryPoint]:
    def wanted(point: EntryPoint) -> bool:
        bundled = _distribution(point)[0] == BUNDLED
        return point.name not in without and (bundled or not only or point.name in only)

    return [point for point in points if wanted(point)]


def _distribution(point: EntryPoint) -> tuple[str, str]:
    return _name_and_version(point.dist) if point.dist else ("unknown", "0")


@cache
def _name_and_version(distribution: Distribution) -> tuple[str, str]:
    """Remembered: each look at a distribution's metadata reads and parses its file again."""
    metadata = distribution.metadata
    facts = {key: metadata[key] for key in ("Name", "Version") if key in metadata}
    return facts.get("Name", "unknown"), facts.get("Version", "0")


def _provider(point: EntryPoint) -> Provider:
    distribution, version = _distribution(point)
    namespace = BUNDLED if distribution == BUNDLED else point.name
    return Provider(point.name, namespace, distribution, version, point.value)


def _check_version(module: ModuleType) -> None:
    needed = getattr(module, "neuroflow_hook_version", HOOK_VERSION)
    if needed > HOOK_VERSION:
        raise PluginError(
            f"it was written for version {needed} of the hooks, and this neuroflow has version"
            f" {HOOK_VERSION}; install a newer neuroflow or an older release of the plugin"
        )


def _suspicious(module: ModuleType, entries: list[Entry]) -> list[str]:
    """What is silent in pluggy: misspelled hooks, missing decorators, empty plugins."""
    found = []
    for name, function in vars(module).items():
        marked = hasattr(function, f"{GROUP}_impl")
        if marked and name not in HOOKS:
            found.append(f"{name} is no hook and is never called; hooks: {', '.join(HOOKS)}")
        if name in HOOKS and not marked:
            found.append(f"{name} lacks the decorator @neuroflow.hookimpl and is never called")
    if not entries and "neuroflow_commands" not in vars(module):
        found.append("it registers nothing")
    return found


def _from_environment(name: str) -> list[str]:
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


@cache
def manager() -> PluginManager:
    """The plugins of this process, discovered once, at first use.

    ``NEUROFLOW_PLUGINS`` lists the only third-party plugins to load,
    ``NEUROFLOW_DISABLE_PLUGINS`` those to leave out (names separated by commas), and
    ``NEUROFLOW_STRICT_PLUGINS=1`` makes a broken plugin fatal.
    """
    return PluginManager(
        only=_from_environment("NEUROFLOW_PLUGINS"),
        without=_from_environment("NEUROFLOW_DISABLE_PLUGINS"),
        strict=os.environ.get("NEUROFLOW_STRICT_PLUGINS") == "1",
    )


@overload
def get(kind: Literal["activation"], reference: str) -> ActivationEntry: ...
@overload
def get(kind: Literal["loss"], reference: str) -> LossEntry: ...
@overload
def get(kind: str, reference: str) -> Entry: ...
def get(kind: str, reference: str) -> Entry:
    """The entry of a kind that a name means: ``get("op", "relu")``.

    Raises :class:`RegistryError` if the name is unknown, ambiguous or of another kind.
    """
    return manager().registry.get(kind, reference)


def find(pattern: str, kind: str | None = None) -> list[Entry]:
    """Every entry whose name or id matches a wildcard, of one kind or of all."""
    return [e for k in ([kind] if kind else KINDS) for e in manager().registry.entries(k, pattern)]


def names(kind: str, pattern: str = "*") -> list[str]:
    """The names of a kind that match a wildcard: ``names("activation", "*elu")``."""
    return [entry.shortest_name for entry in manager().registry.entries(kind, pattern)]


@cache
def ops_by_name() -> dict[str, Op]:
    """Ops as chaining finds them: bundled names first, then third-party ones without a rival."""
    ops: dict[str, Op] = {}
    ambiguous: set[str] = set()
    for entry in manager().registry.entries("op"):
        if entry.name not in ops:
            ops[entry.name] = entry.load()
        elif manager().registry.get("op", f"{entry.namespace}/{entry.name}").namespace != BUNDLED:
            ambiguous.add(entry.name)
    bundled = {e.name for e in manager().registry.entries("op") if e.namespace == BUNDLED}
    return {name: op for name, op in ops.items() if name in bundled or name not in ambiguous}
