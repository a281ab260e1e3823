"""Tests that take long, for who asks for them: ``pytest -m long``, as ``.ci/run long`` does.

One of each kind of test is always run. Marked are those that show the same once more, on another
page or for another recipe, and take seconds for that.
"""

import pytest

WHY = "it takes long: run with -m long"


def pytest_collection_modifyitems(config, items):
    """Skip what is marked ``long``, with the reason, unless the marker is asked for."""
    if "long" in config.getoption("markexpr"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason=WHY))


def long(*values, id=None):
    """A row of ``parametrize`` that takes long."""
    return pytest.param(*values, marks=pytest.mark.long, id=id)


def all_but(values, always):
    """The rows of a column of ``parametrize``, of which only some are always run."""
    return [value if value in always else long(value) for value in values]
