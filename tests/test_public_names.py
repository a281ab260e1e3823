"""The public names: sorted, complete, importable, and told to type checkers."""

import runpy
from pathlib import Path

import neuroflow

ROOT = Path(__file__).parents[1]


def test_every_public_name_can_be_imported():
    assert neuroflow.__all__ == sorted(neuroflow.__all__)
    for name in neuroflow.__all__:
        assert getattr(neuroflow, name) is not None


def test_the_stub_for_type_checkers_is_derived_from_the_table():
    stub = runpy.run_path(str(ROOT / ".ci" / "public_names.py"))["stub"]()
    assert (ROOT / "neuroflow" / "__init__.pyi").read_text() == stub, "run .ci/public_names.py"
