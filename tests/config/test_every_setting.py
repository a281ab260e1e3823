"""Every bundled setting says what it means, and refuses what it does not allow, by every way in.

The wrong values are derived from the declarations: below, above, no number, another type, another
word; so a setting that is added is tried too, and one whose range is forgotten is found.
"""

from __future__ import annotations

import math
import typing
from typing import Annotated

import pytest

import neuroflow as nf
from neuroflow.config import SECTIONS, check_part, settings_of
from neuroflow.core.settings import declared
from neuroflow.core.types import is_list
from neuroflow.registry.entries import KINDS

ENTRIES = [e for kind in KINDS for e in nf.find("*", kind) if e.namespace == "neuroflow"]
WITH_SETTINGS = [entry for entry in ENTRIES if settings_of(entry)]
TABLES = [section for section in SECTIONS if section.settings]
HUGE = 10**5000  # Python spells no such number

UNBOUNDED = {
    ("uniform", "low"), ("uniform", "high"), ("normal", "mean"), ("function", "low"),
    ("function", "high"), ("spirals", "turns"), ("clip", "low"), ("clip", "high"),
}  # fmt: skip
"""Numbers that may be anything: places on the line of numbers, turns either way."""


def options(setting):
    hint = setting.type
    return set(typing.get_args(hint)) if typing.get_origin(hint) is not list else {hint}


def wrong_values(setting):
    """Values that the declaration rules out."""
    kinds = options(setting) or {setting.type}
    if setting.part:
        return [3, "no such part", {"use": "no such part"}, {"no": "name"}]
    if typing.get_origin(setting.type) is typing.Literal:
        word = min(map(str, kinds), key=len)
        return [word + "x", "", 3, True, None, [word]]
    if any(map(is_list, kinds)):
        single = [-1, 1.5, math.nan] if int in kinds else [3]  # the number of a column, from 0
        return [*wrong_lists(setting), *single, True, HUGE]
    if setting.type is bool or kinds == {bool, type(None)}:
        return [1.5, "yes", [True], HUGE]
    if kinds & {int, float}:
        return wrong_numbers(setting, kinds)
    return [3, True, HUGE, ["text"]]  # a text


def wrong_numbers(setting, kinds):
    wrong = [math.nan, math.inf, -math.inf, HUGE, -HUGE, [1], {"a": 1}]
    wrong += [] if str in kinds else ["1", "text"]
    wrong += [] if bool in kinds else [True]
    wrong += [] if float in kinds else [1.5]
    if math.isfinite(setting.low):
        wrong += [setting.low - 1, int(setting.low) - 1, math.nextafter(setting.low, -math.inf)]
        wrong += [setting.low] if setting.within.startswith("(") else []
    if math.isfinite(setting.high):
        wrong += [setting.high + 1, int(setting.high) + 1]
        wrong += [setting.high] if setting.within.endswith(")") else []
    return wrong


def wrong_lists(setting):
    """Lists with one wrong item, and lists that are too short."""
    hint = next(hint for hint in (setting.type, *options(setting)) if is_list(hint))
    items = typing.get_args(hint)
    if items and set(items) <= {int, float}:
        yield from ([x, x] for x in wrong_numbers(setting, set(items)))
    if items and items[0] is str:
        yield ["a", 3]
    if setting.length:
        yield []


def names(entry):
    return f"{entry.kind}-{entry.name}"


@pytest.mark.parametrize("entry", WITH_SETTINGS, ids=names)
def test_every_setting_has_a_meaning_and_numbers_a_range(entry):
    for setting in settings_of(entry):
        assert setting.meaning, f"{entry.name}: nothing says what {setting.name} means"
        number = {setting.type, *typing.get_args(setting.type)} & {int, float}
        if number and (entry.name, setting.name) not in UNBOUNDED:
            assert setting.within, f"{entry.name}: how far may {setting.name} go?"


