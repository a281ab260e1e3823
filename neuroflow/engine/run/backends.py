"""Choosing a backend: each says whether it can run here and how fast; "auto" takes the fastest."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from neuroflow.errors import BackendError, InputError, NeuroflowError, NeuroflowWarning, raised
from neuroflow.registry.entries import DEVICES, DTYPES, BackendEntry
from neuroflow.registry.manager import find, get

if TYPE_CHECKING:  # numpy is imported where a backend runs, not where backends are listed
    from neuroflow.engine.run.executor import Executor


class BackendWarning(NeuroflowWarning):
    """A backend said that it can run here and could not; "auto" takes the next one."""


def make_executor(
    backend: str, dtype: str, n_parameters: int, memory_limit: int | None, device: str = "auto"
) -> Executor:
    """The executor of a backend; "auto" takes the fastest that can run here.

    Raises :class:`BackendError` if the backend cannot run here, not in this dtype, or not on this
    device; a device that is "auto" is for the backend to choose.
    """
    entry = cast(BackendEntry, get("backend", chosen_backend(backend, dtype, device)))
    if obstacle := entry.obstacle():
        raise BackendError(
            f"the backend {entry.shortest_name} cannot run here: {obstacle}", **entry.where
        )
    if dtype not in entry.dtypes:
        raise BackendError(
            f"the backend {entry.shortest_name} computes in {' and '.join(entry.dtypes)}, but got"
            f" dtype {dtype!r}",
            remedy='use one of these, or backend="auto"',
            got=dtype,
            **entry.where,
        )
    if device not in ("auto", *entry.devices):
        raise BackendError(
            f"the backend {entry.shortest_name} computes on {' and '.join(entry.devices)}, but got"
            f" device {device!r}",
            remedy='use backend="torch" for it, or leave the device out',
            got=device,
            **entry.where,
        )
    return _made(entry, dtype, n_parameters, memory_limit, device)


def chosen_backend(backend: str, dtype: str = "float64", device: str = "auto") -> str:
    """The name that "auto" stands for: the fastest backend that can run here in a dtype.

    Where a GPU is asked for, those count too that are otherwise taken only by name.
    """
    known = {"dtype": (dtype, DTYPES), "device": (device, ("auto", *DEVICES))}
    for what, (word, words) in known.items():
        if word not in words:
            raise InputError(
                f"unknown {what} {word!r}", expected=f"one of {', '.join(words)}", got=word
            )
    if backend != "auto":
        return backend
    for entry in fastest_first():
        counts = device in entry.devices if device not in ("auto", "cpu") else entry.speed
        if counts and dtype in entry.dtypes and not entry.obstacle():
            failure = failure_of(entry, dtype)
            if not failure:
                return entry.shortest_name
            told = BackendWarning(failure, remedy="it is left out", **entry.where)
            warnings.warn(told, stacklevel=2)
    reasons = [f"{e.shortest_name}: {e.obstacle() or 'not by itself'}" for e in fastest_first()]
    on = "" if device == "auto" else f" on {device}"
    raise BackendError(
        f"no backend can run here in {dtype}{on} ({'; '.join(reasons) or 'none is registered'})",
        remedy='use backend="eager"',
        got=dtype,
    )


def fastest_first() -> list[BackendEntry]:
    """All backends; of equally fast ones the bundled come first."""
    entries = [cast(BackendEntry, entry) for entry in find("*", "backend")]
    return sorted(entries, key=lambda entry: -entry.speed)


@cache
def failure_of(entry: BackendEntry, dtype: str) -> str:
    """Why a backend that says it can run here gives no executor; empty if it does. Tried once."""
    try:
        _made(entry, dtype, 0, None)
    except NeuroflowError as error:
        return str(error)
    return ""


def _made(
    entry: BackendEntry, dtype: str, n_parameters: int, memory_limit: int | None,
    device: str = "auto",
) -> Executor:  # fmt: skip
    from neuroflow.engine.run.executor import Executor

    make: Any = entry.load()
    chooses = {"device": device} if entry.devices != ("cpu",) else {}
    try:
        executor = make(dtype, n_parameters, memory_limit, **chooses)
    except NeuroflowError as error:
        error.locate(**entry.where)
        raise
    except Exception as error:
        raise BackendError(
            f"{_told(entry)} failed while it made an executor: {raised(error)}",
            remedy="use another backend",
            **entry.where,
        ) from error
    if not isinstance(executor, Executor):
        raise BackendError(
            f"{_told(entry)} gave {executor!r} of type {type(executor).__name__}",
            expected="a neuroflow.Executor",
            remedy="use another backend",
            got=executor,
            **entry.where,
        )
    executor.name = entry.shortest_name
    return executor


def _told(entry: BackendEntry) -> str:
    return f"the backend {entry.shortest_name} ({entry.provider})"
