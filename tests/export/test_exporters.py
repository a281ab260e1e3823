"""Exporters of plugins: all files or none, and a message for what is none."""

from __future__ import annotations

import csv

import pytest

import neuroflow as nf
from neuroflow.export.destinations import export


@pytest.fixture
def saved(tmp_path):
    nf.save(nf.build("mlp", sizes=[1, 2, 1], rng=nf.SplitMix32(1)), tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


def test_a_table_has_every_number_to_the_last_bit(saved, tmp_path):
    (path,) = export(saved, "table", tmp_path / "out" / "m.csv").files
    with open(path, newline="") as file:
        found = {line["name"]: float(line["number"]) for line in csv.DictReader(file)}
    assert found == nf.load(saved).state_dict()


def test_one_of_your_own_writes_all_its_files(saved, tmp_path):
    def pair(model, path):
        return {path: "first", path.with_name("second.bin"): b"second"}

    with nf.local_entries():
        nf.register("exporter", pair, suffix=".txt", summary="Two files.")
        files = export(saved, "pair", tmp_path / "first.txt").files
        assert nf.check("exporter/pair")
    assert [path.read_bytes() for path in files] == [b"first", b"second"]


def test_what_gives_no_files_is_told_and_writes_nothing(saved, tmp_path):
    with nf.local_entries():
        nf.register("exporter", lambda model, path: {path: 3}, name="wrong", suffix=".txt")
        with pytest.raises(nf.InputError, match="expected a dict: the content of each file"):
            export(saved, "wrong", tmp_path / "wrong.txt")
    assert not (tmp_path / "wrong.txt").exists()


def test_a_destination_that_nobody_knows_is_told_with_those_that_there_are(saved):
    with pytest.raises(nf.InputError, match=r"unknown destination 'tabel'.*did you mean 'table'"):
        export(saved, "tabel")


def test_an_exporter_that_writes_by_itself_is_found():
    def writes(model, path):
        path.write_text("here")
        return {path: "here"}

    report = nf.check(nf.ExporterEntry(name="it", target=writes, suffix=".txt", summary="It."))
    assert "it writes ['model.txt'] itself" in str(report)
