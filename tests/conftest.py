"""What all tests share: properties are judged by their truth, not by the speed of the machine."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("neuroflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("neuroflow")
