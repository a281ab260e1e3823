"""Buffers: numbers of a module that are saved with it, and written by it instead of trained.

Random features and masks are buffers that stay as they are; a running mean is one that
``forward`` writes while it trains. A *step* of training reads all buffers as they were at its start
and puts in place at its end what its examples wrote: so no example depends on another, whatever
runs them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import isfinite
from typing import Any, ClassVar, TypeVar

from neuroflow.core.module import Module
from neuroflow.core.value import Value, here
from neuroflow.errors import DomainError


class Keeper(ABC):
    """Who is asked for a while when a buffer is read as a number, or written."""

    @abstractmethod
    def read(self, buffer: Buffer) -> float:
        """The number that a buffer holds."""

    @abstractmethod
    def write(self, buffer: Buffer, number: Any) -> None:
        """Take note of a number for a buffer."""


K = TypeVar("K", bound=Keeper)
_keeper: ContextVar[Keeper | None] = ContextVar("keeper", default=None)


@contextmanager
def kept_by(keeper: K) -> Iterator[K]:
    """Let another keep what is written into buffers, in this thread or task alone."""
    token = _keeper.set(keeper)
    try:
        yield keeper
    finally:
        _keeper.reset(token)


_slot: Any = vars(Value)["data"]


class Buffer(Value):
    """A number that a module keeps, which is no parameter: saved and loaded, never trained.

    Assign it like a parameter, alone or in lists; :meth:`~neuroflow.Module.named_buffers` finds it.
    Ops take it as any Value.

    >>> scale = Buffer(2.0)
    >>> scale * 3.0, scale
    (Value(6.0, mul), Buffer(2.0))
    """

    __slots__ = ()
    kept: ClassVar[bool] = True
    """That modules keep it apart from what is trained."""

    @property
    def data(self) -> float:
        """The number."""
        keeper = _keeper.get()
        return keeper.read(self) if keeper else number_in(self)

    @data.setter
    def data(self, number: float) -> None:
        _slot.__set__(self, number)

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        return f"Buffer({number_in(self)!r}{name})"

    def write(self, number: Value | float) -> None:
        """Put a number in place, detached from how it was computed.

        Within a training step every example reads the buffer as it was at the step's start. The
        mean of all that the step's examples wrote, in their order, is put in place at its end. In
        evaluation mode of the module whose ``forward`` runs, nothing is written; everywhere else
        the number is there at once.

        >>> mean = Buffer(1.0)
        >>> mean.write(0.75 * mean + 0.25 * 3.0)
        >>> mean
        Buffer(1.5)
        """
        module = getattr(here.get(), "module", None)
        if module is not None and not module.training:
            return
        keeper = _keeper.get()
        if keeper:
            keeper.write(self, number)
        else:
            self.data = _finite(self, float(number), module)


def number_in(buffer: Buffer) -> float:
    """What a buffer holds, whoever keeps it now."""
    return float(_slot.__get__(buffer))


class StepWrites(Keeper):
    """What the examples of one step wrote; the buffers hold what they held.

    With the ``model`` that is trained errors name a buffer by its path.

    >>> mean = Buffer(1.0)
    >>> with kept_by(StepWrites()) as writes:
    ...     mean.write(2.0)
    ...     mean.write(4.0)
    >>> mean, writes.means()
    (Buffer(1.0), {Buffer(1.0): 3.0})
    """

    def __init__(self, model: Any = None) -> None:
        self._model = model
        self._written: dict[Buffer, list[float]] = {}

    def read(self, buffer: Buffer) -> float:
        return number_in(buffer)

    def write(self, buffer: Buffer, number: Any) -> None:
        self._written.setdefault(buffer, []).append(float(number))

    def means(self) -> dict[Buffer, float]:
        """The mean of what was written into each; raises :class:`DomainError` if not finite."""
        means = {}
        for buffer, numbers in self._written.items():
            total = 0.0
            for number in numbers:  # not sum(), which rounds otherwise in later Pythons
                total += number
            means[buffer] = _finite(buffer, total / len(numbers), self._model)
        return means


def _finite(buffer: Buffer, number: float, owner: Any) -> float:
    """The number, if it is one to keep; else an error names the buffer by its path in its owner."""
    if not isfinite(number):
        named = owner.named_buffers() if isinstance(owner, Module) else ()
        path = next((f"{name}, " for name, each in named if each is buffer), "")
        raise DomainError(
            f"the number {number} was to be written into {path}{buffer!r}",
            expected="a finite number",
            remedy="look for where it comes from with nf.detect_anomalies()",
            got=number,
        )
    return number
