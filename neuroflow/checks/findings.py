"""One thing that a check found, and one that its author expects."""

from __future__ import annotations

from attrs import frozen


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
