"""Names to entries, each with its provenance.

An *entry* describes something that a plugin offers: an op, a loss, a layer. Its id is
``namespace/name@version``; the namespace comes from the distribution that offers it, so no
plugin can change what a bundled name means.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Any, ClassVar

from attrs import define, evolve, field, frozen

from neuroflow.base.errors import PluginError, RegistryError, did_you_mean
from neuroflow.core.op import Op

BUNDLED = "neuroflow"


@frozen
class Provider:
    """Who offers an entry: the plugin, and the distribution that installed it."""

    plugin: str
    namespace: str
    distribution: str
    version: str
    module: str

    def __str__(self) -> str:
        return f"plugin {self.plugin!r} of {self.distribution} {self.version}"


@frozen(kw_only=True, eq=False)
class Entry:
    """One thing that a plugin offers under a name.

    ``target`` is the thing itself, or ``"module:attribute"`` to import it on first use.
    ``version`` rises when its numbers or its configuration change. ``deprecated`` says what to
    use instead. ``provider`` is filled in by the registry.
    """

    kind: ClassVar[str] = ""

    name: str
    target: Any
    version: int = 1
    summary: str = ""
    formula: str = ""
    reference: str = ""
    aliases: tuple[str, ...] = ()
    deprecated: str = ""
    provider: Provider | None = None

    @property
    def namespace(self) -> str:
        """The first part of the id."""
        return self.provider.namespace if self.provider else "local"

    @property
    def id(self) -> str:
        """``namespace/name@version``."""
        return f"{self.namespace}/{self.name}@{self.version}"

    @property
    def shortest_name(self) -> str:
        """What to write in a configuration: the bare name if it is bundled."""
        return self.name if self.namespace == BUNDLED else f"{self.namespace}/{self.name}"

    def load(self) -> Any:
        """The thing itself; a lazy target is imported now.

        Raises :class:`PluginError` if that fails.
        """
        if not isinstance(self.target, str):
            return self._told_its_origin(self.target)
        module, _, attribute = self.target.partition(":")
        try:
            return self._told_its_origin(getattr(import_module(module), attribute))
        except Exception as error:
            raise PluginError(
                f"{self.kind} {self.id} ({self.provider}) could not be imported from"
                f" {self.target!r}: {type(error).__name__}: {error};"
                " repair or uninstall that distribution"
            ) from error

    def _told_its_origin(self, target: Any) -> Any:
        """An op of a third party knows who offers it, so that its errors can say so."""
        bundled = self.namespace in (BUNDLED, "local")
        if isinstance(target, Op) and not bundled and not _is_ours(target):
            target.origin = str(self.provider)
        return target


def _is_ours(op: Op) -> bool:
    return op.__module__.startswith(("neuroflow.", "neuroflow_plugins."))


@frozen(kw_only=True, eq=False)
class OpEntry(Entry):
    """An op; its formula and summary are read from the op itself."""

    kind = "op"

    @classmethod
    def of(cls, op: Op, **facts: Any) -> OpEntry:
        """Describe an op; ``facts`` are the fields that it does not know, such as aliases."""
        known = {"name": op.name, "summary": op.summary, "formula": op.formula}
        return cls(target=op, **{**known, **facts})


@frozen(kw_only=True, eq=False)
class ActivationEntry(Entry):
    """A function applied to what a layer computes.

    ``elementwise``: the target maps one number to one; otherwise a list to a list (softmax).
    Keyword-only parameters of the target are its settings.
    """

    kind = "activation"
    elementwise: bool = True


@frozen(kw_only=True, eq=False)
class LossEntry(Entry):
    """A loss ``(prediction, target) -> Value`` of one example; the batch takes the mean.

    ``labels`` says in words which targets are allowed and ``allows`` checks one.
    ``index_target``: the target is the number of the right class, an integer. ``examples`` help
    the checks where a loss takes something unusual: each is a prediction, a target, and a
    prediction that is better.
    """

    kind = "loss"
    labels: str = "any real number"
    allows: Callable[[Any], bool] | None = None
    index_target: bool = False
    examples: tuple[tuple[Any, Any, Any], ...] = ()


@frozen(kw_only=True, eq=False)
class LayerEntry(Entry):
    """A :class:`~neuroflow.Module` class; keyword arguments of ``__init__`` are its settings.

    ``example`` are settings that build a small one and ``example_inputs`` what to call it with;
    without them the checks guess both from the names of the settings.
    """

    kind = "layer"
    example: Mapping[str, Any] = field(factory=dict)
    example_inputs: tuple[Any, ...] = ()


@frozen(kw_only=True, eq=False)
class OptimizerEntry(Entry):
    """An update rule; see :mod:`neuroflow.optim`."""

    kind = "optimizer"


@frozen(kw_only=True, eq=False)
class ScheduleEntry(Entry):
    """A learning rate over time: ``(base, step, steps, **settings) -> float``."""

    kind = "schedule"


@frozen(kw_only=True, eq=False)
class InitializerEntry(Entry):
    """One initial weight: ``(rng, fan_in, fan_out, **settings) -> float``."""

    kind = "initializer"


@frozen(kw_only=True, eq=False)
class DatasetEntry(Entry):
    """Examples to learn from: ``(rng, **settings) -> neuroflow.Dataset``."""

    kind = "dataset"


@frozen(kw_only=True, eq=False)
class TokenizerEntry(Entry):
    """A class that turns text into token ids and back."""

    kind = "tokenizer"


@frozen(kw_only=True, eq=False)
class BackendEntry(Entry):
    """An execution engine for compiled functions."""

    kind = "backend"


ENTRY_TYPES: dict[str, type[Entry]] = {
    entry.kind: entry
    for entry in (
        OpEntry, ActivationEntry, LossEntry, LayerEntry, OptimizerEntry,
        ScheduleEntry, InitializerEntry, DatasetEntry, TokenizerEntry, BackendEntry,
    )
}  # fmt: skip
KINDS = tuple(ENTRY_TYPES)


def settings_of(target: Any) -> dict[str, inspect.Parameter]:
    """The keyword settings of a target, by name: what a configuration may say about it."""
    function = target.rule if isinstance(target, Op) else target
    return {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }


@define
class Registry:
    """All entries by kind and name.

    ``failed`` names plugins that could not be loaded, so that an error about an unknown name
    can mention them.
    """

    failed: list[str] = field(factory=list)
    _entries: dict[str, dict[str, list[Entry]]] = field(
        factory=lambda: {kind: {} for kind in KINDS}
    )

    def add(self, entry: Entry, provider: Provider) -> Entry:
        """Register one entry; raises :class:`RegistryError` if its id is taken."""
        entry = evolve(entry, provider=provider)
        for taken in self._named(entry.kind, entry.name):
            if taken.id == entry.id:
                raise RegistryError(
                    f"{entry.kind} {entry.id} is offered twice, by {taken.provider} and by"
                    f" {entry.provider}; rename one, or raise its version"
                )
        for name in (entry.name, *entry.aliases):
            self._entries[entry.kind].setdefault(name, []).append(entry)
        return entry

    def remove(self, provider: Provider) -> None:
        """Take back all that a provider had registered."""
        for named in self._entries.values():
            for entries in named.values():
                entries[:] = [e for e in entries if e.provider != provider]

    def get(self, kind: str, reference: str) -> Entry:
        """The entry that ``[namespace/]name[@version]`` means.

        A bare name means the bundled entry; without one, the only third-party entry.
        Raises :class:`RegistryError` if the name is unknown or ambiguous.
        """
        kind = self.kind(kind)
        namespace, name, version = _parse(reference)
        found = [e for e in self._named(kind, name) if namespace in ("", e.namespace)]
        found = [e for e in found if not namespace and e.namespace == BUNDLED] or found
        if len({e.namespace for e in found}) > 1:
            choices = " or ".join(f"{e.namespace}/{e.name} ({e.provider})" for e in found)
            raise RegistryError(
                f"{kind} {reference!r} is ambiguous: write {choices}; bare names belong to"
                " bundled entries"
            )
        chosen = [e for e in found if version in (None, e.version)]
        if not chosen:
            raise self._unknown(kind, reference, name, found)
        entry = max(chosen, key=lambda e: e.version)
        if entry.deprecated:
            warnings.warn(
                f"{kind} {entry.id} is deprecated: {entry.deprecated}",
                DeprecationWarning,
                stacklevel=3,
            )
        return entry

    def entries(self, kind: str, pattern: str = "*") -> list[Entry]:
        """The entries whose name or id matches a wildcard: bundled first, then by id."""
        unique = {e.id: e for named in self._entries[self.kind(kind)].values() for e in named}
        matching = [
            e for e in unique.values() if fnmatchcase(e.name, pattern) or fnmatchcase(e.id, pattern)
        ]
        return sorted(matching, key=lambda e: (e.namespace != BUNDLED, e.namespace, e.name))

    def __iter__(self) -> Iterator[Entry]:
        for kind in KINDS:
            yield from self.entries(kind)

    def kind(self, word: str) -> str:
        """A kind by its name, singular or plural; raises :class:`RegistryError`."""
        singular = {**{kind: kind for kind in KINDS}, **{plural(kind): kind for kind in KINDS}}
        if word not in singular:
            raise RegistryError(
                f"unknown kind {word!r}{did_you_mean(word, singular)} kinds: {', '.join(KINDS)}"
            )
        return singular[word]

    def _named(self, kind: str, name: str) -> list[Entry]:
        return self._entries[kind].get(name, [])

    def _unknown(self, kind: str, reference: str, name: str, found: list[Entry]) -> RegistryError:
        if found:
            return RegistryError(
                f"{kind} {reference!r} is not installed: {found[0].provider} offers"
                f" version {', '.join(str(e.version) for e in found)}; install the distribution"
                " version that has it, or configure the model anew"
            )
        elsewhere = [other for other in KINDS if self._named(other, name)]
        wrong_kind = f" {name!r} is the name of {_article(elsewhere[0])};" if elsewhere else ""
        known = [e.shortest_name for e in self.entries(kind)]
        failed = f" plugins that failed to load: {', '.join(self.failed)};" if self.failed else ""
        return RegistryError(
            f"unknown {kind} {reference!r}{did_you_mean(reference, known)}{wrong_kind}{failed}"
            f" see: neuroflow list {plural(kind)}"
        )


def plural(kind: str) -> str:
    """``op -> ops``, ``loss -> losses``: the word that hooks and commands use."""
    return {"loss": "losses"}.get(kind, f"{kind}s")


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _parse(reference: str) -> tuple[str, str, int | None]:
    namespace, _, rest = reference.rpartition("/")
    name, _, version = rest.partition("@")
    if version and not version.isdigit():
        raise RegistryError(f"{reference!r} is no reference; write [namespace/]name[@version]")
    return namespace, name, int(version) if version else None


def check_entries(kind: str, produced: Iterable[Any]) -> list[Entry]:
    """What a hook gave, as entries of one kind; raises TypeError for anything else."""
    entry_type = ENTRY_TYPES[kind]
    entries = [OpEntry.of(e) if kind == "op" and isinstance(e, Op) else e for e in produced]
    for entry in entries:
        if not isinstance(entry, entry_type):
            raise TypeError(
                f"neuroflow_{plural(kind)} gave {entry!r} of type {type(entry).__name__};"
                f" expected {entry_type.__name__}"
            )
    return entries
