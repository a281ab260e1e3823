"""Options of training on text: smoothing, warm-up, clipping, accumulation, and baselines."""

import math
from itertools import pairwise

import pytest

import neuroflow as nf

SMALL = {
    "model": {"use": "gpt", "n_embd": 8, "n_head": 2, "block_size": 8, "hidden": 8},
    "loss": "cross_entropy",
    "optimizer": {"use": "sgd", "learning_rate": 0.1},
    "data": {"use": "reverse", "examples": 12, "length": 3, "alphabet": 3},
    "train": {"steps": 2, "batch": 4, "shuffle": False, "backend": "eager"},
}


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_label_smoothing_is_that_of_pytorch(smoothing):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    numbers, target = [0.3, -1.2, 2.0, 0.0], 2
    theirs = torch.tensor([numbers], dtype=torch.float64, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(
        theirs, torch.tensor([target]), label_smoothing=smoothing
    )
    expected.backward()
    ours = [nf.Value(x) for x in numbers]
    loss = nf.get("loss", "cross_entropy").load()(ours, target, label_smoothing=smoothing)
    loss.backward()
    assert loss.data == pytest.approx(expected.item(), rel=1e-12)
    assert [x.grad for x in ours] == pytest.approx(theirs.grad[0].tolist(), rel=1e-12)


def test_label_smoothing_is_a_setting_of_the_loss():
    plain = nf.train(SMALL)
    smooth = nf.train({**SMALL, "loss": {"use": "cross_entropy", "label_smoothing": 0.2}})
    assert next(iter(plain)).losses[0] != next(iter(smooth)).losses[0]


def test_cosine_rises_over_the_warm_up_and_then_falls():
    rate = nf.get("schedule", "cosine").load()
    rates = [rate(1.0, step, 100, to=0.1, warmup=10) for step in range(101)]
    assert rates[:10] == pytest.approx([(k + 1) / 10 for k in range(10)])
    assert rates[10] == 1.0
    assert rates[55] == pytest.approx(0.55)
    assert rates[100] == pytest.approx(0.1)
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_the_warm_up_of_other_programs_is_a_setting():
    def rates(rise):
        rate = nf.resolve("schedule", {"use": "cosine", "warmup": 4, "rise": rise})
        return [rate(1.0, step, 20) for step in range(5)]

    assert rates("full") == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert rates("short") == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates("zero") == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])


@pytest.mark.parametrize("backend", ["eager", "numpy", "llvm"])
def test_clipping_shortens_the_gradient_to_the_norm(backend):
    def moved(changes):
        run = nf.train(SMALL, {"train.steps": 1, "train.backend": backend, **changes})
        before = run.model.state_dict()
        run.run()
        after = run.model.state_dict()
        return math.sqrt(math.fsum((after[k] - before[k]) ** 2 for k in before)), run

    free, run = moved({})
    assert free == pytest.approx(0.1 * run.runner.gradient_norm, rel=1e-9)
    clipped, _ = moved({"train.clip_norm": 0.01})
    assert clipped == pytest.approx(0.1 * 0.01, rel=1e-9)


def test_accumulation_equals_a_larger_batch():
    parts = nf.train(SMALL, {"train.batch": 2, "train.accumulation": 2}).run()
    whole = nf.train(SMALL, {"train.batch": 4}).run()
    assert parts.model.state_dict() == whole.model.state_dict()


def test_the_summary_names_the_floors_of_the_data():
    baselines = nf.train(SMALL, {"data.test": 0.25}).run().summary()["baselines"]
    assert baselines["uniform"] == pytest.approx(math.log(5))
    assert set(baselines) == {"uniform", "unigram", "bigram"}


def test_the_chart_carries_the_floors(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from matplotlib.figure import Figure

    from neuroflow.view.outcome import LossCurve
    from neuroflow.view.plots import _draw_loss

    run = nf.Run.start(SMALL, tmp_path / "run").run()
    axes = Figure().subplots()
    _draw_loss(axes, LossCurve.of(run))
    assert {text.get_text() for text in axes.texts} == {"uniform", "unigram", "bigram"}
