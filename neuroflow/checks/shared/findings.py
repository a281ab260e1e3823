"""What was checked, one thing that a check found, and one that its author expects."""

from __future__ import annotations

from attrs import frozen

from neuroflow.registry.entries import Entry


@frozen
class Finding:
    """One thing that is wrong: which entry, which check found it, and what to look at.

    ``also`` are what other checks found of the same cause.
    """

    subject: str
    check: str
    message: str
    also: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        return f"{self.subject} · {self.check}: {self.message}"

    @property
    def by(self) -> tuple[str, ...]:
        """The checks that found it, the one that tells it first."""
        return tuple(dict.fromkeys([self.check, *(f.check for f in self.also)]))


@frozen
class Expected:
    """A finding that the author expects, and the reason."""

    finding: Finding
    reason: str


@frozen
class Offer:
    """What was checked: an entry of a version, and the distribution that offers it."""

    kind: str
    name: str
    version: int = 0
    distribution: str = ""
    distribution_version: str = ""

    @classmethod
    def of(cls, entry: Entry) -> Offer:
        """What a report says of an entry; one of a file is of no distribution."""
        by = entry.provider
        name = entry.name if entry.namespace == "local" else entry.shortest_name
        who = (by.distribution, by.version) if by else ("", "")
        return cls(entry.kind, name, entry.version, *who)

    @property
    def subject(self) -> str:
        """How findings call it."""
        return f"{self.kind} {self.name}"


PROVED, ENCLOSED, SAMPLED = "proved", "enclosed", "sampled"


@frozen
class Grade:
    """How well it is known that an op is right: *proved*, *enclosed* or *sampled*; and why."""

    word: str
    why: str = ""
