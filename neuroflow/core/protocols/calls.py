"""Calls of modules: which one a node was made in, and who runs them in the place of ``forward``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from neuroflow.core.value import here
from neuroflow.pythonic import pythonic_input


class Call:
    """One call of a module, inside another or none; as text, the dotted path of the module.

    The path begins below the outermost module, and is made when it is asked for.
    """

    __slots__ = ("module", "outer")

    module: Any
    outer: object

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickle keeps the path alone: the model is not part of a number."""
        return str, (str(self),)

    def __str__(self) -> str:
        names: list[str] = []
        call = self
        while isinstance(outer := call.outer, Call):
            names.append(outer.module.name_of(call.module))
            call = outer
        return ".".join(filter(None, reversed(names)))


Run = Callable[["OverseenCall", tuple[Any, ...], dict[str, Any]], Any]
"""``run(call, inputs, options)``: what a call gives."""


class Oversight:
    """Stands where no module runs yet, and says who runs all calls from there on."""

    __slots__ = ("functions", "run")

    def __init__(self, run: Run, functions: bool) -> None:
        self.run, self.functions = run, functions

    def __str__(self) -> str:
        return ""


class OverseenCall(Call):
    """A call that somebody runs, and those inside it too."""

    __slots__ = ("forward", "functions", "run")

    forward: Callable[..., Any]
    """What runs if nobody takes its place."""

    functions: bool
    run: Run


class FunctionCall(OverseenCall):
    """A call of a pure function; its nodes belong to the module around it."""

    __slots__ = ()

    def __str__(self) -> str:
        return str(self.outer)


@contextmanager
def overseen(run: Run, functions: bool = False) -> Iterator[None]:
    """Let somebody run the calls of modules for a while, in this thread or task alone.

    With ``functions`` those of pure functions too, see :func:`neuroflow.pure`.

    >>> from neuroflow.core.module import Module
    >>> with overseen(lambda call, inputs, options: f"{type(call.module).__name__}{inputs}"):
    ...     Module()(3.0)
    'Module(3.0,)'
    """
    token = here.set(Oversight(run, functions))
    try:
        yield
    finally:
        here.reset(token)


def run_overseen(
    module: Any, outer: Oversight | OverseenCall, inputs: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    """A call of a module; the outermost one takes arrays, as lists."""
    call = OverseenCall()
    call.module, call.outer, call.forward = module, outer, module.forward
    call.run, call.functions = outer.run, outer.functions
    if isinstance(outer, Oversight):
        inputs = tuple(map(pythonic_input, inputs))
    token = here.set(call)
    try:
        return call.run(call, inputs, options)
    finally:
        here.reset(token)


def run_function(
    function: Callable[..., Any], called: Any, inputs: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    """A call of a pure function, known as ``called``: by whoever runs such calls, if anybody."""
    outer = here.get()
    if not isinstance(outer, (Oversight, OverseenCall)) or not outer.functions:
        return function(*inputs, **options)
    call = FunctionCall()
    call.module, call.outer, call.forward = called, outer, function
    call.run, call.functions = outer.run, True
    return call.run(call, inputs, options)
