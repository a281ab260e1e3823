"""Configurations that nobody would write: read, or refused in a readable message, in no time."""

from __future__ import annotations

import copy
import datetime
import json
import random
import time

import pytest

import neuroflow as nf
from neuroflow.config import to_toml
from neuroflow.training import Training
from tests.support.sweeps import tries

READABLE = 20_000  # letters
SECONDS = 2.0
HUGE = [10**30, -(10**30), 10**400, 2**31, 2**63, 2**64, 1e308, -1e308, 5e-324]
ODD_NUMBERS = [*HUGE, float("nan"), float("inf"), -0.0, 0, -1, 0.5, 3.0, True, None]
WORDS = [
    "", " ", "x", "tanh", "\uff54anh", "t\u0430nh", "\x00", "\x1b[31mred", "a" * 100_000, "/",
    "\ud800", "neuroflow/tanh@1", "@@@", "%s%n", "{0.__class__}", "__import__('os')", "op/tanh",
    "/dev/zero", "../..",
]  # fmt: skip
THINGS = [
    [], {}, [[]], [None], [2, 10**30, 1], [2, 10**9, 1], [2, -1, 1], [2, 3.5, 1], [2, "a", 1],
    [2] + [1] * 3000, {"use": None}, {"use": ""}, {"use": []}, {"use": {"use": "tanh"}}, {"": ""},
    {"a.b": 1}, {"use": "mlp"}, datetime.date(2026, 1, 1), [1, "a", {"b": 2}],
    {f"k{i}": i for i in range(20_000)},
]  # fmt: skip
OBJECTS = [
    {1: 2}, {None: None}, (1, 2), {1, 2}, b"bytes", object, object(), complex(1, 1), range(3),
]  # fmt: skip
BROKEN = [b"[", b"{", b'"', b"\n", b"=", b"nan", b"9" * 30, b"\x00", b"#", b"]]", b"'''", b"\xff"]
KEYS = ["extra", "use", "__class__", "self", "rng", "", "\u00e9", "x" * 5000]


SMALL = [
    {
        "model": {"use": "mlp", "sizes": [2, 3, 1], "activation": "tanh", "dropout": 0.1},
        "loss": {"use": "hinge"},
        "optimizer": {"use": "adam", "learning_rate": 0.05, "schedule": {"use": "cosine"}},
        "data": {"use": "moons", "points": 12, "noise": 0.1, "test": 0.25, "standardize": True},
        "train": {"steps": 1, "batch": 3, "backend": "eager", "seed": 3, "l2": 1e-4},
    },
    {
        "model": {"use": "sequential", "layers": [{"use": "mlp", "sizes": [1, 2]}, "sin",
                                                  {"use": "linear", "n_in": 2, "n_out": 1}]},
        "loss": "mse",
        "optimizer": {"use": "sgd", "learning_rate": 0.1},
        "data": {"use": "function", "f": "sin(x)", "points": 9, "low": -1.0, "high": 1.0},
        "train": {"steps": 1, "backend": "eager"},
    },
    {
        "model": {"use": "gpt", "n_layer": 1, "n_embd": 4, "n_head": 2, "block_size": 4},
        "loss": "cross_entropy",
        "optimizer": "sgd",
        "data": {"use": "addition", "digits": 1},
        "train": {"steps": 1, "batch": 1, "backend": "eager", "evaluate_every": 9},
    },
]  # fmt: skip


def places(tree, path=()):
    """Every path in a tree, into the first items of its lists; not below what is planted deep."""
    yield path
    if len(path) < 6 and isinstance(tree, (dict, list)):
        for key in tree if isinstance(tree, dict) else range(min(len(tree), 3)):
            yield from places(tree[key], (*path, key))


def deep(rng):
    """Something in a list in a list, or in a table in a table."""
    wrap = rng.choice([lambda x: [x], lambda x: {"use": x}, lambda x: {"a": x}])
    thing = 1
    for _ in range(rng.choice([50, 500, 3000])):
        thing = wrap(thing)
    return thing


def cyclic():
    """A list that holds itself."""
    thing = [1]
    thing.append(thing)
    return thing


def nasty(rng, known):
    """One thing that hardly belongs where it will stand."""
    pools = [ODD_NUMBERS, WORDS, THINGS, OBJECTS, known]
    pool = rng.choice([*pools, *pools, [deep(rng)], [cyclic()], [{"use": rng.choice(known)}]])
    return copy.copy(rng.choice(pool))


def mutated(rng, known):
    """A tree with one to three things wrong in it, and what was done."""
    tree, done = copy.deepcopy(rng.choice(SMALL)), []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        path = rng.choice([p for p in places(tree) if p])
        here = tree
        for key in path[:-1]:
            here = here[key]
        how = rng.random()
        if how < 0.12:
            del here[path[-1]]
        elif how < 0.22 and isinstance(here, dict):
            here[rng.choice(KEYS)] = nasty(rng, known)
        else:
            here[path[-1]] = nasty(rng, known)
        done.append(f"{how:.2f} at {path}")
    return tree, done


