"""Memory: what is free, and the one place in which what is larger is refused."""

import pytest

import neuroflow as nf
from neuroflow import memory


def test_what_is_free_is_what_the_tightest_limit_leaves(monkeypatch):
    assert 0 < memory.free_memory() < 2**62
    for limit in ("_free_in_machine", "_free_in_group", "_free_in_process"):
        with monkeypatch.context() as patched:
            patched.setattr(memory, limit, lambda: 1000)
            assert memory.free_memory() == 1000


def test_little_is_not_asked_about(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 0)
    nf.check_room(1000, "parameters")
    nf.check_room(0, "parameters")
    with pytest.raises(nf.InputError, match="10,000,000 rows would take about 1 GB of memory, 100"):
        nf.check_room(10**7, "rows", each=100)


def test_a_file_that_does_not_fit_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "sparse.csv"
    with path.open("wb") as file:
        file.truncate(2**42)
    with pytest.raises(nf.InputError, match=r"bytes of .*sparse\.csv would take about 18 TB"):
        nf.read_text(path)


def test_a_setting_says_how_much_each_takes():
    many = nf.Setting("how many", "[1, inf)", each=500, name="points", type=int)
    assert many.problem(1000) is None
    assert str(many.problem(10**12)).startswith(
        "points: got 1000000000000: 1,000,000,000,000 points would take about 500 TB of memory"
    )
