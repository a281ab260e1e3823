"""Who may import whom, what is public, and how long the core may be."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

import neuroflow as nf
from tests.support import architecture

ROOT = Path(nf.__file__).parent
BUNDLED = ROOT.parent / "plugins" / "neuroflow_plugins"
CHAPTER = 445
LINES_OF_CODE = 1430
LINES_TO_READ = 2020
"""The chapter, ``value.py`` and ``gradient.py``, may have so many lines, blank ones and docstrings
included; the core so many lines of code, and so many that are not blank, docstrings included.

Raise these only for something that everybody who reads the core should meet.
"""


@pytest.fixture(scope="module")
def both_packages(tmp_path_factory):
    """A copy of both packages."""
    folder = tmp_path_factory.mktemp("copy")
    for package in (ROOT, BUNDLED):
        for path in package.rglob("*.py"):
            place = folder / path.relative_to(package.parent)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    return folder


@pytest.fixture
def copy(both_packages):
    """A copy to plant a fault in, until the test ends: ``copy("core/value.py", "import this")``."""
    before = {}

    def plant(file, line):
        place = both_packages / file
        before[place] = place.read_bytes() if place.exists() else None
        with place.open("a") as end:
            end.write(f"\n\ndef planted():\n    {line}\n")
        return both_packages / Path(file).parts[0]

    yield plant
    for place, content in before.items():
        place.unlink() if content is None else place.write_bytes(content)


def faults_of(package):
    return architecture.faults(architecture.imports_within(package), architecture.EXCEPTIONS)


def test_every_file_belongs_to_a_part():
    assert architecture.without_part(ROOT) == []
    assert architecture.without_part(BUNDLED, architecture.PLUGINS) == []


def test_imports_point_down_the_list_and_never_in_a_circle():
    assert faults_of(ROOT) == []


def test_bundled_plugins_import_each_other_down_a_list():
    imports = architecture.imports_within(BUNDLED)
    assert architecture.faults(imports, {}, architecture.PLUGINS) == []


def test_imports_are_absolute():
    assert architecture.relative_imports(ROOT) == []
    assert architecture.relative_imports(BUNDLED) == []


def test_nothing_private_is_imported_from_another_part():
    assert architecture.private_imports(ROOT) == []


def test_the_core_imports_the_standard_library_attrs_and_itself():
    allowed = [
        "attrs",
        "neuroflow.core",
        "neuroflow.errors",
        "neuroflow.memory",
        "neuroflow.pythonic",
    ]
    found = [f for f in architecture.foreign(ROOT / "core", allowed) if "value:" not in f]
    assert found == []


def test_bundled_plugins_use_public_names_only():
    assert architecture.not_public(BUNDLED, nf.__all__) == []


def test_everything_is_printed_in_one_place():
    assert architecture.printing(ROOT) == []
    assert architecture.printing(BUNDLED) == []


def without_line(found):
    place, _, rest = found.partition(" ")
    return f"{place.partition(':')[0]} {rest}"


# Each rule sees its fault -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "line", "target"),
    [
        ("core/domain.py", "from neuroflow.engine import compile", "neuroflow.engine.compile"),
        ("core/domain.py", "from neuroflow import train", "neuroflow"),
        ("engine/plan/plan.py", "import neuroflow.engine.run.executor", "neuroflow.engine.run"),
        ("view/svg.py", "from neuroflow.live.tab import Tab", "neuroflow.live.tab"),
        ("errors.py", "import neuroflow.files", "neuroflow.files"),
        ("data/dataset.py", 'TARGET = "neuroflow.checkpoint.saving:save"', "neuroflow.checkpoint"),
    ],
)
def test_an_upward_import_is_seen(copy, file, line, target):
    faults = faults_of(copy(f"neuroflow/{file}", line))
    source = f"neuroflow.{file.removesuffix('.py').replace('/', '.')}"
    assert any(f.startswith(source) and f"imports {target}" in f for f in faults), faults


def test_an_upward_import_for_types_alone_is_seen(copy):
    faults = faults_of(copy("neuroflow/files.py", "if TYPE_CHECKING: import neuroflow.core.value"))
    assert any("neuroflow.files" in fault and "further down" in fault for fault in faults)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("view/svg.py", "from neuroflow.view import drawing"),
        ("engine/plan/graph.py", "from neuroflow.engine.plan.grouping import plan_of_tape"),
        ("config/settings.py", "from neuroflow.config import build"),
    ],
)
def test_a_circle_of_files_is_seen(copy, file, line):
    (fault,) = faults_of(copy(f"neuroflow/{file}", line))
    assert fault.startswith("a circle of files: ")
    assert f"neuroflow.{file.removesuffix('.py').replace('/', '.')} -> " in fault


def test_an_exception_that_is_not_needed_is_seen():
    edge = ("neuroflow.files", "neuroflow.core.value")
    (fault,) = architecture.faults([], {edge: "no reason"})
    assert (
        fault == "remove the exception neuroflow.files -> neuroflow.core.value: nothing imports so"
    )


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("from neuroflow.core.value import Value", "imports neuroflow.core.value.Value"),
        ("from neuroflow import _connect", "imports neuroflow._connect"),
        ("import neuroflow.engine.plan.plan", "imports neuroflow.engine.plan.plan"),
        ("return nf.errors", "uses nf.errors"),
        ("return softplus._bound", "uses softplus._bound"),
        ('return "neuroflow.engine.run.backends:DTYPES"', "imports neuroflow.engine.run.backends"),
    ],
)
def test_a_private_name_in_a_bundled_plugin_is_seen(copy, line, what):
    plugins = copy("neuroflow_plugins/activations.py", line)
    found = architecture.not_public(plugins, nf.__all__)
    assert f"neuroflow_plugins.activations {what}" in map(without_line, found)


def test_a_circle_of_plugins_is_seen(copy):
    plugins = copy("neuroflow_plugins/activations.py", "import neuroflow_plugins.transformer")
    imports = architecture.imports_within(plugins)
    faults = architecture.faults(imports, {}, architecture.PLUGINS)
    assert ["further down" in f or "circle" in f for f in faults] == [True, True]


def test_a_private_name_of_another_part_is_seen(copy):
    package = copy("neuroflow/view/svg.py", "from neuroflow.data.dataset import _hidden")
    (found,) = architecture.private_imports(package)
    assert "imports _hidden from neuroflow.data.dataset" in found


def test_a_part_without_a_place_in_the_list_is_seen(copy):
    package = copy("neuroflow/attic.py", "pass")
    assert architecture.without_part(package) == ["neuroflow.attic"]


# What is public -----------------------------------------------------------------------------


def test_public_names_are_sorted_exist_and_are_declared_where_they_live():
    assert list(nf.__all__) == sorted(nf.__all__)
    assert len(set(nf.__all__)) == len(nf.__all__)
    for name in nf.__all__:
        thing = getattr(nf, name)
        assert getattr(thing, "__doc__", None), f"{name} has no docstring"
    assert set(nf.__all__) <= set(dir(nf))


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'neuroflow' has no attribute 'Vlaue'"):
        _ = nf.Vlaue


def lines_to_read(path):
    """How many lines are not blank."""
    return sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines())


def lines_of_code(path):
    """How many lines are left without docstrings and comments, spaced as ``ast`` spaces them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            node.body = body[1:] or [ast.Pass()]
    return sum(bool(line.strip()) for line in ast.unparse(tree).splitlines())


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_the_chapter_is_read_in_one_go():
    lines = {name: len((ROOT / "core" / name).read_text("utf-8").splitlines()) for name in (
        "value.py", "gradient.py",
    )}  # fmt: skip
    assert sum(lines.values()) <= CHAPTER, lines