def refused_by_configuration(kind, name, setting, value):
    try:
        check_part(kind, {"use": name, setting.name: value})
    except nf.ConfigurationError as error:
        here = f"{kind}.{setting.name}"
        return any(problem.path.startswith(here) for problem in error.problems)
    return False


@pytest.mark.parametrize("entry", WITH_SETTINGS, ids=names)
def test_a_configuration_refuses_wrong_values_with_their_path(entry):
    accepted = [
        (setting.name, str(type(value)) if value is HUGE else value)
        for setting in settings_of(entry)
        for value in wrong_values(setting)
        if not refused_by_configuration(entry.kind, entry.name, setting, value)
    ]
    assert accepted == []


def call_with(entry, name, value):
    """The thing itself, called with one setting."""
    target = entry.load()
    if isinstance(target, nf.Op):
        return target.bind(**{name: value})
    if isinstance(target, nf.UpdateRule):
        state = [0.0] * len(target.state)
        return target(1.0, 0.5, *state, learning_rate=0.1, step=1, **{name: value})
    return target(**{name: value})


def refused_by_call(entry, setting, value):
    try:
        call_with(entry, setting.name, value)
    except nf.InputError as error:
        return f"got {setting.name} = " in str(error)
    except Exception:
        return False
    return False


@pytest.mark.parametrize("entry", WITH_SETTINGS, ids=names)
def test_a_call_refuses_wrong_values_by_name(entry):
    """Parts are looked up, and refused, where they are used; ``no_decay`` is no argument."""
    accepted = [
        (setting.name, str(type(value)) if value is HUGE else value)
        for setting in settings_of(entry)
        if not setting.part and setting.name != "no_decay"
        for value in wrong_values(setting)
        if not (value is None and setting.default is None)
        if not refused_by_call(entry, setting, value)
    ]
    assert accepted == []


GPT = {"use": "gpt", "vocab_size": 9, "n_embd": 16, "n_head": 2}
MOONS = {
    "model": {"use": "mlp", "sizes": [2, 4, 1]},
    "loss": "hinge",
    "optimizer": {"use": "sgd"},
    "data": {"use": "moons", "points": 20},
    "train": {"steps": 3},
}


def problems_of(changes):
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.train(MOONS, changes)
    return {problem.path: problem for problem in caught.value.problems}


@pytest.mark.parametrize("section", TABLES, ids=lambda section: section.name)
def test_a_run_refuses_wrong_values_of_its_tables(section):
    for setting in section.settings:
        path = f"{section.name}.{setting.name}"
        for value in wrong_values(setting):
            if value is None:
                continue
            assert any(found.startswith(path) for found in problems_of({path: value})), path


@pytest.mark.parametrize("section", TABLES, ids=lambda section: section.name)
def test_every_table_says_what_its_settings_mean(section):
    assert all(setting.meaning for setting in section.settings)


def test_sampling_is_declared_too():
    for setting in declared(nf.Sampling).values():
        assert setting.meaning
        for value in wrong_values(setting):
            with pytest.raises(nf.InputError, match=f"got {setting.name} = "):
                nf.Sampling(**{setting.name: value})


def test_everything_that_is_wrong_is_told_at_once():
    problems = problems_of(
        {
            "loss": {"use": "huber", "delta": -1},
            "optimizer": {
                "use": "adam", "beta1": 1.5, "beta2": 1.0, "epsilon": -1,
                "schedule": {"use": "exponential", "factor": -1},
            },
            "model": {
                "use": "gpt", "n_head": 0, "n_layer": 0, "n_embd": -4, "block_size": 0,
                "positions": "rotery", "initializer": {"use": "normal", "std": -1},
            },
            "data": {"use": "names", "tokenizer": {"use": "byte_pairs", "n_merges": -1}},
            "train.batch": HUGE,
        }
    )  # fmt: skip
    assert set(problems) == {
        "loss.delta", "optimizer.beta1", "optimizer.beta2", "optimizer.epsilon",
        "optimizer.schedule.factor", "model.n_head", "model.n_layer", "model.n_embd",
        "model.block_size", "model.positions", "model.initializer.std",
        "data.tokenizer.n_merges", "train.batch",
    }  # fmt: skip
    assert problems["model.positions"].remedy == "did you mean 'rotary'?"
    assert problems["train.batch"].what == "got a whole number of about 5000 digits"


