"""Whether a run of the tests can be believed: ``check_tests.py LOG COLLECTED``.

LOG is what pytest printed, COLLECTED what ``pytest --collect-only -q`` printed. The log must end
with the summary of pytest, in which every test that was collected has passed. A test may be skipped
only for what nobody can install, or where it says which later step runs it.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

SUMMARY = re.compile(r"^[= ]*(?P<counts>\d+ \w+(?:, \d+ \w+)*) in [\d.]+s(?: \([\d:]+\))?[= ]*$")
COLLECTED = re.compile(r"^[= ]*(\d+)(?:/\d+)? tests? collected ", re.MULTILINE)
SKIPPED = re.compile(r"^SKIPPED \[(\d+)\] (.*)$", re.MULTILINE)
NAMES = Path(os.environ.get("NEUROFLOW_DATA", "../shared/data")) / "names.txt"

LATER = (": run with the sweeps", ": run with -m long")


def problems_of(log: str, collected: str) -> list[str]:
    """Every reason not to believe the run; empty if all is well."""
    last = log.rstrip().rpartition("\n")[2]
    if not (summary := SUMMARY.match(last)):
        return [f"the tests ended with {last!r}; expected pytest's summary: the run was cut short"]
    if not (number := COLLECTED.search(collected)):
        return ["nothing says how many tests were collected; see the output of --collect-only"]
    pairs = [part.split() for part in summary["counts"].split(", ")]
    counts = {what.removesuffix("s"): int(count) for count, what in pairs}
    return [*_of_counts(counts, int(number[1])), *_of_skips(log, counts.get("skipped", 0))]


def _of_counts(counts: dict[str, int], collected: int) -> list[str]:
    found = [f"{n} {what}" for what, n in counts.items() if what in ("failed", "error", "warning")]
    run = counts.get("passed", 0) + counts.get("skipped", 0)
    if run != collected or not run:
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        found.append(f"{collected} tests were collected, and the summary has {told}")
    return found


def _of_skips(log: str, skipped: int) -> list[str]:
    found = SKIPPED.findall(log)
    told = sum(int(count) for count, _ in found)
    if told != skipped:
        return [f"{skipped} tests were skipped, and the log has the reasons of {told}"]
    return [f"skipped without need: {why}" for _, why in found if not _is_needed(why)]


def _is_needed(reason: str) -> bool:
    return reason.endswith(LATER) or ("names.txt" in reason and not NAMES.exists())


if __name__ == "__main__":
    output, listing = (Path(name).read_text() for name in sys.argv[1:3])
    found = problems_of(output, listing)
    print("\n".join(found) or output.rstrip().rpartition("\n")[2])
    sys.exit(bool(found))
