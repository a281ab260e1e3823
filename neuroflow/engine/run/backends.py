"""Choosing a backend: registry entries whose target makes an executor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neuroflow.engine.run.executor import Executor, NumpyExecutor
from neuroflow.errors import BackendError, InputError
from neuroflow.registry.manager import get, names

MakeExecutor = Callable[[str, int, int | None], Executor]
DTYPES = ("float64", "float32")


def numpy_backend(dtype: str, n_parameters: int, memory_limit: int | None) -> Executor:
    """Array code: needs nothing beyond numpy."""
    return NumpyExecutor(dtype, n_parameters, memory_limit)


def llvm_backend(dtype: str, n_parameters: int, memory_limit: int | None) -> Executor:
    """Native code by LLVM, through llvmlite, made at first use and kept; the extra ``fast``."""
    try:
        from neuroflow.engine.native.executor import LlvmExecutor
    except ImportError as error:
        raise BackendError(
            f"the backend llvm cannot be used: {error}; install the extra: pip install"
            ' "neuroflow[fast]", or use backend="numpy"'
        ) from error
    return LlvmExecutor(dtype, n_parameters, memory_limit)


def make_executor(
    backend: str, dtype: str, n_parameters: int, memory_limit: int | None
) -> Executor:
    """The executor of a backend; "auto" takes the fastest that is installed."""
    if dtype not in DTYPES:
        raise InputError(f"unknown dtype {dtype!r}; expected one of {', '.join(DTYPES)}")
    make: Any = get("backend", chosen_backend(backend)).load()
    return make(dtype, n_parameters, memory_limit)  # type: ignore[no-any-return]


def chosen_backend(backend: str) -> str:
    """The name that "auto" stands for: "llvm" if its compiler is installed, else "numpy"."""
    if backend != "auto":
        return backend
    from importlib.util import find_spec

    return "llvm" if find_spec("llvmlite") and "llvm" in names("backend") else "numpy"