@pytest.mark.parametrize(
    ("changes", "path", "what"),
    [
        ({"model": {**GPT, "n_head": 3}}, "model", "n_head = 3"),
        ({"model": {**GPT, "n_embd": 6, "positions": "rotary"}}, "model", "a head has 3 numbers"),
        ({"data": {"use": "spirals", "points": 5, "classes": 3}}, "data", "5 points of 3 classes"),
        ({"data": {"use": "function", "f": "x", "low": 1, "high": 1}}, "data", "1.0 to 1.0"),
        ({"model.initializer": {"use": "uniform", "low": 2}}, "model.initializer", "low = 2.0"),
        ({"optimizer.schedule": {"use": "cosine", "warmup": 4}}, "optimizer.schedule", "4 steps"),
    ],
)  # fmt: skip
def test_settings_that_do_not_go_together_are_told_with_all_others(changes, path, what):
    problems = problems_of({**changes, "train.l2": -1})
    assert what in problems[path].what
    assert "train.l2" in problems


def test_a_warm_up_beyond_a_run_of_epochs_is_refused_when_the_data_are_there():
    changes = {"optimizer.schedule": {"use": "cosine", "warmup": 4}}
    tree = {**MOONS, "train": {"epochs": 3}}
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.train(tree, changes)
    (problem,) = caught.value.problems
    assert problem.path == "optimizer.schedule"
    assert problem.what == "a warm-up of 4 steps in a run of 3"
    assert nf.train({**tree, "train": {"epochs": 4}}, changes).steps == 4


def test_a_schedule_may_be_a_function_itself():
    run = nf.train(MOONS, {"optimizer.schedule": lambda base, step, steps: base, "train.steps": 2})
    assert run.rate_at(1) == 0.01


def test_a_call_refuses_what_does_not_go_together():
    uniform, cosine = nf.get("initializer", "uniform").load(), nf.get("schedule", "cosine").load()
    with pytest.raises(nf.InputError, match="low = 2, high = 1; expected low at most high"):
        uniform(nf.SplitMix32(0), 1, 1, low=2, high=1)
    with pytest.raises(nf.InputError, match="a warm-up of 9 steps in a run of 5; expected at most"):
        cosine(0.1, 0, 5, warmup=9)
    with pytest.raises(nf.InputError, match="n_embd = 6, n_head = 4, key_value_heads = 4; each"):
        nf.get("layer", "gpt").load()(vocab_size=3, n_embd=6, n_head=4, rng=nf.SplitMix32(0))


def test_numbers_of_5000_digits_are_refused_as_text_too():
    digits = "9" * 5000
    with pytest.raises(nf.ConfigurationError, match="4300 digits"):
        nf.configure(MOONS, [f"train.steps={digits}"])
    with pytest.raises(nf.ConfigurationError, match="got a whole number of about 5000 digits"):
        nf.configure(MOONS, {"train.steps": 10**5000 - 1})


def test_a_setting_whose_range_is_forgotten_is_found():
    """The wrong twin: what the tests above would say of it."""

    def shrink(rng, fan_in, fan_out, *, std: Annotated[float, nf.Setting("how far")] = 0.1):
        return std

    entry = nf.InitializerEntry(name="shrink", target=shrink)
    (setting,) = settings_of(entry)
    with pytest.raises(AssertionError, match="how far may std go"):
        test_every_setting_has_a_meaning_and_numbers_a_range(entry)
    assert refused_by_call(entry, setting, math.nan)
    assert not refused_by_call(entry, setting, -1.0)
