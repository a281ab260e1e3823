"""Evaluation: how good the answers of a model are, for whoever trained it.

Nothing here trains or runs a model: answers come in, numbers and tables come out.

Reading order: :mod:`means`, :mod:`answers` (as metrics need them), :mod:`metrics`,
:mod:`tables` (confusion, classes, calibration, the most wrong), :mod:`text` (the same as lines),
:mod:`evaluation` (all of it).
"""

from neuroflow.evaluation.answers import Answers, class_of
from neuroflow.evaluation.evaluation import Evaluation, evaluation_of
from neuroflow.evaluation.means import exact_mean
from neuroflow.evaluation.metrics import Metric, asked_metrics, usual_metrics

__all__ = [
    "Answers",
    "Evaluation",
    "Metric",
    "asked_metrics",
    "class_of",
    "evaluation_of",
    "exact_mean",
    "usual_metrics",
]
