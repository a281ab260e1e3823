"""Files: written whole or untouched, never through a link; a byte order mark is part of no text."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from pathlib import Path

import pytest

import neuroflow as nf
from neuroflow.files import PARTIAL, write_file

posix = pytest.mark.skipif(
    sys.platform == "win32", reason="permissions and links as POSIX has them"
)


def refused(path, content=b"new"):
    with pytest.raises(nf.FileError) as caught:
        write_file(path, content)
    return str(caught.value)


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "m.bin"
    write_file(path, b"old")
    write_file(path, "näw")
    assert path.read_bytes() == "näw".encode()
    assert os.listdir(tmp_path) == ["m.bin"]


@posix
def test_a_new_file_has_the_usual_permissions_and_a_replaced_one_keeps_its_own(tmp_path):
    usual, path = tmp_path / "usual", tmp_path / "m.bin"
    usual.touch()
    write_file(path, b"1")
    assert path.stat().st_mode == usual.stat().st_mode
    for mode in (0o600, 0o640, 0o666):
        path.chmod(mode)
        write_file(path, b"2")
        assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
@pytest.mark.skipif(sys.platform != "win32" and os.getuid() != 0, reason="only root gives away")
def test_a_replaced_file_keeps_its_owner(tmp_path):
    path = tmp_path / "m.bin"
    path.touch()
    os.chown(path, 12345, 54321)
    write_file(path, b"2")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)


@posix
def test_a_file_of_another_that_cannot_be_given_away_is_written_all_the_same(tmp_path, monkeypatch):
    path = tmp_path / "m.bin"
    path.touch()

    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    real = os.fstat
    monkeypatch.setattr(os, "fchown", refuse)
    monkeypatch.setattr(
        os, "fstat", lambda fd: os.stat_result([*real(fd)[:4], 1, 1, *real(fd)[6:]])
    )
    write_file(path, b"2")
    assert path.read_bytes() == b"2"


@posix
def test_nobody_can_lay_a_link_where_the_new_file_is_written(tmp_path, monkeypatch):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    monkeypatch.setattr(os, "urandom", lambda count: b"\0" * count)
    (tmp_path / PARTIAL.format("00" * 8)).symlink_to(victim)
    assert "File exists" in refused(tmp_path / "m.bin")
    assert victim.read_text() == "precious"


@posix
def test_a_symbolic_link_stays_and_the_file_behind_it_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    real, link = tmp_path / "far" / "real", tmp_path / "link"
    link.symlink_to(real)
    for content in (b"made", b"replaced"):
        write_file(link, content)
        assert link.is_symlink()
        assert real.read_bytes() == content
    assert os.listdir(tmp_path / "far") == ["real"]


@posix
def test_another_hard_link_keeps_the_old_content(tmp_path):
    path, other = tmp_path / "m.bin", tmp_path / "other"
    write_file(path, b"old")
    other.hardlink_to(path)
    write_file(path, b"new")
    assert (path.read_bytes(), other.read_bytes()) == (b"new", b"old")


@posix
def test_what_is_no_plain_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "to a folder").symlink_to(tmp_path)
    remedy = "give the path of a file"
    for name, what in {
        "": "a folder",
        "to a folder": "a folder",
        "pipe": "a device or a pipe",
    }.items():
        path = tmp_path / name
        assert refused(path) == f"cannot write {path}: it is {what}; {remedy}"
    assert "it is a device or a pipe" in refused("/dev/null")
    assert "Too many levels of symbolic links" in refused(tmp_path / "loop")
    assert sorted(os.listdir(tmp_path)) == ["loop", "pipe", "to a folder"]


def test_a_name_as_long_as_names_may_be(tmp_path):
    write_file(tmp_path / ("n" * 255), b"1")
    assert (tmp_path / ("n" * 255)).read_bytes() == b"1"
    assert "256 bytes, and at most 255 are allowed" in refused(tmp_path / ("n" * 256))


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_the_old_file_alone(tmp_path, monkeypatch, failing):
    path = tmp_path / "m.bin"
    write_file(path, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    assert refused(path).startswith(f"cannot write {path}: No space left on device")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["m.bin"]


@posix
def test_the_folder_is_brought_to_the_disk_after_the_file(tmp_path, monkeypatch):
    synced, real = [], os.fsync

    def noted(descriptor):
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    write_file(tmp_path / "m.bin", b"1")
    assert synced == [False, True]


def test_a_folder_that_is_missing(tmp_path):
    path = Path(tmp_path, "none", "m.bin")
    assert refused(path) == (
        f"cannot write {path}: No such file or directory; choose a folder that exists"
    )


MARK = b"\xef\xbb\xbf"
TREE = {
    "model": {"use": "mlp", "sizes": [1, 1]}, "loss": "mse", "optimizer": "sgd",
    "data": {"use": "function", "f": "x"}, "train": {"steps": 1},
}  # fmt: skip


def test_text_comes_without_its_mark_and_with_one_kind_of_line_end(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(MARK + "é\r\nb\rc\n".encode())
    assert nf.read_text(path) == "é\nb\nc\n"


def test_a_mark_before_any_input_changes_nothing(tmp_path):
    inputs = {
        "t.toml": 'schema = 1\nloss = "mse"\noptimizer = "sgd"\n[model]\nuse = "mlp"\n'
        'sizes = [1, 1]\n[data]\nuse = "function"\nf = "x"\n[train]\nsteps = 1\n',
        "t.json": json.dumps(TREE),
        "t.csv": "a,b\n1,2\n3,4\n",
        "t.txt": "ab\nba\n",
    }
    for name, text in inputs.items():
        (tmp_path / name).write_bytes(MARK + text.encode())
    rng = nf.SplitMix32(0)
    for name in ("t.toml", "t.json"):
        assert nf.configure(tmp_path / name) == nf.configure(TREE)
    csv = nf.get("dataset", "csv").load()(rng, path=str(tmp_path / "t.csv"), target="b")
    assert csv.columns == ("a",)
    lines = nf.get("dataset", "lines").load()(rng, path=str(tmp_path / "t.txt"))
    assert lines.tokenizer.pieces == ["a", "b"]
    assert nf.parse_expression("\ufeffx + 1")(2.0) == 3.0


def test_what_is_no_utf_8_says_what_it_is(tmp_path):
    path = tmp_path / "text"
    path.write_text("abc", encoding="utf-16")
    with pytest.raises(nf.FileError, match="begins with the byte order mark of UTF-16"):
        nf.read_text(path)
    with pytest.raises(nf.FileError, match="cannot read /dev/zero: it is a device"):
        nf.read_text("/dev/zero")
