"""Discovery: plugins found and loaded, in a way that no broken one can break.

A plugin is a module named by an entry point of the group ``neuroflow``. Its hook
implementations return entries. They are called one by one, each inside a guard, so every entry
knows its provider and a plugin that fails is skipped whole, recorded and reported.
(pluggy's hook wrappers and tracing are therefore not used.)
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import cache
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
from attrs import define, field

from neuroflow.core.value import Op
from neuroflow.errors import PluginError, short_repr, told_of
from neuroflow.registry.capture import silenced
from neuroflow.registry.entries import (
    BUNDLED,
    KINDS,
    LOCAL,
    Entry,
    OpEntry,
    Provider,
    check_entries,
    plural,
)
from neuroflow.registry.hooks import HOOK_VERSION, HOOKS, Hooks
from neuroflow.registry.manners import mannered
from neuroflow.registry.points import GROUP, THREAD, installed_points
from neuroflow.registry.registry import Registry
from neuroflow.registry.source_file import forget, imported, line_of

SLOW = 1.0
"""A plugin that computes for longer while it is loaded (in seconds) gets a warning."""


@define
class Plugin:
    """What became of one entry point: its provider, its entries, its failure if it has one."""

    provider: Provider
    entries: list[Entry] = field(factory=list)
    seconds: float = 0.0
    error: BaseException | None = None
    during: str = ""
    warnings: list[str] = field(factory=list)
    module: ModuleType | None = None

    @property
    def name(self) -> str:
        """The name of the entry point."""
        return self.provider.plugin

    def warn(self, text: str) -> None:
        """Note what is suspicious, once however often it is seen."""
        if text not in self.warnings:
            self.warnings.append(text)

    @property
    def key(self) -> str:
        """What tells it from all others: two files may have one name."""
        return self.provider.file or self.provider.plugin

    @property
    def failure(self) -> str:
        """The error that it was skipped for, and during what, as text; or nothing."""
        if self.error is None:
            return ""
        at = f" at line {self.line}" if self.line else ""
        return f"{type(self.error).__name__} while {self.during}{at}: {told_of(self.error)}"

    @property
    def line(self) -> int:
        """The line of its file that its failure came from; 0 if it is no file."""
        is_file = self.provider.is_local and self.error is not None
        return line_of(self.error, self.provider.file) if is_file and self.error else 0


now_loading: ContextVar[tuple[PluginManager, Plugin] | None] = ContextVar("loading", default=None)
"""The plugin that is being loaded in this thread, and by whom."""


class Interrupts:
    """Whether somebody pressed Ctrl-C: a KeyboardInterrupt without that is a plugin's own."""

    arrived = False

    @contextlib.contextmanager
    def noted(self) -> Iterator[None]:
        """Note it inside, and do what was done about it before; in the main thread alone."""
        before = signal.getsignal(signal.SIGINT)
        main = threading.current_thread() is threading.main_thread()
        if not main or not callable(before):
            yield
            return

        def note(number: int, frame: Any) -> None:
            self.arrived = True
            before(number, frame)

        signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


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
        self._interrupts = Interrupts()
        found = installed_points() if points is None else points
        with self._interrupts.noted():
            for point in _selected(_unique(found), set(only), set(without)):
                self._load(Plugin(provider_of(point)), point.load)

    @property
    def failures(self) -> list[Plugin]:
        """The plugins that were skipped, with the reasons in ``failure``."""
        return [plugin for plugin in self.plugins if plugin.failure]

    def add_commands(self, cli: Any, taken: Iterable[str] = ()) -> None:
        """Let every plugin add its commands to a group; one that fails is recorded.

        A command whose name is ``taken``, or was added before, is left out with a warning.
        """
        with self._interrupts.noted():
            for plugin in [p for p in self.plugins if p.module and not p.failure]:
                self._add_commands_of(plugin, cli, taken)

    def _add_commands_of(self, plugin: Plugin, cli: Any, taken: Iterable[str]) -> None:
        for impl in self._implementations("neuroflow_commands", plugin):
            before = dict(cli.commands)
            with self._guard(plugin, "neuroflow_commands"), _quiet(plugin):
                impl.function(*[cli][: len(impl.argnames)])
            added = {} if plugin.failure else dict(cli.commands)
            cli.commands.clear()
            cli.commands.update({**added, **before})
            for name in sorted(set(added) & {*taken, *before}):
                if added[name] is not before.get(name):
                    plugin.warn(f"it adds the command {name!r}, which is there already and stays")
                if name in taken:
                    del cli.commands[name]

    def load_file(self, path: Path) -> Plugin:
        """Take in a file of Python as a plugin; anew, if it was taken in before.

        What it offers are the entries of its hooks and what it registers; the ops in it, if it
        does neither. Its failure is recorded as that of any plugin.
        """
        path = path.absolute()
        plugin = Plugin(Provider(path.name, LOCAL, "", "", path.stem, str(path)))
        for before in [p for p in self.plugins if p.key == plugin.key]:
            self.drop(before)
        with self._interrupts.noted():
            self._load(plugin, lambda: imported(path))
        return plugin

    def drop(self, plugin: Plugin) -> None:
        """Take back all that came with a plugin that is a file."""
        self.plugins.remove(plugin)
        self.registry.remove(plugin.provider)
        self.registry.failed[:] = map(_left_out, self.failures)
        if self.pluggy.has_plugin(plugin.key):
            self.pluggy.unregister(name=plugin.key)
        if plugin.module is not None:
            forget(plugin.module)

    def _load(self, plugin: Plugin, load: Callable[[], ModuleType]) -> None:
        taken = [p for p in self.plugins if p.key == plugin.key]
        self.plugins.append(plugin)
        start, computed = time.perf_counter(), time.process_time()
        token = now_loading.set((self, plugin))
        try:
            with self._guard(plugin, "loading"):
                _check_name(plugin)
                if taken:
                    raise PluginError(
                        f"the entry point {plugin.name!r} is also offered by"
                        f" {taken[0].provider.distribution}, which is used",
                        remedy="uninstall one of the two",
                    )
                self._take_in(plugin, load)
        finally:
            now_loading.reset(token)
        plugin.seconds = time.perf_counter() - start
        computed = time.process_time() - computed  # what else the machine does is not its fault
        if computed > SLOW and not plugin.failure:
            plugin.warn(
                f"it takes {computed:.1f} s to load; give heavy targets as"
                " 'module:attribute', which is imported on first use"
            )

    def _take_in(self, plugin: Plugin, load: Callable[[], ModuleType]) -> None:
        """Import the module of a plugin, ask its hooks, and register what they give."""
        with _quiet(plugin):
            module = plugin.module = load()
            _check_version(module)
            self.pluggy.register(module, name=plugin.key)
            entries = self._collect(plugin)
        put = self.registry.put if plugin.provider.is_local else self.registry.add
        for entry in entries:
            put(entry, plugin.provider)
        plugin.entries += self.registry.of(plugin.provider)
        plugin.warnings += _suspicious(module, plugin.entries)

    def _collect(self, plugin: Plugin) -> list[Entry]:
        """Call the plugin's hooks one by one; generators are drained here, inside the guard."""
        collected: list[Entry] = []
        for kind in KINDS:
            for impl in self._implementations(f"neuroflow_{plural(kind)}", plugin):
                collected += check_entries(kind, impl.function())
        if plugin.provider.is_local and plugin.module and not self._says_what(plugin):
            collected += map(OpEntry.of, own_ops(plugin.module))
        return collected

    def _says_what(self, plugin: Plugin) -> bool:
        """Whether a file says itself what it offers, by hooks or by registering."""
        has_hooks = any(hook in vars(plugin.module) for hook in HOOKS)
        return has_hooks or bool(self.registry.of(plugin.provider))

    def _implementations(self, hook: str, plugin: Plugin) -> list[Any]:
        impls = getattr(self.pluggy.hook, hook).get_hookimpls()
        return [impl for impl in impls if impl.plugin_name == plugin.key]

    @contextlib.contextmanager
    def _guard(self, plugin: Plugin, during: str) -> Iterator[None]:
        """Record a failure of one plugin and take back all that it had registered."""
        try:
            yield
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and self._interrupts.arrived:
                raise  # somebody pressed Ctrl-C
            plugin.error, plugin.during = error, during
            self.registry.remove(plugin.provider)
            plugin.entries.clear()
            self.registry.failed.append(_left_out(plugin))
            if self.pluggy.has_plugin(plugin.key) and not isinstance(error, PluginError):
                self.pluggy.unregister(name=plugin.key)
            if self.strict:
                raise PluginError(
                    f"{plugin.provider} failed: {plugin.failure}", **plugin.provider.where
                ) from error


