"""``--live`` of train and resume: a page looks at a run, and the run does not notice."""

import functools
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

import neuroflow as nf
from neuroflow.training import Run
from tests.support.long_tests import all_but

CHANGES = ["model.sizes=[2, 4, 4, 1]", "train.steps=60", "train.report_every=5"]
NEUROFLOW = [sys.executable, "-m", "neuroflow"]


@contextmanager
def watched(*arguments):
    """A command with ``--live``; gives the process, the address, and what waits for its end."""
    environment = {**os.environ, "BROWSER": "true", "COLUMNS": "200"}
    with subprocess.Popen(
        [*NEUROFLOW, *map(str, arguments), "--live"],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        try:
            address = next(m for line in process.stderr if (m := re.search(r"http://\S+", line)))

            def ended():
                """Wait until the run is done and its folder is written; then stop."""
                assert any("stays open" in line for line in process.stderr)

            yield address.group(), ended
        finally:
            process.kill()
            drain.join()


def started(folder, backend, *more):
    """What starts a run of moons in a folder."""
    sets = [word for change in CHANGES for word in ("--set", change)]
    return ["train", "moons", *sets, "--backend", backend, "--out", folder, *more]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The folder of the same run that nobody watched, for each backend made once."""

    @functools.cache
    def run(backend):
        folder = tmp_path_factory.mktemp("plain") / backend
        Run.start("moons", folder, [*CHANGES, f"train.backend={backend}"]).run()
        return folder

    return run


def ends(*folders):
    """The parameters and the losses of runs, each."""
    models = [nf.load(folder / "checkpoint.safetensors") for folder in folders]
    losses = [[line["loss"] for line in nf.read_metrics(folder)] for folder in folders]
    return [
        ([p.data for p in m.parameters()], loss) for m, loss in zip(models, losses, strict=True)
    ]


def look_around(tab):
    """All that a page may ask of a run while it goes on."""
    tab.page.locator("#network .neuron").nth(2).click()
    tab.wait("neuroflow.receipt?.title === 'layers.0.neurons.2'")
    tab.page.evaluate(
        """() => {
          neuroflow.send({ do: 'explain', what: 'point', row: 3 });
          neuroflow.send({ do: 'what_if', name: 'layers.0.neurons.2.bias', by: 0.5 });
          neuroflow.send({ do: 'export', what: 'model' });
        }"""
    )


@pytest.mark.parametrize("backend", all_but(["eager", "numpy", "llvm"], ["llvm"]))
def test_a_watched_run_ends_with_the_same_bits(tab, tmp_path, plain, backend):
    looked_at = tmp_path / "watched"
    with watched(*started(looked_at, backend)) as (address, ended):
        tab.page.goto(address)
        tab.wait("neuroflow.now?.step > 0", seconds=60)
        assert tab.page.inner_text("#status") == f"watches a run · {backend}"
        look_around(tab)
        tab.wait("neuroflow.now.over", seconds=60)
        ended()
        losses, numbers = tab.knows("losses"), tab.knows("now.numbers")
    without, with_page = ends(plain(backend), looked_at)
    assert without == with_page == (numbers, losses)


@pytest.mark.parametrize("backend", all_but(["eager", "numpy", "llvm"], ["eager"]))
def test_a_watched_resumed_run_ends_with_the_same_bits(tab, tmp_path, plain, backend):
    stopped = tmp_path / "stopped"
    changes = [*CHANGES, f"train.backend={backend}"]
    for step in Run.start("moons", stopped, changes):
        if step.step == 30:
            break
    with watched("resume", stopped) as (address, ended):
        tab.page.goto(address)
        tab.wait("neuroflow.now?.step > 0", seconds=60)
        look_around(tab)
        tab.wait("neuroflow.now.over", seconds=60)
        ended()
        assert len(tab.knows("losses")) == 60
        numbers = tab.knows("now.numbers")
    without, with_page = ends(plain(backend), stopped)
    assert without == with_page
    assert with_page[0] == numbers


def test_a_watched_run_outlives_its_pages_and_hostile_messages(tab, tmp_path, plain):
    looked_at = tmp_path / "watched"
    with watched(*started(looked_at, "eager")) as (address, ended):
        tab.page.goto(address)
        tab.wait("neuroflow.now?.step > 0", seconds=60)
        other = tab.page.context.new_page()
        other.goto(tab.page.url)
        other.wait_for_function("() => neuroflow.now?.step > 0")
        other.close()
        tab.page.evaluate(
            """() => {
              const hostile = [
                null, [], { do: "__import__('os')" }, { do: 'edit', name: 'x', value: 1 },
                { do: 'play' }, { do: 'step', count: 50 },
                { do: 'configure', setup: { f: '9**9**9' } },
              ];
              hostile.forEach((message) => neuroflow.send(message));
              for (let k = 0; k < 600; k++)
                neuroflow.send({ do: 'explain', what: 'point', row: k % 100 });
            }"""
        )
        tab.page.wait_for_selector("#problem:not([hidden])")
        tab.wait("neuroflow.now.over", seconds=60)
        ended()
    without, with_page = ends(plain("eager"), looked_at)
    assert without == with_page
