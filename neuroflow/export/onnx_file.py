"""ONNX: a model as a graph that many runtimes run, through PyTorch's exporter.

The numbers are float32, as such runtimes like them. Rows are raw: what the data went through is a
part of the graph. The file is tried with onnxruntime before it is given.
"""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from neuroflow.core.module import Module
from neuroflow.core.no_grad import no_grad
from neuroflow.engine.runner import numbers_of
from neuroflow.errors import BackendError, InputError, NeuroflowError, raised
from neuroflow.export.examples import example_of, flat, takes_ids
from neuroflow.tensors.conversion import to_torch
from neuroflow.tensors.package import require_torch

NEEDED = ("onnx", "onnxscript", "onnxruntime")
NOISY = ("torch.onnx", "onnxscript", "onnx_ir")
"""Loggers that tell of steps of theirs, and of what they did without."""

TOLERANCE = 1e-5
"""How far an answer in float32 may be from that of the model, beside its size where it is large."""


def onnx_file(model: Module, path: Path) -> dict[Path, bytes]:
    """The bytes of the file.

    Raises :class:`BackendError` where a package is missing, and :class:`InputError` for a model
    that the exporter refuses, or that answers otherwise in onnxruntime.
    """
    torch = require_torch("the export to ONNX")
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise BackendError(
            f"the export to ONNX needs {', '.join(missing)}",
            expected="the extra onnx",
            remedy='pip install "neuroflow[onnx]"',
        )
    model.eval()
    x = example_of(model)
    with quiet():
        content = _exported(torch, model, x)
    _check(model, x, content)
    return {path: content}


def _exported(torch: Any, model: Module, x: Any) -> bytes:
    given = torch.tensor([x, x], dtype=torch.int64 if takes_ids(x) else torch.float32)
    batch, tokens = torch.export.Dim("batch"), torch.export.Dim("tokens")
    axes: dict[int, Any] = {0: batch, **({1: tokens} if takes_ids(x) else {})}
    if takes_ids(x) and len(x) < 2:
        given = torch.zeros((2, 1), dtype=torch.int64)
        axes = {0: batch}
    buffer = BytesIO()
    try:
        program = torch.onnx.export(
            _prepared(torch, model), (given,), dynamo=True, verbose=False,
            input_names=["tokens" if takes_ids(x) else "rows"], output_names=["answers"],
            dynamic_shapes=(axes,),
        )  # fmt: skip
        program.save(buffer)
    except NeuroflowError:
        raise
    except Exception as error:
        raise InputError(
            f"{type(model).__name__} cannot be written as ONNX: {_first_line(error)}",
            expected="a model that torch.onnx can export",
            remedy="export it with --to python, --to c or --to safetensors",
        ) from error
    return buffer.getvalue()


def _first_line(error: Exception) -> str:
    """What went wrong, without the colours and the advice to report it to PyTorch."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", raised(error))
    return plain.strip().partition("\n")[0].partition(" This is step")[0][:300]


def _prepared(torch: Any, model: Module) -> Any:
    """The module, behind what its rows go through first."""

    class Prepared(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = to_torch(model, dtype=torch.float32)
            facts = model.trained_on
            self.scale = facts.standardization if facts else None
            if self.scale:
                self.register_buffer("means", torch.tensor(self.scale.means))
                self.register_buffer("deviations", torch.tensor(self.scale.deviations))

        def forward(self, x: Any) -> Any:
            return self.model((x - self.means) / self.deviations if self.scale else x)

    return Prepared().eval()


def _check(model: Module, x: Any, content: bytes) -> None:
    """Hold what onnxruntime answers against the model."""
    import numpy as np

    runtime = import_module("onnxruntime")
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    rows = np.array([x], dtype=np.int64 if takes_ids(x) else np.float32)
    (answers,) = session.run(None, {session.get_inputs()[0].name: rows})
    facts = model.trained_on
    scale = facts.standardization if facts else None
    with no_grad():
        expected = flat(numbers_of(model(scale.apply(x) if scale else x)))
    for got, right in zip(answers.reshape(-1).tolist(), expected, strict=True):
        if not math.isclose(got, right, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            raise InputError(
                f"{type(model).__name__} answers {got} in onnxruntime",
                expected=f"{right}, as the model itself answers, to {TOLERANCE}",
                remedy="its numbers need float64: export it with --to c or --to python",
            )


@contextmanager
def quiet() -> Iterator[None]:
    """Let no exporter print progress, or warn of what is no concern of ours."""
    logs = [logging.getLogger(name) for name in NOISY]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
