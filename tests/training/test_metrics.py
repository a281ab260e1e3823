"""The metrics file: JSON that every reader takes; its history is never shortened in silence."""

from __future__ import annotations

import json
import math
import random
import shutil

import pytest

import neuroflow as nf
from neuroflow.cli.shared.watching import _losses_of
from neuroflow.training import METRICS, Step
from neuroflow.training.metrics import DamagedMetricsWarning, MetricsFile
from neuroflow.view.outcome import LossCurve
from tests.support.sweeps import tries
from tests.training.test_folder import TINY


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a run of six steps."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    nf.Run.start(TINY, folder).run()
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of it, that may be damaged."""
    return shutil.copytree(finished, tmp_path / "copy")


def lines_of(folder):
    return (folder / METRICS).read_bytes().splitlines(keepends=True)


def strictly(text):
    """JSON as its standard has it, which Python's own reader is not."""

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_a_number_that_is_not_finite_is_null(tmp_path):
    metrics = {"gradient_norm": math.inf, "test_loss": math.nan, "learning_rate": 0.1}
    with MetricsFile(tmp_path, 0) as file:
        file.write(Step(0, 2, 2, -math.inf, (0.5, -math.inf), metrics, None))
    first, last = map(strictly, lines_of(tmp_path))
    assert first == {"step": 1, "loss": 0.5}
    unknown = dict.fromkeys(["loss", "gradient_norm", "test_loss"])
    assert last == {"step": 2, "epoch": 0, "learning_rate": 0.1, **unknown}
    assert nf.read_metrics(tmp_path) == [first, last]


DAMAGED = [
    b"", b"hello", b"[]", b"null", b'{"step": 3}', b'{"step": "3", "loss": 1.0}', b"\xff\xfe",
    b'{"step": true, "loss": 1.0}', b'{"step": 0, "loss": 1.0}', b'{"step": 3, "loss": NaN}',
    b'{"step": 3, "loss": 1e999}', b'{"step": 3, "loss": "x"}', b'{"step": 3.5, "loss": 1.0}',
    b"[" * 100_000, b'{"step": ' + b"9" * 5000 + b', "loss": 1.0}',
    b'{"step": ' + b"9" * 400 + b', "loss": 1.0}', b'{"step": 3, "loss": 1.0',
]  # fmt: skip


@pytest.mark.parametrize("line", DAMAGED, ids=lambda line: repr(line[:30]))
def test_a_damaged_line_is_told_by_its_number_and_the_rest_kept(folder, line):
    lines = lines_of(folder)
    content = b"".join([*lines[:2], line + b"\n", *lines[3:]])
    (folder / METRICS).write_bytes(content)
    with pytest.warns(
        DamagedMetricsWarning, match=f"line 3 of {folder / METRICS} left out"
    ) as told:
        assert [line["step"] for line in nf.read_metrics(folder)] == [1, 2, 4, 5, 6]
    assert told[0].message.where["line"] == 3
    run = nf.Run.resume(folder).run()
    assert run.summary()["note"] == f"line 3 of {folder / METRICS}: damaged, and left in place"
    assert (folder / METRICS).read_bytes() == content


def test_a_torn_last_line_is_dropped_with_a_word(folder):
    whole = b"".join(lines_of(folder))
    (folder / METRICS).write_bytes(whole + b'{"step": 7, "lo')
    with pytest.warns(DamagedMetricsWarning, match=r"line 7 of .* left out: damaged, or torn"):
        assert len(nf.read_metrics(folder)) == 6
    note = nf.Run.resume(folder).run().summary()["note"]
    assert note == f"the last line of {folder / METRICS} was torn, and is taken away"
    assert (folder / METRICS).read_bytes() == whole


def test_a_last_line_without_its_end_of_line_is_whole(folder):
    whole = b"".join(lines_of(folder))
    (folder / METRICS).write_bytes(whole.rstrip())
    assert "note" not in nf.Run.resume(folder).run().summary()
    assert (folder / METRICS).read_bytes() == whole


def test_a_history_that_is_lost_is_told(folder):
    (folder / METRICS).unlink()
    note = nf.Run.resume(folder).run().summary()["note"]
    assert note == f"{folder / METRICS} lacks 6 of the 6 steps done"


def test_lines_that_somebody_added_do_not_push_others_out(folder):
    content = b"".join([b"# my run\n", *lines_of(folder)])
    (folder / METRICS).write_bytes(content)
    nf.Run.resume(folder).run()
    assert (folder / METRICS).read_bytes() == content


@pytest.mark.filterwarnings("ignore::neuroflow.training.metrics.DamagedMetricsWarning")
def test_pictures_and_pages_do_without_what_is_lost(folder):
    lines = lines_of(folder)
    (folder / METRICS).write_bytes(
        b'{"step": 1, "loss": 2.0, "test_loss": null}\nx\n' + b"".join(lines[2:4])
    )
    run = nf.Run.resume(folder)
    curve = LossCurve.of(run)
    assert [step for step, _ in curve.train] == [1, 3, 4]
    assert curve.test == []
    known = [json.loads(line)["loss"] for line in lines[2:4]]
    assert _losses_of(run) == [2.0, 2.0, *known, known[-1], known[-1]]


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore::neuroflow.training.metrics.DamagedMetricsWarning")
def test_no_damage_to_a_line_costs_another(folder, figures):
    """Bytes of one line are changed at random, its ends left alone: all others are still read."""
    rng, count = random.Random(0), tries(20, full=2000)
    lines = lines_of(folder)
    for _ in range(count):
        hurt = rng.randrange(len(lines))
        line = bytearray(lines[hurt][:-1])
        for _ in range(rng.randrange(1, 4)):
            line[rng.randrange(len(line))] = rng.choice([c for c in range(256) if c != 10])
        content = b"".join([*lines[:hurt], bytes(line) + b"\n", *lines[hurt + 1 :]])
        (folder / METRICS).write_bytes(content)
        found = nf.read_metrics(folder)
        others = [json.loads(line) for k, line in enumerate(lines) if k != hurt]
        assert [line for line in found if line in others] == others
    figures(tried=count, faults=0)


def test_a_disk_that_is_full_is_told_with_the_file_and_not_again_when_it_is_closed(tmp_path):
    file = MetricsFile(tmp_path, 0)
    file._file.close()
    file._file = open("/dev/full", "w", encoding="utf-8")  # noqa: SIM115  closed in __exit__
    with pytest.raises(nf.FileError, match=r"cannot write .*metrics\.jsonl: No space left"), file:
        file.write(Step(0, 2, 2, 0.5, (0.5, 0.5), {}, None))
