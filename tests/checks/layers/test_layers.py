"""Right layers of unusual kinds pass; their inputs are found, and forms on tensors compared."""

from __future__ import annotations

import pytest

import neuroflow as nf


class Wrapper(nf.Module):
    """Another layer, twice."""

    def __init__(self, *, inner, rng):
        self.part = inner if isinstance(inner, nf.Module) else nf.build(inner, rng=rng)

    def forward(self, xs):
        return [2.0 * y for y in self.part(xs)]


class Pair(nf.Module):
    """Two lists that come in, one number that goes out."""

    def __init__(self, *, rng):
        self.weight = nf.Value(rng.gauss(0.0, 1.0))

    def forward(self, xs, ys):
        return self.weight * nf.dot(xs, ys)


class First(nf.Module):
    """The first of several rows, scaled: what a classifier reads of a text."""

    def __init__(self, *, rng):
        self.weight = nf.Value(rng.gauss(0.0, 1.0))

    def forward(self, rows):
        return [self.weight * x for x in rows[0]]


class Largest(nf.Module):
    """The largest number, scaled: the gradient reaches only that one."""

    def __init__(self, *, inputs: int = 3, rng):
        self.weight = nf.Value(rng.gauss(0.0, 1.0))

    def forward(self, xs):
        return self.weight * nf.maximum(*xs)


class Seven(nf.Module):
    """Takes seven numbers, which only its code says."""

    def __init__(self, *, rng):
        self.weights = [nf.Value(rng.gauss(0.0, 1.0)) for _ in range(7)]

    def forward(self, xs):
        return nf.sum([w * x for w, x in zip(self.weights, xs, strict=True)])


class RunningMean(nf.Module):
    """Subtracts a mean that it keeps in a buffer."""

    def __init__(self, *, inputs: int = 3):
        self.mean = nf.Buffer(0.0)
        self.gain = nf.Value(1.0)

    def forward(self, xs):
        return [self.gain * (x - self.mean) for x in xs]


@pytest.mark.parametrize("layer", [Wrapper, Pair, First, Largest, Seven, RunningMean])
def test_a_right_layer_passes(layer):
    report = nf.check(nf.LayerEntry(name="it", target=layer, summary=layer.__doc__))
    assert report, report
    assert "layer" not in {skip.check for skip in report.skips}, report
    assert report.checks["compiled"] > 0


class PairForm(nf.TensorForm):
    """w x, summed."""

    bare = True

    def parts(self, layer):
        return {"weights": layer.weights}

    def run(self, t, x):
        return (x * t.weights).sum(-1)


def test_a_right_tensor_form_passes():
    pytest.importorskip("torch")
    entry = nf.LayerEntry(name="it", target=Seven, summary="Seven.", tensors=PairForm)
    report = nf.check(entry)
    assert report, report
    assert report.checks["tensor form"] > 2


class Scaled(nf.Module):
    """Each number times a weight, or by it.

    >>> [y.data for y in Scaled(inverse=True)([3.0])]
    [3.0]
    """

    start = 1.0

    def __init__(self, *, inverse: bool = False):
        self.weight = nf.Value(self.start)

    def forward(self, xs):
        return [x / self.weight if self.inverse else x * self.weight for x in xs]


class ScaledForm(nf.TensorForm):
    """w x, which forgets that it may be inverse."""

    bare = True

    def parts(self, layer):
        return {"weight": layer.weight}

    def run(self, t, x):
        return x * t.weight


def test_a_tensor_form_is_compared_at_other_settings_too():
    pytest.importorskip("torch")
    entry = nf.LayerEntry(name="it", target=Scaled, summary="Scaled.", tensors=ScaledForm)
    (finding,) = nf.check(entry).findings
    assert finding.check == "tensor form"
    assert " with inverse = True" in finding.message


def test_the_examples_of_a_layer_are_run_and_tell_what_it_begins_with(monkeypatch):
    """They see the names of its module, although its methods are wrapped."""
    entry = nf.LayerEntry(name="it", target=Scaled, summary="Scaled.")
    report = nf.check(entry)
    assert report, report
    assert report.checks["examples"] == 1
    monkeypatch.setattr(Scaled, "start", 2.0)
    assert nf.check(entry).found("examples")


def test_a_backend_of_others_makes_no_op_fail(monkeypatch):
    from neuroflow.checks.ops import backends

    names = [e.name for e in nf.find("*", "backend") if e.namespace == "neuroflow"]
    tried = []
    monkeypatch.setattr(backends, "_compiled", lambda subject, backend: tried.append(backend))
    broken = nf.BackendEntry(name="broken", target=print, summary="It is broken.")
    every = [*nf.find("*", "backend"), broken]
    monkeypatch.setattr(backends, "find", lambda name, kind: every)
    monkeypatch.setattr(backends, "smooth_points", lambda subject, count: [])
    nf.check("op/relu")
    assert set(tried) == set(names)


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("w x_1", ""),
        ("w x_2", "the layer gives"),
        (r"\operatorname{softmax}(Q K^\top / \sqrt{d}) V", "the layer gives"),
        (r"\text{the scaled sum of all inputs}", ""),
        ("w x +", "unfinished after '+'"),
    ],
)
def test_the_formula_of_a_layer_is_read(formula, told):
    report = nf.check(nf.LayerEntry(name="it", target=First, summary="First.", formula=formula))
    assert [finding.check for finding in report.findings] == (["formula"] if told else [])
    assert told in str(report)
