"""Right entries of third parties raise no alarm, however unusual they are."""

from __future__ import annotations

import pytest

import neuroflow as nf
from tests.support.right_entries import RIGHT
from tests.support.sweeps import tries


@pytest.mark.sweep
def test_right_entries_have_no_finding(figures):
    assert len(RIGHT) >= 40
    some = RIGHT[:: len(RIGHT) // tries(6, full=len(RIGHT))]
    reports = [nf.check(entry) for entry in some]
    wrong = [report for report in reports if not report]
    figures(tried=len(some), faults=len(wrong))
    assert not wrong, wrong
