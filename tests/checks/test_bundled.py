"""Every bundled entry passes the same checks as anybody's plugin."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.registry.entries import KINDS, plural
from neuroflow.registry.manager import manager
from tests.support.long_tests import all_but

BUNDLED = [plugin.name for plugin in manager().plugins if plugin.provider.namespace == "neuroflow"]
QUICK = ("attention", "initializers", "losses", "mlp", "optimizers", "schedules", "tokenizers")
"""The others have many entries, or entries that take long to be made."""


@pytest.mark.parametrize("plugin", all_but(BUNDLED, QUICK))
def test_bundled_plugin_passes_its_checks(plugin, report_of):
    report = report_of(plugin)
    assert report, report
    assert len(report.entries) == sum(
        p.name == plugin and len(p.entries) for p in manager().plugins
    )
    for entry in report.entries:
        assert report.counts[entry] > 0, f"{entry} was not checked"


def test_every_skip_has_a_reason(report_of):
    reports = [nf.check("op/relu"), *map(report_of, QUICK)]
    skips = [skip for report in reports for skip in report.skips]
    assert skips
    assert all(len(skip.reason) > 10 for skip in skips)


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_knows_where_it_comes_from(kind):
    entries = nf.find("*", kind)
    assert entries, f"no {plural(kind)} are bundled"
    for entry in entries:
        by = entry.provider
        assert by is not None
        assert all((by.plugin, by.distribution, by.version, by.module)), entry.id
