"""Every bundled entry passes the same checks as anybody's plugin."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.registry.entries import KINDS, plural
from neuroflow.registry.manager import manager

BUNDLED = [plugin.name for plugin in manager().plugins if plugin.provider.namespace == "neuroflow"]


@pytest.mark.parametrize("plugin", BUNDLED)
def test_bundled_plugin_passes_its_checks(plugin, reports):
    report = reports[plugin]
    assert report, report
    assert len(report.entries) == sum(
        p.name == plugin and len(p.entries) for p in manager().plugins
    )
    for entry in report.entries:
        assert report.counts[entry] > 0, f"{entry} was not checked"


def test_every_skip_has_a_reason(reports):
    skips = [skip for report in reports.values() for skip in report.skips]
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
