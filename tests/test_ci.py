"""What judges a run of the tests believes no log that was cut or thinned."""

from __future__ import annotations

from pathlib import Path

import pytest

CHECK = Path(__file__).parents[1] / ".ci" / "check_tests.py"
DOTS = "....................................................... [ 50%]\n"
SKIP = "SKIPPED [2] tests/support/models.py:18: needs the names file at /data/names.txt\n"
SUMMARY = "60 passed in 61.20s (0:01:01)\n"
COLLECTED = "tests/core/test_value.py::test_one\n\n60 tests collected in 3.21s\n"


@pytest.fixture
def judge(run, tmp_path):
    """What the checker says of a log, and its exit code."""

    def call(log, collected=COLLECTED, names=False):
        (tmp_path / "log").write_text(log)
        (tmp_path / "collected").write_text(collected)
        if names:
            (tmp_path / "names.txt").touch()
        known = {"NEUROFLOW_DATA": str(tmp_path)}
        code, said, errors = run(str(CHECK), "log", "collected", env=known)
        assert errors == ""
        return code, said.strip()

    return call


def test_a_whole_run_is_believed_and_its_summary_shown(judge):
    assert judge(DOTS + SUMMARY) == (0, SUMMARY.strip())
    assert judge(DOTS + f"===== {SUMMARY.strip()} =====\n")[0] == 0


def test_a_step_that_chooses_tests_is_held_to_those(judge):
    collected = COLLECTED.replace("60 tests", "60/99 tests").replace("in 3", "(39 deselected) in 3")
    summary = "60 passed, 39 deselected in 61.20s (0:01:01)"
    assert judge(f"{DOTS}{summary}\n", collected) == (0, summary)
    assert judge(f"{DOTS}{summary.replace('60', '59')}\n", collected)[0] == 1


def test_a_log_cut_in_the_middle(judge):
    code, said = judge(DOTS)
    assert code == 1
    assert said.startswith("the tests ended with '......")
    assert said.endswith("expected pytest's summary: the run was cut short")
    assert judge("")[0] == 1


def test_tests_that_never_ran(judge):
    assert judge(DOTS + "40 passed in 9.99s\n") == (
        1, "60 tests were collected, and the summary has 40 passed",
    )  # fmt: skip
    assert judge(DOTS + SUMMARY, collected="")[0] == 1


@pytest.mark.parametrize("counts", ["1 failed, 60 passed", "60 passed, 1 error", "2 failed"])
def test_tests_that_failed(judge, counts):
    assert judge(f"{DOTS}{counts} in 9.99s\n")[0] == 1


def test_only_what_nobody_can_install_may_be_skipped(judge):
    log = DOTS + SKIP + "58 passed, 2 skipped in 9.99s\n"
    assert judge(log) == (0, "58 passed, 2 skipped in 9.99s")
    assert judge(log, names=True)[1].startswith("skipped without need: tests/support/models.py:18")
    code, said = judge(log.replace("names file at /data/names.txt", "a browser"))
    assert (code, said.startswith("skipped without need")) == (1, True)


@pytest.mark.parametrize("later", [": run with the sweeps", ": run with -m long"])
def test_what_a_later_step_runs_may_be_skipped_before(judge, later):
    log = DOTS + SKIP + "58 passed, 2 skipped in 9.99s\n"
    needs = "needs the names file at /data/names.txt"
    assert judge(log.replace(needs, f"it takes ten seconds{later}"))[0] == 0
    assert judge(log.replace(needs, "it takes ten seconds"))[0] == 1


def test_a_skip_without_a_reason(judge):
    code, said = judge(DOTS + "58 passed, 2 skipped in 9.99s\n")
    assert (code, said) == (1, "2 tests were skipped, and the log has the reasons of 0")
