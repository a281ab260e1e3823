"""The example plugins' documentation builds with the extension, warnings as errors."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.long_tests import all_but

PLUGINS = Path(__file__).parents[2] / "docs" / "examples" / "plugins"
NAMES = sorted(plugin.name for plugin in PLUGINS.iterdir())
CONF = """
project = "example"
extensions = ["myst_parser", "neuroflow.sphinxext"]
html_math_renderer = "mathml"
html_theme = "basic"
nitpicky = True
"""


def made_known(plugin: Path, folder: Path) -> None:
    """What installing the plugin leaves for Python to find, without an installer."""
    project = tomllib.loads((plugin / "pyproject.toml").read_text())["project"]
    name, points = project["name"], project["entry-points"]["neuroflow"]
    info = folder / f"{name.replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {project['version']}\n"
    )
    lines = [f"{key} = {value}" for key, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[neuroflow]", *lines, ""]))


@pytest.mark.parametrize("name", all_but(NAMES, NAMES[-1:]))
def test_the_docs_of_an_example_plugin_build(name, tmp_path):
    plugin = PLUGINS / name
    book, known = tmp_path / "docs", tmp_path / "known"
    book.mkdir()
    known.mkdir()
    made_known(plugin, known)
    (book / "conf.py").write_text(CONF)
    for page in (plugin / "docs").glob("*.md"):
        (book / page.name).write_text(page.read_text())
    paths = [str(plugin / "src"), str(known), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "-n", str(book), str(tmp_path / "html")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    (distribution,) = re.findall(r'^name = "(.*)"', (plugin / "pyproject.toml").read_text(), re.M)
    assert distribution in page
    assert "<math" in page
