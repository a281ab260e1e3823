"""``neuroflow doctor``: what is wrong with an installation."""

from __future__ import annotations

import json

from neuroflow.registry.isolation import verdict_of


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


def test_doctor_names_plugins_that_end_or_hold_the_process(tmp_path, plugins, shell):
    plugins.add("leaves", "import os; os._exit(7)", distribution="nf-leaves")
    plugins.add("crashes", "import os; os.abort()", distribution="nf-crashes")
    plugins.add("fails", "raise ValueError('no')", distribution="nf-fails")
    plugins.add("works", "x = 1", distribution="nf-works")
    done = shell(["doctor", "--isolated", "--json"], tmp_path, PYTHONPATH=str(plugins.folder))
    found = {p["subject"].split("'")[1]: p for p in json.loads(done.stdout)["problems"]
             if "nf-" in p["subject"]}  # fmt: skip
    assert {name: p["problem"] for name, p in found.items()} == {
        "leaves": "it ends the process with exit code 7 while it is loaded",
        "crashes": "it ends the process with SIGABRT while it is loaded",
        "fails": "ValueError while loading: no",
        "works": "it registers nothing",
    }
    expected = "leave it out with NEUROFLOW_DISABLE_PLUGINS=leaves, or uninstall nf-leaves"
    assert found["leaves"]["remedy"] == expected
    assert done.returncode == 1


def test_a_plugin_that_never_ends_is_given_up(plugins, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(plugins.folder))
    module = plugins.add("slow", "import time; time.sleep(1000)")
    (point,) = [p for p in plugins.points() if p.value == module]
    verdict = verdict_of(point, 0.3)
    assert (verdict.problem, verdict.deadly) == ("it has not loaded after 0.3 s", True)
