"""The backend llvm as its entry names it: it can be looked at where llvmlite is not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroflow.errors import BackendError

if TYPE_CHECKING:  # numpy is imported where a backend runs, not where backends are listed
    from neuroflow.engine.run.executor import Executor


def llvm_backend(dtype: str, n_parameters: int, memory_limit: int | None) -> Executor:
    """An executor that runs native code, made by LLVM at first use and kept; the extra ``fast``.

    Raises :class:`BackendError` if llvmlite cannot be imported.
    """
    try:
        from neuroflow.engine.native.executor import LlvmExecutor
    except ImportError as error:
        raise BackendError(
            f"the backend llvm cannot run here: {error}",
            remedy='install the extra: pip install "neuroflow[fast]", or use backend="numpy"',
        ) from error
    return LlvmExecutor(dtype, n_parameters, memory_limit)
