"""One finding per cause: what other checks found of the same mistake stands below the first.

A wrong derivative is met by the differences, the search, the symbols and more; code that is not for
every kind of number fails in arrays, in compiled code, and so on. Authors have one thing to mend.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from attrs import evolve

from neuroflow.checks.shared.findings import Finding

_SLOPES = (
    "partials", "kinks", "search", "complex step", "high precision", "symbolic",
    "second derivatives", "re-use", "extremes", "gradient direction",
)  # fmt: skip
"""Checks that meet a wrong derivative, those first that say most about it."""

_OTHER_NUMBERS = (
    "first use", "partials", "complex step", "high precision", "symbolic", "arrays", "compiled",
    "backends", "second derivatives",
)  # fmt: skip
"""Checks that give a rule other kinds of numbers than floats."""

_UNDEFINED = re.compile(r"division by zero|no finite value|pole at|math domain error|nan|inf\b")


def one_per_cause(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of one entry, each with those of the same cause in its ``also``.

    >>> twice = [Finding("op cube", check, "d/dx at x = 2.0: ...") for check in _SLOPES[:3:2]]
    >>> [(found.check, [f.check for f in found.also]) for found in one_per_cause(twice)]
    [('partials', ['search'])]
    """
    kept: list[Finding] = []
    for finding in findings:
        causes = [k for k, first in enumerate(kept) if _same_cause(first, finding)]
        if causes:
            first = kept[causes[0]]
            kept[causes[0]] = evolve(first, also=(*first.also, finding))
        else:
            kept.append(finding)
    return _under_their_source(kept)


def _same_cause(first: Finding, later: Finding) -> bool:
    """Whether a later finding tells of the mistake that an earlier one told."""
    checks = (first.check, later.check)
    if first.check == later.check and _alike(first) == _alike(later):
        return True
    if checks == ("minimum", "formula"):
        return True
    if first.check == "state" and "required positional argument" in later.message:
        return True
    if checks in [("kinks", "undeclared kinks")]:
        return "elsewhere" in first.message
    if first.check == "finite":
        return later.check != "finite" and bool(_UNDEFINED.search(later.message))
    if first.check == later.check == "backends":
        return True
    if first.check in _SLOPES and later.check in _SLOPES:
        return _input_of(first) in (_input_of(later), "") or not _input_of(later)
    return False


def _alike(finding: Finding) -> str:
    """The message without its numbers and words of code: two such tell of one mistake."""
    return re.sub(r"'[^']*'|`[^`]*`|[-+]?\d[\d.e+-]*", "#", finding.message)


def _input_of(finding: Finding) -> str:
    """The input whose derivative is told to be wrong; none where it is not said."""
    match = re.match(r"d2?/d([^ ]+) at", finding.message)
    return match.group(1) if match else ""


def _under_their_source(findings: Sequence[Finding]) -> list[Finding]:
    """Failures with other kinds of numbers stand below the line of source that causes them."""
    source = next((f for f in findings if f.check == "branch-free"), None)
    if source is None:
        return list(findings)
    caused = [f for f in findings if f.check in _OTHER_NUMBERS and not _input_of(f)]
    first = evolve(source, also=(*source.also, *caused))
    return [first if f is source else f for f in findings if f not in caused]
