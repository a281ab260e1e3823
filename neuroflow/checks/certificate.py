"""Certificates: what was tried for each entry, so that anybody can try the same again.

A certificate is a file of JSON. Of each entry it says which source it had (its SHA-256), which
checks made how many comparisons and at how many points, what was found, and how well its derivative
is known: *proved*, *enclosed* or *sampled*. All points follow from fixed seeds, so the same source
with the same packages gives the same figures.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from neuroflow.checks.check import check
from neuroflow.checks.grades import grade_in
from neuroflow.checks.shared.report import Report
from neuroflow.checks.time_limit import SECONDS
from neuroflow.core.value import Op
from neuroflow.errors import FileError, RegistryError
from neuroflow.files import path_of, write_file
from neuroflow.registry.entries import Entry
from neuroflow.registry.manager import get

FORMAT = "neuroflow certificate 1"
PACKAGES = ("neuroflow", "numpy", "sympy", "mpmath", "llvmlite", "torch")
"""What the figures may depend on."""


def certificate(report: Report) -> dict[str, Any]:
    """What a report has found, with all that is needed to find it again.

    >>> from neuroflow.checks.check import check
    >>> entry = certificate(check("op/relu"))["entries"][0]
    >>> entry["id"], entry["verdict"], entry["derivative"]["word"]
    ('neuroflow/relu@1', 'right', 'proved')
    """
    return {
        "format": FORMAT,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": dict(_versions()),
        "entries": [_facts(report, subject) for subject in report.checked],
    }


def write_certificate(path: str | Path, report: Report) -> Path:
    """Write the certificate of a report. Raises :class:`FileError` if that cannot be done."""
    path = path_of(path, "the certificate")
    text = json.dumps(certificate(report), indent=1, ensure_ascii=False) + "\n"
    write_file(path, text.encode("utf-8"))
    return path


def _versions() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


def _facts(report: Report, subject: str) -> dict[str, Any]:
    entry = report.checked[subject]
    findings = [finding for finding in report.findings if finding.subject == subject]
    expected = [e for e in report.expected if e.finding.subject == subject]
    file, digest = source_of(entry)
    return {
        "kind": entry.kind,
        "id": entry.id,
        "offered by": str(entry.provider) if entry.provider else "",
        "source": {"file": file, "sha256": digest},
        "verdict": "wrong" if findings else "right",
        "checks": {name: n for (of, name), n in sorted(report.made.items()) if of == subject},
        "points": report.tried[subject],
        "findings": [f"{finding.check}: {finding.message}" for finding in findings],
        "expected": [f"{e.finding.check}, {e.reason}: {e.finding.message}" for e in expected],
        "skipped": sorted({f"{s.check}: {s.reason}" for s in report.skips if s.subject == subject}),
        "derivative": asdict(grade_in(report, subject)),
    }


def source_of(entry: Entry) -> tuple[str, str]:
    """The name of the file in which an entry is written, and its SHA-256; empty if there is none.

    >>> source_of(get("op", "relu"))[0]
    'ops.py'
    """
    target = entry.load()
    rule = inspect.unwrap(target.rule if isinstance(target, Op) else target)
    try:
        path = Path(str(inspect.getsourcefile(rule)))
        return path.name, hashlib.sha256(path.read_bytes()).hexdigest()
    except (TypeError, OSError):  # it is written in C, or its file is gone
        return "", ""


# Verifying


@frozen
class Verified:
    """An entry of a certificate, and what is not as it says; nothing, if it holds."""

    kind: str
    id: str
    differences: tuple[str, ...]


def verify(path: str | Path, seconds: float = SECONDS) -> list[Verified]:
    """Make everything anew that a certificate says was made, and compare.

    Raises :class:`FileError` for a file that is no certificate.
    """
    return [_verified(said, seconds) for said in _read(path)["entries"]]


def _verified(said: dict[str, Any], seconds: float) -> Verified:
    try:
        entry = get(said["kind"], said["id"])
    except RegistryError:
        told = "it is not installed; a file of your own is given with --plugin FILE"
        return Verified(said["kind"], said["id"], (told,))
    report = check(entry, seconds=seconds)
    found = json.loads(json.dumps(_facts(report, next(iter(report.checked)))))
    return Verified(said["kind"], said["id"], tuple(_differences(said, found)))


def _differences(said: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    if said["source"] != found["source"]:
        yield f"the source of {said['source']['file'] or 'the entry'} has changed since"
    for word in ("verdict", "derivative", "points", "findings", "expected", "skipped"):
        if said[word] != found[word]:
            yield f"{word}: {_short(said[word])} there, {_short(found[word])} here"
    for name in sorted({*said["checks"], *found["checks"]}):
        there, here = said["checks"].get(name, 0), found["checks"].get(name, 0)
        if there != here:
            yield f"comparisons of {name!r}: {there} there, {here} here"


def _short(x: Any) -> str:
    text = json.dumps(x, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:197]}..."


_ENTRY = {
    "kind": str, "id": str, "source": dict, "verdict": str, "checks": dict, "points": int,
    "findings": list, "expected": list, "skipped": list, "derivative": dict,
}  # fmt: skip


def _read(path: str | Path) -> dict[str, Any]:
    path = path_of(path, "the certificate")
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", file=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise _no_certificate(path, "it is no JSON") from error
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise _no_certificate(path, f"its format is not {FORMAT!r}")
    entries = read.get("entries")
    whole = isinstance(entries, list) and all(map(_is_entry, entries))
    if not whole:
        raise _no_certificate(path, "an entry lacks a part, or has one of another type")
    return read


def _is_entry(x: Any) -> bool:
    if not isinstance(x, dict) or not all(isinstance(x.get(k), t) for k, t in _ENTRY.items()):
        return False
    return isinstance(x["source"].get("file"), str) and isinstance(x["source"].get("sha256"), str)


def _no_certificate(path: Path, why: str) -> FileError:
    return FileError(
        f"{path} is no certificate: {why}",
        remedy="write one with neuroflow check NAME --certificate FILE",
        file=str(path),
    )