def _left_out(plugin: Plugin) -> str:
    return f"{plugin.provider} ({plugin.failure})"


@contextlib.contextmanager
def _quiet(plugin: Plugin) -> Iterator[None]:
    """Third parties may print while they are loaded; the bundled plugins do not."""
    if plugin.provider.namespace == BUNDLED:
        yield
        return
    said: list[str] = []
    changed: list[str] = []
    threads = {*threading.enumerate()}
    try:
        with mannered() as changed, silenced() as said, _marked_threads(plugin.name):
            yield
    finally:
        for thread in {*threading.enumerate()} - threads:
            plugin.warn(f"it starts the thread {thread.name!r} while it is loaded")
        if said:
            plugin.warn("it prints while it is loaded; a plugin should be silent")
        if changed:
            plugin.warn(f"it changes {', '.join(changed)} while it is loaded; that was put back")


@contextlib.contextmanager
def _marked_threads(name: str) -> Iterator[None]:
    """Let each thread that is started inside know its plugin before it can print anything."""
    start, loading = threading.Thread.start, threading.current_thread()

    def marked_start(thread: threading.Thread) -> None:
        starter = threading.current_thread()
        if starter is loading or hasattr(starter, THREAD):
            setattr(thread, THREAD, name)
        start(thread)

    setattr(threading.Thread, "start", marked_start)  # noqa: B010  a method, to mypy
    try:
        yield
    finally:
        setattr(threading.Thread, "start", start)  # noqa: B010


