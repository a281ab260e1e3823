"""A check ends, whatever the rule does; the report says where it was, and how long each took."""

import pytest

import neuroflow as nf
from neuroflow.checks.time_limit import TookTooLongError, at_most


@nf.op(formula="x")
def endless(x):
    """Ends for small numbers only."""
    while x > 1.5:
        x = x * 1.0
    return x


def test_a_rule_that_does_not_end_is_stopped_and_its_line_is_named():
    report = nf.check(endless, seconds=0.2)
    (told,) = [finding.message for finding in report.findings if finding.check == "time"]
    assert told.startswith("not done after 0.2 s at test_time_limit.py:")
    assert "x = x * 1.0`" in told or "while x > 1.5:`" in told


def _for_ever():
    while True:
        pass


def test_what_is_done_in_time_is_not_stopped_later():
    with at_most(30.0) as places:
        pass
    assert places == []
    with pytest.raises(TookTooLongError), at_most(0.01):
        _for_ever()


def test_a_report_says_how_long_each_entry_took():
    report = nf.check("op/relu")
    assert 0.0 < report.as_dict()["seconds_by_entry"]["op relu"] < 60.0
    assert " s)" in str(report).splitlines()[0]
