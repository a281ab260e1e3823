"""Files that are whole or untouched: written beside their place, then moved there; their paths.

Text comes in by :func:`read_text` alone, so that a byte order mark is never part of it.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import shlex
import stat
import sys
from pathlib import Path
from typing import Any

from neuroflow.errors import FileError, one_line, require
from neuroflow.memory import check_room

LIBRARY = f"{Path(__file__).parent}{os.sep}"
"""Code in files below this folder is neuroflow's own, not its user's."""

LONGEST_NAME = 255
"""Bytes in the name of a file, on the file systems in use."""


PARTIAL = ".neuroflow-{}.partial"
"""The name of a file that is being written: random, so that nobody can lay another in its way."""


def write_file(path: str | Path, content: bytes | str) -> None:
    """Put ``content`` at ``path`` in one step: a reader sees the old file or the new one.

    The content is on the disk when this returns. A new file replaces the old one and keeps its
    permissions and, where the system lets it, its owner. Where ``path`` is a symbolic link, the
    link stays and the file that it leads to is replaced; other hard links to the old file keep
    the old content. Raises :class:`FileError` for what is no plain file, and if it cannot be
    written, for example on a full disk; a file that existed before is then untouched.
    """
    path = path_of(path)
    data = content.encode() if isinstance(content, str) else content
    try:
        target = Path(os.path.realpath(path))
        old = _replaceable(path)
        partial = target.with_name(PARTIAL.format(os.urandom(8).hex()))
        try:
            _write_new(partial, data, old)
            os.replace(partial, target)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except FileError:
        raise
    except OSError as error:
        raise cannot_write(path, error) from error


def _replaceable(path: Path) -> os.stat_result | None:
    """The facts of the plain file at a path, behind links; None if there is no file yet."""
    try:
        old = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(old.st_mode):
        what = "a folder" if stat.S_ISDIR(old.st_mode) else "a device or a pipe"
        remedy = "give the path of a file"
        raise FileError(f"cannot write {path}: it is {what}", remedy=remedy, file=str(path))
    return old


def _write_new(path: Path, data: bytes, like: os.stat_result | None) -> None:
    """A file that was not there, on the disk, with the permissions and the owner of another."""
    opener = None if like is None else _private
    with open(path, "xb", opener=opener) as file:  # x: no file is overwritten, no link followed
        if like is not None and sys.platform != "win32":
            _keep_owner(file.fileno(), like)
            os.fchmod(file.fileno(), stat.S_IMODE(like.st_mode) & 0o777)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _private(path: str, flags: int) -> int:
    """Open for this user alone, until the file has the permissions of the one that it replaces."""
    return os.open(path, flags, 0o600)


def _keep_owner(descriptor: int, like: os.stat_result) -> None:
    """Only root can give a file away; others keep at least the group, if they are in it."""
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (like.st_uid, like.st_gid):
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, -1, like.st_gid)
            os.fchown(descriptor, like.st_uid, -1)


def cannot_write(path: str | Path, error: OSError) -> FileError:
    """The error for a path that could not be written."""
    untouched = "what was there before is untouched, so make room or choose another place"
    no_folder = isinstance(error, FileNotFoundError)
    return FileError(
        f"cannot write {path}: {error.strerror or error}",
        remedy="choose a folder that exists" if no_folder else untouched,
        file=str(path),
    )


def _sync_folder(folder: Path) -> None:
    """Make the new name itself outlive a power cut, where the system can open folders."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


BYTE_ORDER_MARK = "\ufeff"
"""What some editors write before a text; it is no part of it."""

_OTHER_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def read_text(path: str | Path, remedy: str = "give the path of a text file in UTF-8") -> str:
    """The text of a file in UTF-8: its lines end with ``\\n``, and a byte order mark is left out.

    Raises :class:`FileError` if there is none, if it is not in UTF-8 or is a device without an
    end, and :class:`InputError` if it does not fit in memory.
    """
    path = path_of(path)
    try:
        check_room(size_of(path, remedy), f"bytes of {path}", each=BYTES_PER_CHARACTER)
        content = path.read_bytes()
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"cannot read {path}: {error}", remedy=remedy, file=str(path)) from error
    return decoded(content, str(path), remedy)


def size_of(path: Path, remedy: str = "give the path of a file") -> int:
    """How many bytes a file has. Raises :class:`FileError` for a device, which may have no end."""
    about = path.stat()
    if stat.S_ISCHR(about.st_mode) and not os.path.samefile(path, "/dev/null"):
        raise FileError(f"cannot read {path}: it is a device", remedy=remedy, file=str(path))
    return about.st_size


BYTES_PER_CHARACTER = 4
"""A text takes up to so many times the bytes of its file."""


def decoded(content: bytes, where: str, remedy: str = "save it in UTF-8") -> str:
    r"""The text of bytes that came from outside, see :func:`read_text`.

    >>> decoded(b"\xef\xbb\xbfa,b\r\n", "a file")
    'a,b\n'
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        other = _OTHER_MARKS.get(content[:2])
        mark = f" (it begins with the byte order mark of {other})" if other else ""
        what = f"cannot read {where}: {error}{mark}"
        raise FileError(what, remedy=remedy, file=where) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def path_of(thing: Any, role: str = "the path") -> Path:
    """A path that an operating system takes; not yet that anything is there.

    Raises :class:`InputError` for what is no path, and :class:`FileError` for one that is empty,
    holds the character 0, or has a name that is too long.
    """
    require(thing, (str, Path), role, "the path of a file or a folder, as a text or a Path")
    path = Path(thing)
    problem = ""
    try:
        longest = max((len(os.fsencode(part)) for part in path.parts), default=0)
    except UnicodeEncodeError:
        longest, problem = 0, "it holds half a character"
    if not str(thing):
        problem = "it is empty"
    elif "\0" in str(thing):
        problem = "it holds the character 0"
    elif longest > LONGEST_NAME:
        problem = f"a name in it has {longest} bytes, and at most {LONGEST_NAME} are allowed"
    if problem:
        shown = str(thing) if len(str(thing)) < 80 else f"{str(thing)[:77]}..."
        raise FileError(
            f"{role} {shown!r} cannot be one: {problem}", remedy="give another path", got=thing
        )
    return path


def short_path(path: str | Path) -> str:
    """A path as seen from the current folder, if it lies in there and there is one still."""
    with contextlib.suppress(OSError, ValueError):
        return str(Path(path).relative_to(Path.cwd()))
    return str(path)


def in_shell(path: str | Path) -> str:
    r"""A path as a shell takes it, on one line, whatever characters are in it.

    >>> print(in_shell("runs/moons"), in_shell("my runs"), in_shell("a\nb"))
    runs/moons 'my runs' $'a\nb'
    """
    text = str(path)
    if text.isprintable():
        return shlex.quote(text)
    quoted = os.fsencode(text.replace("\\", "\\\\").replace("'", "\\'"))
    decoded = quoted.decode(errors="backslashreplace")
    return f"$'{one_line(decoded)}'"
