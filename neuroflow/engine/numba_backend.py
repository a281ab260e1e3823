"""The numba backend: writes the machine's text for a set of kernels, compiles and keeps it.

Compiled modules lie in a cache folder, one folder per text. A folder is built under a private
name and renamed when it is complete, so that concurrent processes never see half of one; its
files carry checksums, and one that is stale or damaged is built again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from neuroflow.core.errors import BackendError
from neuroflow.engine.kernels import Kernels, MapKernel
from neuroflow.engine.machine import Kind
from neuroflow.engine.rules import Kernel, Operand, Step

_TEMPLATE = Path(__file__).with_name("native.py")
_VECTORS = Path(__file__).with_name("vectors.py")


def source_of(
    entries: Sequence[MapKernel], kinds: Collection[int], update: Kernel | None, dtype: str
) -> str:
    """The machine's text for these kernels and these kinds of instructions."""

    def used(branch: re.Match[str]) -> str:
        return branch[0] if int(branch[1]) in kinds else ""

    text = re.sub(r" {8}elif kind == (\d+):\n(?: {12}.*\n)+", used, _TEMPLATE.read_text())
    text = text.replace('FLOAT = "float64"', f'FLOAT = "{dtype}"', 1)
    branches = "".join(
        _branch(int(Kind.MAP) + k, entry) for k, entry in enumerate(entries) if entry.kernel
    )
    text = text.replace("        # <kernels>\n", branches, 1)
    moves = _update(update) if update else ""
    return text.replace("    # <update>\n", moves, 1)


def _branch(kind: int, entry: MapKernel) -> str:
    """One branch of ``run``: a loop over vectors around the kernel's steps."""
    kernel = entry.kernel
    assert kernel is not None
    offsets = {name: 2 + k for k, name in enumerate(kernel.inputs)}
    if not entry.backward:
        offsets = {name: 3 + k for k, name in enumerate(kernel.inputs)}
        results = [("store", 2, kernel.results[0])]
    else:
        first = 2 + len(kernel.inputs)
        results = [("add", first + k, kernel.results[j]) for k, j in enumerate(entry.targets)]
    needed = _needed(kernel, [result for _, _, result in results])
    lines = [f"elif kind == {kind}:  # {entry.op.name}{' backward' if entry.backward else ''}"]
    lines.append("    n = word(words, c, 1)")
    used = {name: k for name, k in offsets.items() if name in needed}
    lines += [f"    at_{name} = word(words, c, {k})" for name, k in used.items()]
    lines += [f"    to_{k} = word(words, c, {k})" for _, k, _ in results]
    lines.append("    for i in range(0, n, W):")
    lines += [f"        {name} = load(m, at_{name} + i)" for name in used]
    lines += [f"        {_text(step)}" for step in kernel.steps if step.name in needed]
    for how, k, result in results:
        value = f"zeros(m) + {result!r}" if isinstance(result, float) else result
        rest = ", n - i" if how == "add" else ""  # rooms of outputs are whole vectors
        lines.append(f"        {how}(m, to_{k} + i, {value}{rest})")
    return "".join(f"        {line}\n" for line in lines)


def _needed(kernel: Kernel, results: Sequence[Operand]) -> set[Operand]:
    """The names that the results depend on."""
    needed = set(results)
    for step in reversed(kernel.steps):
        if step.name in needed:
            needed.update(step.operands)
    return needed


def _text(step: Step) -> str:
    """A step as Python text; what is one number for all elements uses scalar functions."""
    text = str(step)
    return text.replace(f"= {step.function}(", f"= scalar_{step.function}(") if step.uniform else text


def _update(kernel: Kernel) -> str:
    """The body of ``update``: the uniform steps once, the others for each vector."""
    lines = [_text(step) for step in kernel.steps if step.uniform]
    lines += ["for _i in range(0, _size, W):", "    w = load(_m, _i)"]
    lines.append("    g = load(_m, _size + _i) * _scale")
    state = kernel.inputs[2:-2]
    lines += [f"    {name} = load(_state, {k} * _size + _i)" for k, name in enumerate(state)]
    lines += [f"    {step}" for step in kernel.steps if not step.uniform]
    new = [f"zeros(_m) + {x!r}" if isinstance(x, float) else x for x in kernel.results]
    lines.append(f"    put(_m, _i, {new[0]}, _n - _i)")
    lines += [f"    put(_state, {k} * _size + _i, {x}, _n - _i)" for k, x in enumerate(new[1:])]
    return "".join(f"    {line}\n" for line in lines)


def cache_folder() -> Path:
    """Where compiled machines are kept: ``NEUROFLOW_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("NEUROFLOW_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(base) / "neuroflow"
