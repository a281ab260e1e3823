"""Code is told apart by what it does, not by where it stands or how it is explained."""

from functools import partial

import pytest

import neuroflow as nf
from neuroflow.training.code import digest_of, is_another


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
