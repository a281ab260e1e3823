"""Backends: engines that run compiled functions.

The target of an entry is ``(dtype, n_parameters, memory_limit) -> Executor``; see
:mod:`neuroflow.engine.run.executor`. ``neuroflow.compile`` and ``train`` choose by name.
"""

from __future__ import annotations

import neuroflow as nf


@nf.hookimpl
def neuroflow_backends():
    return [
        nf.BackendEntry(
            name="numpy",
            target="neuroflow.engine.run.backends:numpy_backend",
            summary="Array code; needs nothing beyond numpy.",
        ),
        nf.BackendEntry(
            name="llvm",
            target="neuroflow.engine.run.backends:llvm_backend",
            summary="Native code as fast as C; the extra 'fast'.",
        ),
    ]
