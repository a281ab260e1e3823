"""``neuroflow predict --backend --dtype``: compiled answers, and what is refused."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import neuroflow as nf
from neuroflow.cli import main


@pytest.fixture
def ask(tmp_path):
    """The command for one row, with more options."""
    path = tmp_path / "m.safetensors"
    nf.save(nf.build("mlp", sizes=[2, 3, 1], rng=nf.SplitMix32(1)), path)

    def ask(*options):
        return CliRunner().invoke(main, ["predict", str(path), "0.5", "-0.25", *options, "--json"])

    return ask


def answer(result):
    (one,) = json.loads(result.stdout)["predictions"]
    return one["output"][0] if isinstance(one["output"], list) else one["output"]


def test_backends_agree_and_float32_is_nearly_the_same(ask):
    eager = answer(ask("--backend", "eager"))
    assert answer(ask()) == eager
    assert answer(ask("--backend", "numpy")) == pytest.approx(eager, rel=1e-12)
    for options in (("--dtype", "float32"), ("--backend", "numpy", "--dtype", "float32")):
        narrow = answer(ask(*options))
        assert narrow == pytest.approx(eager, rel=1e-5)
        assert narrow != eager


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--backend", "eager", "--dtype", "float32"], "computes in float64, not in float32"),
        (["--dtype", "float16"], "unknown dtype 'float16'; expected one of float64, float32"),
        (["--backend", "nunpy"], "did you mean 'numpy'"),
    ],
)
def test_what_cannot_be_done_is_refused(options, message, ask):
    result = ask(*options)
    assert result.exit_code in (1, 2)
    assert message in result.stderr
