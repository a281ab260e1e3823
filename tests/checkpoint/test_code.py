"""Code is told apart by what it does, not by where it stands or how it is explained."""

from functools import partial

import pytest

import neuroflow as nf
from neuroflow.checkpoint.code import digest_of, is_another


def made(factor):
    return lambda p, t: factor * (p - t)


def plain(p, t):
    return p - t


def explained(p, t):
    """How far apart."""
    return p - t  # a comment


class Called:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, p, t):
        return self.factor * (p - t)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (made(1.0), made(2.0)),
        (partial(plain, t=1.0), partial(plain, t=2.0)),
        (Called(1.0), Called(2.0)),
        (lambda p, t=1.0: p - t, lambda p, t=2.0: p - t),
        (lambda p, t: [p for _ in "a"], lambda p, t: [t for _ in "a"]),
        (lambda p, t: p in {1, 2}, lambda p, t: p in {1, 3}),
        (lambda p, t: p == "a", lambda p, t: p == "b"),
        (nf.update_rule(lambda w, g, *, learning_rate: w), nf.update_rule(
            lambda w, g, *, learning_rate: g)),
    ],
)  # fmt: skip
def test_other_code_or_other_numbers_in_it_have_another_digest(one, other):
    assert is_another(digest_of(one), digest_of(other))
    assert not is_another(digest_of(one), digest_of(one))


def test_places_comments_and_docstrings_do_not_count():
    assert digest_of(plain) == digest_of(explained)
    assert digest_of(made(2.0)) == digest_of(made(2.0))


def test_what_another_python_compiled_is_not_compared():
    there = digest_of(plain).replace("cpython", "another")
    assert not is_another(there, digest_of(made(2.0)))
    assert not is_another("", digest_of(plain))


X, LINE = [[0.0, 1.0], [1.0, 0.5], [2.0, 0.0], [0.5, 2.0]], [1.0, 3.0, 5.0, 2.0]
OF_RUN = {"steps": 2, "backend": "eager", "seed": 2}
TREE = {
    "model": {"use": "mlp", "sizes": [2, 1]},
    "optimizer": "sgd",
    "loss": "mse",
    "train": OF_RUN,
}


def made_of(name, body):
    """A lambda or a class from its text: of the same name, with a body that may be another."""
    known = {"nf": nf, "__name__": "theirs"}
    exec(f"made = {body}" if name == "<lambda>" else body, known)
    return known["made"]


OF_NAME = {
    "loss": ("lambda p, t: (p - t) ** 2", "lambda p, t: (p - t) ** 4"),
    "schedule": ("lambda rate, step, steps: rate", "lambda rate, step, steps: rate * 2"),
    "metrics": ("lambda p, t: abs(p - t)", "lambda p, t: t"),
}


@pytest.mark.parametrize("role", OF_NAME)
def test_a_function_of_the_same_name_and_other_code_is_told_from_the_first(role, tmp_path):
    same, twin = OF_NAME[role]

    def parts(body):
        function = made_of("<lambda>", body)
        given = {role: [function] if role == "metrics" else function}
        return {"data": (X, LINE), **given}

    folder = tmp_path / "run"
    nf.Run.start(TREE, folder, **parts(same)).save()
    assert "other code" not in nf.Run.resume(folder, **parts(f"(\n  {same})  # moved")).note
    if role == "metrics":
        assert "the metric <lambda> has other code" in nf.Run.resume(folder, **parts(twin)).note
        return
    with pytest.raises(nf.StateError, match=f"began with the {role} of the same name and other"):
        nf.Run.resume(folder, **parts(twin))


def test_a_class_of_the_same_name_and_other_code_is_told_in_the_note(tmp_path):
    source = """class Own(nf.Module):
    def __init__(self):
        self.w = nf.Value(0.5)

    def forward(self, x):
        return self.w * x[0]{0}
made = Own()"""
    given = {"data": (X, LINE), "loss": "mse", "optimizer": "sgd"}
    nf.Run.start({"train": OF_RUN}, tmp_path / "run", model=made_of("", source.format("")), **given)
    parts = {"data": (X, LINE)}
    same = made_of("", source.format("  # the first"))
    assert nf.Run.resume(tmp_path / "run", model=same, **parts).note == ""
    twin = nf.Run.resume(tmp_path / "run", model=made_of("", source.format(" + 1.0")), **parts)
    assert twin.note == "the class Own has other code than when the run began"
