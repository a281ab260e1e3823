"""What a page lets people choose comes from the settings that entries declare."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.live.setup import CHOICES, setting_at, tree_of, with_setup

NUMBERS = [choice for choice in CHOICES.values() if choice.kind in ("number", "whole")]


@pytest.mark.parametrize("choice", NUMBERS, ids=lambda choice: choice.name)
def test_both_ends_of_a_choice_are_allowed_by_its_setting(choice):
    setting = setting_at(choice.path)
    whole = int if choice.kind == "whole" else float
    assert setting.problem(whole(choice.low)) is setting.problem(whole(choice.high)) is None
    assert choice.low < choice.high


def test_meanings_and_kinds_are_those_of_the_settings():
    assert CHOICES["points"].meaning == setting_at("data.points").meaning == "how many points"
    assert (CHOICES["points"].low, CHOICES["points"].high) == (4, 400)
    assert (CHOICES["seed"].low, CHOICES["seed"].high) == (0, 2**32 - 1)
    kinds = {choice.name: choice.kind for choice in CHOICES.values()}
    assert kinds["activation"] == "activation"
    assert (kinds["dataset"], kinds["schedule"]) == ("dataset", "schedule")
    assert (kinds["hidden"], kinds["rows"], kinds["f"]) == ("sizes", "rows", "text")


@pytest.mark.parametrize(
    ("setup", "message"),
    [
        ({"points": 3}, "points is 3; expected a number from 4 to 400"),
        ({"noise": -0.1}, "noise is -0.1; expected a number from 0 to 2"),
        ({"learning_rate": 0}, "learning_rate is 0; expected a number from 1e-06 to 100"),
    ],
)
def test_what_is_out_of_bounds_is_refused(setup, message):
    with pytest.raises(nf.InputError, match=message):
        with_setup(tree_of("classification"), setup)
