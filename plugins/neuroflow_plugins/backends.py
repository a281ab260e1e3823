"""Backends: engines that run compiled functions.

``neuroflow.compile`` and ``train`` choose by name; "auto" takes the fastest that can run here.
The speeds are those of the page of benchmarks.
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
            probe="neuroflow.engine.run.backends:numpy_probe",
            speed=1.0,
        ),
        nf.BackendEntry(
            name="llvm",
            target="neuroflow.engine.run.backends:llvm_backend",
            summary="Native code as fast as C; the extra 'fast'.",
            probe="neuroflow.engine.run.backends:llvm_probe",
            speed=40.0,
        ),
    ]
