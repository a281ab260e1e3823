"""Schedules, initializers, datasets and tokenizers: right unusual ones raise no alarm."""

from __future__ import annotations

import math
from typing import Annotated

import pytest

import neuroflow as nf


class Codes:
    """A tokenizer that is right: one token per byte."""

    vocab_size, bos, pieces = 257, 256, ()

    def configuration(self):
        return {}

    def learn(self, texts):
        return self

    def encode(self, text):
        return list(text.encode())

    def decode(self, ids):
        return bytes(ids).decode()


class Bare:
    def encode(self, text):
        return list(text.encode())

    def decode(self, ids):
        return bytes(ids).decode()


class OutOfRange(Codes):
    vocab_size, bos = 11, 10


class Forgetful(Codes):
    def encode(self, text):
        if not text.isascii():
            raise nf.InputError("letters only")
        return [k for k in text.encode() if k != ord("q")]


class Small(Codes):
    def encode(self, text):
        return list(text.lower().encode())


@pytest.mark.parametrize(
    ("tokenizer", "finding"),
    [
        (Bare, "it lacks pieces, bos, vocab_size, learn, configuration"),
        (OutOfRange, "'emma' has the id [101], and bos is 10"),
        (Forgetful, "'quiz' comes back as 'uiz'"),
    ],
)
def test_a_wrong_tokenizer_is_found(tokenizer, finding):
    report = nf.check(nf.TokenizerEntry(name="mine", target=tokenizer, summary="mine"))
    assert finding in str(report)
    assert not report


def test_a_right_tokenizer_passes_and_one_that_says_what_it_loses():
    assert nf.check(nf.TokenizerEntry(name="mine", target=Codes, summary="mine"))
    lossy = {"name": "mine", "target": Small, "summary": "mine"}
    assert not nf.check(nf.TokenizerEntry(**lossy))
    assert nf.check(nf.TokenizerEntry(**lossy, loses="capital letters"))


def one_cycle(base, step, steps, *, top: float = 3.0, share: float = 0.3):
    """Up to a multiple of the base rate, and down again."""
    peak = share * steps
    if step < peak:
        return base * (1.0 + (top - 1.0) * step / peak)
    return base * top * (steps - step) / (steps - peak)


def inverse_root(base, step, steps):
    """As the root of the step: Noam's."""
    return base / math.sqrt(step + 1)


def table(base, step, steps):
    """Halved at a third of the run."""
    return base if 3 * step < steps else base / 2


SCHEDULES = {
    one_cycle: r"\begin{cases} \eta (1 + (a - 1) \frac{k}{s n}) & k < s n \\"
    r" \eta a \frac{n - k}{n - s n} & \text{otherwise} \end{cases}",
    inverse_root: r"\frac{\eta_0}{\sqrt{t + 1}}",
    table: r"\eta_0 \, 2^{-[3 k \ge n]}",
}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_right_schedule_passes(schedule):
    entry = {"name": schedule.__name__, "target": schedule, "summary": schedule.__doc__}
    report = nf.check(nf.ScheduleEntry(**entry, formula=SCHEDULES[schedule]))
    assert report, report
    assert report.checks["formula"] > 5
    course = nf.ScheduleEntry(**entry, formula=SCHEDULES[schedule], course="rising")
    assert nf.check(course).found("course")


def test_a_course_is_one_of_four_words():
    with pytest.raises(nf.InputError, match="'down' as 'course'; expected one of constant, fal"):
        nf.ScheduleEntry(name="it", target=table, course="down")


def truncated(rng, fan_in, fan_out, *, std=0.02):
    """Normal, without what is more than two deviations away."""
    while True:
        w = rng.gauss(0.0, std)
        if abs(w) <= 2.0 * std:
            return w


def signs(rng, fan_in, fan_out):
    """A sign, divided by the root of the inputs."""
    return rng.choice([-1.0, 1.0]) / math.sqrt(fan_in)


def ones(rng, fan_in, fan_out):
    """One, as gains start."""
    return 1.0


INITIALIZERS = [
    {"target": truncated, "formula": r"\text{normal, cut off at } 2 \sigma",
     "deviation": r"0.8796257 \sigma"},
    {"target": signs, "formula": r"w \sim \{-1 / \sqrt{n_\mathrm{in}}, 1 / \sqrt{n_\mathrm{in}}\}"},
    {"target": ones, "formula": "w = 1"},
]  # fmt: skip


