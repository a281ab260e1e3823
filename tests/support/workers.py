"""How tests are dealt to the workers of pytest-xdist: a file, or a folder, is for one of them.

What is built once for many tests (the book, the reports of the checks) is
built once in each worker that asks for it, so the folders of such fixtures stay together.
The parts that take long, by browsers and processes, are dealt first: a long one that begins last
leaves the other workers without work. xdist would go by the number of tests alone.
"""

from __future__ import annotations

import pytest

TOGETHER = ("tests/docs/", "tests/checks/")
LONG = (
    "tests/docs/", "tests/live/", "tests/checks/", "tests/view/", "tests/cli/", "tests/training/",
)  # fmt: skip


def part_of(nodeid):
    """The folder or the file whose tests one worker runs, one after the other."""
    path = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if path.startswith(folder)), path)


def next_of(parts):
    """The part to deal now: the first of the longest kind that is left, else the first."""
    longest = (part for folder in LONG for part in parts if part.startswith(folder))
    return next(longest, next(iter(parts)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Deal by :func:`part_of`, unless ``--dist`` names another way."""
    from xdist.scheduler import LoadScopeScheduling

    class ByPart(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return part_of(nodeid)

        def _assign_work_unit(self, node):
            self.workqueue.move_to_end(next_of(self.workqueue), last=False)
            super()._assign_work_unit(node)

    return ByPart(config, log) if config.getoption("dist") == "load" else None
