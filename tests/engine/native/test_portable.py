"""The backend ``portable`` has the same bits on every processor; ``llvm`` need not have them."""

import math
import random

import pytest

import neuroflow as nf
from tests.support.sweeps import tries

pytest.importorskip("llvmlite")

from neuroflow.engine.native import compiler
from neuroflow.engine.native.language import Processor

PROCESSORS = [  # this one; one with shorter vectors; one without a product and sum in one
    compiler.here(),
    Processor("haswell", "+avx,+avx2,+fma,-avx512f"),
    Processor("x86-64", "+sse2,-sse3,-avx,-avx2,-fma,-avx512f"),
]
X86 = compiler.facts(None).find("x86_64") >= 0


def class_loss(model, x, label):
    return nf.get("loss", "cross_entropy").load()(model(x), label)


def bits(backend, dtype="float64"):
    """The parameters after some steps of a network with matrix products, sums and exponentials."""
    rng = random.Random(4)
    model = nf.build("mlp", sizes=[7, 9, 3], activation="silu", rng=rng)
    examples = [([rng.gauss(0, 1) for _ in range(7)], k % 3) for k in range(13)]
    adam = nf.get("optimizer", "adam").load()
    runner = nf.make_runner(model, class_loss, examples, adam, backend=backend, dtype=dtype)
    runner.run([[3 * s + k for k in range(5)] for s in range(3)], [0.05] * 3)
    return [parameter.data.hex() for parameter in runner.parameters]


x86 = pytest.mark.skipif(not X86, reason="the processors to compare are of the kind x86-64")


@pytest.fixture
def on_each(monkeypatch):
    """What a function gives where the processor is one of these."""

    def call(processors, function, *given):
        found = []
        for processor in processors:
            monkeypatch.setattr(compiler, "here", lambda processor=processor: processor)
            found.append(function(*given))
        return found

    return call


@x86
@pytest.mark.sweep
@pytest.mark.parametrize("dtype", ["float64", "float32"][: tries(1, full=2)])
def test_the_same_bits_on_every_processor(dtype, on_each, figures):
    first, *others = on_each(PROCESSORS[tries(1, full=0) :], bits, "portable", dtype)
    assert all(other == first for other in others)
    figures(tried=len(first) * (1 + len(others)), faults=0, processors=1 + len(others))


def squares(backend):
    fast = nf.compile(lambda xs: nf.dot(xs, xs), backend=backend)
    return [fast.value([math.sin(k * n) for k in range(n)]) for n in (40, 77, 203)]


@x86
def test_the_bits_of_llvm_depend_on_the_processor_in_the_last_places(on_each):
    first, other = on_each(PROCESSORS[1:], squares, "llvm")
    assert first != other
    assert first == pytest.approx(other, rel=1e-14)
    first, other = on_each(PROCESSORS[1:], squares, "portable")
    assert first == other


def test_portable_numbers_are_the_eager_ones():
    fast, eager = ([float.fromhex(x) for x in bits(name)] for name in ("portable", "eager"))
    assert fast == pytest.approx(eager, rel=1e-12, abs=1e-12)


def test_a_backend_says_what_its_bits_depend_on():
    from neuroflow.engine.run.backends import make_executor

    said = {
        name: make_executor(name, "float64", 0, None).bits_depend_on()
        for name in ("numpy", "llvm", "portable")
    }
    assert "BLAS" in said["numpy"]
    assert compiler.here().name in said["llvm"]
    assert compiler.here().name not in said["portable"]
    assert "tanh" in said["portable"]