def test_the_core_stays_readable_in_one_sitting():
    files = sorted((ROOT / "core").glob("*.py"))
    code = {path.stem: lines_of_code(path) for path in files}
    read = {path.stem: lines_to_read(path) for path in files}
    print(f"core: {sum(code.values())} lines of code, {sum(read.values())} with docstrings")
    assert sum(code.values()) <= LINES_OF_CODE, code
    assert sum(read.values()) <= LINES_TO_READ, read


def test_every_module_says_its_one_idea_in_its_first_line():
    for path in [*ROOT.rglob("*.py"), *BUNDLED.rglob("*.py")]:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert text, f"{path} has no docstring"


@pytest.mark.parametrize(
    ("file", "line", "what"),
    [
        ("cli/list.py", 'click.echo("\\x1b")', "click.echo"),
        ("core/value.py", 'print("hello")', "print"),
        ("view/svg.py", 'html.escape("\\x1b")', "html.escape"),
        ("training/run.py", 'sys.stderr.write("\\x1b")', "sys.stderr"),
        ("cli/show.py", "Console().print(1)", "Console"),
    ],
)
def test_printing_elsewhere_is_seen(copy, file, line, what):
    package = copy(f"neuroflow/{file}", line)
    assert [f.partition(" uses ")[2] for f in architecture.printing(package)] == [what]
