"""Evaluation: how good the answers of a model are, for whoever trained it.

Nothing here trains or runs a model: answers come in, numbers and tables come out.

Reading order: :mod:`means`, :mod:`answers` (as metrics need them), :mod:`metrics`.
"""

from neuroflow.evaluation.answers import Answers, class_of
from neuroflow.evaluation.means import exact_mean
from neuroflow.evaluation.metrics import Metric, asked_metrics, usual_metrics

__all__ = ["Answers", "Metric", "asked_metrics", "class_of", "exact_mean", "usual_metrics"]
