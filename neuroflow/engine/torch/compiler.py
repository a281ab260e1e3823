"""Kernels compiled for the GPU at hand, by the compiler that comes with PyTorch or with cupy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch

from neuroflow.engine.torch.threads import KernelText
from neuroflow.errors import BackendError, raised

THREADS = 128
"""Threads of a block: a few warps, so that blocks of small kernels fill the card too."""

Launch = Callable[..., None]
"""Starts a kernel: how many threads, then what they are given."""


@cache
def compiled(source: KernelText) -> Launch:
    """What starts a kernel on the GPU; compiled once per process.

    Raises :class:`BackendError` where no compiler is found.
    """
    failures = []
    for by, make in (("PyTorch", _by_torch), ("cupy", _by_cupy)):
        try:
            return make(source)
        except (AttributeError, ImportError, OSError, RuntimeError) as error:
            failures.append(f"{by}: {raised(error)}")
    raise BackendError(
        f"the kernel {source.name} cannot be compiled: {'; '.join(failures)}",
        remedy="install PyTorch 2.9 or later, or cupy, for this version of CUDA",
    )


def _by_torch(source: KernelText) -> Launch:
    with _any_toolkit():
        kernel = torch.cuda._compile_kernel(source.text(), source.name)

    def launch(n: int, *given: Any) -> None:
        kernel(grid=(-(-n // THREADS), 1, 1), block=(THREADS, 1, 1), args=[*given])

    return launch


@contextmanager
def _any_toolkit() -> Iterator[None]:
    """PyTorch asks for the headers of CUDA, which kernels do not read: any folder will do."""
    from torch.utils import cpp_extension  # changes sys.path: only where it is needed

    found = cpp_extension.CUDA_HOME
    cpp_extension.CUDA_HOME = found or "/"
    try:
        yield
    finally:
        cpp_extension.CUDA_HOME = found


def _by_cupy(source: KernelText) -> Launch:
    import cupy

    kernel = cupy.RawKernel(source.text(), source.name, options=("-std=c++17",))
    kernel.compile()

    def launch(n: int, *given: Any) -> None:
        stream = cupy.cuda.ExternalStream(torch.cuda.current_stream().cuda_stream)
        with stream:
            kernel((-(-n // THREADS),), (THREADS,), tuple(map(_as_cupy, given)))

    return launch


def _as_cupy(x: Any) -> Any:
    import numpy as np

    return np.intp(x.data_ptr()) if isinstance(x, torch.Tensor) else np.int32(x)