def _unique(points: Iterable[EntryPoint]) -> list[EntryPoint]:
    """Each entry point once, bundled ones first, then by name and distribution.

    An editable checkout with stale metadata shows its entry points twice.
    """
    known = {(p.name, p.value, _distribution(p)[0]): p for p in points}
    return [known[key] for key in sorted(known, key=lambda key: (key[2] != BUNDLED, key))]


def _selected(points: list[EntryPoint], only: set[str], without: set[str]) -> list[EntryPoint]:
    def wanted(point: EntryPoint) -> bool:
        bundled = is_bundled(point)
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


def is_bundled(point: EntryPoint) -> bool:
    """Whether neuroflow itself brings this plugin."""
    return _distribution(point)[0] == BUNDLED


def provider_of(point: EntryPoint) -> Provider:
    """Who offers what an entry point names."""
    distribution, version = _distribution(point)
    namespace = BUNDLED if distribution == BUNDLED else point.name
    return Provider(point.name, namespace, distribution, version, point.value)


def _check_name(plugin: Plugin) -> None:
    """Names in the namespace of neuroflow come from neuroflow itself, however it is spelled.

    And no distribution offers what looks local.
    """
    by = plugin.provider
    if by.is_local or (by.namespace == BUNDLED and by.distribution == BUNDLED):
        return
    spelled = unicodedata.normalize("NFKC", by.namespace).casefold()
    owners = {BUNDLED: "neuroflow", LOCAL: "what is registered in a session or a file"}
    if owner := owners.get("".join(filter(str.isalnum, spelled))):
        raise PluginError(
            f"its entry point is named {by.plugin!r}, and that namespace belongs to {owner}",
            expected="a name of its own, such as that of the distribution",
            remedy=f"tell the authors of {by.distribution} {by.version} to rename it",
            **by.where,
        )


def own_ops(module: ModuleType) -> list[Op]:
    """The ops that a module defines, each once."""
    ops = [value for value in vars(module).values() if isinstance(value, Op)]
    return list(dict.fromkeys(op for op in ops if op.__module__ == module.__name__))


def _check_version(module: ModuleType) -> None:
    needed = getattr(module, "neuroflow_hook_version", HOOK_VERSION)
    if not isinstance(needed, int):
        raise PluginError(
            f"its neuroflow_hook_version is {short_repr(needed)}",
            expected=f"a whole number, at most {HOOK_VERSION}",
        )
    if needed > HOOK_VERSION:
        raise PluginError(
            f"it was written for version {needed} of the hooks, and this neuroflow has version"
            f" {HOOK_VERSION}",
            remedy="install a newer neuroflow or an older release of the plugin",
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
