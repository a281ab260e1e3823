"""Answers and targets of any structure: dicts, and lists in lists."""

import pytest

import neuroflow as nf


class Several(nf.Module):
    """Answers with a dict, in which lists stand in a list."""

    def __init__(self):
        self.w = [nf.Value(0.5), nf.Value(-0.25)]

    def forward(self, x):
        return {"mean": self.w[0] * x[0], "both": [self.w[0] * x[1], [self.w[1] * x[0]]]}


def far_apart(said, right):
    wanted = right if isinstance(right, dict) else {"mean": right, "both": [0.0]}
    return (said["mean"] - wanted["mean"]) ** 2 + (said["both"][1][0] - wanted["both"][0]) ** 2


ROWS = [[0.5, 1.0], [1.0, 0.0], [2.0, 1.0], [0.0, 1.0]]
STRUCTURED = {
    "numbers": [1.0, 2.0, 3.0, 5.0],
    "dicts": [{"mean": 0.5 + k, "both": [0.25, 1]} for k in range(4)],
}


@pytest.mark.parametrize("targets", STRUCTURED.values(), ids=STRUCTURED)
@pytest.mark.parametrize("backend", ["eager", "numpy"])
def test_answers_and_targets_of_any_structure_are_learned_predicted_and_scored_by_the_loss(
    targets, backend, tmp_path
):
    parts = {"loss": far_apart, "epochs": 2, "optimizer": "sgd", "backend": backend}
    run = nf.fit(Several(), ROWS, targets, folder=tmp_path / "run", **parts)
    u, v = (w.data for w in run.model.w)
    expected = {"mean": u * 0.5, "both": [u, [v * 0.5]]}
    for answer in (run.predict(ROWS)[0], nf.predict(run.model, ROWS, backend=backend)[0]):
        assert answer == expected
    said = run.predict(ROWS)
    mean = sum(map(far_apart, said, targets)) / 4
    assert run.evaluate().scores == {"loss": pytest.approx(mean)}
    assert run.evaluate(ROWS, targets).scores == {"loss": pytest.approx(mean)}
    own = {"model": Several(), "loss": far_apart}
    with pytest.raises(nf.StateError, match="began with other data"):
        nf.Run.resume(tmp_path / "run", data=(ROWS, targets[::-1]), **own)
    again = nf.Run.resume(tmp_path / "run", data=(ROWS, targets), **own)
    assert again.predict(ROWS) == said


def test_what_takes_numbers_alone_says_so_of_structures():
    targets = STRUCTURED["dicts"]
    with pytest.raises(nf.InputError, match=r"'mse' got the target {'mean': 0.5.*loss of your own"):
        nf.fit(Several(), ROWS, targets, loss="mse")
    run = nf.fit(Several(), ROWS, targets, loss=far_apart, steps=1, backend="eager")
    with pytest.raises(nf.InputError, match=r"metric 'mae' got {'mean': .*metric of your own"):
        run.evaluate(metrics=["mae"])
    with pytest.raises(nf.InputError, match=r"the model answers with {'mean': .*is explained"):
        run.explain(ROWS[0])
    assert run.evaluate(metrics=[lambda said, right: len(said)]).scores["<lambda>"] == 4.0
