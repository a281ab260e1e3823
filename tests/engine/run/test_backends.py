"""Choosing a backend: the fastest that can run here wins, whoever offers it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import neuroflow as nf
from neuroflow.engine.run.backends import BackendWarning, failure_of, fastest_first, make_executor
from neuroflow.registry.entries import Provider
from neuroflow.registry.manager import manager

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "custom-backend.md"
PROVIDER = Provider("plugged", "plugged", "nf-plugged", "1.0", "plugged")


@pytest.fixture
def offer():
    """Offer backends as an installed plugin does; they are taken back afterwards."""
    registry = manager().registry

    def add(name="quick", target=nf.NumpyExecutor, **facts):
        entry = nf.BackendEntry(name=name, target=target, summary="of a plugin", **facts)
        return registry.add(entry, PROVIDER)

    yield add
    registry.remove(PROVIDER)


def square(x):
    return x * x


class Unreadable(Exception):
    def __str__(self):
        raise ValueError


def unreadable():
    raise Unreadable


def raising(*_):
    raise RuntimeError("no device")


def test_auto_takes_a_plugins_backend_that_is_faster(offer):
    offer(speed=1000.0)
    fast = nf.compile(square)
    assert fast.backend == "plugged/quick"
    assert fast.value(3.0) == 9.0
    assert nf.train("moons", {"train.steps": 1}).backend == "plugged/quick"


def test_an_executor_has_the_name_of_its_backend(offer):
    offer()
    assert make_executor("plugged/quick", "float64", 1, None).name == "plugged/quick"
    assert make_executor("numpy", "float64", 1, None).name == "numpy"


def test_a_backend_without_a_speed_runs_by_name_only(offer):
    offer()
    assert nf.compile(square).backend != "plugged/quick"
    assert nf.compile(square, backend="plugged/quick").value(3.0) == 9.0


@pytest.mark.parametrize(
    ("facts", "obstacle"),
    [
        ({"probe": lambda: "no device; install a driver"}, "no device; install a driver"),
        ({"probe": raising}, "its probe failed: RuntimeError: no device; expected a text, empty"),
        ({"probe": unreadable}, "its probe failed: Unreadable: (and its message cannot be read: V"),
        ({"probe": lambda: None}, "its probe failed: it gave None; expected a text, empty if it"),
        ({"probe": "no_such_module:probe"}, "its probe failed: PluginError: backend plugged/quick"),
    ],
    ids=["honest", "raises", "cannot be read", "gives nothing", "cannot be imported"],
)
def test_a_backend_that_cannot_run_says_why_and_is_skipped(offer, facts, obstacle):
    entry = offer(speed=1000.0, **facts)
    assert entry.obstacle().startswith(obstacle)
    assert nf.compile(square).value(3.0) == 9.0
    text = f"the backend plugged/quick cannot run here: {obstacle}"
    with pytest.raises(nf.BackendError, match=re.escape(text)):
        nf.compile(square, backend="plugged/quick").value(3.0)


@pytest.mark.parametrize(
    ("target", "failure"),
    [
        (raising, "failed while it made an executor: RuntimeError: no device; use another"),
        (lambda *_: None, "gave None of type NoneType; expected a neuroflow.Executor; use another"),
        (lambda: None, "failed while it made an executor: TypeError: "),
        ("no_such_module:make", "backend plugged/quick@1 (plugin 'plugged' of nf-plugged 1.0)"),
    ],
    ids=["raises", "gives nothing", "takes nothing", "cannot be imported"],
)
def test_a_broken_backend_is_left_out_with_a_warning(offer, target, failure):
    entry = offer(target=target, speed=1000.0)
    with pytest.warns(BackendWarning, match=re.escape(failure)):
        fast = nf.compile(square)
    assert fast.backend != "plugged/quick"
    assert fast.value(3.0) == 9.0
    assert failure in failure_of(entry, "float64")
    with pytest.raises(nf.BackendError if not isinstance(target, str) else nf.PluginError,
                       match=re.escape(failure)):  # fmt: skip
        nf.compile(square, backend="plugged/quick").value(3.0)


def test_auto_takes_only_what_computes_in_the_precision_asked_for(offer):
    offer(speed=1000.0, dtypes=("float32",))
    assert nf.compile(square, dtype="float32").backend == "plugged/quick"
    assert nf.compile(square).backend != "plugged/quick"
    with pytest.raises(nf.BackendError, match="computes in float32, but got dtype 'float64'"):
        nf.compile(square, backend="plugged/quick").value(3.0)


def test_where_nothing_can_run_each_backend_says_why(monkeypatch):
    monkeypatch.setattr("neuroflow_plugins.backends.find_spec", lambda name: None)
    with pytest.raises(nf.BackendError) as caught:
        nf.compile(square)
    assert str(caught.value) == (
        "no backend can run here in float64 (llvm: llvmlite is not installed; install the extra:"
        ' pip install "neuroflow[fast]", or use backend="numpy"; portable: llvmlite is not'
        ' installed; install the extra: pip install "neuroflow[fast]", or use backend="numpy";'
        " numpy: numpy is not installed; pip install numpy; torch: PyTorch is not installed;"
        ' install the extra: pip install "neuroflow[torch]"); use backend="eager"'
    )


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf"), "fast", None])
def test_a_speed_is_a_number_from_zero_up(speed):
    with pytest.raises(nf.InputError, match="the backend 'quick' has the speed"):
        nf.BackendEntry(name="quick", target=nf.NumpyExecutor, speed=speed)


@pytest.mark.parametrize("dtypes", [(), ("float16",), "float32", None, ["float64"]])
def test_dtypes_are_known_ones(dtypes):
    with pytest.raises(nf.InputError, match="expected a tuple of float64 and float32"):
        nf.BackendEntry(name="quick", target=nf.NumpyExecutor, dtypes=dtypes)


def test_of_equally_fast_backends_the_bundled_one_comes_first(offer):
    offer(speed=1.0)
    names = [entry.shortest_name for entry in fastest_first()]
    assert names.index("numpy") < names.index("plugged/quick")


def test_listing_backends_imports_none_of_what_they_need():
    script = (
        "import sys; from neuroflow.cli.shared.entries import described; import neuroflow as nf\n"
        "from neuroflow.engine.run.backends import fastest_first\n"
        "assert [described(entry)['obstacle'] for entry in fastest_first()]\n"
        "print(sorted({'numpy', 'llvmlite'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_the_backend_of_the_guide_counts_what_it_runs(offer):
    block = re.findall(r"```python\n(from collections.*?)```", PAGE.read_text(), re.S)[0]
    names = {"__name__": "guide"}
    exec(block, names)
    offer(name="counting", target=names["counting"].target, speed=1000.0)
    model = nf.build("mlp", sizes=[2, 3, 1], activation="tanh", rng=nf.SplitMix32(1))

    def loss(x, y):
        return (model(x) - y) ** 2

    fast = nf.compile(loss)
    found = fast.value_and_gradients([0.5, -1.0], 1.0)
    expected = nf.compile(loss, backend="numpy").value_and_gradients([0.5, -1.0], 1.0)
    assert found[0] == expected[0]
    assert found[1].parameters == expected[1].parameters
    assert names["counts"]["MAP"] > 4
    assert names["counts"]["DOT"] == names["counts"]["DOT_BACK"] >= 2


def test_list_and_doctor_say_what_can_run_and_doctor_names_the_broken(offer):
    from neuroflow.cli.doctor import backends_here, broken_backends

    offer("absent", speed=30.0, probe=lambda: "no device; install a driver")
    offer("broken", raising, speed=20.0)
    offer("shy")
    assert {
        name: text for name, text in backends_here().items() if name.startswith("plugged/")
    } == {
        "plugged/absent": "cannot run here: no device; install a driver",
        "plugged/broken": "20 x the speed of numpy",
        "plugged/shy": "only by name",
    }
    (problem,) = broken_backends()
    assert problem.subject == "backend plugged/broken"
    assert "RuntimeError: no device" in problem.problem
    assert problem.remedy == "tell the authors of nf-plugged"
    assert not problem.fatal


PLUGIN = """
import neuroflow as nf

class Quick(nf.NumpyExecutor):
    "Array code under another name."

def broken(*_):
    raise RuntimeError("no device")

@nf.hookimpl
def neuroflow_backends():
    entry = nf.BackendEntry
    return [
        entry(name="quick", target="nf_quick:Quick", summary="Fast.", speed=500.0),
        entry(name="broken", target=broken, summary="Broken.", speed=600.0),
        entry(name="absent", target=broken, summary="Absent.", speed=700.0,
              probe=lambda: "no device; install a driver"),
    ]
"""


def test_the_backend_of_an_installed_plugin_wins_and_its_broken_ones_harm_nobody(tmp_path):
    (tmp_path / "nf_quick.py").write_text(PLUGIN)
    info = tmp_path / "nf_quick-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nf-quick\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[neuroflow]\nquick = nf_quick\n")
    script = 'import neuroflow as nf; print(nf.train("moons", {"train.steps": 1}).run().backend)'
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "quick/quick\n"), done.stderr
    told = "the backend quick/broken (plugin 'quick' of nf-quick 1.0) failed while it made an"
    assert done.stderr.count(told) == 1
    assert "absent" not in done.stderr
