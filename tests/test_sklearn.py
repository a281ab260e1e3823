"""scikit-learn's own checks of estimators, and what people do with estimators."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import neuroflow as nf
from tests.support.long_tests import all_but

pytest.importorskip("sklearn")
SMALL = {"hidden": (4,), "learning_rate": 0.1, "batch": 16, "settings": {"compare": False}}


@pytest.fixture
def estimators():
    """The two classes: only tests that use them import scikit-learn.

    Without a random state numpy's generator gives the seed, and scikit-learn's checks seed it: so
    it is put back.
    """
    from neuroflow import sklearn

    stood = np.random.get_state()
    yield {"Classifier": sklearn.Classifier, "Regressor": sklearn.Regressor}
    np.random.set_state(stood)


def some(n=40):
    X = np.random.default_rng(1).normal(size=(n, 3))
    return X, np.where(X[:, 0] > X[:, 1], "big", "small"), 100.0 + 10.0 * (X @ [1.0, -2.0, 0.5])


@pytest.mark.parametrize("name", all_but(["Classifier", "Regressor"], ["Classifier"]))
def test_an_estimator_passes_every_check_of_scikit_learn(estimators, name):
    from sklearn.utils.estimator_checks import check_estimator

    # with one batch: only then is a row of weight 2 the same as the row twice, to the last bits
    few = {"batch": None, "learning_rate": 0.3, "settings": {"compare": False}, "backend": "numpy"}
    size = {"Classifier": {"hidden": (), "epochs": 10}, "Regressor": {"hidden": (4,), "epochs": 10}}
    results = check_estimator(estimators[name](**size[name], **few), on_skip=None)
    assert {r["check_name"]: r["status"] for r in results if r["status"] != "passed"} == {
        "check_array_api_input": "skipped"  # it is not asked for, unless SCIPY_ARRAY_API is set
    }
    assert len(results) > 50


def test_estimators_work_in_pipelines_searches_and_cross_validation(estimators):
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, kinds, numbers = some()
    network = estimators["Classifier"](epochs=10, random_state=0, backend="eager", **SMALL)
    pipeline = make_pipeline(StandardScaler(), network)
    assert cross_val_score(pipeline, X, kinds, cv=2).mean() > 0.7
    grid = {"hidden": [(2,), ()], "learning_rate": [0.1]}
    search = GridSearchCV(network, grid, cv=2).fit(X, kinds)
    assert search.best_params_["hidden"] in ((2,), ())
    line = estimators["Regressor"](epochs=30, random_state=0, backend="eager", **SMALL)
    assert clone(line).fit(X, numbers).score(X, numbers) > 0.9
    two = clone(line).fit(X, np.stack([numbers, -numbers], axis=1))
    assert two.predict(X).shape == (40, 2)


def test_probabilities_are_those_of_the_loss_and_margins_have_none(estimators):
    X, kinds, _ = some()
    network = estimators["Classifier"](epochs=3, random_state=0, backend="eager", **SMALL)
    network.fit(X, kinds)
    scores = network.decision_function(X)
    assert network.predict_proba(X)[:, 1] == pytest.approx(1.0 / (1.0 + np.exp(-scores)))
    assert (network.predict(X) == np.where(scores > 0, "small", "big")).all()
    two = estimators["Classifier"](loss="cross_entropy", epochs=3, backend="eager", **SMALL)
    assert two.fit(X, kinds).predict_proba(X).sum(axis=1) == pytest.approx(np.ones(40))
    assert not hasattr(estimators["Classifier"](loss="hinge"), "predict_proba")


def test_the_same_random_state_gives_the_same_network_and_pickles_answer_alike(estimators):
    X, kinds, _ = some()
    network = estimators["Classifier"](epochs=2, random_state=3, backend="eager", **SMALL)
    first = network.fit(X, kinds)
    curve, proba = first.loss_curve_, first.predict_proba(X)
    assert len(curve) == first.n_iter_ == 2
    assert network.fit(X, kinds).loss_curve_ == curve
    assert (pickle.loads(pickle.dumps(network)).predict_proba(X) == proba).all()
    assert network.set_params(random_state=4).fit(X, kinds).loss_curve_ != curve


def test_early_stopping_keeps_the_best_and_a_module_is_copied(estimators):
    X, kinds, _ = some()
    module = nf.build("mlp", sizes=[3, 2, 1], rng=nf.SplitMix32(2))
    before = module.state_dict()
    stopping = {"early_stopping": True, "patience": 2, "epochs": 200, "learning_rate": 0.3}
    network = estimators["Classifier"](module, random_state=0, backend="eager", **stopping)
    network.fit(X, kinds)
    assert network.n_iter_ < 200
    assert module.state_dict() == before != network.model_.state_dict()


def test_weights_let_rare_classes_count_more(estimators):
    X = some()[0]
    rare = X[:, 0] > 1.0
    plain = estimators["Classifier"](epochs=10, random_state=0, backend="eager", hidden=())
    weights = [None, {True: 20.0, False: 1.0}, "balanced"]
    counts = [plain.set_params(class_weight=w).fit(X, rare).predict(X).sum() for w in weights]
    assert counts[0] < min(counts[1:])
    by_row = plain.set_params(class_weight=None).fit(X, rare, sample_weight=1.0 + 19.0 * rare)
    assert by_row.predict(X).sum() == counts[1]
    with pytest.raises(nf.InputError, match="rows go from -1 to 1; expected none below 0"):
        plain.fit(X, rare, sample_weight=1.0 - 2.0 * rare)
    with pytest.raises(nf.InputError, match="has no classes; weigh the rows"):
        estimators["Regressor"](class_weight="balanced").fit(X, X[:, 0])


def test_parameters_may_be_numbers_entries_and_layers_without_hidden_ones(estimators):
    X, kinds, _ = some()
    few = {"epochs": 1, "backend": "eager", "random_state": 0}
    entry = nf.get("loss", "cross_entropy")
    network = estimators["Classifier"](loss=entry, hidden=2, **few).fit(X, kinds)
    assert np.exp(network.predict_log_proba(X)) == pytest.approx(network.predict_proba(X))
    assert len(estimators["Classifier"]("linear", **few).fit(X, kinds).model_.parameters()) == 3
    with pytest.raises(nf.InputError, match="settings is 3, of type int"):
        estimators["Classifier"](settings=3, **few).fit(X, kinds)


def test_names_of_columns_are_kept(estimators):
    pandas = pytest.importorskip("pandas")
    X, kinds, _ = some()
    frame = pandas.DataFrame(X, columns=list("abc"))
    network = estimators["Classifier"](epochs=1, backend="eager", **SMALL).fit(frame, kinds)
    assert network.feature_names_in_.tolist() == list("abc")
    with pytest.raises(ValueError, match="feature names"):
        network.predict(frame[["c", "b", "a"]])


def test_no_other_file_of_the_package_imports_scikit_learn():
    package = Path(nf.__file__).parent
    files = [p for p in package.rglob("*.py") if re.search(r"\bsklearn\b", p.read_text("utf-8"))]
    assert [p.name for p in files if p.parent == package] == ["sklearn.py"]
    assert all("import sklearn" not in p.read_text("utf-8") for p in files)
