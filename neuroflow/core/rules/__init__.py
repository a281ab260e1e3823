"""What a function must be to be the rule of an op, and what its author is told if it is not.

Reading order: :mod:`mistakes` (the words of all messages), :mod:`arithmetic` (numbers that
stand in texts), :mod:`places` (where its derivative jumps), :mod:`declarations` (when an op is
defined), :mod:`first_use` (when it computes for the first time), :mod:`failures` (when its rule
fails), :mod:`calls`. Nothing here computes anything: who reads the core can leave it out.
"""

from neuroflow.core.rules.calls import checked_settings, refuse, tell_failure, wrong_inputs
from neuroflow.core.rules.declarations import (
    check_declared,
    check_partials,
    declared,
    signature,
    what_changes,
)
from neuroflow.core.rules.failures import line_at, line_of, tell_mistake
from neuroflow.core.rules.first_use import (
    check_one_number,
    check_result,
    check_slopes,
    cut_off,
    looked_at,
    number_of,
    prepared,
)
from neuroflow.core.rules.mistakes import Rule
from neuroflow.core.rules.places import kinks_of

__all__ = [
    "Rule", "check_declared", "check_one_number", "check_partials", "check_result",
    "check_slopes", "checked_settings", "cut_off", "declared", "kinks_of", "line_at", "line_of",
    "looked_at", "number_of", "prepared", "refuse", "signature", "tell_failure", "tell_mistake",
    "what_changes", "wrong_inputs",
]  # fmt: skip
