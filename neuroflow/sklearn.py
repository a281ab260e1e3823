"""Estimators for scikit-learn: networks in its pipelines, searches and cross-validation.

    from neuroflow.sklearn import Classifier, Regressor

This file alone imports scikit-learn (``pip install 'neuroflow[data]'``). What an estimator does is
:func:`neuroflow.fit`; what it is asked afterwards, its ``model_`` answers.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state, compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from neuroflow.data.dataset import Dataset
from neuroflow.data.given import class_name
from neuroflow.errors import InputError, require
from neuroflow.evaluation.answers import class_probabilities, listed
from neuroflow.registry.entries import LossEntry
from neuroflow.registry.manager import get
from neuroflow.training import predict
from neuroflow.training.fit import prepared, takes_hidden_sizes

Numbers = NDArray[np.float64]
SEEDS = 2**32


class Network(BaseEstimator):
    """What :class:`Classifier` and :class:`Regressor` share: how a network is trained.

    ``model`` is the name of a layer, a table, or a module, which is copied; ``hidden``, the sizes
    between inputs and outputs, and ``activation`` are for one that is named. ``settings`` are all
    others that :func:`neuroflow.fit` takes, such as ``{"schedule": "cosine", "clip_norm": 1.0}``.
    With ``early_stopping`` a fraction ``validation`` is held out, the run ends after ``patience``
    epochs in which its loss was no better, and the best numbers are kept. ``class_weight``,
    "balanced" or a dict, says how much each class counts, and ``sample_weight`` of ``fit`` how
    much each row does: with one batch (``batch=None``) twice the weight is the row twice.
    """

    def __init__(
        self, model: Any = "mlp", *, hidden: Any = (16,), activation: Any = "relu",
        loss: Any = None, optimizer: Any = "adam", learning_rate: float = 0.01, epochs: int = 100,
        batch: int | None = 32, l2: float = 0.0, standardize: bool = True,
        early_stopping: bool = False, validation: float = 0.1, patience: int = 10,
        class_weight: Any = None, backend: str = "auto", random_state: Any = None,
        settings: Any = None,
    ) -> None:  # fmt: skip
        self.model = model
        self.hidden = hidden
        self.activation = activation
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch = batch
        self.l2 = l2
        self.standardize = standardize
        self.early_stopping = early_stopping
        self.validation = validation
        self.patience = patience
        self.class_weight = class_weight
        self.backend = backend
        self.random_state = random_state
        self.settings = settings

    def _weights(self, sample_weight: Any, X: Any) -> Numbers:
        """How often each row counts, with the mean 1 over those that count at all.

        So the loss is the weighted mean, and twice the weight is as good as the row twice.
        """
        weights: Numbers = _check_sample_weight(sample_weight, X, dtype=np.float64)
        if weights.min() < 0 or not weights.any():
            what = f"the weights of the rows go from {weights.min():g} to {weights.max():g}"
            raise InputError(what, expected="none below 0, and one above 0", got=sample_weight)
        mean: float = weights[weights > 0].mean()
        return weights / mean

    def _train(self, data: Dataset) -> Self:
        """Fit a new model; ``model_``, ``n_iter_`` and ``loss_curve_`` are there afterwards."""
        run = prepared(copy.deepcopy(self.model), data, **self._options(len(data)))
        losses = [loss for step in run for loss in step.losses]
        self.model_ = run.model.eval()
        self.n_iter_ = run.epoch
        self.loss_curve_ = _by_epoch(losses, run.steps_per_epoch)
        return self

    def _options(self, n_examples: int) -> dict[str, Any]:
        options = {
            name: getattr(self, name)
            for name in ("loss", "optimizer", "learning_rate", "epochs", "batch", "l2",
                         "standardize", "backend")
        }  # fmt: skip
        options["seed"] = int(check_random_state(self.random_state).randint(SEEDS, dtype=np.uint32))
        if isinstance(self.model, str) and takes_hidden_sizes(self.model):
            options |= {"hidden": self.hidden, "activation": self.activation}
        if self.early_stopping:
            kept = n_examples - round(self.validation * n_examples)
            per_epoch = -(-kept // min(self.batch or kept, kept))
            options |= {"validation": self.validation, "patience": self.patience, "keep": "best",
                        "evaluate_every": per_epoch}  # fmt: skip
        require(self.settings or {}, Mapping, "settings", "a dict of settings, or None")
        return {**options, **(self.settings or {})}

    def _answers(self, X: Any) -> list[Any]:
        check_is_fitted(self, "model_")
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        return predict(self.model_, rows)


def _by_epoch(losses: list[float], size: int) -> list[float]:
    """The mean of the losses of each epoch."""
    return [float(np.mean(losses[k : k + size])) for k in range(0, len(losses), size)]


class Classifier(ClassifierMixin, Network):
    """A network that tells classes apart, as scikit-learn's estimators do.

    The loss is ``binary_cross_entropy`` for two classes and ``cross_entropy`` for more, unless it
    is chosen; ``class_weight="balanced"`` lets rare classes count more.
    ``classes_``, ``n_features_in_``, ``model_``, ``n_iter_`` and ``loss_curve_`` are there after
    ``fit``.

    >>> rows, kinds = [[0.0, 0.1], [0.1, 0.0], [1.0, 0.9], [0.9, 1.0]], ["a", "a", "b", "b"]
    >>> network = Classifier(random_state=0, learning_rate=0.1, backend="eager")
    >>> network.fit(rows, kinds).predict(rows)
    array(['a', 'a', 'b', 'b'], dtype='<U1')
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on rows of numbers and the class of each.

        ``sample_weight`` says how much each row counts.
        """
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, targets = np.unique(y, return_inverse=True)
        task = "binary" if len(self.classes_) == 2 else "classes"
        labels = [class_name(label) for label in self.classes_.tolist()]
        if sample_weight is None and self.class_weight is None:
            return self._train(Dataset(X, targets.tolist(), task, labels=labels))
        by_class = compute_sample_weight(self.class_weight, y)
        weights = self._weights(_check_sample_weight(sample_weight, X) * by_class, X)
        counts = weights > 0
        data = Dataset(X[counts], targets[counts].tolist(), task, labels=labels,
                       weights=weights[counts].tolist())  # fmt: skip
        return self._train(data)

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each row."""
        scores = self.decision_function(X)
        places = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return self.classes_[places]  # type: ignore[no-any-return]

    def decision_function(self, X: Any) -> Numbers:
        """What the model answers: a row per example, or one number each for two classes."""
        rows = np.array([list(listed(answer)) for answer in self._answers(X)])
        if rows.shape[1] == 1:
            return rows[:, 0]
        return rows[:, 1] - rows[:, 0] if rows.shape[1] == 2 else rows

    @available_if(lambda self: self._has_probabilities())
    def predict_proba(self, X: Any) -> Numbers:
        """The probability of each class, in the order of ``classes_``."""
        answers = self._answers(X)
        loss = get("loss", self.model_.trained_on.loss)
        return np.array([class_probabilities(loss, answer) for answer in answers])

    @available_if(lambda self: self._has_probabilities())
    def predict_log_proba(self, X: Any) -> Numbers:
        """The logarithm of the probability of each class."""
        with np.errstate(divide="ignore"):  # the log of a probability too small for a float
            return np.log(self.predict_proba(X))  # type: ignore[no-any-return]

    def _has_probabilities(self) -> bool:
        """Whether the loss is minus the log of a probability."""
        if self.loss is None or isinstance(self.loss, LossEntry):
            return self.loss is None or self.loss.probabilities is not None
        use = self.loss.get("use") if isinstance(self.loss, dict) else self.loss
        return isinstance(use, str) and get("loss", use).probabilities is not None


