"""What a page lets people choose comes from the settings that entries declare."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.live.choices import CHOICES, setting_at
from neuroflow.live.setup import tree_of, with_setup

NUMBERS = [choice for choice in CHOICES.values() if choice.takes in ("number", "whole")]


@pytest.mark.parametrize("choice", NUMBERS, ids=lambda choice: choice.name)
def test_both_ends_of_a_choice_are_allowed_by_its_setting(choice):
    setting = setting_at(choice.path)
    whole = int if choice.takes == "whole" else float
    assert setting.problem(whole(choice.low)) is setting.problem(whole(choice.high)) is None
    assert choice.low < choice.high


def test_meanings_and_what_is_taken_are_those_of_the_settings():
    assert CHOICES["points"].meaning == setting_at("data.points").meaning == "how many points"
    assert (CHOICES["points"].low, CHOICES["points"].high) == (4, 400)
    assert (CHOICES["seed"].low, CHOICES["seed"].high) == (0, 2**32 - 1)
    takes = {choice.name: choice.takes for choice in CHOICES.values()}
    assert takes["activation"] == "activation"
    assert (takes["dataset"], takes["schedule"]) == ("dataset", "schedule")
    assert (takes["hidden"], takes["rows"], takes["f"]) == ("sizes", "rows", "text")


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
