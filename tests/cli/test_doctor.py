"""``neuroflow doctor``: what is wrong with an installation."""

from __future__ import annotations

import json


def test_doctor_finds_a_distribution_that_is_installed_twice(tmp_path, plugins, shell):
    plugins.add("one", "", distribution="twice", version="1.0")
    other = tmp_path / "other"
    (other / "twice-2.0.dist-info").mkdir(parents=True)
    (other / "twice-2.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: Twice\nVersion: 2.0\n"
    )
    (other / "twice-2.0.dist-info" / "entry_points.txt").write_text("[neuroflow]\none = one\n")
    done = shell(["doctor", "--json"], tmp_path, PYTHONPATH=f"{plugins.folder}:{other}")
    problems = json.loads(done.stdout)["problems"]
    (found,) = [p for p in problems if p["subject"] == "distribution twice"]
    assert "is installed 2 times: 1.0 in" in found["problem"]
    assert "pip uninstall twice" in found["remedy"]
    assert done.returncode == 1


def test_doctor_finds_entry_points_that_an_editable_install_does_not_know(tmp_path, plugins, shell):
    plugins.add("one", "", distribution="edited", version="1.0")
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "edited"\n[project.entry-points.neuroflow]\n'
        'one = "plugin_one_of_edited"\ntwo = "new_module"\n'
    )
    about = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (plugins.folder / "edited-1.0.dist-info" / "direct_url.json").write_text(json.dumps(about))
    done = shell(["doctor", "--json"], tmp_path, PYTHONPATH=str(plugins.folder))
    problems = json.loads(done.stdout)["problems"]
    (found,) = [p for p in problems if p["subject"] == "distribution edited 1.0"
                and "differ" in p["problem"]]  # fmt: skip
    assert found["problem"].endswith("the installed entry points differ: two")
    assert found["remedy"] == f"install it again: pip install -e {project}"
