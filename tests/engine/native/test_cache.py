"""Machine code on disk: kept, shared by processes, and made anew when damaged."""

import os
import stat
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from neuroflow.engine.native.cache import Cache, kept

pytest.importorskip("llvmlite")

PROGRAM = """
import neuroflow as nf
fast = nf.compile(lambda x: nf.sin(x) * x, backend="llvm")
print(fast.value(0.5))
"""


CODE = b"machine code"
KEEP = "from neuroflow.engine.native.cache import kept; kept(['nf_a'], [lambda: b'machine code'])"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of one function."""
    folder = tmp_path / "own" / "cache"
    monkeypatch.setenv("NEUROFLOW_CACHE", str(folder))
    assert kept(["nf_a"], [lambda: CODE]) == [CODE]
    return Cache(folder)


def again(cache):
    """The function once more."""
    (content,) = kept(["nf_a"], [lambda: CODE])
    return content


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
def test_what_is_damaged_is_made_anew(cache, damage):
    path = cache.folder / "nf_a"
    sound = path.read_bytes()
    path.write_bytes(damage(sound))
    assert cache.read("nf_a") is None
    assert again(cache) == CODE
    assert path.read_bytes() == sound


def test_a_copy_under_another_name_is_not_taken_for_it(cache):
    (cache.folder / "nf_b").write_bytes((cache.folder / "nf_a").read_bytes())
    assert (cache.read("nf_a"), cache.read("nf_b")) == (CODE, None)


def test_files_and_folders_are_private_whatever_the_umask_is(cache, tmp_path):
    script = "import os; os.umask({}); " + KEEP
    for umask in ("0", "0o777"):
        folder = tmp_path / umask / "deep"
        command = [sys.executable, "-c", script.format(umask)]
        subprocess.run(command, check=True, env={"NEUROFLOW_CACHE": str(folder)})
        modes = [stat.S_IMODE(p.stat().st_mode) for p in (folder.parent, folder, folder / "nf_a")]
        assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize("where", ["file", "folder", "above"])
def test_what_others_could_write_is_not_used(cache, monkeypatch, where):
    path = {"file": cache.folder / "nf_a", "folder": cache.folder, "above": cache.folder.parent}
    path[where].chmod(0o777)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert again(Cache.here()) == CODE
        assert again(Cache.here()) == CODE
    told = [str(warning.message) for warning in said]
    if where == "file":
        assert Cache.here().read("nf_a") == CODE  # it was made anew, and is private
        assert told == []
    else:
        (only,) = told
        assert f"machine code is not kept: other users can write to {path[where]}" in only
        assert "chmod go-w" in only
        assert Cache.here().folder is None


def test_what_belongs_to_another_user_is_not_used(cache, monkeypatch):
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)
    assert cache.read("nf_a") is None
    assert Cache.here().unsafe
    assert "belongs to another user (uid" in Cache.here().reason


def test_a_link_in_place_of_a_file_is_not_followed(cache, tmp_path):
    path = cache.folder / "nf_a"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert cache.read("nf_a") is None


def test_a_folder_behind_a_link_is_judged_where_it_lies(cache, tmp_path, monkeypatch):
    link = tmp_path / "link"
    link.symlink_to(cache.folder)
    monkeypatch.setenv("NEUROFLOW_CACHE", str(link))
    assert Cache.here().read("nf_a") == CODE
    cache.folder.chmod(0o722)
    assert Cache.here().reason == f"other users can write to {cache.folder}"


def test_without_a_home_nothing_is_kept(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NEUROFLOW_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    here = Cache.here()
    assert (here.folder, here.unsafe, here.size()) == (None, False, (0, 0))
    assert "no home folder" in here.reason
    assert again(here) == CODE


def test_a_relative_folder_of_caches_does_not_count(monkeypatch, tmp_path):
    monkeypatch.delenv("NEUROFLOW_CACHE", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "caches")
    assert Cache.here().folder == tmp_path / ".cache" / "neuroflow"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert Cache.here().folder == tmp_path / "caches" / "neuroflow"


def test_what_was_left_half_written_goes_and_the_oldest_beyond_the_limit(cache, monkeypatch):
    for name, age in ((".partial-a", 7200), (".partial-b", 60), ("nf_old", 600), ("nf_a", 30)):
        path = cache.folder / name
        path.write_bytes(bytes(1000))
        os.utime(path, (time.time() - age,) * 2)
    cache.tidy()
    assert sorted(path.name for path in cache.folder.iterdir()) == [".partial-b", "nf_a", "nf_old"]
    monkeypatch.setattr("neuroflow.engine.native.cache.LARGEST", 2500)
    cache.tidy()
    assert sorted(path.name for path in cache.folder.iterdir()) == [".partial-b", "nf_a"]


def test_a_full_disk_costs_nothing_but_the_keeping(cache, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    (cache.folder / "nf_a").unlink()
    assert again(cache) == CODE
    assert list(cache.folder.iterdir()) == []


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
