"""What people who come later rely on: steps of CI, hooks of commits, the changelog."""

import fnmatch
import re
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def steps():
    (line,) = re.findall(r'^STEPS="(.+)"$', (ROOT / ".ci/run").read_text(), re.M)
    return line.split()


def test_hosted_ci_calls_every_step_and_no_other():
    (workflow,) = (ROOT / ".github/workflows").glob("*.yml")
    jobs = yaml.safe_load(workflow.read_text())["jobs"].values()
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert all(command.startswith(".ci/run ") for command in commands)
    called = {word for command in commands for word in command.split()[1:]}
    assert called == set(steps())


def test_every_step_is_a_function_that_says_what_it_does():
    text = (ROOT / ".ci/run").read_text()
    for step in steps():
        assert re.search(rf"^{step}\(\) {{ # \w", text, re.M), step


def test_a_step_that_does_not_exist_is_refused_with_those_that_do():
    done = subprocess.run([ROOT / ".ci/run", "lintt"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"no step 'lintt'; the steps are: {' '.join(steps())}\n"


def test_every_commit_is_checked_by_ruff_and_mypy():
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["id"] for hook in repo["hooks"]] == ["ruff", "ruff-format", "mypy"]


def test_the_tools_of_the_steps_are_in_the_extra_for_developers():
    needed = {re.match(r"[\w-]+", line)[0] for line in PROJECT["optional-dependencies"]["dev"]}
    assert needed == {"ruff", "mypy", "vulture", "build", "pre-commit"}


def test_every_exception_of_dead_code_is_still_needed():
    vulture = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["vulture"]
    files = [p for folder in vulture["paths"] for p in (ROOT / folder).rglob("*.py")]
    names = {name for p in files for name in re.findall(r"\w+", p.read_text(encoding="utf-8"))}
    assert [p for p in vulture["ignore_names"] if not fnmatch.filter(names, p)] == []


def test_the_newest_section_of_the_changelog_is_this_version():
    sections = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ \((unreleased|\d{4}-\d\d-\d\d)\)", s) for s in sections)
    assert sections[0].split()[0] == PROJECT["version"]


def test_the_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (citation["title"], citation["version"]) == (PROJECT["name"], PROJECT["version"])


def test_one_command_writes_every_table_of_results():
    folder = ROOT / "tests" / "benchmarks"
    programs = re.search(r"^PROGRAMS = \((.+)\)$", (folder / "tables.py").read_text(), re.M)[1]
    written = "".join((folder / name).read_text() for name in re.findall(r'"(.+?)"', programs))
    assert [t.name for t in (ROOT / "docs").glob("benchmarks*.md") if t.name not in written] == []


def test_contributing_and_readme_give_the_same_test_command():
    (command,) = re.findall(r"&& (\S+ -m pytest.*)$", (ROOT / "README.md").read_text(), re.M)
    assert f"| tests | `{command}` |" in (ROOT / "docs" / "CONTRIBUTING.md").read_text()


def tracked():
    """The files of the repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return [ROOT / line for line in listed.stdout.splitlines()]


def test_no_file_holds_both_sides_of_a_conflict():
    mark = b"\n" + 7 * b"<" + b" "
    assert [path for path in tracked() if path.is_file() and mark in path.read_bytes()] == []


def test_the_top_level_holds_nothing_else():
    top = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in top if not name.startswith(".")} <= {
        "neuroflow", "plugins", "tests", "docs", "pyproject.toml", "README.md", "LICENSE",
        "CHANGELOG.md", "SECURITY.md", "CITATION.cff",
    }  # fmt: skip
