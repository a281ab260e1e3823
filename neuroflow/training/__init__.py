"""Training as an iterator of steps: the command line, a notebook and a page all consume it.

    for step in train("moons"):
        print(step.step, step.loss)

There are no callbacks. What a step computes is in :mod:`neuroflow.engine.runner`; here is what
surrounds it.

Reading order: :mod:`loading`, :mod:`state`, :mod:`batches`, :mod:`examples`,
:mod:`given`, :mod:`fitting`, :mod:`shapes`, :mod:`completed`, :mod:`looking_ahead`,
:mod:`observing` (who sees the reports), :mod:`scores`, :mod:`evaluator`, :mod:`scoring`,
:mod:`best`, :mod:`predicting` and :mod:`using` (what a trained model is for), :mod:`in_tensors`,
:mod:`resuming` (what may change on the way), :mod:`workers` (several processes that make the same
steps), and :mod:`steps` (the run itself). A run that outlives its process is a folder:
:mod:`metrics`, :mod:`folder` and :mod:`run`, which the other workers of a job go :mod:`along` with.
All of it in one call is :mod:`fit`; :mod:`evaluating` takes runs, models and files.
"""

from neuroflow.training.along import go_along
from neuroflow.training.batches import Batches
from neuroflow.training.evaluating import evaluate
from neuroflow.training.examples import encoded, row_loss, sequence_loss
from neuroflow.training.fit import fit
from neuroflow.training.folder import RUNS, is_claimed
from neuroflow.training.loading import GENERATORS, go_on_from, load_data
from neuroflow.training.metrics import METRICS, DamagedMetricsWarning, last_metrics, read_metrics
from neuroflow.training.predicting import has_labels, label_of, predict
from neuroflow.training.run import CONFIGURATION, Run, read_run
from neuroflow.training.steps import Step, Training, train
from neuroflow.training.workers import WorkerError, joined_workers

__all__ = [
    "CONFIGURATION",
    "GENERATORS",
    "METRICS",
    "RUNS",
    "Batches",
    "DamagedMetricsWarning",
    "Run",
    "Step",
    "Training",
    "WorkerError",
    "encoded",
    "evaluate",
    "fit",
    "go_along",
    "go_on_from",
    "has_labels",
    "is_claimed",
    "joined_workers",
    "label_of",
    "last_metrics",
    "load_data",
    "predict",
    "read_metrics",
    "read_run",
    "row_loss",
    "sequence_loss",
    "train",
]
