"""``neuroflow.compile``: a scalar function of numbers, run at array speed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, field, frozen

from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.data.frames import is_frame, rows_of
from neuroflow.engine.plan.function import KEPT, MANY_TRACES, RetraceWarning, TracedFunction
from neuroflow.engine.plan.plan import Plan
from neuroflow.engine.report import PlanReport, report
from neuroflow.engine.run.backends import chosen_backend
from neuroflow.engine.session import Session
from neuroflow.engine.trace.parameters import parameters_of
from neuroflow.engine.trace.structure import flatten
from neuroflow.errors import InputError, short_repr


@define(eq=False)
class Gradients:
    """The derivatives of a compiled function's value.

    ``gradients[parameter]`` is that of one parameter; ``parameters`` lists them in the order of
    ``compiled.parameters``; ``inputs`` is nested like the inputs (None for a batch).
    """

    parameters: list[float]
    inputs: Any
    _of: dict[Value, int] = field(repr=False)

    def __getitem__(self, parameter: Value) -> float:
        return self.parameters[self._of[parameter]]


@frozen(eq=False)
class _Bound:
    """A function with the modules among its arguments: a session for values, one for gradients."""

    values: Session
    gradients: Session

    @property
    def parameters(self) -> list[Value]:
        return self.values.function.parameters


class Compiled:
    """A compiled function; made by :func:`compile`.

    It is traced once per structure of its inputs and reads the parameters anew in every call.
    Each call looks whether the function still is what was traced: a layer or a parameter that was
    replaced, a setting, a number that it finds in its closure or its globals. If not, it is
    traced again. Several threads may call it at once; each gets the answer to its own inputs.
    """

    def __init__(
        self, function: Callable[..., Any], backend: str, dtype: str, threads: int,
        memory_limit: int | None, device: str, stamp: bool,
    ) -> None:  # fmt: skip
        self.function = function
        self.stamp = stamp
        self.backend = chosen_backend(backend, dtype, device)
        self.device = device
        self.dtype = dtype
        self.threads = threads
        self.memory_limit = memory_limit
        self._bound: dict[tuple[int, ...], _Bound] = {}
        self._n_renewals = 0
        self._bind(())

    def __repr__(self) -> str:
        name = getattr(self.function, "__name__", type(self.function).__name__)
        return f"<compiled {name}: {self.backend}, {self.dtype}>"

    def __reduce__(self) -> Any:
        """A copy is compiled anew, from a copy of the function and its model."""
        return Compiled, (
            self.function, self.backend, self.dtype, self.threads, self.memory_limit, self.device,
            self.stamp,
        )  # fmt: skip

    @property
    def parameters(self) -> list[Value]:
        """The parameters that the function was seen to use: of modules, closures and globals."""
        return next(reversed(self._bound.values())).parameters

    def __call__(self, *inputs: Any) -> Any:
        return self.value(*inputs)

    def value(self, *inputs: Any) -> Any:
        """What the function gives, as floats nested like its own result.

        Raises :class:`DomainError` if a number is not finite.
        """
        modules, example = self._split(inputs)
        session = self._bind(modules).values
        return session.outputs([example], session.finite)[0]

    def batch_value(self, *columns: Sequence[Any]) -> list[Any]:
        """The value for each example; a column per input, as in ``f.batch_value(xs, ys)``.

        A module is given once, for all.
        """
        modules, rest = self._split(columns)
        session = self._bind(modules).values
        return session.outputs(_examples(rest), session.finite)

    def value_and_gradients(self, *inputs: Any) -> tuple[float, Gradients]:
        """The value and its derivatives; the function must give one number.

        Raises :class:`DomainError` if a number is not finite.
        """
        modules, example = self._split(inputs)
        bound = self._bind(modules)
        value, slopes, of_inputs = bound.gradients.value_and_gradients(example)
        return value, _gradients(bound, slopes, of_inputs)

    def batch_value_and_gradients(self, *columns: Sequence[Any]) -> tuple[float, Gradients]:
        """The mean value over examples, and the derivatives of that mean by the parameters.

        Raises :class:`DomainError` if a number is not finite.
        """
        modules, rest = self._split(columns)
        bound = self._bind(modules)
        mean, slopes = bound.gradients.mean_and_gradients(_examples(rest))
        return mean, _gradients(bound, slopes, None)

    def plan(self, *inputs: Any) -> Plan:
        """What would run for these inputs."""
        modules, example = self._split(inputs)
        structure = flatten(tuple(example))[1]
        return self._bind(modules).values.function.trace(structure).plan

    def report(self, *inputs: Any, lanes: int = 1) -> PlanReport:
        """What would run for these inputs, as a table: ``print(f.report(...))`` reads well."""
        return report(self.plan(*inputs), lanes)

    def _split(self, inputs: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Modules, which come first, and the inputs proper."""
        n = next((k for k, x in enumerate(inputs) if not isinstance(x, Module)), len(inputs))
        return tuple(inputs[:n]), tuple(inputs[n:])

    def _bind(self, modules: tuple[Any, ...]) -> _Bound:
        key = tuple(map(id, modules))
        bound = self._bound.get(key)
        if bound is None:
            bound = self._bound.setdefault(key, self._new(modules))
            for oldest in [*self._bound][:-KEPT]:
                self._bound.pop(oldest, None)
            return bound
        if not bound.values.function.is_current():
            self._note_renewal(bound.values.function)
            bound = self._bound[key] = self._new(modules)
        return bound

    def _note_renewal(self, traced: TracedFunction) -> None:
        """Tell once who keeps changing what the function sees that this is slow."""
        self._n_renewals += 1
        if self._n_renewals == MANY_TRACES:
            change = next(iter(traced.surroundings.changes()), "a setting")
            told = RetraceWarning(
                f"{self!r} was traced {MANY_TRACES} times, as what it sees keeps changing: now"
                f" {change}",
                remedy="give the number as an input, or let an nf.Value hold it, which every"
                " run reads anew",
            )
            warnings.warn(told, stacklevel=5)

    def _new(self, modules: tuple[Any, ...]) -> _Bound:
        parameters = parameters_of(self.function, modules)
        traced = TracedFunction(self.function, modules, parameters, stamp=self.stamp)
        return _Bound(*[
            Session.on(
                self.backend, traced, gradients, dtype=self.dtype, threads=self.threads,
                memory_limit=self.memory_limit, device=self.device,
            )
            for gradients in ("none", "all")
        ])  # fmt: skip


