"""Panels: they see what observers see, in order; one that fails is told once and stops nothing."""

from __future__ import annotations

import itertools

import pytest
from neuroflow_plugins.panels import gradient_norm, numbers

import neuroflow as nf
from neuroflow.live.panels import MOST, Panels, Reports
from neuroflow.live.tab import Tab
from neuroflow.panel import content_of
from neuroflow.training import Step


def step(number, loss=1.0):
    return Step(0, number, 10**6, loss, (loss,), {"gradient_norm": 0.5}, None)


@pytest.fixture(autouse=True)
def nothing_stays():
    with nf.local_entries():
        yield


def panel_of(frame, name):
    return next((each for each in frame["panels"] if each["name"] == f"local/{name}@1"), None)


def test_reports_are_thinned_out_evenly_and_keep_the_first_and_the_last():
    reports = Reports()
    for number in range(1, 20_001):
        reports.add(step(number))
        assert reports.until(number)[-1]["step"] == number
    kept = [report["step"] for report in reports.until(20_000)]
    assert kept[0] == 1
    assert MOST / 4 <= len(kept) <= MOST
    gaps = [b - a for a, b in itertools.pairwise(kept)]
    assert max(gaps[:-1]) <= 2 * min(gaps[:-1])


def test_a_run_that_goes_another_way_forgets_what_came_after():
    reports = Reports()
    for number in range(1, 6):
        reports.add(step(number))
    reports.add(step(3, loss=9.0))
    assert [(r["step"], r["loss"]) for r in reports.until(9)] == [(1, 1.0), (2, 1.0), (3, 9.0)]


def test_a_panel_sees_the_reports_up_to_where_the_run_stands():
    seen = []
    nf.register("panel", lambda reports: seen.append(reports) or [], name="it", title="It")
    tab = Tab("classification")
    tab.handle([{"do": "open"}])
    tab.handle([{"do": "step", "count": 3}])
    tab.handle([{"do": "seek", "step": 0}])
    tab.handle([{"do": "step", "count": 1}])
    assert [[report["step"] for report in reports] for reports in seen] == [[], [1, 2, 3], [], [1]]
    metrics = {"step", "steps", "epoch", "loss", "learning_rate", "gradient_norm"}
    assert metrics <= set(seen[1][-1])
    tab.handle([{"do": "reset"}])
    assert seen[-1] == ()


@pytest.mark.parametrize("fault", [ValueError("no"), SystemExit(3)])
def test_one_that_fails_is_told_once_and_the_run_goes_on(fault):
    calls = []

    def broken(reports):
        calls.append(len(reports))
        if reports:
            raise fault
        return [("all", "well")]

    nf.register("panel", broken, title="Broken")
    tab = Tab("classification")
    _, first = tab.handle([{"do": "open"}])
    assert panel_of(first, "broken")["rows"] == [["all", "well"]]
    told = [panel_of(tab.handle([{"do": "step"}])[-1], "broken")["problem"] for _ in range(3)]
    assert told[0].startswith(f"it failed, and shows no more: {type(fault).__name__}")
    assert len(set(told)) == 1
    assert calls == [0, 1]
    assert tab.training.step == 3


def test_what_is_no_picture_never_gets_to_the_page():
    nf.register("panel", lambda reports: "<svg viewBox='0'><script/></svg>", name="it", title="It")
    _, frame = Tab("classification").handle([{"do": "open"}])
    assert set(panel_of(frame, "it")) == {"name", "title", "by", "problem"}
    assert "the picture has <script>" in panel_of(frame, "it")["problem"]


def test_a_slow_panel_is_asked_less_often_while_a_run_plays():
    now = [0.0]

    def slow(reports):
        now[0] += 1.0
        return [("a", len(reports))]

    nf.register("panel", slow, title="Slow")
    panels = Panels(lambda: now[0])
    asked = 0
    for _ in range(100):
        now[0] += 0.5
        asked += any(each["name"] == "local/slow@1" for each in panels.now([], False))
    assert asked <= 7
    assert panels.now([], True)


def test_what_a_panel_prints_stays_off_standard_output(capsys):
    nf.register("panel", lambda reports: print("here") or [], name="it", title="It")
    Tab("classification").handle([{"do": "open"}])
    assert "here" not in capsys.readouterr().out


def test_the_bundled_ones_show_what_was_reported():
    reports = [{"step": k, "steps": 9, "gradient_norm": g} for k, g in enumerate((1.0, 0.1, 0.01))]
    told = content_of(gradient_norm(reports))["svg"]
    assert 'points="52.0,14.0 231.0,75.0 410.0,136.0"' in told
    assert numbers(reports)[-1] == ("gradient_norm", 0.01)
    assert not numbers([])
    wrong = [{"step": k, "gradient_norm": float("nan")} for k in range(5)]
    assert not gradient_norm(wrong)
