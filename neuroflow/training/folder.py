"""The folder of a run: one of its own, in which one process at a time writes.

Whoever writes holds a lock of the operating system on the file ``run.lock``, which says who that
is. Such a lock ends with its process, however that ends. Who reads needs none: files are replaced
in one step. NFS and SMB ask their server, so the lock holds between machines there; on a file
system that knows no locks a run goes on without one, and says so.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import WeakSet, finalize

from attrs import define, field

from neuroflow.errors import FileError
from neuroflow.files import cannot_write

LOCK = "run.lock"
RUNS = Path("runs")
"""Where the folders of runs are made that nobody gave a place."""

_HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""What the operating system says of a lock that somebody holds; all else means it has none."""

_FAR = 2**30
"""The byte that is locked on Windows, which lets nobody read a locked one."""

_claims: WeakSet[Claim] = WeakSet()


@define(eq=False)
class Claim:
    """The right to write in a folder; made by :func:`claimed`, and let go of when it is dropped."""

    note: str
    """Empty, or why nothing keeps others out."""
    _descriptor: int
    _path: Path
    _end: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._end = finalize(self, _let_go, self._descriptor, self._path)
        _claims.add(self)

    @property
    def held(self) -> bool:
        """Whether it was not let go of."""
        return bool(self._end.alive)

    def release(self) -> None:
        """Let others write."""
        self._end()

    def forget(self) -> None:
        """Close this copy of the lock, and leave the lock to whoever else has one."""
        if self._end.detach():
            os.close(self._descriptor)


def _let_go(descriptor: int, path: Path) -> None:
    """Take away the file that said who writes, then unlock it: nobody else can hold its name."""
    with contextlib.suppress(OSError):  # Windows removes no open file: it stays, unlocked
        path.unlink()
    os.close(descriptor)


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[Claim]:
    """The claim to a folder; it is kept, unless what is done with it first fails.

    Raises :class:`FileError` that says who holds the folder, or that it cannot be written.
    """
    claim = _claim((folder / LOCK).absolute())
    try:
        yield claim
    except BaseException:
        claim.release()
        raise


def is_claimed(folder: Path) -> bool:
    """Whether some process writes in a folder now; nothing is written to find that out.

    >>> is_claimed(Path("nowhere"))
    False
    """
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        _lock(descriptor, folder / LOCK)
    except FileError:
        return True
    finally:
        os.close(descriptor)
    return False


def new_folder(name: str) -> Path:
    """A new folder ``runs/moons``, or ``runs/moons-2`` where a run of that name was before.

    Making it is what takes the name, so two runs that start together get two folders. The number
    is above all that are there, so a run does not get the name of one that was deleted between
    others. Raises :class:`FileError` if no folder can be made.
    """
    try:
        RUNS.mkdir(parents=True, exist_ok=True)
        taken = [_number(name, each.name) for each in RUNS.iterdir()]
        number = 1 + max(taken, default=0)
        while True:
            folder = RUNS / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir()
                return folder
            except FileExistsError:
                number += 1
    except OSError as error:
        raise cannot_write(RUNS / name, error) from error


def _number(name: str, folder: str) -> int:
    """1 for ``moons``, 2 for ``moons-2``, 0 for all that is not named so."""
    rest = folder.removeprefix(f"{name}-")
    if folder == name:
        return 1
    return int(rest) if rest != folder and rest.isdecimal() and len(rest) < 10 else 0


def _claim(path: Path) -> Claim:
    """The lock on the file that is at a path *once it is locked*: whoever lets go removes it."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            note = _lock(descriptor, path)
        except BaseException:
            os.close(descriptor)
            raise
        claim = Claim(note, descriptor, path)
        if _is_at(descriptor, path):
            _sign(descriptor)
            return claim
        claim.forget()


def _lock(descriptor: int, path: Path) -> str:
    """Lock a file for this process; gives a note where that is impossible."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        pass  # in a browser, where one page is one process
    except OSError as error:
        if error.errno in _HELD:
            raise _in_use(descriptor, path) from error
        return f"{path.parent} has no lock ({error.strerror}), so let one process train in it"
    return ""


def _in_use(descriptor: int, path: Path) -> FileError:
    os.lseek(descriptor, 0, os.SEEK_SET)
    holder = os.read(descriptor, 200).decode("utf-8", "replace").strip()
    return FileError(
        f"{path.parent} is in use: {holder or 'another process'} writes in it",
        remedy="wait until that ends, or stop it; reading (predict, inspect, draw) needs no wait",
        file=str(path.parent),
    )


def _sign(descriptor: int) -> None:
    """Say in the file who holds it: a full disk is no reason not to hold it."""
    since = datetime.now().astimezone().isoformat(" ", "seconds")
    signature = f"process {os.getpid()} on {platform.node()}, since {since},"
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, signature.encode())


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _forget_all() -> None:
    for claim in list(_claims):
        claim.forget()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_forget_all)
