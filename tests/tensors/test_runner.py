"""Training in tensors makes the steps that plain Values make."""

import pytest

import neuroflow as nf
from neuroflow.training import in_tensors
from tests.support.long_tests import long

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

NAMES = {"data.most_lines": 30, "train.batch": 4, "optimizer.schedule": "constant",
         "model.n_embd": 8, "model.n_head": 2}  # fmt: skip
TENSORS = {"train.backend": "torch", "train.tensors": True}


def losses_of(recipe, **settings):
    run = nf.train(recipe, {"train.steps": 3, "train.report_every": 1, **settings})
    return [step.loss for step in run], run


@pytest.mark.parametrize(
    ("recipe", "settings"),
    [
        ("moons", {"data.points": 20, "train.l2": 0.01}),
        ("moons", {"data.points": 20, "model.dropout": 0.3, "train.batch": 7}),
        ("names", {**NAMES, "train.clip_norm": 0.5}),
        long("names", {**NAMES, "model.dropout": 0.3, "train.evaluate_every": 2}),
    ],
    ids=["rows", "rows, dropped", "texts", "texts, dropped"],
)
def test_losses_are_those_of_plain_values(recipe, settings):
    expected, eager = losses_of(recipe, **settings, **{"train.backend": "eager"})
    got, run = losses_of(recipe, **settings, **TENSORS)
    assert type(run.runner).__name__ == "TensorsRunner"
    assert got == pytest.approx(expected, rel=1e-9)
    assert run.metrics == pytest.approx(eager.metrics, rel=1e-9)
    state, theirs = run.runner.state_dict(), eager.runner.state_dict()
    assert {k: v for k, v in state.items() if k == "steps"} == {"steps": 3}
    for name in eager.runner.rule.state:
        assert state[name] == pytest.approx(theirs[name], rel=1e-9, abs=1e-12)


def test_gradients_losses_and_predictions_are_those_of_plain_values():
    runs = [losses_of("moons", **{"data.points": 12, **more})[1].runner
            for more in ({"train.backend": "eager"}, TENSORS)]  # fmt: skip
    (loss, gradient), (our_loss, ours) = (runner.gradients([3, 1, 4]) for runner in runs)
    assert our_loss == pytest.approx(loss, rel=1e-9)
    assert ours == pytest.approx(gradient, rel=1e-9, abs=1e-12)
    assert runs[1].losses([2, 0]) == pytest.approx(runs[0].losses([2, 0]), rel=1e-9)
    rows = [[0.5, -0.25], [1.0, 2.0]]
    assert runs[1].predict(rows) == pytest.approx(runs[0].predict(rows), rel=1e-9)


def test_a_run_is_resumed_where_it_stood(tmp_path):
    settings = {**NAMES, **TENSORS, "model.dropout": 0.2, "train.steps": 4}
    whole = nf.Run.start("names", tmp_path / "whole", settings).run().training
    part = nf.Run.start("names", tmp_path / "part", {**settings, "train.report_every": 1})
    for step in part:
        if step.step == 2:
            break
    again = nf.Run.resume(tmp_path / "part").run().training
    assert type(again.runner).__name__ == "TensorsRunner"
    assert again.loss == pytest.approx(whole.loss, rel=1e-12)
    assert again.model.state_dict() == pytest.approx(whole.model.state_dict(), rel=1e-9)


def test_a_step_that_is_not_finite_is_not_made():
    rate = {"optimizer.learning_rate": 1e300, "optimizer.schedule": "constant"}
    run = nf.train(
        "moons", {"data.points": 12, "train.steps": 1, **rate, "train.l2": 1e10, **TENSORS}
    )
    before = run.model.state_dict()
    with pytest.raises(nf.DomainError, match=r"of step \d is|of step \d gives"):
        run.run()
    assert run.model.state_dict() == before


def test_float32_is_taken_and_bfloat16_is_not():
    losses, _ = losses_of("moons", **{"data.points": 12, "train.dtype": "float32", **TENSORS})
    expected, _ = losses_of("moons", **{"data.points": 12, "train.backend": "eager"})
    assert losses == pytest.approx(expected, rel=1e-4)


def test_another_backend_is_refused():
    with pytest.raises(nf.InputError, match="got the backend 'numpy'; expected auto or torch"):
        nf.train("moons", {"train.tensors": True, "train.backend": "numpy"})


def test_a_model_too_large_to_trace_goes_there_by_itself_with_a_word(monkeypatch):
    monkeypatch.setattr(in_tensors, "MOST_TRACED", 1000)
    run = nf.train("names", {**NAMES, "train.steps": 1})
    assert run.backend == "torch"
    assert "so it trains in tensors" in run.summary()["note"]
    assert nf.train("names", {**NAMES, "train.backend": "numpy"}).backend == "numpy"


def test_without_pytorch_it_says_how_it_would(monkeypatch):
    monkeypatch.setattr(in_tensors, "MOST_TRACED", 1000)
    monkeypatch.setattr("neuroflow.training.in_tensors.has_torch", lambda: False)
    monkeypatch.setattr("neuroflow.training.steps.has_torch", lambda: False)
    run = nf.train("names", {**NAMES, "train.steps": 1})
    assert run.backend != "torch"
    assert 'pip install "neuroflow[torch]"' in run.summary()["note"]
