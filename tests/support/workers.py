"""How tests are dealt to the workers of pytest-xdist: a file, or a folder, is for one of them.

What is built once for many tests (the book, the reports of the checks) is
built once in each worker that asks for it, so the folders of such fixtures stay together. They
hold the most tests, and xdist deals the largest parts first.
"""

from __future__ import annotations

import pytest

TOGETHER = ("tests/docs/", "tests/checks/")


def part_of(nodeid):
    """The folder or the file whose tests one worker runs, one after the other."""
    path = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if path.startswith(folder)), path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Deal by :func:`part_of`, unless ``--dist`` names another way."""
    from xdist.scheduler import LoadScopeScheduling

    class ByPart(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return part_of(nodeid)

    return ByPart(config, log) if config.getoption("dist") == "load" else None
