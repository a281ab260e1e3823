"""Settings: what a declaration says, how it is read, and what it refuses."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import pytest
from attrs import Factory, frozen

import neuroflow as nf
from neuroflow.core.settings import checked, declared, of_rule, unchecked

Rate = Annotated[float, nf.Setting("how many are dropped", "[0, 1)")]


def drop(
    x, *, rate: Rate = 0.5, words: Annotated[Literal["one", "two"], nf.Setting("a word")] = "one"
):
    return x, rate, words


WRONG = [1.0, -0.1, math.nan, math.inf, True, "0.5", [0.5], 10**5000]


def plain(x, *, rate=0.5, count: int = 3, anything=None):
    return x


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (nf.Setting("x", "[0, 1)", type=float), "a number at least 0 and below 1"),
        (nf.Setting("x", "(0, inf)", type=int), "a whole number above 0"),
        (nf.Setting("x", type=float), "a number"),
        (nf.Setting("x", "[1, inf)", "[2, inf)", type=list[int]),
         "a list of whole numbers, each at least 1, at least 2 of them"),
        (nf.Setting("x", length="[1, 1]", type=str), "a text exactly 1 in length"),
        (nf.Setting("x", part="activation"), "an activation"),
        (nf.Setting("x", part="layer", type=list[Any]), "a list of layers"),
        (nf.Setting("x", type=Literal["a", "b"]), "'a' or 'b'"),
    ],
)  # fmt: skip
def test_a_declaration_in_words(setting, words):
    assert setting.expected == words


def test_a_signature_is_read_with_names_types_and_defaults():
    rate, words = declared(drop).values()
    assert (rate.name, rate.type, rate.default, rate.meaning) == (
        "rate", float, 0.5, "how many are dropped",
    )  # fmt: skip
    assert (words.name, words.default, words.required) == ("words", "one", False)
    undeclared = declared(plain)
    assert [s.meaning for s in undeclared.values()] == ["", "", ""]
    assert [s.type for s in undeclared.values()] == [float, int, Any]


def test_a_class_of_attrs_declares_its_fields():
    @frozen
    class Table:
        rate: Annotated[float, nf.Setting("how many", "[0, 1)")] = 0.5
        sizes: Annotated[list[int], nf.Setting("sizes", "[1, inf)")] = Factory(list)

    assert list(declared(Table)) == ["rate", "sizes"]
    assert declared(Table)["rate"].range == "at least 0 and below 1"


@pytest.mark.parametrize("value", WRONG, ids=lambda x: type(x).__name__)
def test_a_function_refuses_what_its_declaration_rules_out(value):
    with pytest.raises(
        nf.InputError, match=r"^drop got rate = .*; expected a number at least 0 and"
    ):
        checked(drop)(1.0, rate=value)
    assert checked(drop)(1.0, rate=0.25) == (1.0, 0.25, "one")


def test_all_wrong_settings_of_a_call_are_told_at_once_and_words_with_a_hint():
    with pytest.raises(nf.InputError) as caught:
        checked(drop)(1.0, rate=2, words="onee")
    assert str(caught.value) == (
        "drop got 2 wrong settings:\n"
        "  rate: got 2; expected a number at least 0 and below 1\n"
        "  words: got 'onee' (a text); expected 'one' or 'two'; did you mean 'one'?"
    )


def test_a_function_without_declarations_stays_itself():
    def free(x, *, rate=0.5):
        return rate

    assert checked(free) is free
    assert checked(3) == 3
    assert checked(drop) is checked(drop)
    assert unchecked(checked(drop)) is drop


def test_rules_take_numbers_and_flags_as_numbers():
    def rule(w, g, *, learning_rate, step, momentum=0, nesterov=False):
        return (w,)

    settings = of_rule(rule)
    assert list(settings) == ["momentum", "nesterov"]
    assert settings["momentum"].problem(0.5) is None
    assert settings["nesterov"].problem(True) is settings["nesterov"].problem(1.0) is None
    assert settings["nesterov"].problem(2) is not None


def test_an_optimizer_called_directly_and_an_op_check_their_settings():
    adam = nf.get("optimizer", "adam").load()
    with pytest.raises(nf.InputError, match=r"adam got beta2 = 1\.0; expected a number at least 0"):
        adam(1.0, 0.5, 0.0, 0.0, learning_rate=0.1, step=1, beta2=1.0)
    with pytest.raises(nf.InputError, match="adam has no setting 'beta3'"):
        adam.bind(beta3=1.0)
    with pytest.raises(nf.InputError, match=r"leaky_relu got slope = \[1\]; expected a number"):
        nf.ops.leaky_relu.bind(slope=[1])
    assert nf.ops.leaky_relu.bind(slope=1.0)(-2.0) == -2.0
    with pytest.raises(nf.InputError, match="leaky_relu got slope = true"):
        nf.ops.leaky_relu.bind(slope=True)


def test_numbers_of_numpy_are_numbers_wherever_settings_are():
    import numpy as np

    table = {
        "sizes": np.array([2, 3, 1]),
        "activation": {"use": "leaky_relu", "slope": np.float32(0.5)},
    }
    made = nf.build("mlp", **table, bias=np.True_, rng=nf.SplitMix32(np.uint8(1)))
    wanted = nf.build(
        "mlp", sizes=[2, 3, 1], activation={"use": "leaky_relu", "slope": 0.5}, rng=nf.SplitMix32(1)
    )
    assert made.state_dict() == wanted.state_dict()
    assert repr(made) == repr(wanted)
    changes = {"train.steps": np.int64(2), "train.seed": np.int32(3), "data.points": np.int16(8)}
    plain = {path: int(value) for path, value in changes.items()}
    assert nf.configure("moons", changes) == nf.configure("moons", plain)
    assert nf.ops.leaky_relu(-1.0, slope=np.int64(2)) == -2.0
    assert nf.take([1.0, 2.0], np.int8(1)) == 2.0
    sampling = nf.Sampling(top_k=np.int64(1), temperature=np.float32(0.5))
    assert sampling.distribution([0.0, 1.0]) == [0.0, 1.0]
    letters = nf.resolve("tokenizer", "characters")(pieces=["a", "b"])
    assert letters.decode(list(np.array([1, 0]))) == "ba"
    assert nf.predict(made, np.array([[0.5, 1.0]])) == nf.predict(made, [[0.5, 1.0]])
    with pytest.raises(nf.InputError, match=r"no token has the id 1\.5"):
        letters.decode([1.5])
    with pytest.raises(nf.InputError, match="take got the index"):
        nf.take([1.0], np.float64(0.0))
