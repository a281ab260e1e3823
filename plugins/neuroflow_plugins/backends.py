"""Backends: engines that run compiled functions.

``neuroflow.compile`` and ``train`` choose by name; "auto" takes the fastest that can run here.
The speeds are those of the page of benchmarks.
"""

from __future__ import annotations

from importlib.util import find_spec

import neuroflow as nf


def numpy_is_there():
    """Empty, or what is missing."""
    return "" if find_spec("numpy") else "numpy is not installed; pip install numpy"


def llvmlite_is_there():
    """Empty, or what is missing."""
    extra = 'install the extra: pip install "neuroflow[fast]", or use backend="numpy"'
    return "" if find_spec("llvmlite") else f"llvmlite is not installed; {extra}"


def torch_is_there():
    """Empty, or what is missing."""
    extra = 'install the extra: pip install "neuroflow[torch]"'
    return "" if find_spec("torch") else f"PyTorch is not installed; {extra}"


@nf.hookimpl
def neuroflow_backends():
    return [
        nf.BackendEntry(
            name="numpy",
            target="neuroflow:NumpyExecutor",
            summary="Array code; needs nothing beyond numpy.",
            probe=numpy_is_there,
            speed=1.0,
        ),
        nf.BackendEntry(
            name="llvm",
            target="neuroflow:llvm_backend",
            summary="Native code as fast as C; the extra 'fast'.",
            probe=llvmlite_is_there,
            speed=40.0,
        ),
        nf.BackendEntry(
            name="portable",
            target="neuroflow:portable_backend",
            summary="Native code with the same bits on every processor; the extra 'fast'.",
            probe=llvmlite_is_there,
            speed=36.0,
        ),
        nf.BackendEntry(
            name="torch",
            target="neuroflow:torch_backend",
            summary="Array code of PyTorch, on a GPU too; the extra 'torch'.",
            probe=torch_is_there,
            dtypes=("float64", "float32", "bfloat16"),
            devices=("cpu", "cuda", "mps"),
        ),
    ]
