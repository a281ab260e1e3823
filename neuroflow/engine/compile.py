"""``neuroflow.compile``: a scalar function of numbers, run at array speed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, field

from neuroflow.core.module import Module
from neuroflow.core.value import Value
from neuroflow.engine.plan.plan import Plan
from neuroflow.engine.run.backends import chosen_backend, make_executor
from neuroflow.engine.run.schedule import Batcher, Rows, outputs_of
from neuroflow.engine.trace.function import (
    Trace,
    TracedFunction,
    parameters_of,
)
from neuroflow.engine.trace.structure import flatten, rebuild
from neuroflow.errors import DomainError, InputError


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


@define(eq=False)
class _Bound:
    """A function with the modules among its arguments, on one executor."""

    traced: TracedFunction
    values: Batcher
    gradients: Batcher


class Compiled:
    """A compiled function; made by :func:`compile`.

    It is traced once per structure of its inputs and reads the parameters anew in every call.
    """

    def __init__(
        self, function: Callable[..., Any], backend: str, dtype: str, threads: int,
        memory_limit: int | None,
    ) -> None:  # fmt: skip
        self.function = function
        self.backend = chosen_backend(backend, dtype)
        self.dtype = dtype
        self.threads = threads
        self.memory_limit = memory_limit
        self._bound: dict[tuple[int, ...], _Bound] = {}
        self._bind(())

    def __repr__(self) -> str:
        name = getattr(self.function, "__name__", type(self.function).__name__)
        return f"<compiled {name}: {self.backend}, {self.dtype}>"

    @property
    def parameters(self) -> list[Value]:
        """The parameters that the function was seen to use: of modules, closures and globals."""
        return next(reversed(self._bound.values())).traced.parameters

    def __call__(self, *inputs: Any) -> Any:
        return self.value(*inputs)

    def value(self, *inputs: Any) -> Any:
        """What the function gives, as floats nested like its own result.

        Raises :class:`DomainError` if a number is not finite.
        """
        return self._values(*self._split(inputs))[0]

    def batch_value(self, *columns: Sequence[Any]) -> list[Any]:
        """The value for each example; a column per input, as in ``f.batch_value(xs, ys)``.

        A module is given once, for all.
        """
        modules, rest = self._split(columns)
        return self._values(modules, *_examples(rest)) if rest[0] else []

    def _values(self, modules: tuple[Any, ...], *examples: Sequence[Any]) -> list[Any]:
        bound = self._bind(modules)
        rows = Rows(bound.traced)
        batch = [rows.new(example) for example in examples]
        self._read_parameters(bound.values, bound.traced)
        return outputs_of(bound.values, rows, batch, self._shaped)

    def value_and_gradients(self, *inputs: Any) -> tuple[float, Gradients]:
        """The value and its derivatives; the function must give one number.

        Raises :class:`DomainError` if a number is not finite.
        """
        modules, example = self._split(inputs)
        bound = self._bind(modules)
        rows = Rows(bound.traced)
        row = rows.new(example)
        trace, batcher = bound.traced.trace(row.structure), bound.gradients
        _check_scalar(trace)
        number = batcher.program(trace, 1)
        executor = batcher.executor
        self._read_parameters(batcher, bound.traced)
        executor.gradients[:] = 0.0
        executor.begin(number)
        value = float(executor.forward(number, [row.start], batcher.schedule(rows, []))[0, 0])
        executor.backward(number, 1.0)
        executor.end(number)
        program = executor.programs[number]
        numbers = [0.0] * trace.plan.n_numbers
        slopes = executor.memory[program.input_offsets + program.shift].tolist()
        for k, slope in zip(trace.plan.input_numbers.tolist(), slopes, strict=True):
            numbers[k] = float(slope)
        each = iter(numbers)
        nested = rebuild(row.structure, lambda _: next(each))
        return _finite(value), self._gradients(batcher, bound.traced, nested)

    def batch_value_and_gradients(self, *columns: Sequence[Any]) -> tuple[float, Gradients]:
        """The mean value over examples, and the derivatives of that mean by the parameters."""
        modules, rest = self._split(columns)
        bound = self._bind(modules)
        rows = Rows(bound.traced)
        batch = [rows.new(example) for example in _examples(rest)]
        for row in batch:
            _check_scalar(bound.traced.trace(row.structure))
        self._read_parameters(bound.gradients, bound.traced)
        schedule = bound.gradients.schedule(rows, [batch])
        executor = bound.gradients.executor
        loss = executor.step_gradient(schedule, 0, len(schedule.jobs))
        return _finite(loss), self._gradients(bound.gradients, bound.traced, None)

    def plan(self, *inputs: Any) -> Plan:
        """What would run for these inputs; ``print(f.plan(...).describe())`` reads well."""
        modules, example = self._split(inputs)
        structure = flatten(tuple(example))[1]
        return self._bind(modules).traced.trace(structure).plan

    def _split(self, inputs: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Modules, which come first, and the inputs proper."""
        n = next((k for k, x in enumerate(inputs) if not isinstance(x, Module)), len(inputs))
        return tuple(inputs[:n]), tuple(inputs[n:])

    def _bind(self, modules: tuple[Any, ...]) -> _Bound:
        key = tuple(map(id, modules))
        if key not in self._bound:
            parameters = parameters_of(self.function, modules)
            statics = tuple(modules)
            makers = [
                Batcher(
                    TracedFunction(self.function, statics, parameters),
                    make_executor(self.backend, self.dtype, len(parameters), self.memory_limit),
                    wanted,
                    self.threads,
                )
                for wanted in ("none", "all")
            ]
            makers[1].function = makers[0].function
            self._bound[key] = _Bound(makers[0].function, *makers)
        return self._bound[key]

    def _read_parameters(self, batcher: Batcher, traced: TracedFunction) -> None:
        batcher.executor.parameters[:] = [p.data for p in traced.parameters]

    def _gradients(self, batcher: Batcher, traced: TracedFunction, inputs: Any) -> Gradients:
        of = {p: k for k, p in enumerate(traced.parameters)}
        return Gradients(batcher.executor.gradients.astype(float).tolist(), inputs, of)

    def _shaped(self, trace: Trace, numbers: list[float]) -> Any:
        each = iter(numbers)
        return rebuild(trace.outputs, lambda _: _finite(next(each)))


def compile(
    function: Callable[..., Any],
    backend: str = "auto",
    dtype: str = "float64",
    threads: int = 1,
    memory_limit: int | None = None,
) -> Compiled:
    """Run a function of scalars at array speed: traced once, then native or array code.

    ``function`` takes modules (or sees them in its closure), then numbers, integers and nested
    lists of them, and gives a Value or nested lists of Values. Integers may choose through
    :func:`neuroflow.take`. ``backend`` is a backend's name or "auto", the fastest that can run
    here; ``dtype`` "float64" or "float32"; ``memory_limit`` in bytes, by default 80% of what is
    free.

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
    return Compiled(function, backend, dtype, threads, memory_limit)


def _examples(columns: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        raise InputError(
            f"got columns of length {', '.join(map(str, lengths))}",
            expected="one entry per example in each",
        )
    examples = list(zip(*columns, strict=True))
    return examples


def _check_scalar(trace: Trace) -> None:
    if trace.outputs != "f":
        raise InputError(
            f"the function gives {len(trace.plan.outputs)} numbers in a list",
            remedy="gradients are of one number: reduce them, for example with nf.sum(...)",
        )


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise DomainError(
            f"a compiled run gave {number}",
            remedy="the op that made it is named by the eager run: call the function itself"
            " inside `with nf.detect_anomalies() as found:`",
            got=number,
        )
    return number
