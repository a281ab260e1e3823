"""``neuroflow train --live``: a page looks at a run, and the run does not notice."""

import os
import re
import signal
import subprocess
import sys

import neuroflow as nf

CHANGES = ["model.sizes=[2, 4, 4, 1]", "train.steps=100", "train.report_every=5"]


def command(folder, *more):
    sets = [word for change in CHANGES for word in ("--set", change)]
    program = [sys.executable, "-m", "neuroflow", "train", "moons", *sets]
    return [*program, "--backend", "eager", "--out", str(folder), *more]


def test_a_watched_run_ends_with_the_same_bits(tab, tmp_path):
    plain, watched = tmp_path / "plain", tmp_path / "watched"
    subprocess.run(command(plain), check=True, capture_output=True)
    environment = {**os.environ, "BROWSER": "true", "COLUMNS": "200"}
    with subprocess.Popen(
        command(watched, "--live"), stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env=environment,
    ) as process:  # fmt: skip
        try:
            address = re.search(r"http://\S+", process.stderr.readline()).group()
            tab.page.goto(address)
            tab.wait("neuroflow.now?.step > 0")
            assert "watches a run" in tab.page.inner_text("#status")
            tab.page.evaluate("() => document.getElementById('play').onclick()")
            tab.page.wait_for_selector("#problem:not([hidden])")
            assert "goes its own way" in tab.page.inner_text("#problem")
            tab.page.locator("#network .neuron").nth(2).click()
            tab.wait("neuroflow.receipt?.title === 'layers.0.neurons.2'")
            tab.wait("neuroflow.now.over", seconds=60)
            losses, numbers = tab.knows("losses"), tab.knows("now.numbers")
            assert any("stays open" in line for line in process.stderr)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
    models = [nf.load(folder / "checkpoint.safetensors") for folder in (plain, watched)]
    ends = [[p.data for p in model.parameters()] for model in models]
    assert ends[0] == ends[1] == numbers
    metrics = [[line["loss"] for line in nf.read_metrics(folder)] for folder in (plain, watched)]
    assert metrics[0] == metrics[1] == losses
