"""Tokenizers that are wrong in ways that would be met in training are found before."""

from __future__ import annotations

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


def test_a_right_tokenizer_passes():
    assert nf.check(nf.TokenizerEntry(name="mine", target=Codes, summary="mine"))
