"""The checks of backends: they run every instruction, and find backends that give other numbers."""

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.checks.kinds import executors
from neuroflow.checks.kinds.executors import LOSSES, MANY, answers


class Recording(nf.NumpyExecutor):
    """Remembers which instructions ran."""

    ran: set[str] = set()

    def run_rows(self, number, begin, end):
        words = self.programs[number].code[begin:end, 0].tolist()
        self.ran |= {nf.Instruction.of(word).name for word in words}
        super().run_rows(number, begin, end)


def test_the_checks_run_every_instruction():
    for loss in LOSSES.values():
        for count in (1, MANY):
            answers(Recording, loss, "float64", count)
    assert Recording.ran == {word.name for word in nf.Instruction}


class HalfSums(nf.NumpyExecutor):
    """Sums half of what it should."""

    def run_rows(self, number, begin, end):
        super().run_rows(number, begin, end)
        for row in self.programs[number].code[begin:end].tolist():
            if row[0] == nf.Instruction.SUM:
                self.memory[row[1]] *= 0.5


class ForgetsToClip(nf.NumpyExecutor):
    """Makes steps that are too long."""

    def scale(self, norm):
        return 1.0


class Forgetful(nf.NumpyExecutor):
    """Loses the optimizer's state between steps."""

    def update(self, norm, rate, step):
        self.state[:] = 0.0
        return super().update(norm, rate, step)


class Single(nf.NumpyExecutor):
    """Rounds what the parameters become."""

    def update(self, norm, rate, step):
        went = super().update(norm, rate, step)
        self.parameters[:] = self.parameters.astype(np.float32)
        return went


def gives_nothing(dtype, n_parameters, memory_limit):
    """Forgets its return."""
    nf.NumpyExecutor(dtype, n_parameters, memory_limit)


def takes_nothing():
    """Takes no arguments."""


@pytest.mark.parametrize(
    ("executor", "told"),
    [
        (gives_nothing, "it gives None of type NoneType; expected a neuroflow.Executor: is the"),
        (takes_nothing, "it raises TypeError: takes_nothing() takes 0 positional arguments but 3"),
    ],
)
def test_what_gives_no_executor_is_told_once(executor, told):
    entry = nf.BackendEntry(name="wrong", target=executor, summary="It is wrong.")
    (finding,) = nf.check(entry).findings
    assert finding.check == "executor"
    assert told in finding.message


def test_an_op_that_a_backend_computes_otherwise_is_named(monkeypatch):
    right = executors._numbers

    def wrong(make, function, dtype):
        numbers = right(make, function, dtype)
        if make is Single:
            numbers[3] += 0.01
        return numbers

    monkeypatch.setattr(executors, "_numbers", wrong)
    monkeypatch.setattr(executors, "LOSSES", {})
    entry = nf.BackendEntry(name="wrong", target=Single, summary=".", dtypes=("float64",))
    (finding,) = nf.check(entry).findings
    assert finding.check == "ops"
    assert " in float64 is " in finding.message


@pytest.mark.parametrize(
    ("executor", "found"),
    [
        (HalfSums, "values of vectors through one layer, for 1 examples in float64: the backend"),
        (ForgetsToClip, "trained parameters of"),
        (Forgetful, "the optimizer's state of"),
        (Single, "trained parameters of a layer, for 1 examples in float64"),
    ],
)
def test_a_wrong_backend_is_found(executor, found):
    entry = nf.BackendEntry(name="wrong", target=executor, summary="It is wrong.")
    messages = [finding.message for finding in nf.check(entry).findings]
    assert any(message.startswith(found) for message in messages), messages[:3]


class Unbound(nf.NumpyExecutor):
    """Keeps what points into a memory that has gone."""

    def bind(self):
        if not hasattr(self, "_codes"):
            super().bind()


def test_a_backend_that_does_not_bind_anew_when_its_memory_grows_is_found():
    entry = nf.BackendEntry(name="wrong", target=Unbound, summary=".", dtypes=("float64",))
    report = nf.check(entry)
    assert report.found("memory"), report
    assert "bind() is called" in str(report)


@pytest.mark.parametrize(("digits", "right"), [(8, True), (4, False)])
def test_bfloat16_is_held_to_its_eight_binary_digits(digits, right):
    class Rounded(nf.NumpyExecutor):
        def __init__(self, dtype, *rest):
            super().__init__("float32", *rest)

        def update(self, norm, rate, step):
            went = super().update(norm, rate, step)
            fractions, exponents = np.frexp(self.parameters)
            self.parameters[:] = np.ldexp(np.round(fractions * 2**digits) / 2**digits, exponents)
            return went

    entry = nf.BackendEntry(
        name="rounded", target=Rounded, summary="It rounds parameters.", dtypes=("bfloat16",)
    )
    assert bool(nf.check(entry)) is right


def test_a_right_backend_passes_and_an_absent_one_is_skipped_with_its_reason():
    right = nf.BackendEntry(name="right", target=nf.NumpyExecutor, summary="It is right.")
    assert nf.check(right)
    absent = nf.BackendEntry(
        name="absent", target=nf.NumpyExecutor, summary="It is not here.",
        probe=lambda: "no device; install a driver",
    )  # fmt: skip
    (skip,) = nf.check(absent).skips
    assert skip.reason == "absent: no device; install a driver"
