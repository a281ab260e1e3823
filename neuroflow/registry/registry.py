"""The registry: from names to entries."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from attrs import define, evolve, field

from neuroflow.errors import AmbiguousNameError, RegistryError, did_you_mean, require
from neuroflow.registry.entries import (
    BUNDLED,
    KINDS,
    LOCAL,
    Entry,
    Provider,
    plural,
)

REGISTER = (
    "register it before, with nf.register; on the command line, say --plugin and the file that"
    " registers it"
)
"""What to do about what is only there while a session or a file offers it."""


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
                    f" {entry.provider}",
                    remedy="rename one, or raise its version",
                    **entry.where,
                )
        named = dict(self._entries[entry.kind])  # a copy: another thread may be reading names
        for name in (entry.name, *entry.aliases):
            named[name] = [*named.get(name, ()), entry]
        self._entries[entry.kind] = named
        return entry

    def put(self, entry: Entry, provider: Provider) -> Entry:
        """Register one entry in the place of what its provider had under that name.

        Raises :class:`RegistryError` if another provider of that namespace has it.
        """
        before = [
            each
            for each in self._named(entry.kind, entry.name)
            if each.namespace == provider.namespace and each.name == entry.name
        ]
        for taken in before:
            if taken.provider != provider:
                first = taken.provider.beside(provider) if taken.provider else "nobody"
                raise RegistryError(
                    f"{entry.kind} {provider.namespace}/{entry.name} is offered by"
                    f" {first} already, and again by {provider.beside(taken.provider or provider)}",
                    remedy="give it another name",
                    **taken.where,
                )
        self.withdraw(before)
        return self.add(entry, provider)

    def withdraw(self, entries: Iterable[Entry]) -> None:
        """Take some entries out; who is reading names meanwhile goes on with those there were."""
        gone = {*map(id, entries)}
        for kind, named in self._entries.items():
            if gone & {id(e) for offered in named.values() for e in offered}:
                self._entries[kind] = {
                    name: [e for e in offered if id(e) not in gone]
                    for name, offered in named.items()
                }

    def remove(self, provider: Provider) -> None:
        """Take back all that a provider had registered."""
        self.withdraw(self.of(provider))

    def of(self, provider: Provider) -> list[Entry]:
        """All that a provider offers: kind by kind, in the order of :meth:`entries`."""
        return [
            entry
            for named in self._entries.values()
            for entry in _in_order(e for es in named.values() for e in es if e.provider == provider)
        ]

    def get(self, kind: str, reference: str) -> Entry:
        """The entry that ``[namespace/]name[@version]`` means.

        A bare name means the bundled entry; without one, the only third-party entry.
        Raises :class:`RegistryError` if the name is unknown or ambiguous.
        """
        kind = self.kind(kind)
        require(
            reference, str, f"the name of {_article(kind)}", "a text: [namespace/]name[@version]"
        )
        namespace, name, version = _parse(reference)
        found = [e for e in self._named(kind, name) if namespace in ("", e.namespace)]
        found = [e for e in found if not namespace and e.namespace == BUNDLED] or found
        if len({e.namespace for e in found}) > 1:
            choices = " or ".join(f"{e.namespace}/{e.name} ({e.provider})" for e in found)
            raise AmbiguousNameError(
                f"{kind} {reference!r} is ambiguous: write {choices}",
                remedy="bare names belong to bundled entries",
                got=reference,
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
        require(pattern, str, "the wildcard", "a text, such as '*elu'")
        named = self._entries[self.kind(kind)]
        return _in_order(
            e
            for offered in named.values()
            for e in offered
            if fnmatchcase(e.name, pattern) or fnmatchcase(e.id, pattern)
        )

    def __iter__(self) -> Iterator[Entry]:
        for kind in KINDS:
            yield from self.entries(kind)

    def kind(self, word: str) -> str:
        """A kind by its name, singular or plural; raises :class:`RegistryError`."""
        require(word, str, "the kind", f"one of {', '.join(KINDS)}")
        if word not in _SINGULAR:
            raise RegistryError(
                f"unknown kind {word!r}",
                remedy=did_you_mean(word, _SINGULAR, f"kinds: {', '.join(KINDS)}"),
                got=word,
            )
        return _SINGULAR[word]

    def _named(self, kind: str, name: str) -> list[Entry]:
        return self._entries[kind].get(name, [])

    def _unknown(self, kind: str, reference: str, name: str, found: list[Entry]) -> RegistryError:
        if found:
            return RegistryError(
                f"{kind} {reference!r} is not installed: {found[0].provider} offers version"
                f" {', '.join(str(e.version) for e in found)}",
                remedy="install the distribution version that has it, or configure the model anew",
                got=reference,
                **found[0].where,
            )
        elsewhere = [other for other in KINDS if self._named(other, name)]
        wrong_kind = f"{name!r} is the name of {_article(elsewhere[0])}; " if elsewhere else ""
        known = [e.shortest_name for e in self.entries(kind)]
        if kind == "layer":  # the name of an activation stands for a layer too
            known += [e.shortest_name for e in self.entries("activation")]
        failed = f"plugins that failed to load: {', '.join(self.failed)}; " if self.failed else ""
        see = f"{wrong_kind}{failed}see: neuroflow list {plural(kind)}"
        if reference.startswith(f"{LOCAL}/"):
            see = f"{wrong_kind}{failed}{REGISTER}"
        return RegistryError(
            f"unknown {kind} {reference!r}",
            remedy=did_you_mean(reference, known, see),
            got=reference,
        )


_SINGULAR = {**{kind: kind for kind in KINDS}, **{plural(kind): kind for kind in KINDS}}


def _in_order(offered: Iterable[Entry]) -> list[Entry]:
    """Each once, whatever aliases it has: bundled first, then by id."""
    unique = {e.id: e for e in offered}
    return sorted(unique.values(), key=lambda e: (e.namespace != BUNDLED, e.namespace, e.name))


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _parse(reference: str) -> tuple[str, str, int | None]:
    namespace, _, rest = reference.rpartition("/")
    name, _, version = rest.partition("@")
    if version and not version.isdigit():
        raise RegistryError(
            f"{reference!r} is no reference",
            remedy="write [namespace/]name[@version]",
            got=reference,
        )
    return namespace, name, int(version) if version else None
