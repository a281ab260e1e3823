"""The tests mirror the package, and none of them is too long to be read."""

from __future__ import annotations

from pathlib import Path

from tests.support.workers import LONG, TOGETHER, next_of, part_of

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "neuroflow"
MOST_LINES = 400

OTHER_FOLDERS = {
    "acceptance": "programs that install the wheel",
    "benchmarks": "programs that measure",
    "docs": "the book, and neuroflow.sphinxext that builds it",
    "gpu": "programs for a machine with a GPU",
    "plugins": "the bundled plugins",
    "support": "what tests share",
}
TESTED_ELSEWHERE = {
    "checks/shared": "tests/checks, by the checks that share it",
    "cli/shared": "tests/cli, by the commands that share it",
    "scaffold": "tests/cli/test_check.py, by neuroflow new",
    "sphinxext": "tests/docs",
}
FILES = sorted(TESTS.rglob("test_*.py"))


def folders_of(root):
    """The folders with Python files, and the parts of the largest rooms."""
    found = {path.parent.relative_to(root) for path in root.rglob("*.py")}
    return {str(folder) for folder in found if folder.parts}


def strangers(tests, package):
    """Folders of tests that mirror no room of the package and are no exception."""
    top = {folder: folder.split("/")[0] for folder in folders_of(tests)}
    return sorted(f for f in top if f not in folders_of(package) and top[f] not in OTHER_FOLDERS)


def untested(tests, package):
    """Rooms of the package that no folder of tests mirrors, and whose tests are not elsewhere."""
    return sorted(folders_of(package) - folders_of(tests) - set(TESTED_ELSEWHERE))


def test_each_folder_of_tests_is_a_room():
    assert strangers(TESTS, PACKAGE) == []


def test_each_room_has_its_folder_of_tests():
    assert untested(TESTS, PACKAGE) == []


def test_a_room_without_tests_and_a_folder_that_mirrors_nothing_are_seen(tmp_path):
    for name in ("package/core/a.py", "package/attic/a.py", "tests/core/test_a.py",
                 "tests/kit/test_a.py", "tests/docs/test_a.py"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.touch()
    assert strangers(tmp_path / "tests", tmp_path / "package") == ["kit"]
    assert untested(tmp_path / "tests", tmp_path / "package") == ["attic"]


def test_no_file_is_too_long_to_be_read():
    lines = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {path: n for path, n in lines.items() if n > MOST_LINES} == {}


def test_no_two_files_of_tests_have_one_purpose():
    """The first line of each says its own."""
    told = [path.read_text(encoding="utf-8").splitlines()[0] for path in FILES]
    assert [line for line in told if not line.startswith('"""')] == []
    assert len(set(told)) == len(told)


def test_what_shares_a_fixture_of_the_session_is_for_one_worker():
    assert part_of("tests/docs/test_live.py::test_a") == part_of("tests/docs/test_browser.py::b")
    assert part_of("tests/core/test_value.py::test_a[x::y]") == "tests/core/test_value.py"
    assert all((TESTS.parent / folder / "conftest.py").is_file() for folder in TOGETHER)


def test_what_takes_long_is_dealt_first():
    parts = ["tests/core/test_value.py", "tests/live/test_tab.py", "tests/docs/"]
    dealt = []
    while parts:
        dealt.append(next_of(parts))
        parts.remove(dealt[-1])
    assert dealt == ["tests/docs/", "tests/live/test_tab.py", "tests/core/test_value.py"]
    assert all((TESTS.parent / folder).is_dir() for folder in LONG)
