"""What fits in memory: how much is free, and the refusal of what is larger, before it is built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from neuroflow.errors import InputError, StateError, require

BYTES_PER_VALUE = 112
"""A Value in a list, as CPython keeps it: 80 bytes, 24 for its number, 8 for its place."""

SMALL = 64 * 1024**2
"""So many bytes are there without asking."""

SHARE = 0.8
"""How much of what is free may be used."""


def free_memory() -> int:
    """Bytes that this process can have now, as far as the machine tells; else a safe guess."""
    return min(_free_in_machine(), _free_in_group(), _free_in_process())


PARAMETERS = "parameters"
"""What layers call them that they are about to draw."""

SLACK = 4
"""A layer may draw so many times the numbers that it keeps: it may share or replace some."""

_numbers: ContextVar[tuple[int, str]] = ContextVar("numbers")


@contextmanager
def no_more_parameters(count: int, owner: str) -> Iterator[None]:
    """Refuse layers of many more parameters than a file has numbers for: ``owner`` is the file.

    A description of a few bytes can ask for billions.

    >>> with no_more_parameters(10, "model.safetensors"):
    ...     check_room(10**6, "parameters")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    neuroflow.errors.StateError: model.safetensors holds a model of another architecture: it has...
    """
    token = _numbers.set((count, owner))
    try:
        yield
    finally:
        _numbers.reset(token)


def _check_numbers(count: int) -> None:
    known, owner = _numbers.get((count, ""))
    if count > SLACK * known + 10_000:
        raise StateError(
            f"{owner} holds a model of another architecture: it has {amount(known)} numbers, and a"
            f" layer of its model {amount(count)} parameters",
            remedy="build the model with the configuration that it was saved with",
            got=count,
            file=owner,
        )


def check_room(count: int, things: str, each: int = BYTES_PER_VALUE) -> None:
    """Raise :class:`InputError` if so many ``things`` of ``each`` bytes do not fit in memory.

    It asks before anything is built, and costs next to nothing where little is wanted. A layer
    says with it how many parameters it is about to draw.

    >>> check_room(1000, "parameters")
    >>> check_room(10**15, "parameters")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    neuroflow.errors.InputError: 1,000,000,000,000,000 parameters would take about 112 PB...
    """
    for number in (count, each):
        require(number, int, "how many things, or bytes of each,", "a whole number")
    if things == PARAMETERS:
        _check_numbers(count)
    if count * each <= SMALL:
        return
    allowed = int(free_memory() * SHARE)
    if count * each > allowed:
        raise InputError(
            f"{amount(count)} {things} would take about {in_bytes(count * each)} of memory,"
            f" {each} bytes each",
            expected=f"at most {amount(allowed // each)}, which fit into {in_bytes(allowed)}"
            f" ({SHARE:.0%} of what is free)",
            remedy="choose smaller sizes",
            got=count,
        )


def amount(count: int) -> str:
    """A whole number to read: 1,000, and rounded where it is beyond all measure.

    >>> amount(124_439_808), amount(4 * 10**30), amount(10**400)
    ('124,439,808', '4e+30', '10^400')
    """
    if count < 10**18:
        return f"{count:,}"
    return f"{count:.2g}" if count < 10**300 else f"10^{round(count.bit_length() * 0.30103)}"


def in_bytes(size: int) -> str:
    """Bytes to read.

    >>> in_bytes(900), in_bytes(14_900_000_000), in_bytes(10**40)
    ('900 bytes', '15 GB', '1e+40 bytes')
    """
    if size >= 10**18:
        return f"{amount(size)} bytes"
    for unit, scale in (("PB", 10**15), ("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size >= scale:
            return (
                f"{size / scale:.3g} {unit}" if size < 10 * scale else f"{size / scale:.0f} {unit}"
            )
    return f"{size:,} bytes"


def _free_in_machine() -> int:
    """What the machine could still give, or half of all that it has."""
    try:
        facts = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(facts["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
        except (ValueError, OSError, AttributeError):
            return 4 * 1024**3


def _free_in_group() -> int:
    """What the container, a group of processes on Linux, leaves."""
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text().strip()
        used = int((group / "memory.current").read_text())
        cached = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return int(limit) - used + int(cached.get("inactive_file", 0))
    except (OSError, ValueError):  # no such group, or one whose limit is "max"
        return 2**63


def _free_in_process() -> int:
    """What a limit on this process's addresses (``ulimit -v``) leaves."""
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError, ValueError):
        return 2**63
    return (
        2**63 if limit == resource.RLIM_INFINITY else max(0, limit - pages * resource.getpagesize())
    )
