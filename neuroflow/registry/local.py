"""Local entries: what a notebook, a script or one file offers under a name, with no distribution.

They have the namespace ``local``, and last as long as the process. A configuration and a saved
model hold their names, never a way to them: whoever reads one registers the same again first.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, overload

from attrs import fields

from neuroflow.core.op import op
from neuroflow.core.protocols.chaining import chained
from neuroflow.core.update_rule import UpdateRule, update_rule
from neuroflow.core.value import Op
from neuroflow.errors import (
    InputError,
    NeuroflowError,
    NeuroflowWarning,
    PluginError,
    did_you_mean,
    raised,
    reason,
    short_repr,
)
from neuroflow.locks import lock
from neuroflow.registry.discovery import Plugin, now_loading
from neuroflow.registry.entries import (
    BUNDLED,
    ENTRY_TYPES,
    LOCAL,
    Entry,
    OpEntry,
    Provider,
    plural,
)
from neuroflow.registry.manager import layers_by_class, manager, manager_if_made, ops_by_name

Thing = TypeVar("Thing")

SESSION = "this session"
"""What offers what is typed where there is no file: a notebook, an interpreter."""

ADDED_BY_THE_REGISTRY = ("provider",)
_changing = lock()


class ShadowedWarning(NeuroflowWarning):
    """A bare name means the bundled entry, not the one that was registered under it just now."""


@overload
def register(what: Entry, /) -> Entry: ...
@overload
def register(what: Op, /, **facts: Any) -> Op: ...
@overload
def register(what: str, target: Thing, /, **facts: Any) -> Thing: ...
@overload
def register(what: str, /, **facts: Any) -> Callable[[Any], Any]: ...
def register(what: Any, target: Any = None, /, **facts: Any) -> Any:
    """Offer a thing of your own by name, in this process: in a notebook, a script, or one file.

    ``what`` is a kind, such as ``"activation"``, with the thing itself as ``target``, or as the
    decorator of a function or class; or an op, or an entry. ``facts`` are the fields of the kind's
    entry, such as ``labels`` of a loss. ``name`` and ``summary`` come from the thing if they are
    left out: ``MyLayer`` is called ``my_layer``. Its id is ``local/NAME@1``.

    Registered again from where it came from, a notebook's cell that is run twice, it takes the
    place of what was there. What was registered inside :func:`local_entries` is gone after it.

    Gives the thing. Raises :class:`RegistryError` for a name that another file has registered, and
    :class:`InputError` for what cannot be meant.

    >>> from neuroflow import build
    >>> with local_entries():
    ...     @register("activation")
    ...     def squared(x):
    ...         '''The square of x.'''
    ...         return x * x
    ...     build("layer", inputs=1, outputs=1, activation="squared").activation
    'local/squared'
    """
    by = _caller(sys._getframe(1).f_globals)
    if isinstance(what, Entry):
        return _put(what, by)
    if isinstance(what, Op) and target is None:
        _put(_entry("op", what, facts), by)
        return what
    if not isinstance(what, str):
        raise InputError(
            f"nf.register got {short_repr(what)}, of type {type(what).__name__}",
            expected="a kind and a thing, an op, or an entry",
            remedy='say of which kind it is: nf.register("activation", ...)',
            got=what,
        )
    kind = manager().registry.kind(what)
    return partial(_offer, kind, facts, by) if target is None else _offer(kind, facts, by, target)


@contextmanager
def local_entries() -> Iterator[None]:
    """What is registered inside is gone afterwards, and what it replaced is back: for tests.

    >>> from neuroflow import find
    >>> with local_entries():
    ...     _ = register("schedule", lambda base, step, steps: base, name="flat")
    ...     find("flat")[0].id
    'local/flat@1'
    >>> find("flat")
    []
    """
    before = manager_if_made()
    entries = list(_local(before.registry)) if before else []
    plugins = list(before.plugins) if before else []
    try:
        yield
    finally:
        now = manager_if_made()
        if now is not None and ([*_local(now.registry)] != entries or now.plugins != plugins):
            _restore(entries, plugins)


def loaded_file(path: str | Path) -> Plugin:
    """A file of Python, loaded as a plugin; its failure is in what it gives."""
    with _changing:
        plugin = manager().load_file(Path(path))
        _forget()
    return plugin


def take_in_file(path: str | Path) -> Plugin:
    """Load a file of Python as a plugin, for this process; see ``--plugin``.

    Raises :class:`PluginError`, with the line of the file, for one that cannot be loaded.
    """
    plugin = loaded_file(path)
    if plugin.error is not None:
        at = f", line {plugin.line}" if plugin.line else ""
        error = plugin.error
        told = reason(error) if isinstance(error, NeuroflowError) else raised(error)
        raise PluginError(
            f"the plugin {path}{at}: {told}",
            expected=getattr(error, "expected", ""),
            remedy=getattr(error, "remedy", "") or "mend it, or go on without it",
            file=plugin.provider.file,
            line=plugin.line,
        ) from error
    return plugin


def _offer(kind: str, facts: dict[str, Any], by: Provider, target: Any) -> Any:
    """Register a thing of a kind; what a rule was written as comes back as what it means."""
    if kind == "op" and not isinstance(target, Op):
        target = op(target)
    if kind == "optimizer" and not isinstance(target, UpdateRule):
        target = update_rule(target)
    _put(_entry(kind, target, facts), by)
    return target


def _entry(kind: str, target: Any, facts: dict[str, Any]) -> Entry:
    kind_of_entry = ENTRY_TYPES[kind]
    known = [f.name for f in fields(kind_of_entry) if f.name not in ADDED_BY_THE_REGISTRY]
    for name in facts:
        if name not in known:
            raise InputError(
                f"{kind} entries have no field {name!r}",
                remedy=did_you_mean(name, known, f"they have {', '.join(known)}"),
                got=name,
            )
    if not callable(target) and kind != "recipe":
        raise InputError(
            f"the {kind} is {short_repr(target)}, of type {type(target).__name__}",
            expected="a function or a class",
            got=target,
        )
    if isinstance(target, Op):
        told = OpEntry.of(target)
        facts = {"summary": told.summary, "formula": told.formula, **facts}
    name = facts.pop("name", "") or _name_of(target)
    summary = (getattr(target, "__doc__", "") or "").strip().partition("\n")[0]
    return kind_of_entry(name=name, target=target, **{"summary": summary, **facts})


def _name_of(target: Any) -> str:
    name = str(getattr(target, "name", "") or getattr(target, "__name__", ""))
    if isinstance(target, type):
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return name


def _put(entry: Entry, by: Provider) -> Entry:
    """Register an entry, and let the caches of names forget what they knew."""
    if not re.fullmatch(r"[^\W\d][\w.-]*", entry.name):
        raise InputError(
            f"{entry.name!r} cannot name {'an' if entry.kind[0] in 'aeiou' else 'a'} {entry.kind}",
            expected="a letter, then letters, digits, dots, dashes and underscores",
            remedy='give it one: name="..."',
            got=entry.name,
        )
    underway = now_loading.get()
    if underway is not None and not underway[1].provider.is_local:
        raise InputError(
            f"{underway[1].provider} registers {entry.kind} {entry.name!r} while it is loaded",
            expected="a hook that gives it",
            remedy="nf.register is for notebooks and single files; write"
            f" neuroflow_{plural(entry.kind)}",
        )
    with _changing:
        entry = (underway[0] if underway else manager()).registry.put(entry, by)
        _forget()
    _warn_if_shadowed(entry)
    return entry


def _warn_if_shadowed(entry: Entry) -> None:
    import warnings

    for meant in manager().registry.entries(entry.kind, entry.name):
        if meant.namespace == BUNDLED:
            told = ShadowedWarning(
                f"{entry.kind} {entry.name!r} still means the bundled {meant.id}",
                remedy=f"write {entry.shortest_name!r} for yours, or give it another name",
                **entry.where,
            )
            warnings.warn(told, stacklevel=4)


def _caller(names: dict[str, Any]) -> Provider:
    """Who registers: the file of the code that calls, or the session in which it is typed."""
    file = names.get("__file__")
    module = str(names.get("__name__", "__main__"))
    is_file = isinstance(file, str) and Path(file).is_file()
    path = str(Path(str(file)).absolute()) if is_file else ""
    return Provider(Path(path).name if path else SESSION, LOCAL, "", "", module, path)


def _local(registry: Any) -> Iterator[Entry]:
    return (entry for entry in registry if entry.provider and entry.provider.is_local)


def _restore(entries: list[Entry], plugins: list[Plugin]) -> None:
    """Make local entries, and plugins that are files, what they were."""
    here = manager()
    with _changing:
        for plugin in [p for p in here.plugins if p.provider.is_local and p not in plugins]:
            here.drop(plugin)
        here.plugins += [p for p in plugins if p.provider.is_local and p not in here.plugins]
        here.registry.withdraw(list(_local(here.registry)))
        for entry in entries:
            if entry.provider is not None:
                here.registry.add(entry, entry.provider)
        _forget()


def _forget() -> None:
    """What ``x.name()`` and ``nf.layers.Name`` mean is looked up anew."""
    ops_by_name.cache_clear()
    layers_by_class.cache_clear()
    chained.cache_clear()
