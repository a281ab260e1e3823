"""Machine code on disk: kept, shared by processes, and made anew when damaged."""

import subprocess
import sys

import pytest

pytest.importorskip("llvmlite")

PROGRAM = """
import neuroflow as nf
fast = nf.compile(lambda x: nf.sin(x) * x, backend="llvm")
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
    """When each function was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def test_processes_share_what_they_compiled(tmp_path):
    together = [start(tmp_path), start(tmp_path)]  # both make the same functions
    for process in together:
        finish(process)
    built = stamps(tmp_path)
    assert len(built) == 3  # sin, mul, and what runs them

    finish(start(tmp_path))
    assert stamps(tmp_path) == built


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content[:-1], id="cut short"),
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content[:-9] + bytes(9), id="other bytes"),
        pytest.param(lambda content: bytes(32) + content[32:], id="another checksum"),
    ],
)
def test_damaged_machine_code_is_made_anew(tmp_path, damage):
    finish(start(tmp_path))
    sound = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path, content in sound.items():
        path.write_bytes(damage(content))
    finish(start(tmp_path))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == sound


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    finish(start(blocked))
    assert blocked.read_text() == ""


def test_machine_code_depends_on_its_text_the_numbers_and_the_vectors():
    from neuroflow.engine.native.language import Target
    from neuroflow.engine.native.units import Unit

    text = "def nothing(m: Numbers, n: Int):\n    pass\n"
    targets = [Target(dtype, width) for dtype in ("float64", "float32") for width in (4, 8)]
    keys = [Unit(text).key(target) for target in targets]
    keys += [Unit(text, is_instruction=False).key(targets[0])]
    keys += [Unit(text.replace("nothing", "other")).key(targets[0])]
    assert len(set(keys)) == 6