@pytest.mark.parametrize("facts", INITIALIZERS, ids=lambda facts: facts["target"].__name__)
def test_a_right_initializer_passes(facts):
    report = nf.check(nf.InitializerEntry(name="it", summary="An initializer.", **facts))
    assert report, report
    assert report.checks["formula"] > 0


def test_a_declared_deviation_is_held():
    facts = {**INITIALIZERS[0], "deviation": r"\sigma"}
    report = nf.check(nf.InitializerEntry(name="it", summary="An initializer.", **facts))
    assert ": 0.88 times it, as what is declared says" in str(report)


Bits = Annotated[int, nf.Setting("how many bits", "[1, 6]")]


def parity(rng, *, bits: Bits = 3) -> nf.Dataset:
    """All rows of bits, and whether they have an odd number of ones."""
    rows = [[float(k >> j & 1) for j in range(bits)] for k in range(2**bits)]
    return nf.Dataset(rows, [int(sum(row)) % 2 for row in rows], "binary")


def echo(rng, *, examples: int = 30):
    """Rows of tokens, to be said again."""
    rows = [[rng.randrange(4) for _ in range(1 + k % 3)] for k in range(examples)]
    return nf.Dataset(rows, rows, "sequence", vocab_size=4)


def shaped(rng, *, points: int = 12):
    """Inputs that are lists in lists, targets that are two numbers."""
    return nf.Dataset([[[rng.random()] * 2] * 3 for _ in range(points)],
                      [[rng.random(), 0.0] for _ in range(points)])  # fmt: skip


def half_fixed(rng, *, points: int = 9, noise: float = 0.0):
    """A line; the seed matters only where there is noise."""
    xs = [k / points for k in range(points)]
    return nf.Dataset([[x] for x in xs], [x + noise * rng.gauss(0.0, 1.0) for x in xs])


@pytest.mark.parametrize("make", [parity, echo, shaped, half_fixed], ids=lambda f: f.__name__)
def test_a_right_dataset_passes(make):
    entry = {"name": make.__name__, "target": make, "summary": make.__doc__}
    report = nf.check(nf.DatasetEntry(**entry, fixed=make is parity))
    assert report, report


def test_what_the_seed_does_not_change_is_declared():
    entry = {"name": "parity", "target": parity, "summary": "."}
    (finding,) = nf.check(nf.DatasetEntry(**entry)).findings
    assert finding.message.endswith("that they are always the same: DatasetEntry(..., fixed=True)")


def test_a_dataset_that_needs_what_nobody_gives_is_skipped_and_with_an_example_checked():
    def rows_of(rng, *, rows: list):
        """Rows that are given."""
        return nf.Dataset([[x + rng.random()] for x in rows], rows)

    entry = {"name": "given", "target": rows_of, "summary": "."}
    assert (
        nf.check(nf.DatasetEntry(**entry)).skips[0].reason.startswith("its settings rows have no")
    )
    assert nf.check(nf.DatasetEntry(**entry, example={"rows": [1.0, 2.0, 3.0, 4.0]}))


def _turned(rng, fan_in, fan_out, *, gain: float = 1.0):
    """A plane, turned by an angle that is drawn; only square and of two rows, or one number."""
    angle = rng.random()
    rows = [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    full = [[gain * (i == j) for j in range(fan_in)] for i in range(fan_out)]
    for i, j in [(i, j) for i in range(2) for j in range(2)] if min(fan_in, fan_out) > 1 else []:
        full[i][j] = gain * rows[i][j]
    return full


@pytest.mark.parametrize(
    ("square", "told"),
    [("g^2 ", ""), ("", "expected 1.0"), ("g ", "row 0 times row 0 of W"), ("g + ", "unfinished")],
)
def test_a_matrix_has_the_products_that_its_formula_says(square, told):
    facts = {"target": _turned, "matrix": True, "formula": rf"W W^\top = {square}I"}
    report = nf.check(nf.InitializerEntry(name="it", summary="Turns a plane.", **facts))
    assert report.found("formula") == bool(told), report
    assert told in str(report)
