"""The torch backend as its entry names it: to be looked at where PyTorch is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroflow.errors import BackendError

if TYPE_CHECKING:  # PyTorch is imported where it runs, not where backends are listed
    from neuroflow.engine.run.executor import Executor

REMEDY = 'install the extra: pip install "neuroflow[torch]", or use another backend'


def torch_backend(
    dtype: str, n_parameters: int, memory_limit: int | None, device: str = "auto"
) -> Executor:
    """An executor in the memory of a device: "cpu", "cuda", "mps", or "auto", the fastest here.

    With the dtype "bfloat16" matrix products round what they multiply to bfloat16; their sums and
    all else are float32. Raises :class:`BackendError` if PyTorch or the device is missing.
    """
    try:
        import torch

        from neuroflow.engine.torch.devices import device_named
        from neuroflow.engine.torch.executor import TorchExecutor
    except ImportError as error:
        raise BackendError(f"PyTorch cannot run here: {error}", remedy=REMEDY) from error
    rounded = torch.bfloat16 if dtype == "bfloat16" else None
    real = "float64" if dtype == "float64" else "float32"
    return TorchExecutor(real, n_parameters, memory_limit, device_named(device, real), rounded)
