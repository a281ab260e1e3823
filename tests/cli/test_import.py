"""``neuroflow import`` says what it wrote."""

from __future__ import annotations

import json

import pytest

import neuroflow as nf

pytest.importorskip("numpy")


def test_what_was_exported_comes_back(neuroflow, tmp_path):
    before = nf.build("mlp", sizes=[2, 3, 1], rng=nf.SplitMix32(1))
    nf.save(before, tmp_path / "m.safetensors")
    neuroflow("export", "m.safetensors", "--to", "safetensors", "--out", "out/m.safetensors")
    arguments = (
        "import",
        "out/m.safetensors",
        "--from",
        "safetensors",
        "--out",
        "back.safetensors",
    )
    assert neuroflow(*arguments) == (0, "back.safetensors\n", "")
    assert nf.load("back.safetensors").state_dict() == before.state_dict()
    _, told, _ = neuroflow(*arguments, "--json")
    assert json.loads(told) == {"file": "back.safetensors", "model": "MLP", "parameters": 13}


def test_a_name_that_no_importer_has_is_told(neuroflow, tmp_path):
    code, _, told = neuroflow("import", "x.json", "--from", "safetensor", "--out", "m.safetensors")
    assert code == 1
    assert "did you mean 'safetensors'" in " ".join(told.split())