def outcome(act):
    """What became of it: "ok", or "own" for an error of the project in a readable message."""
    started, said = time.process_time(), ""
    try:
        act()
    except nf.NeuroflowError as error:
        said = str(error)
    took = time.process_time() - started
    assert len(said) < READABLE, f"a message of {len(said):,} letters"
    assert took < SECONDS, f"{took:.1f} s"
    return "own" if said else "ok"


def tried(source):
    """Read it; what passes and is small is made, and trained a step."""
    configuration = nf.configure(source)
    if configuration["train"].get("steps") == 1 and configuration["data"].get("points", 1) < 1000:
        next(iter(Training(configuration)))


@pytest.mark.sweep
def test_mutated_trees_are_read_or_refused(figures, tmp_path):
    rng = random.Random(tries(5, full=1))
    known = [entry.shortest_name for entry in nf.find("*")]
    counts = {"ok": 0, "own": 0}
    for k in range(tries(150, full=10_000)):
        tree, done = mutated(rng, known)
        source = tree
        if k % 3 == 0:
            source = as_file(tree, tmp_path, rng) or tree
        try:
            counts[outcome(lambda source=source: tried(source))] += 1
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}; after {done}") from error
    assert counts["own"] > counts["ok"] > 0
    figures(tried=sum(counts.values()), refused=counts["own"], trained=counts["ok"], faults=0)


def as_file(tree, folder, rng):
    """The tree as a file, perhaps with broken characters; None if no file can hold it."""
    ending = rng.choice([".json", ".toml"])
    try:
        text = json.dumps(tree) if ending == ".json" else to_toml(tree)
    except (TypeError, ValueError, RecursionError, AttributeError, nf.NeuroflowError):
        return None
    content = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(rng.choice([0, 1, 1, 3])):
        at = rng.randrange(len(content) + 1)
        content[at : at + rng.choice([0, 0, 1, 9])] = rng.choice(
            [
                b"[",
                b"{",
                b'"',
                b"\n",
                b"=",
                b"nan",
                b"9" * 30,
                b"\x00",
                b"#",
                b"]]",
                b"'''",
                b"\xff",
            ]
        )
    path = folder / f"tree{ending}"
    path.write_bytes(bytes(content))
    return path


CRAFTED = {
    "a number of 5,000 digits.toml": b"a = " + b"9" * 5000,
    "a number of 5,000 digits.json": b'{"a": ' + b"9" * 5000 + b"}",
    "3,000 nested lists.toml": b"a = " + b"[" * 3000 + b"]" * 3000,
    "3,000 nested lists.json": b'{"a": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    "10,000 dotted keys.toml": b"a" + b".a" * 10_000 + b" = 1",
    "a table 5,000 deep.toml": b"[model" + b".a" * 5000 + b"]\nx = 1",
    "1e6 unknown keys.json": b"{" + b",".join(b'"k%d":1' % i for i in range(10**6)) + b"}",
    "1e5 unknown keys.toml": b"".join(b"k%d = 1\n" % i for i in range(10**5)),
    "5 MB of text.toml": b'loss = "' + b"x" * 5_000_000 + b'"',
}


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_files_are_refused_in_no_time(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(CRAFTED[name])
    assert outcome(lambda: nf.configure(path)) == "own"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("model.sizes=[2, 1" + "0" * 30 + ", 1]", "4e+30 parameters"),
        ("data.points=1" + "0" * 12, "1,000,000,000,000"),
        ("data.points=1e12", "expected a whole number"),
        ("=" + "x" * 30_000, "sets nothing"),
        ("x" * 30_000 + "=1", "unknown"),
        ("model.sizes=[" + "1, " * 3000 + "1]", ""),
    ],
)
def test_settings_out_of_all_measure_say_what_they_ask_for(setting, said):
    def act():
        with pytest.raises(nf.NeuroflowError) as caught:
            Training(nf.configure("moons", [setting]))
        assert said in str(caught.value)
        raise caught.value

    assert outcome(act) == "own"


def test_a_huge_number_of_turns_is_refused():
    tree = {**SMALL[0], "data": {"use": "spirals", "points": 12, "turns": 1e308}}
    assert outcome(lambda: Training(nf.configure(tree))) == "own"


def test_of_thousands_of_problems_a_hundred_are_told():
    layers = [1] * 3_000
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.configure({"model": {"use": "sequential", "layers": layers}})
    lines = str(caught.value).splitlines()
    assert len(caught.value.problems) >= 3_000
    assert (len(lines), lines[-1]) == (102, f"  and {len(caught.value.problems) - 100:,} more")


@pytest.mark.parametrize("layers", [object, [object]])
def test_a_class_is_neither_a_layer_nor_a_list_of_them(layers):
    with pytest.raises(nf.ConfigurationError, match=r"model\.layers.*got <class 'object'>; exp"):
        nf.configure({**SMALL[0], "model": {"use": "sequential", "layers": layers}})
