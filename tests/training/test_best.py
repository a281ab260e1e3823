"""Keeping the best: by a score of evaluations, given back at the end, the same when resumed."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time

import pytest
from safetensors.numpy import load_file

import neuroflow as nf
from neuroflow.checkpoint import BEST_MODEL, CHECKPOINT
from neuroflow.training import CONFIGURATION, METRICS
from neuroflow.training.best import Best

SMALL = {
    "model": {"use": "mlp", "sizes": [2, 6, 1], "activation": "tanh", "dropout": 0.1},
    "loss": "binary_cross_entropy",
    "optimizer": {"use": "adam", "learning_rate": 0.3},
    "data": {"use": "moons", "points": 40, "noise": 0.4, "test": 0.2, "validation": 0.25},
    "train": {
        "steps": 60, "batch": 7, "evaluate_every": 4, "report_every": 3, "backend": "eager",
        "seed": 3, "keep": "best", "patience": 6,
    },
}  # fmt: skip


def unkept():
    train = {k: v for k, v in SMALL["train"].items() if k not in ("keep", "patience")}
    return {**SMALL, "train": train}


@pytest.mark.parametrize(
    ("lower", "patience", "delta", "values", "right"),
    [
        (True, 2, 0.0, [3.0, 1.0, 1.0, 1.5], (2, 1.0, True)),
        (True, 3, 0.0, [3.0, 1.0, 1.0, 1.5], (2, 1.0, False)),
        (False, 2, 0.0, [3.0, 1.0, 4.0, 1.5], (3, 4.0, False)),
        (False, 2, 0.5, [3.0, 3.5, 3.4, 9.0], (1, 3.0, True)),
        (True, None, 0.0, [1.0] + 9 * [2.0], (1, 1.0, False)),
        (True, 2, 0.0, [math.nan, 2.0, math.nan, math.inf], (2, 2.0, True)),
        (True, 2, 0.0, [math.nan, math.nan], (0, None, True)),
    ],
)
def test_which_is_the_best_and_when_to_stop(lower, patience, delta, values, right):
    best = Best("it", lower, patience, delta)
    for step, value in enumerate(values, 1):
        if not best.over:
            best.see(step, {"it": value}, [value])
    assert (best.step, best.value, best.over) == right
    assert best.numbers == ([best.value] if best.value is not None else [])


@pytest.mark.parametrize("backend", ["eager", "numpy", "auto"])
def test_the_model_has_the_numbers_of_the_best_evaluation_at_the_end(backend):
    settings = {"train.backend": backend}
    seen = [
        (step.metrics["validation_loss"], step.step, step.model.state_dict(), step.metrics)
        for step in nf.train(unkept(), settings)
        if "validation_loss" in step.metrics
    ]
    loss, at, numbers, scores = min(seen, key=lambda one: one[:2])
    run = nf.train(SMALL, settings).run()
    assert run.model.state_dict() == numbers
    assert run.step == at + 6 * 4 < 60  # after the best, so many evaluations
    told = run.summary()
    assert told["best"] == {
        "by": "validation_loss", "value": loss, "step": at, "evaluations_since": 6,
        "ended_early": True,
    }  # fmt: skip
    for name in ("accuracy", "validation_loss", "validation_accuracy", "test_loss"):
        assert told[name] == scores[name] == run.scores()[name]


def test_a_validation_part_is_drawn_after_the_test_and_of_all_examples():
    bare = {**SMALL["data"], "validation": 0.0}
    plain = nf.train({**unkept(), "data": bare})
    run = nf.train(SMALL)
    assert (len(run.dataset), len(run.test), len(run.validation)) == (22, 8, 10)
    assert run.test == plain.test
    rows = [*run.dataset.inputs, *run.validation.inputs]
    assert sorted(rows) == sorted(plain.dataset.inputs)


def result(folder):
    files = {}
    for name in (CHECKPOINT, BEST_MODEL):
        files[name] = {key: x.tobytes() for key, x in load_file(folder / name).items()}
    state = nf.inspect_file(folder / CHECKPOINT).state["training"]
    state.pop("seconds")
    return files, state, (folder / METRICS).read_bytes(), nf.load(folder).state_dict()


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    run = nf.Run.start(SMALL, folder).run()
    assert nf.load(folder).state_dict() == run.training.model.state_dict()
    return result(folder), run.training


@pytest.mark.parametrize("stops", [(4,), (9, 10), (20, 25, 27)])
def test_a_run_that_was_stopped_ends_with_the_same_best(tmp_path, unbroken, stops):
    folder = tmp_path / "run"
    run = nf.Run.start(SMALL, folder)
    for stop in stops:
        for step in run:
            if step.step >= stop:
                break
        (folder / BEST_MODEL).unlink(missing_ok=True)  # as if killed before it was written
        run = nf.Run.resume(folder)
    run.run()
    assert result(folder) == unbroken[0]
    again = nf.Run.resume(folder).run()  # one that has ended stays as it is
    again.save()
    assert again.training.summary()["best"] == unbroken[1].summary()["best"]
    assert again.training.model.state_dict() == unbroken[1].model.state_dict()
    assert result(folder) == unbroken[0]


def test_a_run_that_was_killed_ends_with_the_same_best(tmp_path, unbroken):
    folder = tmp_path / "run"
    code = (
        "import sys, time, neuroflow as nf\n"
        "for step in nf.Run.start(eval(sys.argv[1]), sys.argv[2], seconds_between=0.0):\n"
        "    print(step.step, flush=True)\n"
        "    time.sleep(0.01)\n"
    )
    command = [sys.executable, "-c", code, repr(SMALL), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ.copy()) as process:
        for _ in range(5):
            process.stdout.readline()
        time.sleep(0.015)
        process.kill()
    nf.Run.resume(folder).run()
    assert result(folder) == unbroken[0]


def test_a_run_that_ended_early_goes_on_with_more_patience_as_if_it_had_had_it(tmp_path):
    longer = nf.Run.start(SMALL, tmp_path / "longer", {"train.patience": 9}).run()
    folder = tmp_path / "run"
    nf.Run.start(SMALL, folder).run()
    config = folder / CONFIGURATION
    config.write_text(config.read_text().replace("patience = 6", "patience = 9"))
    going_on = nf.Run.resume(folder).run()
    assert going_on.training.step == longer.training.step > 30
    assert result(folder)[0] == result(tmp_path / "longer")[0]


def test_any_score_may_be_the_one_and_keeps_its_direction():
    for by, lower in (("validation_accuracy", False), ("accuracy", False), ("test_brier", True)):
        settings = {"train.best_by": by, "train.metrics": ["brier"], "train.steps": 8}
        assert nf.train(SMALL, settings).best.lower is lower
    stopping = nf.train(SMALL, {"train.keep": "last"}).run()
    assert stopping.best.over
    assert stopping.best.numbers == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"data.validation": 0.0}, "nothing is held out to find it with; expected data.validation"),
        ({"train.best_by": "validation_los"}, "did you mean 'validation_loss' or"),
        ({"train.best_by": "validation_f1"}, "which no evaluation of the run tells"),
        ({"data.validation": 0.8}, "test = 0.2 and validation = 0.8 leave nothing to train on"),
        ({"data.validation_file": "a.csv"}, "expected one of the two"),
        ({"data.validation": 0.0, "data.validation_file": "a"}, "'moons' is not read from a file"),
    ],
)
def test_what_is_asked_must_be_there(changes, told):
    with pytest.raises(nf.NeuroflowError) as caught:
        nf.train(SMALL, changes)
    assert told in str(caught.value)


def rows(classes):
    return "x,y,kind\n" + "".join(f"{k},{k % 3},{c}\n" for k, c in enumerate(classes))


def of_files(tmp_path, validation):
    (tmp_path / "train.csv").write_text(rows("abcabcabc"))
    (tmp_path / "other.csv").write_text(validation)
    data = {"use": "csv", "path": str(tmp_path / "train.csv"), "target": "kind"}
    data |= {"validation_file": str(tmp_path / "other.csv"), "standardize": True}
    model = {"use": "mlp", "sizes": [2, 3]}
    return {**SMALL, "model": model, "loss": "cross_entropy", "data": data}


def test_a_validation_file_is_read_with_the_classes_and_the_scale_of_the_training(tmp_path):
    run = nf.train(of_files(tmp_path, rows("cb")), {"train.steps": 4}).run()
    assert run.validation.targets == [2, 1]
    assert run.validation.labels == run.dataset.labels == ("a", "b", "c")
    assert run.validation.standardization == run.dataset.standardization
    assert run.validation.inputs == run.dataset.inputs[:2]
    assert run.best.step == 4


def test_a_validation_file_of_other_data_is_refused(tmp_path):
    with pytest.raises(nf.InputError, match="has the class 'd'; expected one of a, b, c"):
        nf.train(of_files(tmp_path, rows("ad")))
    with pytest.raises(nf.InputError, match="has no column 'y', which columns asks for"):
        nf.train(of_files(tmp_path, rows("ab").replace("y", "z")))


def test_a_validation_file_of_text_is_cut_by_the_tokenizer_of_the_training(tmp_path):
    (tmp_path / "train.txt").write_text("abc\ncab\nbca\n")
    (tmp_path / "other.txt").write_text("cc\nb\n")
    data = {"use": "lines", "path": str(tmp_path / "train.txt"), "block_size": 4}
    data["validation_file"] = str(tmp_path / "other.txt")
    model = {"use": "gpt", "n_layer": 1, "n_head": 1, "n_embd": 4, "block_size": 4}
    run = nf.train({**SMALL, "model": model, "loss": "cross_entropy", "data": data})
    assert sorted(run.validation.tokenizer.decode(x) for x in run.validation.inputs) == ["b", "cc"]
    assert run.validation.vocab_size == run.dataset.vocab_size


def test_a_run_that_was_over_is_taken_up_at_its_best_and_goes_on_from_its_last_step(tmp_path):
    run = nf.Run.start(SMALL, tmp_path / "run").run()
    again = nf.Run.resume(tmp_path / "run")
    assert again.model.state_dict() == run.model.state_dict()
    again.set({"train.steps": 70, "train.patience": 100})
    whole = nf.train(SMALL, {"train.steps": 70, "train.patience": 100}).run()
    assert again.run().model.state_dict() == whole.model.state_dict()
    here = nf.train(SMALL).run()
    here.set({"train.steps": 70, "train.patience": 100})
    assert here.run().model.state_dict() == whole.model.state_dict()
