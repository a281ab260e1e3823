"""What all tests share; each topic is a plugin in ``tests/support``."""

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.support.bytecode",
    "tests.support.browser",
    "tests.support.distributions",
    "tests.support.garbage",
    "tests.support.guard",
    "tests.support.long_tests",
    "tests.support.models",
    "tests.support.offers",
    "tests.support.programs",
    "tests.support.sweeps",
    "tests.support.threads",
    "tests.support.workers",
]

collect_ignore = ["gpu"]  # programs for a machine with a GPU, which import each other

# Properties are judged by their truth, not by the speed of the machine.
settings.register_profile("neuroflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("neuroflow")
