"""What the name in ``neuroflow check NAME`` means: a plugin, an entry, a module or a file."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import evolve, frozen

from neuroflow.checks.shared.findings import Finding
from neuroflow.core.value import Op
from neuroflow.errors import InputError, did_you_mean, raised
from neuroflow.registry.discovery import Plugin, PluginManager
from neuroflow.registry.entries import KINDS, Entry, OpEntry, plural
from neuroflow.registry.hooks import HOOKS
from neuroflow.registry.local import loaded_file
from neuroflow.registry.manager import manager
from neuroflow.registry.points import GROUP


@frozen
class Selection:
    """Entries to check, and what went wrong while they were looked for."""

    name: str
    entries: tuple[Entry, ...]
    problems: tuple[Finding, ...] = ()


def select(what: Any) -> Selection:
    """The entries that a name, a file, a module, an op or an entry stands for.

    Raises :class:`InputError` for a name that means nothing.
    """
    if isinstance(what, Op):
        return Selection(what.name, (OpEntry.of(what),))
    if isinstance(what, Entry):
        return Selection(what.id, (what,))
    if isinstance(what, ModuleType):
        return _of_module(what)
    if isinstance(what, (str, Path)):
        return _of_name(str(what))
    raise InputError(
        f"check got {what!r} of type {type(what).__name__}",
        remedy="give an op, an entry, a module, or the name of a plugin, an entry, a module or a"
        " file",
        got=what,
    )


def _of_name(name: str) -> Selection:
    if name.endswith(".py"):
        return _of_file(Path(name))
    if name == "all":
        return _of_plugins("all", manager().plugins)
    plugins = [p for p in manager().plugins if name in (p.name, p.provider.distribution)]
    if plugins:
        return _of_plugins(name, plugins)
    entries = _registered(name)
    if entries:
        return Selection(name, tuple(entries))
    try:
        return _of_module(importlib.import_module(name))
    except ModuleNotFoundError as error:
        if error.name not in (name, name.partition(".")[0]):
            raise InputError(f"the module {name} cannot be imported: {error}", got=name) from error
    except (Exception, SystemExit) as error:
        raise InputError(
            f"the module {name!r} cannot be imported: {raised(error)}",
            remedy="repair it, or give the name of a plugin or an entry",
            got=name,
        ) from error
    known = [p.name for p in manager().plugins] + [e.name for e in manager().registry]
    raise InputError(
        f"{name!r} is no plugin, entry, module or file",
        remedy=did_you_mean(name, known, "see: neuroflow plugins, neuroflow list ops"),
        got=name,
    )


def _registered(name: str) -> list[Entry]:
    """Entries of that name or id: ``relu``, ``loss/mse``, ``losses``, ``acme/swish``."""
    of_kind = next((kind for kind in KINDS if name == plural(kind)), "")
    if of_kind:
        return manager().registry.entries(of_kind)
    kind, _, rest = name.partition("/")
    if rest and kind in {*KINDS, *map(plural, KINDS)}:
        return manager().registry.entries(kind, rest)
    found = [e for k in KINDS for e in manager().registry.entries(k, name)]
    return found or [e for e in manager().registry if e.id.partition("@")[0] == name]


def _of_plugins(name: str, plugins: Iterable[Plugin]) -> Selection:
    plugins = list(plugins)
    entries = tuple(entry for plugin in plugins for entry in plugin.entries)
    return Selection(name, entries, tuple(_problems(plugins)))


def _problems(plugins: Iterable[Plugin]) -> Iterator[Finding]:
    for plugin in plugins:
        subject = f"plugin {plugin.name}"
        if plugin.failure:
            yield Finding(subject, "loading", f"{plugin.provider} is skipped: {plugin.failure}")
        yield from (Finding(subject, "hooks", warning) for warning in plugin.warnings)


def _of_module(module: ModuleType) -> Selection:
    """What a module's hooks give, as if it were installed; without hooks, the ops in it."""
    if not any(hook in vars(module) for hook in HOOKS):
        ops = [value for value in vars(module).values() if isinstance(value, Op)]
        own = [op for op in ops if op.__module__ == module.__name__] or ops
        return Selection(module.__name__, tuple(OpEntry.of(op) for op in dict.fromkeys(own)))
    installed = [p for p in manager().plugins if p.module is module]
    if installed:
        return _of_plugins(module.__name__, installed)
    name = module.__name__.rpartition(".")[2]
    point = EntryPoint(name, module.__name__, GROUP)
    selection = _of_plugins(module.__name__, PluginManager([point]).plugins)
    return evolve(selection, entries=tuple(evolve(e, provider=None) for e in selection.entries))


def _of_file(path: Path) -> Selection:
    """What a file offers, by its hooks or by registering it; if nothing, the ops in it."""
    if not path.is_file():
        raise InputError(
            f"there is no file {path}", remedy="give the path of a Python file", file=str(path)
        )
    plugin = loaded_file(path)
    if plugin.module is None and plugin.error is not None:
        at = f" (line {plugin.line})" if plugin.line else ""
        raise InputError(
            f"{path} cannot be imported{at}: {raised(plugin.error)}",
            remedy="mend that first",
            file=str(path),
            line=plugin.line,
        ) from plugin.error
    module: Any = plugin.module
    if not plugin.entries and not plugin.failure:
        return _of_module(module)
    has_hooks = any(hook in vars(module) for hook in HOOKS)
    problems = tuple(_problems([plugin])) if has_hooks or plugin.failure else ()
    entries = tuple(evolve(entry, provider=None) for entry in plugin.entries)
    return Selection(module.__name__, entries, problems)
