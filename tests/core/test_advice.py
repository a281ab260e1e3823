"""The advice of an error fits its numbers: a learning rate is no matter of maximum(x, 1e-12)."""

import pytest

import neuroflow as nf

CASES = {
    "weights_of_1e198": (lambda: nf.Value(1e198) * 1e198, "lower the learning rate"),
    "dot_of_grown_weights": (lambda: nf.dot([nf.Value(1e198)], [1e198]), "lower the learning rate"),
    "log_of_what_has_grown": (lambda: nf.log(nf.Value(-1e198)), "lower the learning rate"),
    "log_of_a_negative": (lambda: nf.log(nf.Value(-2.0)), "its input is -2: make it positive"),
    "log_of_zero": (lambda: nf.log(nf.Value(0.0)), "keep its inputs there"),
    "root_of_a_negative": (lambda: nf.sqrt(nf.Value(-2.0)), "make it positive"),
    "zero_by_zero": (lambda: nf.Value(0.0) / 0.0, "its divisor is 0: add a small number"),
    "tiny_divisor": (lambda: nf.Value(1e10) / 1e-300, "its divisor is 1e-300: add a small"),
    "exp_of_1000": (lambda: nf.exp(nf.Value(1000.0)), "subtract the largest number first"),
    "power_too_large": (lambda: nf.Value(10.0) ** 400, "compute with their logarithms"),
    "root_of_zero_backward": (lambda: nf.sqrt(nf.Value(0.0)).backward(), "keep its inputs there"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_advice_fits_the_numbers_in_the_error_and_in_the_anomaly(case):
    go, advice = CASES[case]
    with nf.detect_anomalies() as found, pytest.raises(nf.DomainError) as caught:
        go()
    assert advice in caught.value.remedy
    assert "maximum" not in str(caught.value) or advice.startswith(("keep", "make", "its input"))
    for anomaly in found:
        assert advice in anomaly.remedy
    assert found or "backward" in case


def test_the_finder_says_for_weights_that_have_grown_that_the_rate_is_too_high():
    tree = {
        "model": {"use": "mlp", "sizes": [2, 3, 1], "activation": "linear"}, "loss": "mse",
        "optimizer": {"use": "sgd", "learning_rate": 1e200}, "train": {"steps": 3},
        "data": {"use": "rows", "rows": [[1.0, 2.0, 1], [2.0, 1.0, 0]]},
    }  # fmt: skip
    for backend in ("eager", "numpy"):
        with pytest.raises(nf.DivergedError) as caught:
            list(nf.watched(nf.train(tree, {"train.backend": backend})))
        (found, *_) = caught.value.anomalies
        assert "lower the learning rate" in found.remedy
        assert "maximum" not in str(found)
