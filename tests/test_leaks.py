"""What is done again and again leaves nothing behind: as many objects after it as before."""

import gc
import json
from collections import Counter
from contextlib import closing
from importlib import import_module
from itertools import islice

import pytest

from tests.benchmarks.leaks import RESULTS, WORKLOADS


def objects_of_ours():
    """How many objects there are of each of neuroflow's own types."""
    gc.collect()
    types = map(type, gc.get_objects())
    return Counter(t for t in types if str(t.__module__).startswith("neuroflow"))


@pytest.mark.parametrize("name", [*WORKLOADS][1:])
@pytest.mark.filterwarnings("ignore::neuroflow.errors.NeuroflowWarning")
def test_nothing_is_left_behind(name, monkeypatch):
    for module in ("plan.function", "compile"):  # so that caches are full at once
        monkeypatch.setattr(import_module(f"neuroflow.engine.{module}"), "KEPT", 2)
    _, work = WORKLOADS[name]
    with closing(work()) as turns:
        take(turns, 5)
        before = objects_of_ours()
        take(turns, 3)
        after = objects_of_ours()
    assert {t.__name__: after[t] - before[t] for t in after if after[t] > before[t]} == {}


def take(turns, n):
    for _ in islice(turns, n):
        pass


def test_the_memory_that_the_page_shows_was_measured_in_full():
    """If not: ``python -m tests.benchmarks.leaks NAME``."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert {name: measured["count"] for name, measured in found.items()} == {
        name: count for name, (count, _) in WORKLOADS.items()
    }
