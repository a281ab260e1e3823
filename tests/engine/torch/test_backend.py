"""The backend torch: which device, in which precision, and what is said where there is none."""

import pytest

import neuroflow as nf

pytest.importorskip("torch")

from neuroflow.engine.torch.devices import device_named, devices_here


def square(x):
    return x * x


def test_the_processor_is_always_there():
    assert devices_here()[-1] == "cpu"
    assert nf.compile(square, backend="torch", device="cpu").value(3.0) == 9.0


def test_auto_never_means_torch_unless_a_gpu_is_asked_for(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert nf.compile(square).backend != "torch"
    assert nf.compile(square, device="cpu").backend != "torch"
    with pytest.raises(nf.BackendError, match="there is no device cuda here"):
        nf.compile(square, device="cuda").value(3.0)


@pytest.mark.parametrize("backend", ["numpy", "eager"])
def test_other_backends_refuse_a_device_that_they_lack(backend):
    with pytest.raises(nf.BackendError, match="got device 'cuda'"):
        nf.train("moons", {"train.device": "cuda", "train.backend": backend})


def test_a_device_that_is_not_here_is_refused_with_those_that_are(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(nf.BackendError, match=r"there is no device cuda here .*expected one of"):
        device_named("cuda", "float64")


def test_other_backends_refuse_bfloat16():
    with pytest.raises(nf.BackendError, match="computes in float64 and float32"):
        nf.compile(square, backend="numpy", dtype="bfloat16")


def test_a_recipe_trains_as_on_another_backend():
    losses = {}
    for backend in ("torch", "numpy"):
        changes = {"train.backend": backend, "train.steps": 3, "train.device": "cpu"}
        losses[backend] = [step.loss for step in nf.train("moons", changes)]
    assert losses["torch"] == pytest.approx(losses["numpy"], abs=1e-12)
