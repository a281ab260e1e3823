"""Devices: what a tensor can lie on here, and what each of them can do."""

from __future__ import annotations

import torch

from neuroflow.errors import BackendError
from neuroflow.memory import free_memory


def devices_here() -> list[str]:
    """The devices that PyTorch finds on this machine, the fastest first."""
    found = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return [*[name for name, is_there in found.items() if is_there], "cpu"]


def device_named(name: str, dtype: str) -> torch.device:
    """The device of a name; "auto" is the fastest that is here and knows the dtype.

    Raises :class:`BackendError` for one that is not here, or that cannot compute in ``dtype``.
    """
    here = [device for device in devices_here() if device != "mps" or dtype != "float64"]
    if name == "auto":
        return torch.device(here[0])
    if name not in here:
        if name == "mps" and name in devices_here():
            raise BackendError(
                "the device mps computes in float32, but got dtype 'float64'",
                remedy='use dtype="float32", or device="cpu"',
                got=dtype,
            )
        raise BackendError(
            f"there is no device {name} here (PyTorch {torch.__version__})",
            expected=f"one of {', '.join(here)}",
            remedy="install a PyTorch that is made for this device, or use one of these",
            got=name,
        )
    return torch.device(name)


def free_bytes(device: torch.device) -> int:
    """How much memory of a device nobody uses."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_memory()


def facts(device: str) -> str:
    """PyTorch's version and the card: what the last bits of results depend on."""
    if device == "cuda":
        card = torch.cuda.get_device_name()
        return f"torch {torch.__version__}, CUDA {torch.version.cuda}, {card}"
    return f"torch {torch.__version__} on {device}, {torch.get_num_threads()} threads"
