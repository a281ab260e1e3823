"""A session on a device: sections that each find something, until a deadline."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable
from typing import Any


class Session:
    """What is found, section by section; one that fails is noted, and the others go on."""

    def __init__(self, device: str, minutes: float) -> None:
        self.device = device
        self.start = time.monotonic()
        self.deadline = self.start + 60 * minutes
        self.found: dict[str, dict[str, Any]] = {}

    def section(self, name: str, run: Callable[[], dict[str, Any]]) -> None:
        """Run a section and keep what it gives; or why it failed."""
        start = time.monotonic()
        if start > self.deadline:
            found: dict[str, Any] = {"skipped": "no time was left"}
        else:
            try:
                found = run()
            except Exception as error:
                found = {"failed": f"{type(error).__name__}: {str(error)[:600]}",
                         "where": traceback.format_exc()[-1500:]}  # fmt: skip
        end = time.monotonic()
        self.found[name] = found | {"seconds": round(end - start, 2)}
        print(f"[{end - self.start:6.1f} s] {name}: {json.dumps(found)[:700]}", flush=True)

    def bad(self) -> list[str]:
        """The sections that failed, were wrong, or had no time."""
        return [
            name
            for name, found in self.found.items()
            if "failed" in found or "skipped" in found or found.get("right") is False
        ]