class Regressor(RegressorMixin, Network):
    """A network that predicts one number or several, as scikit-learn's estimators do.

    The targets are standardized for training where inputs are, and answers are on their scale.

    >>> rows = [[0.0], [1.0], [2.0], [3.0]]
    >>> line = Regressor(hidden=(), epochs=300, learning_rate=0.1, random_state=0, backend="eager")
    >>> line.fit(rows, [10.0, 30.0, 50.0, 70.0]).predict([[4.0]]).round(1)
    array([90.])
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on rows of numbers and one number or several for each.

        ``sample_weight`` says how much each row counts.
        """
        if self.class_weight is not None:
            raise InputError(
                f"class_weight is {self.class_weight!r}, but what is predicted has no classes",
                remedy="weigh the rows: fit(X, y, sample_weight=...)", got=self.class_weight,
            )  # fmt: skip
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        y, weights = y.astype(np.float64), None
        if sample_weight is not None:
            weights = self._weights(sample_weight, X)
            X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]
        centre = np.average(y, axis=0, weights=weights)
        spread = np.sqrt(np.average((y - centre) ** 2, axis=0, weights=weights))
        plain = not self.standardize
        self.target_mean_ = np.zeros_like(centre) if plain else centre
        self.target_scale_ = np.ones_like(spread) if plain else np.where(spread > 0, spread, 1.0)
        targets = (y - self.target_mean_) / self.target_scale_
        listed_weights = None if weights is None else weights.tolist()
        return self._train(Dataset(X, targets.tolist(), "regression", weights=listed_weights))

    def predict(self, X: Any) -> Numbers:
        """One number for each row, or several."""
        answers: Numbers = np.array(self._answers(X)) * self.target_scale_ + self.target_mean_
        return answers

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
