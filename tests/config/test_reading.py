"""Reading: trees from files of both kinds, from recipes, and what cannot be read."""

from __future__ import annotations

import json

import pytest

import neuroflow as nf
from neuroflow.config import changed, to_toml
from tests.support.configurations import MOONS, problems_of


def test_toml_json_and_dict_give_the_same_tree(tmp_path):
    toml, as_json = tmp_path / "moons.toml", tmp_path / "moons.json"
    toml.write_text(to_toml(changed(MOONS, {})))
    as_json.write_text(json.dumps(MOONS))
    assert nf.configure(toml) == nf.configure(as_json) == nf.configure(MOONS)


def test_malformed_toml_names_its_line(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("schema = 1\n[model]\nuse == 'mlp'\n")
    assert problems_of(path) == (
        f"{path} is not valid TOML: Invalid value (at line 3, column 6); correct that line"
    )
    path.write_text("schema = 1\n[model]\nsizes = [1, 2\n")
    assert "at line 3" in problems_of(path)


def test_malformed_json_names_its_line(tmp_path):
    path = tmp_path / "broken.json"
    path.write_text('{\n "model": mlp\n}')
    assert problems_of(path) == (
        f"{path} is not valid JSON: Expecting value (at line 2, column 11); correct that line"
    )
    path.write_text("[1, 2]")
    assert problems_of(path) == f"{path} holds [1, 2]; expected a table at the top"


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(nf.FileError, match=r"cannot read .*none\.toml"):
        nf.configure(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(nf.FileError, match="give the path of a text file"):
        nf.configure(tmp_path / "binary.toml")


def test_an_unknown_recipe_is_suggested():
    message = problems_of("mons")
    assert message.startswith("no file and no recipe is named 'mons'; did you mean 'moons'?")


def test_recipes_have_a_name_and_a_summary():
    names = [recipe.name for recipe in nf.recipes()]
    needed = ["autoencoder", "circles", "digits", "function", "moons", "multiclass", "xor"]
    assert [name for name in needed if name not in names] == []
    assert names == sorted(names)
    assert all(len(recipe.summary) > 20 for recipe in nf.recipes())


def test_a_list_that_holds_itself_is_refused():
    sizes = [2, 1]
    sizes += [sizes, sizes]
    assert "a list or table of the configuration holds itself" in problems_of(
        {**MOONS, "model": {"use": "mlp", "sizes": sizes}}
    )