def compile(
    function: Callable[..., Any],
    backend: str = "auto",
    dtype: str = "float64",
    threads: int = 1,
    memory_limit: int | None = None,
    device: str = "auto",
    stamp: bool = True,
) -> Compiled:
    """Run a function of scalars at array speed: traced once, then native or array code.

    ``function`` takes modules (or sees them in its closure), then numbers, integers and nested
    lists of them, and gives a Value or nested lists or dicts of Values. Integers may choose through
    :func:`neuroflow.take`. ``backend`` is a backend's name or "auto", the fastest that can run
    here; ``dtype`` "float64" or "float32"; ``memory_limit`` in bytes, by default 80% of what is
    free; ``device`` "cpu", "cuda", "mps", or "auto", which leaves it to the backend. Without
    ``stamp`` every call of a pure module (see :func:`neuroflow.pure`) is traced, like or not.

    >>> def area(width, height):
    ...     return width * height
    >>> fast = compile(area, backend="numpy")
    >>> fast.value(3.0, 4.0)
    12.0
    >>> value, gradients = fast.value_and_gradients(3.0, 4.0)
    >>> gradients.inputs
    [4.0, 3.0]
    >>> fast.batch_value([1.0, 2.0], [5.0, 6.0])
    [5.0, 12.0]
    """
    return Compiled(function, backend, dtype, threads, memory_limit, device, stamp)


def _examples(columns: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    columns = [rows_of(column) if is_frame(column) else column for column in columns]
    for column in columns:
        if not hasattr(column, "__len__") or isinstance(column, (str, bytes)):
            raise InputError(
                f"got {short_repr(column)} for a column",
                expected="a list with one entry per example",
            )
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        raise InputError(
            f"got columns of length {', '.join(map(str, lengths))}",
            expected="one entry per example in each",
        )
    examples = list(zip(*columns, strict=True))
    return examples


def _gradients(bound: _Bound, slopes: list[float], of_inputs: Any) -> Gradients:
    return Gradients(slopes, of_inputs, {p: k for k, p in enumerate(bound.parameters)})
