"""Compiled machines on disk: kept, shared by processes, and rebuilt when damaged."""

import subprocess
import sys

import pytest

pytest.importorskip("numba")

PROGRAM = """
import neuroflow as nf
fast = nf.compile(lambda x: nf.sin(x) * x, backend="numba")
print(fast.value(0.5))
"""


def start(folder):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env={"NEUROFLOW_CACHE": str(folder), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert float(out) == pytest.approx(0.23971276930210156, rel=1e-14)


def stamps(folder):
    """When the compiled files of the only machine were written."""
    (machine,) = folder.iterdir()
    return {path.name: path.stat().st_mtime_ns for path in machine.rglob("*.nb?")}


def test_the_cache_on_disk(tmp_path):
    together = [start(tmp_path), start(tmp_path)]  # two processes build the same machine
    for process in together:
        finish(process)
    built = stamps(tmp_path)
    assert built

    finish(start(tmp_path))
    assert stamps(tmp_path) == built

    (machine,) = tmp_path.iterdir()
    for file in machine.rglob("*.nbc"):
        file.write_bytes(b"damaged" + file.read_bytes()[7:])
    finish(start(tmp_path))
    rebuilt = stamps(tmp_path)
    assert rebuilt != built

    (machine / "checksums.json").write_text("{}")  # stale: not what this machine was built as
    finish(start(tmp_path))
    again = stamps(tmp_path)
    assert again != rebuilt
    finish(start(tmp_path))
    assert stamps(tmp_path) == again


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    finish(start(blocked))
