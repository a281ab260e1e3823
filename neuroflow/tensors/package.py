"""PyTorch itself: imported where it is used, and missed in words."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from neuroflow.errors import BackendError


def has_torch() -> bool:
    """Whether PyTorch is installed; it is not imported."""
    return find_spec("torch") is not None


def require_torch(what: str) -> Any:
    """The package; raises :class:`BackendError` that names ``what`` needs it where it is absent."""
    if not has_torch():
        raise BackendError(
            f"{what} needs PyTorch, which is not installed",
            expected="the extra torch",
            remedy='pip install "neuroflow[torch]"',
        )
    return import_module("torch")
