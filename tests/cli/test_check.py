"""``neuroflow check``, ``zoo`` and ``new``, and the checks as a pytest plugin."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import neuroflow as nf
from neuroflow.errors import FileError, InputError
from neuroflow.scaffold import create
from neuroflow.scaffold.kinds import KINDS
from tests.support.distributions import forgetting

CUBE = '''
import neuroflow as nf

@nf.op(formula="x^3")
def cube_1(x):
    """The cube of x."""
    return x * x * x

@cube_1.partials
def _(out, x):
    return ({factor} * x * x,)
'''


@pytest.fixture
def wrong_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(CUBE.format(factor="2.0"))
    return path


@pytest.fixture
def right_file(tmp_path):
    path = tmp_path / "mended.py"
    path.write_text(CUBE.format(factor="3.0"))
    return path


def test_check_of_a_file_teaches_and_fails(cli, wrong_file):
    code, out, err = cli("check", str(wrong_file))
    assert code == 1, err
    assert (
        "d/dx at x = 2.0: partials say 8.0, numeric 12.0: ratio 2/3; is the exponent right?" in out
    )
    assert "1 entry, " in out.splitlines()[-1]


def test_check_of_a_right_file_passes_with_counts(cli, right_file):
    code, result, err = cli("check", str(right_file), "--json")
    assert (code, result["ok"], result["entries"]) == (0, True, ["op cube_1"]), err
    assert result["checks"] > 80
    assert result["checks_by_name"]["partials"] > 5
    assert len(result["extremes"]["op cube_1"]) == 9


def test_check_shows_extremes(cli, right_file):
    _, out, _ = cli("check", str(right_file), "--extremes")
    assert "1000.0  1000000000.0" in out


@pytest.mark.parametrize("what", ["nosuch", "missing.py"])
def test_unknown_name_is_wrong_usage(cli, what):
    code, _, err = cli("check", what)
    assert code == 2
    assert "is no plugin, entry, module or file" in err or "there is no file" in err


def test_file_with_nothing_to_check_is_a_failure(cli, tmp_path):
    (tmp_path / "empty.py").write_text("x = 1\n")
    code, out, _ = cli("check", str(tmp_path / "empty.py"))
    assert code == 1
    assert "0 entries, 0 checks: nothing was checked" in out


def test_file_that_cannot_be_imported_says_so(cli, tmp_path):
    (tmp_path / "bad.py").write_text("import nosuchmodule\n")
    code, _, err = cli("check", str(tmp_path / "bad.py"))
    assert code == 2
    assert "ModuleNotFoundError: No module named 'nosuchmodule'; mend that first" in err


@pytest.mark.parametrize(
    ("name", "entries"),
    [("op/relu", ["op relu"]), ("losses", None), ("neuroflow_plugins.optimizers", None)],
)
def test_names_that_can_be_checked(name, entries):
    report = nf.check(name)
    assert report, report
    assert entries is None or report.entries == entries


def test_module_with_misspelled_hook_is_found(tmp_path, cli):
    (tmp_path / "typo.py").write_text(
        "import neuroflow as nf\n\n@nf.hookimpl\ndef neuroflow_opps():\n    return []\n\n"
        "def neuroflow_ops():\n    return []\n"
    )
    code, out, _ = cli("check", str(tmp_path / "typo.py"))
    assert code == 1
    assert "neuroflow_opps is no hook and is never called" in out
    assert "neuroflow_ops lacks the decorator @neuroflow.hookimpl" in out


# --- the pytest plugin ----------------------------------------------------------------------


@pytest.fixture
def pytest_alone(run):
    """Run pytest with the plugin of neuroflow and none of those that others have installed."""
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    words = ("-m", "pytest", "-q", "-p", "neuroflow.pytest_plugin")
    return lambda *names: run(*words, *(f"--neuroflow-check={n}" for n in names), env=alone)


def test_pytest_plugin_makes_one_test_of_each_entry(pytest_alone, right_file):
    code, out, err = pytest_alone(right_file, "op/relu")
    assert code == 0, out + err
    assert "2 passed" in out
    assert "neuroflow: 2 entries, " in out


def test_pytest_plugin_fails_with_the_findings(pytest_alone, wrong_file):
    code, out, _ = pytest_alone(wrong_file)
    assert code == 1
    assert "ratio 2/3; is the exponent right?" in out
    assert "Traceback" not in out


def test_pytest_plugin_refuses_an_unknown_name(pytest_alone):
    code, out, err = pytest_alone("nosuch")
    assert code == 4
    assert "is no plugin, entry, module or file" in out + err


def test_pytest_plugin_is_not_loaded_by_itself(run):
    code, _, err = run("-m", "pytest", "--neuroflow-check=op/relu")
    assert code == 4
    assert "unrecognized arguments" in err


# --- the zoo --------------------------------------------------------------------------------


def test_zoo_lists_its_animals(cli):
    code, result, _ = cli("zoo", "--json")
    assert code == 0
    assert len(result["twins"]) >= 25


def test_zoo_shows_a_puzzle_and_checks_the_answer(cli):
    _, puzzle, _ = cli("zoo", "cube_1")
    assert "8      return (2.0 * x * x,)" in puzzle
    assert "bug" not in puzzle
    code, wrong, _ = cli("zoo", "cube_1", "--line", "4")
    assert (code, "Look again" in wrong) == (1, True)
    code, right, _ = cli("zoo", "cube_1", "--line", "8")
    assert (code, "The derivative of x^3 is 3 x^2." in right) == (0, True)


def test_zoo_checks_a_mended_twin(cli, right_file, wrong_file):
    assert cli("zoo", "cube_1", "--fix", str(right_file))[0] == 0
    assert cli("zoo", "cube_1", "--fix", str(wrong_file))[0] == 1
    code, _, err = cli("zoo", "cos_1", "--fix", str(right_file))
    assert (code, "defines nothing named 'cos_1'" in err) == (2, True)


def test_unknown_animal_gets_a_suggestion(cli):
    code, _, err = cli("zoo", "cube_99")
    assert code == 2
    assert "did you mean" in err


# --- a new plugin ---------------------------------------------------------------------------


def test_new_writes_a_project_that_passes_its_checks(tmp_path, cli):
    code, facts, err = cli("new", "gentle-step", "--directory", str(tmp_path), "--json")
    assert code == 0, err
    assert facts["distribution"] == "neuroflow-gentle-step"
    module = tmp_path / "neuroflow-gentle-step/src/neuroflow_gentle_step/__init__.py"
    report = nf.check(module)
    assert report, report
    assert report.entries == ["op gentle_step", "activation gentle_step"]


@pytest.mark.parametrize("kinds", [[], [*KINDS], *([kind] for kind in KINDS)], ids=str)
def test_new_leaves_no_placeholder(tmp_path, kinds):
    project = create("gentle-step", tmp_path, "Ada", kinds)
    texts = [(project.folder / path).read_text() for path in project.files]
    assert not any("$" in text for text in texts)
    for path in project.files:
        if path.suffix == ".py":
            source = (project.folder / path).read_text()
            compile(source, str(path), "exec")
            assert max(map(len, source.splitlines())) <= 100, path
    assert 'gentle_step = "neuroflow_gentle_step"' in texts[0]
    assert "Ada" in texts[0]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("relu", "'relu' is the bundled op neuroflow/relu@1, which the bare name always means"),
        ("2fast", "'2fast' cannot name a plugin; use letters, digits and dashes"),
        ("lambda", "'lambda' cannot name a plugin"),
        ("a/b", "'a/b' cannot name a plugin"),
    ],
)
def test_new_refuses_names_that_cannot_work(tmp_path, name, problem):
    with pytest.raises(InputError, match=problem):
        create(name, tmp_path)


def test_new_with_every_kind_passes_the_checks_of_each(tmp_path, monkeypatch):
    project = create("gentle-step", tmp_path, kinds=[*KINDS])
    monkeypatch.syspath_prepend(str(project.folder / "src"))
    with forgetting(project.folder):
        report = nf.check("neuroflow_gentle_step")
    assert report, report
    offered = {entry.split()[0] for entry in report.entries}
    assert offered == {*KINDS} - {"command"}


def test_new_knows_its_kinds(tmp_path, cli):
    with pytest.raises(InputError, match="no plugin begins with 'los'; did you mean 'loss'"):
        create("gentle-step", tmp_path, kinds=["los"])
    out = " ".join(cli("new", "--help")[1].split())
    assert ", ".join(KINDS) in out
    assert cli("new")[0] == cli("new", "train", "--kind", "command")[0] == 2


def test_new_copies_an_example(tmp_path, cli):
    code, facts, err = cli("new", "--example", "mish", "--directory", str(tmp_path), "--json")
    assert code == 0, err
    assert "src/neuroflow_mish/__init__.py" in facts["files"]
    assert not any("__pycache__" in path for path in facts["files"])
    assert cli("new", "--example", "mish", "--directory", str(tmp_path))[0] == 2
    assert "did you mean 'mish'" in cli("new", "--example", "mihs")[2]


def test_new_touches_no_existing_folder(tmp_path):
    create("gentle-step", tmp_path)
    with pytest.raises(FileError, match="exists already"):
        create("gentle-step", tmp_path)


def test_new_leaves_nothing_behind_where_a_file_cannot_be_written(tmp_path, monkeypatch):
    write, left = Path.write_text, [3]

    def full(path, *given, **options):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        return write(path, *given, **options)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(FileError, match="No space left on device"):
        create("gentle-step", tmp_path)
    assert list(tmp_path.iterdir()) == []
