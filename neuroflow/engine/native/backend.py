"""The native backends as their entries name them: to be looked at where llvmlite is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroflow.errors import BackendError

if TYPE_CHECKING:  # numpy is imported where a backend runs, not where backends are listed
    from neuroflow.engine.run.executor import Executor


def llvm_backend(dtype: str, n_parameters: int, memory_limit: int | None) -> Executor:
    """An executor that runs native code, made by LLVM at first use and kept; the extra ``fast``.

    Raises :class:`BackendError` if llvmlite cannot be imported.
    """
    return _made("LlvmExecutor", dtype, n_parameters, memory_limit)


def portable_backend(dtype: str, n_parameters: int, memory_limit: int | None) -> Executor:
    """An executor of native code whose results have the same bits on every processor.

    Raises :class:`BackendError` if llvmlite cannot be imported.
    """
    return _made("PortableExecutor", dtype, n_parameters, memory_limit)


def _made(which: str, dtype: str, n_parameters: int, memory_limit: int | None) -> Executor:
    try:
        from neuroflow.engine.native import executor
    except ImportError as error:
        raise BackendError(
            f"native code cannot run here: {error}",
            remedy='install the extra: pip install "neuroflow[fast]", or use backend="numpy"',
        ) from error
    made: Executor = getattr(executor, which)(dtype, n_parameters, memory_limit)
    return made
