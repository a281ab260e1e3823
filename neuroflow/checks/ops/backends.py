"""Each compiled backend gives what plain numbers give, in value and in every derivative."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from neuroflow.checks.ops.surfaces import smooth_points
from neuroflow.checks.shared.messages import close, listed
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.subject import Subject
from neuroflow.errors import NeuroflowError
from neuroflow.registry.entries import BUNDLED
from neuroflow.registry.manager import find


def check_backends(subject: Subject, results: Results) -> None:
    """Value and gradient at some points, on each bundled backend; others are checked themselves."""
    bundled = [e.name for e in find("*", "backend") if e.namespace == BUNDLED]
    for backend in bundled:
        try:
            run = _compiled(subject, backend)
        except (NeuroflowError, ImportError) as error:
            results.skipped("backends", f"{backend}: {error}")
            continue
        for at in smooth_points(subject, 3):
            value, slopes = run(list(at))
            want = [float(subject.forward(*at)), *map(float, subject.partials(*at))]
            got = [value, *slopes]
            pairs = zip(got, want, strict=True)
            same = all(close(a, b, subject.within(1e-9), 1e-12) for a, b in pairs)
            results.expect("backends", same, (
                f"value and slopes at {subject.at(at)} on {backend} are {listed(got)};"
                f" plain numbers give {listed(want)}{_step(subject)}"
            ))  # fmt: skip
            if not same:
                break


def _step(subject: Subject) -> str:
    """What an op declares about its rule, which compiled code believes."""
    return f"; is it the step {subject.op.step!r}, as it declares?" if subject.op.step else ""


def _compiled(subject: Subject, backend: str) -> Callable[[list[float]], Any]:
    """The op as a function of one list of numbers, as the engine traces it."""
    from neuroflow.engine.compile import compile

    function = compile(lambda xs: subject.apply(*xs), backend=backend)

    def run(at: list[float]) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what runs in Python: check_compiled has said so
            value, gradients = function.value_and_gradients(at)
        return value, gradients.inputs[0]

    return run
