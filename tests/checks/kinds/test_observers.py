"""Recipes and observers are checked by being used."""

from __future__ import annotations

import pytest

import neuroflow as nf


def test_the_bundled_ones_pass():
    report = nf.check("recipe/moons", "observer/csv", "observer/console")
    assert report, report


class Misspelled:
    def begin(self, run): ...
    def steps(self, step): ...
    def end(self): ...


class WantsScores(nf.Observer):
    def step(self, step):
        step.metrics["accuracy"]


class WantsReports(nf.Observer):
    def step(self, step):
        self.last = step

    def end(self):
        self.last.loss  # noqa: B018  which is missing where there was no report


@pytest.mark.parametrize(
    ("observer", "finding"),
    [
        (Misspelled, "it has no step; derive it from nf.Observer"),
        (WantsScores, "a run: step failed at step 1: KeyError: 'accuracy'"),
        (WantsReports, "one that ends before its first report: end failed: AttributeError"),
    ],
)
def test_an_observer_that_cannot_bear_a_run_is_found(observer, finding):
    report = nf.check(nf.ObserverEntry(name="it", target=observer, summary="It."))
    assert any(finding in str(found) for found in report.findings), report


class NeedsMore(nf.Observer):
    def begin(self, run):
        try:
            import nowhere  # noqa: F401
        except ImportError as error:
            raise nf.InputError("the package nowhere is not installed") from error


def test_an_observer_whose_package_is_missing_is_not_tried_and_that_is_said():
    report = nf.check(nf.ObserverEntry(name="it", target=NeedsMore, summary="It."))
    assert report, report
    assert "the package nowhere is not installed" in [skip.reason for skip in report.skips]


def test_a_recipe_that_names_what_is_not_there_is_found():
    report = nf.check(nf.RecipeEntry(name="it", target={"model": "mpl"}, summary="It."))
    assert "unknown layer 'mpl'" in str(report)


def test_a_recipe_whose_model_does_not_take_its_data_is_found():
    tree = {
        "model": {"use": "mlp", "sizes": [3, 4, 1], "activation": "tanh"},
        "loss": "hinge", "optimizer": "sgd", "data": "moons", "train": {"steps": 1},
    }  # fmt: skip
    entry = nf.RecipeEntry(name="it", target=tree, summary="It.")
    report = nf.check(entry)
    assert report.found("begins"), report
    assert "model (mlp) takes (3,), but dataset 'moons' gives (2,)" in str(report)
    tree["model"]["sizes"] = [2, 4, 1]
    assert nf.check(entry)


@pytest.mark.parametrize(("rate", "told"), [(0.1, ""), (400.0, "it grows"), (1e200, "no finite")])
def test_a_recipe_that_diverges_is_found(rate, told):
    tree = {
        "model": {"use": "mlp", "sizes": [2, 1], "activation": "linear"}, "loss": "mse",
        "optimizer": {"use": "sgd", "learning_rate": rate}, "data": "moons",
        "train": {"steps": 40},
    }  # fmt: skip
    report = nf.check(nf.RecipeEntry(name="it", target=tree, summary="It."))
    assert report.found("learns") is bool(told), report
    assert told in str(report)


class OpensLate(nf.Observer):
    """Opens its file at the first report, appends, and closes it."""

    def begin(self, run):
        self._folder, self._file = run.folder, None

    def step(self, step):
        if self._folder and self._file is None:
            self._file = (self._folder / "late.txt").open("a")
        if self._file:
            self._file.write(f"{step.loss}\n")

    def end(self):
        if self._file:
            self._file.close()


def test_a_right_observer_that_opens_its_file_late_has_no_finding():
    report = nf.check(nf.ObserverEntry(name="late", target=OpensLate, summary="It."))
    assert report, report


def test_what_an_observer_tells_of_trial_runs_is_heard_by_nobody(capfd):
    assert nf.check("observer/console")
    assert capfd.readouterr() == ("", "")
